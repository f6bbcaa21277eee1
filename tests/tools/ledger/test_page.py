"""CLAIMS.md lists the claims of the stored lessons; the page is readable Markdown."""

import pytest
from support.ledger_lessons import claim
from support.ledger_page import COLUMN, ROW

from tools.course import files, notebooks
from tools.ledger.command import COMMITTED, ledger
from tools.ledger.page import bound_cell, escaped, page, value_text
from tools.ledger.sources import sources


def listed(text: str) -> list[tuple[str, ...]]:
    """Return id, text, bound, first value and source of every row, as written."""
    rows = [COLUMN.split(match[0].strip("| ")) for match in ROW.finditer(text)]
    return [(row[0].removeprefix("✗ "), *row[1:4], row[-1]) for row in rows]


def stored() -> list[tuple[str, ...]]:
    """Return the same of every claim of the stored lessons."""
    return [
        (
            *(claim["id"], escaped(claim["text"]), bound_cell(claim)),
            *(value_text(claim), escaped(claim["source"] or places[claim["cell"]])),
        )
        for nb in map(notebooks.read, notebooks.lessons())
        for places in [sources(nb)]
        for claim in notebooks.claims(nb)
    ]


@pytest.fixture(scope="module")
def committed():
    """Return the text of CLAIMS.md."""
    assert COMMITTED.exists(), "there is no CLAIMS.md; needed: make claims"
    return COMMITTED.read_text(encoding="utf-8")


def test_the_committed_page_lists_the_claims_and_values_of_the_stored_lessons(
    committed,
):
    listing = listed(committed)
    old, new = set(listing) - set(stored()), set(stored()) - set(listing)
    assert not old | new, f"needed: make claims; no longer there {old}, new {new}"
    assert listing == stored()


def test_every_claim_of_the_committed_page_holds_at_seeds_0_to_4(committed):
    assert "| SEED 0 | SEED 1 | SEED 2 | SEED 3 | SEED 4 | margin |" in committed
    assert "; none with a problem.**" in committed
    rows = [match[0] for match in ROW.finditer(committed)]
    assert [row for row in rows if {"✗", "○"} & set(row)] == []


@pytest.fixture
def found():
    """Return a ledger: one claim fails, one is exact, one has a spread."""
    measured = [(8, 56, [1, 2]), (3, 56, [1.5, 1.5])]
    runs = [
        {
            "lesson": "01_a",
            "parameters": {"SEED": seed},
            "claims": [
                claim("1.1", pixels, at_least=4, unit="px"),
                claim("1.2", exact, equals=56),
                claim("1.3", spread, between=(0, 4)),
            ],
        }
        for seed, (pixels, exact, spread) in enumerate(measured)
    ]
    return {
        "seeds": [0, 1],
        "parameters": {"BUDGET": 1.0},
        "titles": {"01_a": "01 · A lesson"},
        "errors": [],
        "claims": ledger(runs, {}),
    }


def test_the_table_shows_bound_values_margin_and_source(found):
    text = page(found, files.ROOT)
    sentence = r"a \| b \< c\_d\*"
    assert text.splitlines()[-5:] == [
        "| id | claim | bound | SEED 0 | SEED 1 | margin | source |",
        "| --- | --- | --- | --: | --: | --: | --- |",
        f"| ✗ 1.1 | {sentence} | ≥ 4 px | 8 | ✗ 3 | -25 % | Luo 2016 |",
        f"| 1.2 | {sentence} | = 56 | 56 | 56 | exact | Luo 2016 |",
        f"| 1.3 | {sentence} | between 0 and 4 | 1 to 2 | 1.50 | 50 % | Luo 2016 |",
    ]
    assert "## [01 · A lesson](notebooks/01_a.ipynb)" in text
    first, *_ = listed(text)
    assert first == ("1.1", sentence, "≥ 4 px", "8", "Luo 2016")


def test_the_page_opens_with_the_verdict(found):
    text = page(found, files.ROOT)
    assert '`make claims SEEDS="0 1"` (BUDGET 1.0)' in text
    assert "**3 claims; 1 with a problem.**" in text
    assert "- ✗ 1.1 does not hold at SEED 1" in text
    assert "Nearest to their bounds: 1.1 (-25 %), 1.3 (50 %)." in text
    found["claims"] = found["claims"][1:]
    assert "**2 claims; none with a problem.**" in page(found, files.ROOT)


def test_a_claim_that_a_seed_lacks_leaves_its_cell_open(found):
    found["seeds"].append(2)
    assert "| 56 | 56 | – | exact |" in page(found, files.ROOT)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("|x| < 1", r"\|x\| \< 1"),
        ("a_b*c* $5 `d` ~e~ [f]", r"a\_b\*c\* \$5 \`d\` \~e\~ \[f\]"),
        ("two\nlines", "two lines"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_markdown_shows_a_sentence_as_it_is(text, shown):
    assert escaped(text) == shown


@pytest.mark.parametrize(
    ("held", "measured", "shown"),
    [
        (True, "0.5", "0.5"),
        (False, "1 to 2 (n = 3)", "✗ 1 to 2"),
        (None, "mean 0.5 of 3", "○ mean 0.5 of 3"),
    ],
)
def test_a_value_says_whether_it_failed_or_was_not_judged(held, measured, shown):
    assert value_text({"held": held, "measured": measured}) == shown
