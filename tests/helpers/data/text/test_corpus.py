"""Texts: how they are found, split and numbered, and which are refused."""

import os
import re
from pathlib import Path

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.text import corpus
from helpers.data.text.corpus import UNKNOWN, Characters
from helpers.data.text.docstrings import Paragraph, held_out

LINE = "All the news that fits.\n"


@pytest.fixture
def write(tmp_path):
    """A function that writes bytes, or a text in UTF-8, and returns where."""

    def write(content, name="mine.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def short(monkeypatch):
    """Limits that a short text keeps: from 10 to 40 characters."""
    monkeypatch.setattr(corpus, "SHORTEST", 10)
    monkeypatch.setattr(corpus, "LONGEST", 40)


def refused(path):
    """Return the sentence that refuses a text."""
    with pytest.raises(UserError) as caught:
        corpus.corpus(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ---------------------------------------------------------------- the docs


def test_the_docs_are_split_by_paragraph(monkeypatch):
    lines = [f"This is sentence {i}." for i in range(1000)]
    monkeypatch.setattr(corpus, "docs", lambda: [Paragraph("python", x) for x in lines])
    docs = corpus.corpus()
    train, test = docs.train.split("\n"), docs.test.split("\n")
    assert docs.name == "docs"
    assert train == [line for line in lines if not held_out(line)]
    assert test == [line for line in lines if held_out(line)]
    assert sorted(train + test) == sorted(lines)
    assert 60 < len(test) < 140
    assert corpus.corpus("docs") == docs


def test_an_installation_without_docs(monkeypatch):
    monkeypatch.setattr(corpus, "docs", list)
    with pytest.raises(UserError) as caught:
        corpus.corpus()
    assert str(caught.value) == (
        "The text docs is too short: 0 characters were found, 10,000 are needed."
    )


# ---------------------------------------------------------------- files


def test_the_last_tenth_of_a_file_is_for_testing(write, capsys):
    content = "".join(f"Line {i} of many.\n" for i in range(1001))
    found = corpus.corpus(path := write(content))
    assert found.name == "mine.txt"
    assert found.train + found.test == content
    assert len(found.test) == len(content) // 10
    assert corpus.corpus(str(path)) == found
    assert capsys.readouterr().out == ""


def test_lines_end_in_one_way_and_no_mark_precedes_them(write, short):
    found = corpus.corpus(
        write(b"\xef\xbb\xbfone\r\ntwo\rthree\n\n\xc3\xa4\xef\xbb\xbf\r")
    )
    assert found.train + found.test == "one\ntwo\nthree\n\nä\ufeff\n"


def test_a_file_in_the_home_folder(write, short, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(LINE)
    assert corpus.corpus("~/mine.txt").train == LINE[:-2]


def test_a_file_called_docs_is_read_by_its_path(write, short, tmp_path, monkeypatch):
    write(LINE, "docs")
    monkeypatch.chdir(tmp_path)
    for path in ("./docs", Path("docs")):
        assert corpus.corpus(path).train + corpus.corpus(path).test == LINE


@pytest.mark.parametrize("letter", ["a", "ä", "あ", "𝄞"])
def test_only_the_beginning_of_a_long_text_is_used(write, short, capsys, letter):
    found = corpus.corpus(write(" " + 40 * letter))
    assert found.train == " " + 35 * letter
    assert found.test == 4 * letter
    assert capsys.readouterr().out == (
        "mine.txt is long: only its first 40 characters are used.\n"
    )
    corpus.corpus(write(" " + 39 * letter))
    assert capsys.readouterr().out == ""


def test_a_long_text_is_not_read_to_its_end(write, short, capsys):
    # 163 bytes are read: the last of them is half a character.
    found = corpus.corpus(write("xy" + "ä" * 500 + "\0"))
    assert len(found.train + found.test) == 40
    found = corpus.corpus(write("ab" + "\r\n" * 500))
    assert found.train + found.test == "ab" + "\n" * 38
    assert capsys.readouterr().out.count("first 40 characters") == 2


def test_a_long_text_may_shrink_below_the_limit(write, short, capsys, monkeypatch):
    monkeypatch.setattr(corpus, "BYTES_EACH", 1)
    found = corpus.corpus(write("ab" + "\r\n" * 500))
    assert len(found.train + found.test) == 23
    assert "only its first 23 characters are used" in capsys.readouterr().out


def test_the_limits_are_ten_thousand_and_twenty_million(write):
    assert (corpus.SHORTEST, corpus.LONGEST) == (10_000, 20_000_000)
    assert len(corpus.corpus(write("ab" * 5_000)).train) == 9_000


NEEDED = "; give 'docs' or the path of a UTF-8 text file."


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "nowhere.txt"
    assert refused(path) == f"There is no file {str(path)!r}{NEEDED}"


def test_a_file_that_is_not_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    path = tmp_path / "nowhere.txt"
    assert refused("~/nowhere.txt") == f"There is no file {str(path)!r}{NEEDED}"


@pytest.mark.skipif(os.name == "nt", reason="Windows guesses where it would be")
def test_a_home_folder_of_nobody():
    sentence = refused("~nobody-of-this-name/mine.txt")
    assert sentence.startswith("'~nobody-of-this-name/mine.txt' cannot be read (")
    assert sentence.endswith(NEEDED)


@pytest.mark.parametrize("name", ["", None, 7])
def test_no_name_at_all(name):
    assert refused(name) == f"The text is {name!r}, which names no file{NEEDED}"


def test_a_folder(tmp_path):
    assert refused(tmp_path) == f"{str(tmp_path)!r} is a folder{NEEDED}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(path := tmp_path / "pipe")
    assert refused(path) == f"{str(path)!r} is no ordinary file{NEEDED}"


def test_the_text_itself_instead_of_its_path():
    sentence = refused(LINE * 1000)
    said = f"{(LINE * 1000)[:200]!r} cannot be read ("
    if os.name == "nt":  # which never finds an overlong name
        said = f"There is no file {(LINE * 1000)[:200]!r}"
    assert sentence.startswith(said)
    assert len(sentence) < 400


def test_a_name_that_cannot_be(tmp_path):
    sentence = refused(f"{tmp_path}/a\0b")
    assert re.search(r"cannot be read \([a-z: ]*embedded null", sentence)


def forbid(*args, **kwargs):
    raise PermissionError(13, "Permission denied")


def test_a_forbidden_file(write, monkeypatch):
    path = write(LINE * 1000)
    monkeypatch.setattr("builtins.open", forbid)  # root may read everything
    sentence = refused(path)
    monkeypatch.undo()
    assert sentence == f"{str(path)!r} cannot be read (Permission denied){NEEDED}"


def test_a_file_in_a_forbidden_folder(write, monkeypatch):
    path = write(LINE * 1000)
    monkeypatch.setattr(Path, "stat", forbid)
    sentence = refused(path)
    monkeypatch.undo()
    assert sentence == f"{str(path)!r} cannot be read (Permission denied){NEEDED}"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file(write, content):
    path = write(content)
    assert refused(path) == (
        f"{str(path)!r} is empty; at least 10,000 characters are needed."
    )


@pytest.mark.parametrize(
    ("content", "number", "byte"),
    [
        (b"caf\xe9 au lait", "4", "e9"),  # Latin-1
        (b"\xff\xfea\0b\0", "1", "ff"),  # UTF-16
        (b"a\0b\0", "2", "00"),  # UTF-16 without a mark
        (b"\x89PNG\r\n\x1a\n\0", "1", "89"),
        (b"PK\x03\x04\0\0", "5", "00"),
        (b"\xef\xbb\xbfab\xff", "6", "ff"),
        (b"\xef\xbb\xbfab\0", "6", "00"),
        (b"x" * 20_000 + b"\xc3", "20,001", "c3"),  # its last character is cut
        (b"ok \xed\xa0\x80", "4", "ed"),  # half of a pair
    ],
)
def test_a_file_that_is_no_text(write, content, number, byte):
    path = write(content)
    assert refused(path) == (
        f"{str(path)!r} is no UTF-8 text: its byte number {number} is 0x{byte}; "
        "save it as plain text in UTF-8."
    )


def test_a_text_that_is_too_short(write):
    assert refused(write("ab" * 4_999 + "c")) == (
        "The text mine.txt is too short: 9,999 characters were found, "
        "10,000 are needed."
    )


def test_a_text_of_one_character(write):
    expected = (
        "The text mine.txt repeats the single character 'a'; "
        "at least 2 different ones are needed."
    )
    assert refused(write("a" * 10_000)) == expected
    assert refused(write("a" * 9_500 + "b" * 500)) == expected  # in the part to learn


def test_a_path_that_a_backslash_has_changed_is_explained():
    sentence = refused("C:\new\train.txt")
    assert sentence.startswith(
        r"There is no file 'C:\new\train.txt' (it holds a newline"
    )
    assert "a newline and a tab" in sentence and sentence.endswith(NEEDED)


# ---------------------------------------------------------------- texts of any kind


def test_a_text_that_shows_nothing_is_refused(write, short):
    assert refused(write(" \n\t" * 10)) == (
        "The text mine.txt is blank: 30 characters were found, none of them visible."
    )


def test_a_text_of_too_many_different_characters_is_refused(write, short, monkeypatch):
    monkeypatch.setattr(corpus, "MOST_SYMBOLS", 5)
    path = write("abcdeabcdexx")
    assert refused(path) == (
        "The text mine.txt has 6 different characters; 5 are the most that can be "
        "learned here."
    )
    assert len(corpus.corpus(write("abcde" * 4)).train) == 18


def test_a_text_without_a_blank_is_taken_and_it_is_said(write, capsys):
    text = "春眠不觉晓，\n" * 2_000
    found = corpus.corpus(write(text))
    assert found.train + found.test == text
    assert capsys.readouterr().out == f"mine.txt has no blank: {corpus.INSTEAD}\n"
    corpus.corpus(write("All the news.\n" * 1_000))
    assert capsys.readouterr().out == ""


def test_ten_thousand_different_characters_are_the_most():
    assert corpus.MOST_SYMBOLS == 10_000


OPENINGS = {
    "two lines with blanks": ("ab c\nde\nfg", 8, "ab c de "),
    "no blank at all": ("春眠\n不觉\n晓", 4, "春眠不觉"),
    "blank lines before it": ("\n\n  ab\ncd", 5, "ab cd"),
    "wide blanks before it": ("\u3000\u3000春\n眠不", 3, "春眠不"),
    "fewer than asked for": ("春\n眠", 9, "春眠"),
}


@pytest.mark.parametrize(("train", "n", "line"), OPENINGS.values(), ids=OPENINGS)
def test_an_opening_is_one_line_of_known_characters(train, n, line):
    found = corpus.Corpus("mine", train, "").opening(n)
    assert found == line
    assert Characters(train).encode(found).min() > 0 and found.strip()


# ---------------------------------------------------------------- characters


def test_characters_are_numbered_in_order():
    letters = Characters("banana\n")
    assert letters.symbols == (UNKNOWN, "\n", "a", "b", "n")
    assert len(letters) == 5
    ids = letters.encode("nab\n")
    assert ids.dtype == torch.int64
    assert ids.tolist() == [4, 2, 3, 1]
    assert letters.decode(ids) == "nab\n"


@pytest.mark.parametrize(
    "content", ["ab", "äöü\r\n\t\0", "𝄞 あ é\ud800", "\U0010ffff~"]
)
def test_every_text_comes_back(content):
    letters = Characters(content)
    assert letters.decode(letters.encode(content)) == content
    assert letters.decode(letters.encode(content).tolist()) == content
    assert letters.encode("\U0001f600", unknown_ok=True).tolist() == [0]


def test_strange_characters_become_unknown_on_request():
    letters = Characters("acz")
    ids = letters.encode("abcyz{\U0010ffff~", unknown_ok=True)
    assert ids.tolist() == [1, 0, 2, 0, 3, 0, 0, 0]
    assert letters.decode(ids) == "a\ufffdc\ufffdz" + "\ufffd" * 3


def complaint(letters, prompt, **options):
    with pytest.raises(UserError) as caught:
        letters.encode(prompt, **options)
    return str(caught.value)


def test_strange_characters_are_named():
    assert complaint(Characters("banana\n"), "an ä in ant") == (
        "The text that was learnt from never showed ' ', 'i', 't', 'ä'; "
        "known are '\\nabn'."
    )


def test_many_strange_characters_are_counted():
    sentence = complaint(Characters("xyz"), "abcdefghij")
    assert "never showed 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j';" in sentence
    sentence = complaint(Characters("xyz"), "abcdefghijkl")
    assert "'i', 'j' and 2 more; known are 'xyz'." in sentence


def test_many_known_characters_are_only_counted():
    alphabet = "".join(map(chr, range(0x4E00, 0x4E00 + 1200)))
    assert complaint(Characters(alphabet), "a") == (
        "The text that was learnt from never showed 'a'; "
        "its own 1,200 characters are needed."
    )
    assert complaint(Characters(alphabet[:119]), "a").endswith(
        f"known are {alphabet[:119]!r}."
    )
    assert complaint(Characters(alphabet[:120]), "a").endswith(
        "own 120 characters are needed."
    )


@pytest.mark.parametrize("options", [{}, {"unknown_ok": True}])
def test_an_empty_prompt(options):
    sentence = complaint(Characters("ab"), "", **options)
    assert sentence == "The text to encode is empty; it needs a character."


def test_a_vocabulary_of_nothing():
    with pytest.raises(UserError, match="text is empty; a vocabulary needs characters"):
        Characters("")


def test_a_text_that_holds_the_unknown_itself():
    letters = Characters("b\ufffda")
    assert letters.symbols == (UNKNOWN, "a", "b")
    assert letters.encode("a\ufffdb").tolist() == [1, 0, 2]
    assert letters.decode([1, 0, 2]) == "a\ufffdb"
    assert "known are 'ab\ufffd'" in complaint(letters, "c")
    assert len(Characters("\ufffd")) == 1
    # Where it was never shown, it is as strange as any other.
    assert "never showed '\ufffd'; known are 'ab'" in complaint(
        Characters("ab"), "a\ufffd"
    )


def test_ids_come_in_several_forms():
    letters = Characters("ab")
    for ids in ([], torch.tensor([]), torch.zeros(0, dtype=torch.int64)):
        assert letters.decode(ids) == ""
    assert letters.decode(torch.tensor(2)) == "b"
    assert letters.decode((0, 1)) == "\ufffda"


@pytest.mark.parametrize(
    "ids", [[-1], [3], [0, 1, 7], [1.0], [[1, 2], [2, 1]], [True, False]]
)
def test_ids_that_are_none(ids):
    with pytest.raises(ValueError, match="ids must be whole numbers from 0 to 2"):
        Characters("ab").decode(ids)


def test_a_long_text_is_numbered_quickly():
    content = LINE * 200_000  # 4.8 million characters: seconds, one by one
    letters = Characters(content)
    ids = letters.encode(content)
    assert len(ids) == len(content)
    assert ids.bincount(minlength=len(letters))[1:].tolist() == [
        content.count(symbol) for symbol in letters.symbols[1:]
    ]
    assert letters.decode(ids) == content
