"""What counted words tell of pairs of sentences."""

import numpy as np
import pytest
import torch
from scipy.sparse import hstack

from helpers.data.text.libraries import Texts
from helpers.lessons.lesson07.pair_counters import (
    counted_right,
    documents_in,
    splits,
    told_by,
)

TRAIN = [(f"a{n} x", f"y a{n}", 0) for n in range(9)]
TRAIN += [(f"a{n} x", f"y a{(n + 1) % 9}", 1) for n in range(9)]


def beside(first, second):
    return hstack([first, second])


def how_many(first, second):
    return np.asarray(first.multiply(second).sum(axis=1))


def test_documents_are_texts_of_two_sentences_or_more():
    assert documents_in(["One. Two.", "One alone.", "A. B. C."]) == [
        ["One.", "Two."],
        ["A.", "B.", "C."],
    ]


def test_shared_words_tell_who_belongs_together_and_single_ones_do_not():
    assert counted_right(how_many, TRAIN, TRAIN) == 1
    assert counted_right(beside, TRAIN, TRAIN) == 0.5


def test_words_by_sentence_tell_the_order_and_shared_ones_do_not():
    order = [("the cat", "this sat", 0), ("this sat", "the cat", 1)]
    new = [("the dog", "this ran", 0), ("this ran", "the dog", 1)]
    assert counted_right(beside, order, new) == 1
    assert counted_right(how_many, order, new) == 0.5


def test_words_are_those_of_the_pairs_to_learn_from():
    widths = []

    def seen(first, second):
        widths.append(first.shape)
        assert set(first.data.tolist()) <= {1}
        return beside(first, second)

    counted_right(seen, TRAIN, [("new new x x", "words", 0)])
    assert widths == [(18, 11), (1, 11)]


def part(*texts):
    return Texts(list(texts), torch.zeros(len(texts), dtype=torch.int64))


def test_splits_take_pools_to_learn_from_and_tests_to_test_on():
    numbered = [f"P{n}. Q{n}." for n in range(8)]
    tasks = [
        (part(*numbered[:4], "Short."), part("T. U.", "V. W.")),
        (part(*numbered[4:]), part("X. Y.")),
    ]
    (learn, test), (other, _) = splits(iter(tasks), [1, 2], share=0.5)
    assert len(learn) == 4
    assert {document[0] for document in learn} <= {f"P{n}." for n in range(8)}
    assert sorted(test) == [["T.", "U."], ["V.", "W."], ["X.", "Y."]]
    assert learn != other
    assert splits(tasks, [1], share=0.5)[0][0] == learn


def test_every_way_is_asked_about_the_pairs_of_each_split():
    asked = []

    def maker(documents):
        asked.append(documents)
        return TRAIN

    ways = {"shared": how_many, "beside": beside}
    found = told_by(ways, maker, [("a", "b"), ("c", "d")])
    assert found == {"shared": [1, 1], "beside": [0.5, 0.5]}
    assert asked == list("abcd")


def test_a_pair_has_a_first_and_a_second():
    def only(first, second):
        return second

    pairs = [("x", "good", 0), ("x", "bad", 1)] * 4
    assert counted_right(only, pairs, pairs) == 1
    assert counted_right(only, pairs, [("bad", "good", 0)]) == 1
    assert counted_right(only, pairs, [("good", "bad", 0)]) == pytest.approx(0)
