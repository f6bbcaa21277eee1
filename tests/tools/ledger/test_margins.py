"""Margins: how far the worst value is from its bound, and in which unit."""

import pytest

from helpers.page.claims import claim_record
from tools.ledger.margins import margin_text, margins, smallest

NAN, INF = float("nan"), float("inf")


def margin(*values, **bound):
    """Return the smallest margin of a claim that measured `values`, one per seed."""
    return smallest(
        [claim_record("1.1", "a sentence", value, **bound) for value in values]
    )


@pytest.mark.parametrize(
    ("values", "bound", "expected"),
    [
        ([6], {"at_least": 4}, 0.5),
        ([6, 5, 7], {"at_least": 4}, 0.25),  # the worst seed counts
        ([[6, 3], 8], {"at_least": 4}, -0.25),  # and the worst value of a seed
        ([3], {"at_most": 4}, 0.25),
        ([5], {"at_most": 4}, -0.25),
        ([-3], {"at_least": -4}, 0.25),
        ([-6], {"at_most": -4}, 0.5),
        ([1, 4], {"at_least": 0}, 0.25),  # a bound of 0 has no size of its own
        ([-1, -4], {"at_most": 0}, 0.25),
        ([0], {"at_least": 0}, 0),
        ([2, 2.5], {"between": (1, 3)}, 0.5),
        ([3.5], {"between": (1, 3)}, -0.5),
        ([3], {"between": (1, 3)}, 0),
        ([10], {"equals": 10, "tolerance": 2}, 1),
        ([11], {"equals": 10, "tolerance": 2}, 0.5),
        ([[2, 6]], {"at_least": 2, "on": "mean"}, 1),
    ],
)
def test_the_margin_is_relative_to_bound_or_half_width(values, bound, expected):
    assert margin(*values, **bound) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        ([56], {"equals": 56}),
        ([55], {"equals": 56}),
        ([1, NAN], {"at_least": 0}),
        ([[1, NAN]], {"at_least": 0, "on": "mean"}),
        ([INF], {"at_least": 0}),
        ([1], {"at_most": INF}),
    ],
)
def test_exact_equalities_and_infinite_values_have_none(values, bound):
    assert margin(*values, **bound) is None


def test_what_was_not_judged_does_not_count():
    good, unjudged = (claim_record("1.1", "t", value, at_least=4) for value in (6, 1))
    unjudged |= {"judged": False, "held": None}
    assert smallest([good, unjudged]) == 0.5
    assert margins([good, unjudged]) == [0.5, None]
    assert smallest([unjudged]) is None


@pytest.mark.parametrize(
    ("margin", "text"),
    [
        (None, "–"),
        (0.5, "50 %"),
        (0.999, "99 %"),  # never rounded up
        (0.0509, "5.0 %"),
        (0.0, "0.0 %"),
        (-0.001, "-0.1 %"),
        (-0.251, "-26 %"),
        (123.0, "> 1000 %"),
    ],
)
def test_a_margin_is_printed_in_percent(margin, text):
    assert margin_text(margin) == text
