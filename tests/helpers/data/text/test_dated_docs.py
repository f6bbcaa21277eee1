"""Documentation of known age."""

import re

import pytest

from helpers.core.errors import UserError
from helpers.data.text import dated_docs as dated

LONG = (
    "{} a sentence which is long enough to be taken for prose, in plain English words."
)
WHOLE = (
    LONG.format("This is")
    + "\n\n.. versionadded:: {}\n\n"
    + LONG.format("And here stands")
)
PARTS = f"""{LONG.format("Here is")}

Parameters
----------
a : int
    {LONG.format("The first one is described by")}

    .. versionadded:: 1.0
    .. versionadded:: 1.8.1

b : int
    {LONG.format("The second one has")}

    {LONG.format("It also has")}

    .. versionadded:: 1.7

c : int
    {LONG.format("The third one has")}

    .. versionadded:: 1.9
       One option of it.
d : int
    {LONG.format("The fourth one has")}

    .. versionadded:: 1.4
"""


def ages(docstring, library="sklearn"):
    return {
        text.split(" a ")[0]: age for age, text in dated.passages(docstring, library)
    }


def test_a_mark_of_the_whole_dates_all_of_it():
    for version, age in (
        ("1.2", "old"),
        ("v0.9.1", "old"),
        ("1.6.0", "new"),
        ("2.0", "new"),
    ):
        assert ages(WHOLE.format(version)) == {"This is": age, "And here stands": age}
    for version in ("1.3", "1.5.9"):
        assert set(ages(WHOLE.format(version)).values()) == {""}
    assert set(ages(WHOLE.format("1.14"), "scipy").values()) == {""}


def test_a_mark_of_a_part_dates_that_part():
    found = ages(PARTS)
    assert found["The second one has"] == found["It also has"] == "new"
    assert found["Here is"] == "" == found["The fourth one has"]
    assert "The third one has" not in found or found["The third one has"] == ""
    # Of two marks on one part, the later one dates what stands between them: nothing.
    assert found["The first one is described by"] == "old"


def test_one_option_of_something_older_is_no_date():
    assert [m[3] for m in dated.ADDED.finditer(PARTS)] == ["0", "8", "7", "4"]
    assert not dated.ADDED.search(".. versionadded:: 1.6 with an option")


def test_new_text_repeats_none_of_the_older(tmp_path, monkeypatch):
    one, two, three = (
        "Numbers are counted from the left to the right, as one reads them in a table.",
        "A kettle boils at another temperature on a mountain than it does by the sea.",
        "Nobody who walks along that river in the evening will ever forget its colour.",
    )
    file = tmp_path / "a.py"
    body = 'def f{}():\n    """{}\n\n    .. versionadded:: {}\n    """\n'
    rows = (one, "1.0"), (two, "1.8"), (one.lower().capitalize(), "1.8"), (three, "1.4")
    file.write_text(
        "".join(body.format(i, *row) for i, row in enumerate(rows)), encoding="utf-8"
    )
    (tmp_path / "b.py").write_text(
        "versionadded = (", encoding="utf-8"
    )  # cannot be read
    monkeypatch.setattr(dated, "folder_of", lambda library: tmp_path)
    found = [(d.age, d.text) for d in dated.dated_docs("sklearn")]
    assert found == [("old", one), ("new", two)]


def test_texts_of_one_age_are_whole_and_spread(monkeypatch):
    rows = [
        dated.Dated("scipy", age, f"{age} {i:04d}")
        for i in range(40)
        for age in dated.AGES
    ]
    monkeypatch.setattr(dated, "dated_docs", lambda library: rows)
    texts = dated.texts_of_age("scipy", "new", 16, 3)
    assert [text.split("\n") for text in texts] == [
        [f"new {i:04d}", f"new {i + 1:04d}"] for i in (0, 12, 24)
    ]
    assert len(dated.texts_of_age("scipy", "old", 16, 100)) == 20


@pytest.mark.parametrize("library", dated.RELEASES)
def test_both_ages_are_found_in_what_is_installed(library):
    for age in dated.AGES:
        texts = dated.texts_of_age(library, age, 700, 4)
        assert len(texts) == 4 and all(700 <= len(text) < 2500 for text in texts)
        assert not re.search("versionadded", "".join(texts))


def test_errors(monkeypatch):
    with pytest.raises(UserError, match="'numpy' has no dates"):
        dated.dated_docs("numpy")
    monkeypatch.setattr(dated, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="scipy is not installed"):
        dated.dated_docs("scipy")
