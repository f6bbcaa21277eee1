"""The sentence is about as long in every alphabet, the rows exactly."""

from helpers.lessons.lesson08.kinds_of_text import ROWS, SENTENCES


def test_sentences_are_of_like_length():
    lengths = {name: len(text) for name, text in SENTENCES.items()}
    chinese = lengths.pop("Chinese")
    assert chinese < 30 and max(lengths.values()) < 1.2 * min(lengths.values())
    assert not any(c.isdigit() for text in SENTENCES.values() for c in text)


def test_rows_are_what_they_say():
    assert {len(row) for row in ROWS.values()} == {32}
    assert ROWS["32 digits"].isdigit() and ROWS["32 blanks"].isspace()
