"""A learner's own page begins with four cells of page 00, which need no other."""

import pytest
from support.stored_lesson import load

from helpers.page import progress
from helpers.page.claims import ClaimFailed
from tools.course import notebooks

FIRST = load(notebooks.lessons()[0])
TAKEN = ("SEED = 0", "run, claim = open_lesson(", "def share_read(", "share_read(20,")


def own_page() -> list[str]:
    """Return the sources of the four cells that page 00 tells a learner to copy."""
    found = [c.source for c in FIRST.code if any(part in c.source for part in TAKEN)]
    assert len(found) == len(TAKEN)
    return found


def renumbered(source: str) -> str:
    """Return a cell with a number of the learner's own, as the page advises."""
    return source.replace('"00"', '"50"').replace('"0.', '"50.')


@pytest.fixture
def page(tmp_path, monkeypatch, theme):
    """Return a function that runs cells as one page, in a folder of the learner's, and
    returns its names; no progress is written down."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "follow", lambda lesson: None)
    monkeypatch.delenv("PIXELS_COLLECT", raising=False)

    def run(cells: list[str], **names) -> dict:
        for cell in cells:
            exec(cell, names)
        return names

    return run


def test_the_four_cells_run_alone_under_another_number(page, capsys):
    names = page([renumbered(cell) for cell in own_page()])
    assert len(names["gain"]) == len(names["control"]) == 3
    assert min(names["more"]) > max(names["control"])


def test_a_sentence_that_does_not_hold_stops_the_page(page, capsys):
    settings, imports, _, measured = own_page()
    with pytest.raises(ClaimFailed):
        page([settings, imports, measured], share_read=lambda *_, **__: 50.0)
