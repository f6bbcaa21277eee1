"""Pairs of sentences: which two, with which label, and no sentence that tells it."""

from collections import Counter

import pytest

from helpers.models.pretraining.pairs import (
    adjacent_pairs,
    next_sentence_pairs,
    sentence_order_pairs,
    sentences_of,
)

DOCUMENTS = [["a", "b", "c"], ["d", "e"], ["f", "g", "h"], ["i", "j"]]
TRUE = [("a", "b"), ("b", "c"), ("d", "e"), ("f", "g"), ("g", "h"), ("i", "j")]


def with_label(pairs, wanted):
    return [(first, second) for first, second, label in pairs if label == wanted]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" One. Two! Three?  Four", ["One.", "Two!", "Three?", "Four"]),
        ("Use e.g. this.\nIt works.", ["Use e.g. this.", "It works."]),
        ("Version 2.5 is out.", ["Version 2.5 is out."]),
        ("See below: It. is", ["See below: It. is"]),
    ],
)
def test_a_sentence_ends_where_a_capital_follows(text, found):
    assert sentences_of(text) == found


def test_adjacent_pairs_are_every_two_in_a_row():
    assert adjacent_pairs(["a", "b", "c"]) == [("a", "b"), ("b", "c")]


@pytest.mark.parametrize("make", [next_sentence_pairs, sentence_order_pairs])
@pytest.mark.parametrize("short", [["a."], []])
def test_a_document_without_a_pair_is_refused_in_one_sentence(make, short):
    with pytest.raises(ValueError, match="A pair needs two sentences; the document is"):
        make([["x", "y"], ["z", "w"], short])


def test_next_sentences_are_true_or_from_another_document():
    pairs = next_sentence_pairs(DOCUMENTS)
    assert with_label(pairs, 0) == TRUE
    moved = ["e", "g", "h", "j", "b", "c"]
    assert with_label(pairs, 1) == list(zip("abdfgi", moved, strict=True))
    home = {s: n for n, document in enumerate(DOCUMENTS) for s in document}
    assert all(home[a] != home[b] for a, b in with_label(pairs, 1))


def test_no_place_of_a_pair_tells_its_label():
    pairs = next_sentence_pairs(DOCUMENTS)
    for place in (0, 1):
        true, made_up = (
            Counter(p[place] for p in with_label(pairs, n)) for n in (0, 1)
        )
        assert true == made_up


def test_half_of_all_pairs_is_the_most_for_a_document():
    assert len(next_sentence_pairs([["a", "b", "c"], ["d", "e"], ["f", "g"]])) == 8
    with pytest.raises(ValueError, match="One document has 2 of 3 pairs, over half"):
        next_sentence_pairs([["a", "b", "c"], ["d", "e"]])


def test_sentence_order_swaps_the_same_two():
    pairs = sentence_order_pairs(DOCUMENTS)
    assert with_label(pairs, 0) == TRUE
    assert with_label(pairs, 1) == [(b, a) for a, b in TRUE]
