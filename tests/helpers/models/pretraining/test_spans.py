"""Span corruption loses nothing: the inverse gives every text back."""

import pytest

from helpers.lessons.lesson07.exercises import restore_reference
from helpers.lessons.lesson07.span_draws import edge_cases, random_spans
from helpers.models.pretraining.spans import corrupt_spans


def test_a_sentinel_stands_for_each_span():
    hidden = [False, True, True, False, True, False]
    inputs, targets = corrupt_spans([1, 2, 3, 4, 5, 6], hidden, 10)
    assert inputs == [1, 10, 4, 11, 6]
    assert targets == [10, 2, 3, 11, 5, 12]


def test_nothing_and_everything_can_be_hidden():
    assert corrupt_spans([1, 2], [False, False], 10) == ([1, 2], [10])
    assert corrupt_spans([1, 2], [True, True], 10) == ([10], [10, 1, 2, 11])
    assert corrupt_spans([], [], 10) == ([], [10])


@pytest.mark.parametrize("texts", [edge_cases(20), random_spans(20, 200, 1)])
def test_every_text_comes_back(texts):
    for ids, hidden in texts:
        inputs, targets = corrupt_spans(ids, hidden, 20)
        assert restore_reference(inputs, targets, 20) == ids
        assert [id for id in inputs if id < 20] == [
            id for id, hide in zip(ids, hidden, strict=True) if not hide
        ]


def test_a_word_that_is_a_sentinel_is_said():
    with pytest.raises(ValueError, match="begin at 10, but the text has 10"):
        corrupt_spans([1, 10], [False, True], 10)


def test_another_number_of_booleans_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        corrupt_spans([1, 2, 3], [True], 10)
