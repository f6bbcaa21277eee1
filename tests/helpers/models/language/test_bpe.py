"""Byte-pair encoding: by hand, and against the library `tokenizers`."""

import json
import random
from pydoc_data.topics import topics

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from helpers.models.language.bpe import PIECE, learn_merges, merge, pair_counts


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a bc  d", ["a", " bc", " ", " d"]),
        ("one,\ntwo", ["one,", "\n", "two"]),
        (" a\n b \t\n", [" a", "\n", " b", " ", "\t", "\n"]),
        ("", []),
    ],
)
def test_a_word_takes_one_blank_along(text, pieces):
    assert PIECE.findall(text) == pieces


def test_pairs_count_once_per_place_and_word():
    counts = pair_counts({("a", "b", "a", "b"): 3, ("ab", "a"): 5, ("c",): 7})
    assert counts == {("a", "b"): 6, ("b", "a"): 3, ("ab", "a"): 5}


@pytest.mark.parametrize(
    ("word", "pair", "merged"),
    [
        ("aaa", ("a", "a"), ("aa", "a")),
        ("aaaa", ("a", "a"), ("aa", "aa")),
        ("abcab", ("a", "b"), ("ab", "c", "ab")),
        ("abc", ("b", "a"), ("a", "b", "c")),
        ("a", ("a", "a"), ("a",)),
        (("ab", "c", "b"), ("ab", "c"), ("abc", "b")),
        (("a", "bc"), ("ab", "c"), ("a", "bc")),  # the same letters, other tokens
        ("", ("a", "b"), ()),
    ],
)
def test_neighbours_are_merged_from_the_left(word, pair, merged):
    assert merge(tuple(word), pair) == merged


@pytest.mark.parametrize(
    ("text", "n", "merges"),
    [
        ("ab ab ab", 1, [("a", "b")]),  # 3 of "ab", 2 of " a"
        ("ab ab ab", 2, [("a", "b"), (" ", "ab")]),
        ("aaaa", 9, [("a", "a"), ("aa", "aa")]),
        ("bc ab", 2, [(" ", "a"), ("b", "c")]),  # all once: the oldest token first
        ("cb\nca", 1, [("c", "a")]),  # the first tokens are equal: the second decides
        ("xyxy\nxz", 2, [("x", "y"), ("x", "z")]),  # "x" is older than "xy"
        ("abc\nabd\nab", 2, [("a", "b"), ("ab", "c")]),  # "abc" once, so is "abd"
        ("no pair\n", 0, []),
        ("a b", 9, [(" ", "b")]),
        ("a\n\nb", 9, []),
        ("", 9, []),
    ],
)
def test_merges_by_hand(text, n, merges):
    assert learn_merges(text, n) == merges


def library_merges(text, n):
    """Return the merges that `tokenizers` learns with the same pieces."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(PIECE.pattern), "isolated")
    tokenizer.pre_tokenizer = split
    size = len(set(text)) + n
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def strewn(letters, seed):
    """Return 90 letters, drawn at random."""
    return "".join(random.Random(seed).choices(letters, k=90))


DOCS = "".join(topics[name] for name in sorted(topics))
TEXTS = {
    "run": "aaaaa",
    "runs": "aaaaa aaaa aaa bbbb\nbb b",
    "long runs": "a" * 17 + " " + "a" * 9,
    "repeated": "abababab ababab aba",
    "words": "low low lower newest newest widest\n\nlow   new",
    "not ASCII": "für Äpfel, für Ärger: 漢字 漢字 für",
    **{f"strewn {seed}": strewn("ab c\n"[: 2 + seed % 4], seed) for seed in range(12)},
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_merges_are_the_librarys_until_no_pair_is_left(text):
    assert learn_merges(text, 99) == library_merges(text, 99)


@pytest.mark.parametrize("start", [0, 100_000])
def test_the_merges_of_natural_text_are_the_librarys(start):
    text = DOCS[start : start + 2500]
    assert learn_merges(text, 80) == library_merges(text, 80)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_tokens_joined_are_the_text(text):
    tokens = []
    for word in map(tuple, PIECE.findall(text)):
        for pair in learn_merges(text, 20):
            word = merge(word, pair)
        tokens += word
    assert "".join(tokens) == text
    assert len(tokens) < len(text)


def test_no_merge_crosses_a_blank_or_a_line_end():
    for left, right in learn_merges(DOCS[:1500], 60):
        assert "\n" not in left + right
        assert " " not in left[1:] + right
