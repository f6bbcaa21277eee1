"""The environment check names what is missing, and only that."""

import pytest

from helpers.core import needs
from helpers.lessons.lesson00 import environment

GOOD = {"python": "3.11.4", "free memory": "8.0 GiB"} | dict.fromkeys(
    environment.PACKAGES, "1.0"
)


def test_this_environment_lists_what_matters():
    found = environment.environment()
    assert found["letter styles"] == str(needs.LETTER_STYLES)
    assert found["torch"].startswith("2.")
    assert float(found["free memory"].removesuffix(" GiB")) > 0


def test_nothing_is_missing_where_all_is_there():
    assert environment.missing(GOOD) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"torch": "missing"}, "torch is missing"),
        ({"python": "3.9.18"}, "3.11 or newer"),
        ({"free memory": "0.7 GiB"}, "0.7 GiB of memory"),
    ],
)
def test_each_lack_gets_one_sentence(change, words):
    (problem,) = environment.missing(GOOD | change)
    assert words in problem and problem.endswith(".")


def test_a_page_that_runs_elsewhere_needs_no_jupyterlab():
    assert environment.missing(GOOD | {"jupyterlab": "missing"}) == []


def test_an_unknown_package_is_missing_and_not_an_error():
    assert environment.installed("no-such-package-here") == "missing"


def test_the_verdict_closes_what_is_printed(capsys, monkeypatch):
    monkeypatch.setattr(environment, "environment", lambda: GOOD)
    environment.check_environment()
    assert capsys.readouterr().out.splitlines()[-1] == "✓ everything is there"
    bad = GOOD | {"torch": "missing"}
    monkeypatch.setattr(environment, "environment", lambda: bad)
    environment.check_environment()
    assert capsys.readouterr().out.splitlines()[-1].startswith("✗ torch is missing")
