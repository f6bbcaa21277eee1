"""Spans are drawn as T5 draws them, and rolled."""

import random

import pytest

from helpers.lessons.lesson07.span_draws import (
    edge_cases,
    parts,
    random_spans,
    t5_spans,
)


def test_all_ways_to_hide_something_of_short_texts():
    cases = edge_cases(5)
    assert len(cases) == sum(2**n for n in range(1, 7))
    assert len({tuple(hidden) for _, hidden in cases}) == len(cases)
    assert all(len(ids) == len(hidden) and max(ids) < 5 for ids, hidden in cases)


def test_as_many_are_hidden_as_the_share_says_in_spans_of_three():
    rng = random.Random(1)
    rows = [t5_spans(200, 0.15, rng) for _ in range(50)]
    assert all(sum(row) == 30 for row in rows)
    begins = [sum(h and not row[i - 1] for i, h in enumerate(row)) for row in rows]
    assert set(begins) == {10}  # row[-1] stands before row[0]: spans that were rolled
    assert any(row[0] for row in rows) and any(not row[-1] for row in rows)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 7])
def test_short_texts_are_no_trouble(length):
    for share in (0, 0.15, 0.5, 1):
        row = t5_spans(length, share, random.Random(0))
        assert len(row) == length
        assert sum(row) == round(length * share)


def test_parts_are_whole_and_sum_up():
    assert parts(5, 5, random.Random(0)) == [1] * 5
    found = [parts(9, 3, random.Random(s)) for s in range(40)]
    assert all(sum(x) == 9 and min(x) >= 1 and len(x) == 3 for x in found)


def test_texts_are_of_the_seed_and_the_length():
    assert random_spans(9, 3, 1) == random_spans(9, 3, 1) != random_spans(9, 3, 2)
    assert {len(ids) for ids, _ in random_spans(9, 5, 1, length=8)} == {8}
