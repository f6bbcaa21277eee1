"""The numbers that README.md and teaching/ quote, set anew."""

import pytest
from nbformat import v4

from helpers.page.claims import MIME, claim_record
from tools.course.quotes import ranges, renew, renewed

MEASURED = {"1.4": "0.51", "1.5": "mean 2 of 3"}
SPANS = {"1.4": ("0.4", "0.6")}
ROW = "| {id} | a \\| b | ≥ 1 px | {values} | – | 5 % | Step 1 |"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("**0.5** (claim 1.4)", "**0.51** (claim 1.4)"),
        ("**0.5** points\n(claim 1.4)", "**0.51** points\n(claim 1.4)"),
        ("**0.51**\n(claim 1.4) [0.4\nto 0.5]", "**0.51**\n(claim 1.4) [0.4 to 0.6]"),
        ("| **mean 1 of 3** (claim 1.5) |", "| **mean 2 of 3** (claim 1.5) |"),
        ("**two** things; **0.5** (claim 1.4)", "**two** things; **0.51** (claim 1.4)"),
    ],
)
def test_a_value_or_a_range_that_has_moved_is_set(old, new):
    text, changes = renewed(old, MEASURED, SPANS)
    assert text == new and len(changes) == 1
    assert renewed(new, MEASURED, SPANS) == (new, [])


@pytest.mark.parametrize(
    "text",
    [
        "**mean 2\nof 3** (claim 1.5)",  # wrapped, and right
        "**7** (claim 9.9) [6 to 8]",  # a lesson to come
        "**0.5** and **bold** (claims 1.4)",
        "0.5 (claim 1.4)",
    ],
)
def test_the_rest_stays_as_it_is(text):
    assert renewed(text, MEASURED, SPANS) == (text, [])


def test_what_changed_is_said_with_both_values():
    _, changes = renewed("**0.5** (claim 1.4) [0.4 to 0.5]", MEASURED, SPANS)
    assert changes == [
        "claim 1.4 was 0.5, and is 0.51",
        "claim 1.4 was 0.4 to 0.5, and is 0.4 to 0.6",
    ]


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ("9 | 10 | 8 | 9 | 9", ("8", "10")),
        ("-1 to 2 | 0 | 0 | 0 | 1,000", ("-1", "1,000")),
        ("✗ 9 | ○ 7 | – | – | ✗ mean 8 of 2", ("7", "9")),
        ("mean 3 of 4 | mean 2.0e-05 of 4 | 1 | 1 | 1", ("2.0e-05", "3")),
    ],
)
def test_a_range_is_that_of_the_printed_seeds(values, ends):
    assert ranges(ROW.format(id="1.4", values=values)) == {"1.4": ends}
    assert ranges(ROW.format(id="✗ 1.4", values=values)) == {"1.4": ends}


def test_the_files_of_a_course_are_renewed(a_course, write_lesson):
    root = a_course()
    record = claim_record("1.4", "a", 0.75, at_least=0)
    output = v4.new_output("display_data", {"text/plain": "", MIME: record})
    cell = v4.new_code_cell("x", outputs=[output])
    write_lesson(root / "notebooks", "01_tiny", [v4.new_markdown_cell("# 01"), cell])
    (root / "teaching").mkdir()
    page = root / "teaching" / "01.md"
    page.write_text("é **0.5** (claim 1.4) [1 to 2]\n", encoding="utf-8")
    (root / "README.md").write_text("**0.750** (claim 1.4)\n", encoding="utf-8")
    told = "teaching/01.md, read the sentence again: claim 1.4 was 0.5, and is 0.750"
    assert renew() == [told]
    said = "é **0.750** (claim 1.4) [1 to 2]\n"
    assert page.read_text(encoding="utf-8") == said
    row = ROW.format(id="1.4", values="1 | 2 | 3 | 1 | 1")
    (root / "CLAIMS.md").write_text(row, encoding="utf-8")
    renew()
    assert page.read_text(encoding="utf-8") == said.replace("1 to 2", "1 to 3")
    assert renew() == []
