"""CLAIMS.md lists the claims of the stored lessons; the page is readable Markdown."""

import re

import pytest
from support.ledger_lessons import claim

from tools.course import files, notebooks
from tools.course.quotes import COLUMN, ROW
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
    columns = (
        r"\| SEED 0 \| SEED 1 \| SEED 2 \| SEED 3 \| SEED 4 \|( further \|)? margin \|"
    )
    assert re.search(columns, committed)
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
    assert '`make claims SEEDS="0-1"` (BUDGET 1.0)' in text
    assert "**3 claims at 2 seeds; 1 with a problem.**" in text
    assert "- ✗ 1.1 does not hold at SEED 1" in text
    assert "Nearest to their bounds: 1.1 (-25 %), 1.3 (50 %)." in text
    found["claims"] = found["claims"][1:]
    assert "**2 claims at 2 seeds; none with a problem.**" in page(found, files.ROOT)


def test_a_claim_that_a_seed_lacks_leaves_its_cell_open(found):
    found["seeds"].append(2)
    assert "| 56 | 56 | – | exact |" in page(found, files.ROOT)


def ledger_of(values, **options):
    """Return the ledger of one claim whose values at SEED 0, 1, 2, … are given."""
    runs = [
        {
            "lesson": "01_a",
            "parameters": {"SEED": seed},
            "claims": [claim("1.1", value, **options)],
        }
        for seed, value in enumerate(values)
    ]
    whole = {"parameters": {}, "titles": {"01_a": "01 · A"}, "errors": []}
    return whole | {"seeds": list(range(len(values))), "claims": ledger(runs, {})}


def test_of_further_seeds_the_page_tells_the_range_and_the_number():
    text = page(ledger_of([5, 6, 7, 8, 9, 4.5, 12, 11], at_least=4), files.ROOT)
    assert "| SEED 3 | SEED 4 | further | margin | source |" in text
    assert "| 8 | 9 | 4.50 to 12 (3) | 12 % |" in text  # of the worst of all eight
    assert '`make claims SEEDS="0-7"`' in text
    assert "**1 claims at 5 seeds, 1 at 3 more; none with a problem.**" in text


def test_a_claim_that_fails_at_a_further_seed_alone_is_a_problem():
    text = page(ledger_of([5, 6, 7, 8, 9, 3, 12], at_least=4), files.ROOT)
    assert "- ✗ 1.1 does not hold at SEED 5" in text
    assert "| ✗ 3 to 12 (2) |" in text


def test_a_mean_is_judged_and_shown_as_a_mean_at_further_seeds_too():
    values = [[5, 9]] * 6 + [[2, 8]]
    text = page(ledger_of(values, at_least=4, on="mean"), files.ROOT)
    assert "| 5 to 7 (2) | 25 % |" in text


def test_a_lesson_without_further_seeds_says_so_beside_one_that_has_them():
    found = ledger_of([5, 6, 7, 8, 9, 10], at_least=4)
    other = ledger_of([5, 6, 7, 8, 9], at_least=4)["claims"]
    found["claims"] += [entry | {"id": "1.2"} for entry in other]
    text = page(found, files.ROOT)
    assert "| 9 | 10 (1) |" in text
    assert "| 9 | – |" in text
    assert "**2 claims at 5 seeds, 1 at 1 more; none with a problem.**" in text


def test_not_a_number_at_a_further_seed_is_shown():
    text = page(ledger_of([5] * 6 + [float("nan")], at_least=4), files.ROOT)
    assert "| ✗ nan in 1 of 2 (2) |" in text


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
