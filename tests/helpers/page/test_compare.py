"""What counts as the same answer, and how answers are described."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from helpers.models.vision.cnn import Field
from helpers.page.compare import describe, first_difference, same, told_apart

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
        (0.05, 0.0),
        (T([0.05]), T([0.0])),  # of a zero there is no relative part
        (105.0, 100.0),
        (T([105.0]), T([100.0])),  # of a large number it is relative
    ):
        assert same(got, expected, 0.1)
        assert not same(got, expected, 0.01)


@pytest.mark.parametrize(
    ("got", "expected", "tolerance", "within"),
    [
        (0.5, 0.0, 0.5, True),  # the tolerance itself still counts
        (0.65, 0.5, 0.1, False),  # below 1 it is absolute,
        (1.65, 1.5, 0.1, True),  # above it is relative
        (1.66, 1.5, 0.1, False),
        (1000.4, 1000, 1e-3, True),  # two counts never look the same
        (1000.5, 1000, 1e-3, False),
        (1000.5, 1000, 0.5, True),  # unless that is asked for
        (1000.6, 1000, 0.5, False),
    ],
)
def test_how_far_a_number_may_be_off(got, expected, tolerance, within):
    assert same(got, expected, tolerance) is within


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (T([[0.5, 1 / 3]]), "tensor [[0.5, 0.333333]]"),
        (T([1e-6]), "tensor [1e-06]"),  # not 0.0
        (T([1, 2]), "tensor [1, 2]"),
        (T(0.25), "tensor 0.25"),
        (T([True]), "tensor [True]"),
        (torch.zeros(3, 4), f"tensor [{', '.join(['[0, 0, 0, 0]'] * 3)}]"),
        (torch.zeros(13), "tensor of shape (13,) starting 0, 0, 0, 0, …"),
        (torch.ones(4, 4) / 3, f"tensor of shape (4, 4) starting {'0.3333, ' * 4}…"),
        (1 / 3, "0.333333"),
        ([1 / 3, 2], "[0.333333, 2]"),
        ((1 / 3, (2,)), "(0.333333, (2,))"),
        ((T([0.5]), [torch.nn.Parameter(T(2.0))]), "(tensor [0.5], [tensor 2])"),
        (None, "None (is a `return` missing?)"),
        ("text", "'text'"),
        ("x" * 198, "'" + "x" * 198 + "'"),
        ("x" * 199, "'" + "x" * 199 + " …"),
    ],
)
def test_describe(value, text):
    assert describe(value) == text


def test_as_many_digits_are_shown_as_are_asked_for():
    third = "0.333333333"
    assert describe(1 / 3, 9) == third
    assert describe((1 / 3, [1 / 3], T(1 / 3, dtype=torch.float64)), 9) == (
        f"({third}, [{third}], tensor {third})"
    )
    many = torch.ones(13, dtype=torch.float64) / 3
    for digits, text in ((3, "0.333"), (6, "0.3333"), (7, "0.3333333"), (9, third)):
        assert describe(many, digits).endswith(f" starting {f'{text}, ' * 4}…")


@pytest.mark.parametrize(
    ("got", "expected", "texts"),
    [
        (0.5, 1 / 3, ("0.5", "0.333333")),
        (1 / 3, 1 / 3 + 1e-8, ("0.333333333", "0.333333343")),
        (1 / 3 + 1e-8, 1 / 3, ("0.333333343", "0.333333333")),
        (0.3, 0.1 + 0.2, ("0.29999999999999999", "0.30000000000000004")),
        (0.5, 0.5, ("0.5", "0.5")),
    ],
)
def test_two_values_are_shown_with_the_digits_in_which_they_differ(
    got, expected, texts
):
    assert told_apart(got, expected) == texts


def test_first_difference_names_the_place():
    expected, got = torch.zeros(4, 5), torch.zeros(4, 5)
    got[1, 2], got[3, 0] = 0.5, 1.0
    text = "2 of 20 differ, first at [1, 2]: 0 expected, 0.5 received"
    assert first_difference(got, expected, 1e-5) == text


@pytest.mark.parametrize(
    "got", [T([1.0]), T([1.0, 2.0]), T(1.0), 1.0, None, "a", np.array(["a"])]
)
def test_no_place_where_there_is_none_to_name(got):
    assert first_difference(got, T([1.0]), 1e-5) == ""
