"""The library's byte-pair encoding, on texts whose merges are counted by hand."""

import os

import pytest

from helpers.lessons.lesson03.library_bpe import byte_pairs

TEXT = "in in in inn on"  # "i n" 4 times, "in n" and "o n" once each
WORDS = r"\w+|\s"


@pytest.mark.parametrize("n", [0, 1])
def test_the_most_frequent_pair_is_merged_first(n):
    assert byte_pairs(TEXT, n, WORDS)[1] == [("i", "n")][:n]


def test_a_merge_is_built_on_those_before():
    _, merges = byte_pairs("sun sun sun sunny s sus un un un", 2, WORDS)
    assert merges == [("u", "n"), ("s", "un")]


def test_learning_ends_when_nothing_is_left_to_merge():
    assert len(byte_pairs("ab ab abc", 50, WORDS)[1]) == 2


def test_the_tokens_are_pieces_of_the_text_and_nothing_is_lost():
    tokenizer, _ = byte_pairs(TEXT, 1, WORDS)
    tokens = ["in", " ", "in", "n", " ", "o", "n"]
    assert tokenizer.encode("in inn on").tokens == tokens


def test_the_vocabulary_is_the_characters_and_the_merges():
    tokenizer, _ = byte_pairs(TEXT, 1, WORDS)
    assert set(tokenizer.get_vocab()) == {"i", "n", "o", " ", "in"}


@pytest.mark.parametrize(
    ("pattern", "merges"),
    [(r".+", [("n", " ")]), (r"\w+|\s", [("i", "n")]), (r".", [])],
)
def test_pairs_are_merged_within_the_pieces_of_the_pattern(pattern, merges):
    assert byte_pairs("in an on un in", 1, pattern)[1] == merges


def test_what_the_pattern_does_not_match_is_a_piece_of_its_own():
    assert byte_pairs("in t on t at t in t", 1, r"\s")[1] == [("i", "n")]  # not "t "


def test_nothing_is_printed(capfd):
    byte_pairs(TEXT, 3, WORDS)
    assert capfd.readouterr() == ("", "")


def test_no_progress_bar_is_drawn_in_a_terminal():
    master, terminal = os.openpty()
    stderr = os.dup(2)
    try:
        os.dup2(terminal, 2)
        byte_pairs(TEXT, 3, WORDS)
        os.set_blocking(master, False)
        with pytest.raises(BlockingIOError):
            os.read(master, 1)
    finally:
        os.dup2(stderr, 2)
        for end in (stderr, terminal, master):
            os.close(end)
