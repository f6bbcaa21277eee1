"""Claims: what holds, what does not, and what the page and the record say."""

import json

import numpy as np
import pytest
import torch

from helpers.core.tables import number_text
from helpers.page import claims
from helpers.page.claims import MIME, ClaimFailed, claim_record, judge
from helpers.plots.theme import BASELINE, CONTRAST, GREEN

NAN, INF = float("nan"), float("inf")


def claim(*words, **options):
    """Make a claim on the page as printed."""
    judge(as_printed=True)(*words, **options)


def held(value, **options):
    """Return whether the claim holds for `value`."""
    return claim_record("1.1", "a sentence", value, **options)["held"]


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (0.5, {"at_least": 0.5}, True),
        (0.499, {"at_least": 0.5}, False),
        (0.5, {"at_most": 0.5}, True),
        (0.501, {"at_most": 0.5}, False),
        (0.42, {"between": (0.42, 0.58)}, True),
        (0.58, {"between": (0.42, 0.58)}, True),
        (0.59, {"between": (0.42, 0.58)}, False),
        (0.41, {"between": (0.42, 0.58)}, False),
        (435, {"equals": 435}, True),
        (434, {"equals": 435}, False),
        (1e-13, {"equals": 0, "tolerance": 1e-12}, True),
        (-1e-13, {"equals": 0, "tolerance": 1e-12}, True),
        (1e-11, {"equals": 0, "tolerance": 1e-12}, False),
        (-1e-11, {"equals": 0, "tolerance": 1e-12}, False),
        (0.0, {"equals": 0.0}, True),
        (0, {"at_least": 0}, True),  # a bound of zero is a bound
        (-1, {"at_least": 0}, False),
        (True, {"equals": True}, True),
        (False, {"equals": True}, False),
        ([True, True, False], {"equals": True}, False),
        ([1.0, 2.0], {"at_least": 1}, True),
        ([1.0, 2.0, 0.9], {"at_least": 1}, False),  # every seed counts
        ([1.0, 2.0, 0.9], {"at_least": 1, "on": "mean"}, True),
        ([0.9, 0.9, 1.1], {"at_least": 1, "on": "mean"}, False),
        ((1, 2), {"between": (1, 2)}, True),
        (torch.tensor([1.0, 3.0]), {"at_most": 2}, False),
        (torch.tensor([[1.0], [2.0]], requires_grad=True), {"at_most": 2}, True),
        ([torch.tensor(1.0, requires_grad=True)], {"equals": 1}, True),
        (np.array([[1.0, 3.0]]), {"at_most": 2}, False),
        ([np.float32(1), np.int64(2)], {"at_most": 2}, True),
        ([np.array([1.0]), np.array(2.0)], {"at_most": 2}, True),
        ((x for x in (1, 2)), {"at_most": 1}, False),
        (NAN, {"at_least": -1e300}, False),
        (NAN, {"at_most": 1e300}, False),
        (NAN, {"equals": NAN}, False),
        ([1.0, NAN], {"at_least": 0}, False),
        ([1.0, NAN], {"at_least": 0, "on": "mean"}, False),
        (INF, {"at_least": 5}, True),
        (INF, {"at_most": 5}, False),
        (0.0, {"at_least": NAN}, False),
    ],
)
def test_bounds(value, options, expected):
    assert held(value, **options) is expected


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (1, {}, "exactly one bound"),
        (1, {"at_least": 0, "at_most": 2}, "exactly one bound"),
        ([], {"at_least": 0}, "claim 1.1 has no values"),
        (torch.tensor([]), {"at_least": 0}, "claim 1.1 has no values"),
        ("12", {"at_least": 0}, "claim 1.1 needs numbers, got '12'"),
        ({1: 0.5}, {"at_least": 0}, "claim 1.1 needs numbers"),
        (1, {"at_least": 0, "kind": "sometimes"}, "not known"),
        (1, {"at_least": 0, "on": "median"}, "not known"),
        (1, {"between": (0, 1, 2)}, "too many values"),
    ],
)
def test_a_claim_that_could_not_be_judged_is_refused(value, options, message):
    with pytest.raises(ValueError, match=message):
        claim("1.1", "a sentence", value, **options)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.4970, "0.497"),
        (0.5, "0.500"),
        (-0.3, "-0.300"),
        (0.9996, "1.00"),  # not "1": that is kept for what is exactly one
        (1.0, "1"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-12, "1.0e-12"),
        (-4.2e-5, "-4.2e-05"),
        (435, "435"),
        (435.4, "435"),
        (97.46, "97.5"),
        (999.7, "1,000"),
        (12345.6, "12,346"),
        (11689512, "11,689,512"),
        (3e20, "3.0e+20"),
        (NAN, "nan"),
        (-INF, "-inf"),
    ],
)
def test_numbers_are_readable(number, text):
    assert number_text(number) == text


@pytest.mark.parametrize(
    ("value", "options", "measured", "bound"),
    [
        (0.497, {"between": (0.42, 0.58)}, "0.497", "between 0.42 and 0.58"),
        (0.9999, {"at_least": 0.9995}, "1.00", "≥ 0.9995"),
        (11689512, {"equals": 11689512}, "11,689,512", "= 11,689,512"),
        (3e-13, {"at_most": 1e-12}, "3.0e-13", "≤ 1e-12"),
        (1.5, {"equals": 1.5, "tolerance": 0.01}, "1.50", "= 1.5 ± 0.01"),
        ([1.25, 2, 3], {"at_least": 1}, "1.25 to 3 (n = 3)", "≥ 1"),
        ([2, 2, 2], {"equals": 2}, "2", "= 2"),
        ([1, 2], {"at_least": 1, "on": "mean"}, "mean 1.50 of 2", "≥ 1"),
        ([1.0, NAN], {"at_least": 0}, "nan in 1 of 2", "≥ 0"),
        ([NAN, 1.0], {"at_most": INF}, "nan in 1 of 2", "≤ inf"),
    ],
)
def test_the_record_says_what_was_measured_against_what(
    value, options, measured, bound
):
    record = claim_record("1.1", "a sentence", value, **options)
    assert (record["measured"], record["bound"]) == (measured, bound)


def test_a_claim_that_does_not_hold_raises_with_value_and_bound(capsys):
    with pytest.raises(ClaimFailed, match=r"✗ 1.4  it grows: 0.250, bound ≥ 0.5"):
        claim("1.4", "it grows", 0.25, at_least=0.5)
    assert "✗ 1.4" in capsys.readouterr().out  # shown too, not only raised


@pytest.mark.parametrize(
    ("as_printed", "kind", "value", "judged", "verdict"),
    [
        (True, "page", 2, True, True),
        (True, "always", 2, True, True),
        (True, "always", 0, True, False),
        (False, "page", 2, False, None),
        (False, "page", 0, False, None),
        (False, "always", 2, True, True),
        (False, "always", 0, True, False),
    ],
)
def test_only_page_claims_off_the_page_go_unjudged(
    monkeypatch, as_printed, kind, value, judged, verdict
):
    shown = []
    monkeypatch.setattr(claims, "show", shown.append)
    try:
        judge(as_printed)("1.1", "a sentence", value, kind=kind, at_least=1)
        assert verdict is not False
    except ClaimFailed:
        assert verdict is False
    (record,) = shown
    assert (record["judged"], record["held"]) == (judged, verdict)
    assert claims.line(record).endswith("  (not judged here)") is not judged


def test_while_the_ledger_collects_a_failing_claim_is_kept_not_raised(monkeypatch):
    shown = []
    monkeypatch.setattr(claims, "show", shown.append)
    monkeypatch.setenv(claims.COLLECT, "1")
    claim("1.4", "it grows", 0.25, at_least=0.5)
    assert shown[0]["held"] is False


@pytest.mark.parametrize(
    ("options", "limits"),
    [
        ({"at_least": 2}, [2, None]),
        ({"at_most": 2}, [None, 2]),
        ({"between": (1, 3)}, [1, 3]),
        ({"equals": 2, "tolerance": 0.5}, [1.5, 2.5]),
    ],
)
def test_the_record_holds_the_limits_as_numbers(options, limits):
    assert claim_record("1.1", "a sentence", 2, **options)["limits"] == limits


@pytest.fixture
def page(monkeypatch):
    """Return the outputs that a notebook cell would hold."""
    outputs = []

    def display(data, raw):
        assert raw  # else IPython would show the dictionary itself
        outputs.append(data)

    monkeypatch.setattr("IPython.get_ipython", object)
    monkeypatch.setattr("IPython.display.display", display)
    return outputs


def test_the_page_gets_line_card_and_record(page):
    claim("1.4", "a < b", [1.0, 2.0], at_least=1, unit="px", source="Luo 2016")
    (data,) = page
    line = "✓ 1.4  a < b: 1 to 2 (n = 2) px, bound ≥ 1  [Luo 2016]"
    assert data["text/plain"] == line
    assert "a &lt; b" in data["text/html"]
    assert data[MIME] == {
        "id": "1.4",
        "text": "a < b",
        "kind": "page",
        "values": [1.0, 2.0],
        "on": "each",
        "measured": "1 to 2 (n = 2)",
        "bound": "≥ 1",
        "limits": [1, None],
        "judged": True,
        "held": True,
        "unit": "px",
        "source": "Luo 2016",
    }


@pytest.mark.parametrize(
    ("value", "kind", "colour"),
    [(1, "always", GREEN), (0, "always", CONTRAST), (1, "page", BASELINE)],
)
def test_the_card_has_the_colour_of_its_verdict(page, value, kind, colour, monkeypatch):
    monkeypatch.setenv(claims.COLLECT, "1")
    judge(as_printed=False)("1.4", "a", value, at_least=1, kind=kind)
    (data,) = page
    assert data["text/html"].startswith(f'<div style="border-left:4px solid {colour};')


def test_the_record_of_nan_is_json_that_a_browser_can_read(page):
    judge(as_printed=False)("1.1", "a sentence", [NAN, 1.0, INF], at_least=0)
    text = json.dumps(page[0][MIME], allow_nan=False)
    assert json.loads(text)["values"] == [None, 1.0, None]


def test_a_plain_script_prints_the_line(capsys):
    claim("1.1", "a sentence", 1, equals=1)
    assert capsys.readouterr().out == "✓ 1.1  a sentence: 1, bound = 1\n"
