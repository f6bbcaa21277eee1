"""A page opens in one line: what it sets, and when its claims are judged."""

import matplotlib
import pytest
import torch

from helpers.core.errors import UserError
from helpers.page import progress
from helpers.page.claims import ClaimFailed
from helpers.page.setup import open_lesson

pytestmark = pytest.mark.usefixtures("theme")


@pytest.fixture(autouse=True)
def followed(monkeypatch):
    """Return the lessons whose progress is followed; nothing is written down."""
    lessons = []
    monkeypatch.setattr(progress, "follow", lessons.append)
    monkeypatch.delenv("PIXELS_COLLECT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return lessons


def test_it_seeds_follows_the_lesson_and_uses_the_theme(followed):
    matplotlib.rcParams["axes.titlelocation"] = "center"
    run, _ = open_lesson("04", 3, 0.5, "cpu")
    drawn = torch.rand(2)
    assert (run.seed, run.budget, run.device.type) == (3, 0.5, "cpu")
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(2))
    assert followed == ["04"]
    assert matplotlib.rcParams["axes.titlelocation"] == "left"


@pytest.mark.parametrize(
    ("budget", "as_printed", "judged"),
    [(1.0, True, True), (1.0, False, False), (0.5, True, False), (0.5, False, False)],
)
def test_a_claim_is_judged_on_the_page_as_printed_alone(
    budget, as_printed, judged, capsys
):
    _, claim = open_lesson("04", 0, budget, "cpu", as_printed=as_printed)
    if judged:
        with pytest.raises(ClaimFailed):
            claim("4.1", "one is two", 1, at_least=2)
    else:
        claim("4.1", "one is two", 1, at_least=2)
        assert "(not judged here)" in capsys.readouterr().out
    with pytest.raises(ClaimFailed):  # what rests on no training is always judged
        claim("4.2", "one is two", 1, kind="always", at_least=2)


def test_without_data_of_its_own_a_lesson_is_as_printed():
    _, claim = open_lesson("04", 0, 1.0, "cpu")
    with pytest.raises(ClaimFailed):
        claim("4.1", "one is two", 1, at_least=2)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((-1, 1.0, "cpu"), "SEED is -1"),
        ((0, 0, "cpu"), "BUDGET is 0"),
        ((0, 1.0, "tpu"), "DEVICE is 'tpu'"),
    ],
)
def test_a_setting_that_no_page_can_start_with_is_one_sentence(settings, words):
    with pytest.raises(UserError, match=words):
        open_lesson("04", *settings)
