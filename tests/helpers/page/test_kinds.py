"""The kind of an answer: what is said of a wrong type, shape or dtype."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from helpers.page.kinds import kind_difference, shape_difference

T = torch.tensor


@dataclass
class Pair:
    """Two numbers with names."""

    a: int
    b: float


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (T([9.0]), T([1.0])),
        (3.5, T(1.0)),
        (T(3), T(1.0)),  # of a single number the dtype is free
        (T([True]), T([False])),
        (np.ones(2), np.zeros(2)),
        (4, 3),
        (4.0, 3),
        (np.float64(2), 3.0),
        (np.bool_(True), False),
        ([1, 2.0], (3, 4)),
        ({"a": 1}, {"a": 2}),
        (Pair(1, 2.0), Pair(3, 4.0)),
        ("b", "a"),
        (None, None),
    ],
)
def test_the_same_kind(got, expected):
    assert kind_difference(got, expected) == ""


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        (None, T([1.0]), "That is None: is a `return` missing?"),
        (None, 3, "That is None: is a `return` missing?"),
        ([1.0], T([1.0]), "That is a list of 1 value; a tensor is asked for (torch.te"),
        ([T(1.0), T(2.0)], T([1.0, 2.0]), "(torch.stack or torch.cat makes one of"),
        (np.ones(2), T([1.0, 1.0]), "a NumPy array of shape (2,); a tensor is asked"),
        ((T([1.0]), T([1.0])), T([1.0]), "That is a tuple of 2 values; a tensor is as"),
        (1.0, T([1.0]), "That is a float; a tensor is asked for."),
        (True, T(1.0), "That is True; a tensor of one number is asked for."),
        (len, T([1.0]), "That is a function, not what it returns; a tensor is asked"),
        (nn.ReLU, T([1.0]), "That is a class (ReLU); a tensor is asked for."),
        (nn.ReLU(), T([1.0]), "That is a network (ReLU); a tensor is asked for."),
        ("x", T([1.0]), "That is text; a tensor is asked for."),
        (torch.eye(2).to_sparse(), torch.eye(2), "holds no plain numbers"),
        ([1.0], np.ones(1), "That is a list of 1 value; a NumPy array is asked for."),
        (T([1.0, 1.0]), T([1.0]), "is (2,); asked for is (1,): axis 0 has 2, not 1."),
        (torch.ones(3, 2), torch.ones(2, 3), "axes 0 and 1 are swapped."),
        (T([1, 2]), T([1.0, 2.0]), "The numbers are int64; asked for is float32."),
        (T([1.0]).double(), T([1.0]), "The numbers are float64; asked for is float32"),
        (T([1.0, 0.0]), T([True, False]), "numbers (float32), and a mask of booleans"),
        (T([1]), T([True]), "numbers (int64), and a mask of booleans (torch.bool) is"),
        (T([3]), 3, "a tensor of shape (1,); a whole number is asked for (`.item()`"),
        (T([3, 4]), 3, "That is a tensor of shape (2,); a whole number is asked for."),
        (T(0.5), 0.25, "a tensor of one number; a number is asked for (`.item()` give"),
        (True, 1, "That is True; a whole number is asked for."),
        ("3", 3, "That is text; a whole number is asked for."),
        ((3,), 3, "That is a tuple of 1 value; a whole number is asked for."),
        (1, True, "That is an int; True or False is asked for."),
        (T(True), True, "That is a tensor of one number; True or False is asked for"),
        (T([1.0]), (1.0, 2.0), "(1,); a tuple of 2 values is asked for."),
        (T([1, 2]), [1, 2], "a list of 2 values is asked for (`.tolist()` makes one)"),
        ((1,), (1, 2), "That is a tuple of 1 value; 2 are asked for."),
        ((1, None), (1, 2), "Value 2 of 2: That is None: is a `return` missing?"),
        ([T([1.0])], [T([[1.0]])], "The shape is (1,); asked for is (1, 1): axis 1"),
        ((1, 2), {"a": 1}, "That is a tuple of 2 values; a dictionary is asked for."),
        ({}, {"a": 1}, "There is no 'a' in it."),
        ({"a": 1, "b": 2}, {"a": 1}, "'b' is too many in it."),
        ({"a": "1"}, {"a": 1}, "a: That is text; a whole number is asked for."),
        (3, Pair(1, 2.0), "That is an int; a Pair is asked for."),
        (Pair("1", 2.0), Pair(1, 2.0), "a: That is text; a whole number is asked for."),
        (3, "a", "That is an int; text is asked for."),
    ],
)
def test_another_kind_is_named(got, expected, said):
    assert said in kind_difference(got, expected)


@pytest.mark.parametrize(
    ("got", "expected", "sentence"),
    [
        (
            torch.eye(2).to_sparse(),
            torch.eye(2),
            "That tensor holds no plain numbers (sparse, nested, quantized, meta).",
        ),
        (
            torch.eye(2).to_sparse(),
            3,
            "That is a tensor without plain numbers; a whole number is asked for.",
        ),
        ({"a": 3}, 3, "That is a dictionary; a whole number is asked for."),
        (
            [T(1.0), T(2.0)],
            T([1.0, 2.0]),
            "That is a list of 2 values; a tensor is asked for (torch.stack or "
            "torch.cat makes one of them).",
        ),
        (
            np.ones(2),
            T([1.0, 1.0]),
            "That is a NumPy array of shape (2,); a tensor is asked for "
            "(torch.from_numpy makes one).",
        ),
        (
            T([1.0, 0.0]),
            T([True, False]),
            "These are numbers (float32), and a mask of booleans (torch.bool) is asked "
            "for: only booleans can be inverted by `~`, or choose by indexing.",
        ),
        (
            T(1),  # of a single number the type is free, but not that it is a number
            T(True),
            "These are numbers (int64), and a mask of booleans (torch.bool) is asked "
            "for: only booleans can be inverted by `~`, or choose by indexing.",
        ),
        (T(True), T(1.0), "The numbers are bool; asked for is float32."),
    ],
)
def test_the_whole_sentence_reads_so(got, expected, sentence):
    assert kind_difference(got, expected) == sentence


def test_of_several_values_the_wrong_one_is_numbered_of_one_it_is_not():
    assert kind_difference([None], [1]) == "That is None: is a `return` missing?"
    assert kind_difference([1, 2, "3"], [1, 2, 3]).startswith("Value 3 of 3: That is ")


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        ((3, 2), (2, 3), ": axes 0 and 1 are swapped."),
        ((4, 2, 3), (2, 3, 4), ": the axes stand in another order."),
        ((2, 3, 1), (2, 3), ": axis 2, of 1, is too many."),
        ((5, 2, 3), (2, 3), ": axis 0, of 5, is too many."),
        ((2,), (2, 3), ": axis 1, of 3, is missing."),
        ((2,), (2, 1), ": axis 1, of 1, is missing (`keepdim=True` keeps it)."),
        ((), (2, 3), ": 2 axes fewer."),
        ((4, 5), (2,), ": 1 axis more."),
        ((2, 4), (2, 3), ": axis 1 has 4, not 3."),
        ((1, 4), (2, 3), ": axis 0 has 1, not 2 and axis 1 has 4, not 3."),
    ],
)
def test_both_shapes_are_named_and_the_axis(got, expected, said):
    text = shape_difference(got, expected)
    assert text == f"The shape is {got}; asked for is {expected}{said}"
