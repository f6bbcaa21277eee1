"""What counts as the same answer, and how answers are described."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from helpers.models.vision.cnn import Field
from helpers.page.compare import describe, first_difference, same

NAN, INF = float("nan"), float("inf")
T = torch.tensor


@dataclass
class OwnField:
    """A reader's own copy of a class of the course."""

    size: int
    jump: int
    start: float


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (T([1.0, 2.0]), T([1.0, 2.0])),
        (T([1.0, 2.0 + 1e-6]), T([1.0, 2.0])),
        (T([1.0], requires_grad=True), T([1.0])),
        (np.array([2.0, 1.0])[::-1], np.array([1.0, 2.0])),
        (T(3), T(3.0)),  # of a single number the type is free
        (T([NAN, INF, -INF]), T([NAN, INF, -INF])),
        (0.25, T(0.25)),
        (T([True, False]), T([True, False])),
        (T([1j, 2.0]), T([1j, 2.0])),
        (3, 3),
        (3.0, 3),
        (np.int64(3), 3),
        (3, np.int64(3)),
        (0.5, np.float32(0.5)),
        (1e6 + 1, 1e6),  # relative: within 1e-5 of a million
        (NAN, NAN),
        (INF, INF),
        (True, True),
        (np.bool_(True), True),
        ("same", "same"),
        (None, None),
        (torch.float32, torch.float32),
        ((1, 2), [1, 2]),
        (torch.Size([2, 3]), (2, 3)),
        ((T([1.0]), {"a": [1, NAN]}), (T([1.0]), {"a": [1, NAN]})),
        ({"b": 1, "a": T([2.0])}, {"a": T([2.0]), "b": 1}),
        ({1: 1, "a": 2}, {"a": 2, 1: 1}),
        (OwnField(3, 1, 1.0), Field(3, 1, 1.0)),
    ],
)
def test_same(got, expected):
    assert same(got, expected, 1e-5) is True


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (T([1, 2]), T([1.0, 2.0])),  # of another type: the next cell may fail
        (T([1.0, 2.0], dtype=torch.float64), T([1.0, 2.0])),
        (np.array([2.0, 1.0])[::-1], T([1.0, 2.0])),
        (T(3), 3),
        (T([3]), 3),
        (np.array([3]), 3),
        (T(NAN), NAN),
        (T([1.0]).eq(1).all(), True),
        (T([1.0, 2.1]), T([1.0, 2.0])),
        (T([1.0, 2.001]), T([1.0, 2.0])),
        (T([[1.0, 2.0]]), T([1.0, 2.0])),
        (T([1.0, 1.0]), T(1.0)),
        (T([NAN]), T([1.0])),
        (T([1.0]), T([NAN])),
        (T([INF]), T([-INF])),
        (T([1j]), T([-1j])),
        ([1.0, 2.0], T([1.0, 2.0])),
        (np.array(["a", "b"]), T([1.0, 2.0])),
        (None, T([1.0])),
        (4, 3),
        ("3", 3),
        (True, 1),
        (T(True), 1),
        (None, 3),
        (T([3, 3]), 3),
        (NAN, 1.0),
        (1.0, NAN),
        (1.0, INF),
        (-INF, INF),
        (11_689_511, 11_689_512),  # a count is right or wrong
        (1, True),
        (False, True),
        (None, True),
        (T([True, True]), True),
        ("other", "same"),
        (0, None),
        ((1,), (1, 2)),
        ((1, 3), (1, 2)),
        (5, (1, 2)),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "c": 2}, {"a": 1, "b": 2}),
        ({1: 1, "a": 2}, {"a": 2, 1: 2}),
        ([("a", 1)], {"a": 1}),
        (OwnField(3, 2, 1.0), Field(3, 1, 1.0)),
        ((3, 1, 1.0), Field(3, 1, 1.0)),
    ],
)
def test_not_same(got, expected):
    assert same(got, expected, 1e-5) is False


def test_the_tolerance_is_used():
    for got, expected in (
        (1.05, 1.0),
        (T([1.05]), T([1.0])),
        ({"a": 1.05}, {"a": 1.0}),
    ):
        assert same(got, expected, 0.1)
        assert not same(got, expected, 0.01)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (T([[0.5, 1 / 3]]), "tensor [[0.5, 0.333333]]"),
        (T([1e-6]), "tensor [1e-06]"),  # not 0.0
        (T([1, 2]), "tensor [1, 2]"),
        (T(0.25), "tensor 0.25"),
        (T([True]), "tensor [True]"),
        (torch.ones(4, 4) / 3, "tensor of shape (4, 4) starting 0.3333, 0.3333,"),
        (1 / 3, "0.333333"),
        (None, "None (is a `return` missing?)"),
        ("text", "'text'"),
        ("x" * 300, "'" + "x" * 199 + " …"),
    ],
)
def test_describe(value, text):
    assert describe(value).startswith(text)


def test_first_difference_names_the_place():
    expected, got = torch.zeros(4, 5), torch.zeros(4, 5)
    got[1, 2], got[3, 0] = 0.5, 1.0
    text = "2 of 20 differ, first at [1, 2]: 0 expected, 0.5 received"
    assert first_difference(got, expected, 1e-5) == text


@pytest.mark.parametrize("got", [T([1.0]), T([1.0, 2.0]), T(1.0), 1.0, None, "a"])
def test_no_place_where_there_is_none_to_name(got):
    assert first_difference(got, T([1.0]), 1e-5) == ""
