"""Names made for showing: one line, nothing that cannot be seen, a word on \\."""

from pathlib import Path

import pytest

from helpers.core.shown import LONGEST, printable, quoted


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a dog $x$ 猫.png", "a dog $x$ 猫.png"),
        ("two\nlines", "two\\nlines"),
        ("3.40.10\u202fPM.png", "3.40.10\\u202fPM.png"),
        ("\udcff.txt", "\\udcff.txt"),
    ],
)
def test_what_cannot_be_seen_is_escaped(name, shown):
    assert printable(name) == shown


def test_a_plain_path_stands_in_quotes_and_no_more():
    assert quoted(Path("a b") / "c") == repr(str(Path("a b/c")))
    assert quoted("C:\\data\\me") == r"'C:\\data\\me'"


def test_what_a_backslash_has_made_is_named():
    said = quoted("C:\new\train")
    assert said.startswith(r"'C:\new\train' (it holds a newline and a tab: ")
    assert "write / for each \\, or an r before the quotes" in said
    assert "a bell" in quoted("C:\able") and "a backspace" in quoted(Path("C:\bin"))


def test_a_text_in_place_of_a_path_is_cut_and_gets_no_such_word():
    text = "All the news that fits.\n" * 100
    assert quoted(text) == repr(text[:LONGEST])
