"""What kind of answer is asked for, and which kind came: type, parts, shape, dtype.

Every function returns a sentence for the learner, or "" where nothing is wrong.
"""

import math
from dataclasses import is_dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.page.elsewhere import Described

Array = Tensor | np.ndarray
Number = int | float | np.number
ONE_OF = {bool: "True or False", int: "a whole number", float: "a number"}


def kind_difference(got: Any, expected: Any) -> str:
    """Return what is wrong with the kind of an answer: values are not looked at."""
    if got is None and expected is not None:
        return "That is None: is a `return` missing?"
    if isinstance(expected, Array):
        return tensor_difference(got, expected)
    if isinstance(expected, bool | np.bool_ | Number):
        return number_difference(got, expected)
    if isinstance(expected, tuple | list):
        return sequence_difference(got, expected)
    if isinstance(expected, dict):
        return dict_difference(got, expected)
    if is_dataclass(expected):  # by fields: a page defines its own copy of a class
        if not is_dataclass(got):
            return f"That is {kind(got)}; a {type(expected).__name__} is asked for."
        return dict_difference(vars(got), vars(expected))
    if type(got) is not type(expected):
        return f"That is {kind(got)}; {kind(expected)} is asked for."
    return ""


def kind(value: Any) -> str:
    """Return what a value is, in two or three words."""
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, Described):
        return value.kind
    if isinstance(value, Tensor):
        if not is_plain(value):
            return "a tensor without plain numbers"
        shape = tuple(value.shape)
        return f"a tensor of shape {shape}" if shape else "a tensor of one number"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of shape {value.shape}"
    if isinstance(value, tuple | list):
        name, n = type(value).__name__, len(value)
        return f"a {name} of {n} value{'s' * (n != 1)}"
    if isinstance(value, nn.Module):
        return f"a network ({type(value).__name__})"
    if isinstance(value, type):
        return f"a class ({value.__name__})"
    if callable(value):
        return "a function, not what it returns"
    named = {str: "text", int: "an int", dict: "a dictionary"}
    return named.get(type(value), f"a {type(value).__name__}")


def tensor_difference(got: Any, expected: Array) -> str:
    """Return what is wrong with an answer where a tensor is asked for."""
    if isinstance(expected, Tensor) and not isinstance(got, Tensor):
        if not expected.shape and is_number(got):
            return ""
        asked = "a tensor" if expected.shape else "a tensor of one number"
        return f"That is {kind(got)}; {asked} is asked for{way_to_tensor(got)}."
    if not isinstance(got, Array):
        return f"That is {kind(got)}; a NumPy array is asked for."
    if isinstance(got, Tensor) and not is_plain(got):
        return "That tensor holds no plain numbers (sparse, nested, quantized, meta)."
    if tuple(got.shape) != tuple(expected.shape):
        return shape_difference(tuple(got.shape), tuple(expected.shape))
    return dtype_difference(got, expected)


def is_plain(value: Tensor) -> bool:
    """True for a tensor whose numbers can be read one by one."""
    plain = value.layout is torch.strided and not value.is_nested
    return plain and not value.is_quantized and not value.is_meta


def is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def way_to_tensor(got: Any) -> str:
    """Return how a tensor is made of what came instead."""
    if isinstance(got, list) and got and all(isinstance(x, Tensor) for x in got):
        return " (torch.stack or torch.cat makes one of them)"
    if isinstance(got, list):
        return " (torch.tensor makes one)"
    if isinstance(got, np.ndarray):
        return " (torch.from_numpy makes one)"
    return ""


def shape_difference(got: tuple, expected: tuple) -> str:
    """Return both shapes, and which axis is too many, missing, swapped or too long."""
    text = f"The shape is {got}; asked for is {expected}"
    return f"{text}{axis_difference(got, expected)}."


def axis_difference(got: tuple, expected: tuple) -> str:
    """Return what is wrong with the axes, where one change explains it."""
    if len(got) == len(expected) + 1:
        extra = [i for i in range(len(got)) if got[:i] + got[i + 1 :] == expected]
        if extra:
            return f": axis {extra[-1]}, of {got[extra[-1]]}, is too many"
    if len(got) + 1 == len(expected):
        lost = [
            i for i in range(len(expected)) if expected[:i] + expected[i + 1 :] == got
        ]
        if lost:
            keep = " (`keepdim=True` keeps it)" if expected[lost[-1]] == 1 else ""
            return f": axis {lost[-1]}, of {expected[lost[-1]]}, is missing{keep}"
    if len(got) != len(expected):
        more = "more" if len(got) > len(expected) else "fewer"
        n = abs(len(got) - len(expected))
        return f": {n} {'axes' if n > 1 else 'axis'} {more}"
    for i, j in combinations(range(len(got)), 2):
        swapped = list(got)
        swapped[i], swapped[j] = got[j], got[i]
        if tuple(swapped) == expected:
            return f": axes {i} and {j} are swapped"
    if sorted(got) == sorted(expected):
        return ": the axes stand in another order"
    differ = [i for i in range(len(got)) if got[i] != expected[i]]
    parts = [f"axis {i} has {got[i]}, not {expected[i]}" for i in differ]
    return f": {' and '.join(parts)}"


def dtype_difference(got: Array, expected: Array) -> str:
    """Return how the type of the numbers differs; of a single number it may."""
    ours, theirs = (str(x.dtype).removeprefix("torch.") for x in (got, expected))
    if ours == theirs or (not expected.shape and "bool" not in ours + theirs):
        return ""
    if theirs == "bool":
        return (
            f"These are numbers ({ours}), and a mask of booleans (torch.bool) is "
            "asked for: only booleans can be inverted by `~`, or choose by indexing."
        )
    return f"The numbers are {ours}; asked for is {theirs}."


def number_difference(got: Any, expected: Any) -> str:
    """Return what is wrong with an answer where a plain number or truth is asked."""
    truth = isinstance(expected, bool | np.bool_)
    asked = ONE_OF[bool if truth else int if isinstance(expected, int) else float]
    if isinstance(got, Array):
        way = " (`.item()` gives it)" if math.prod(got.shape) == 1 else ""
        return f"That is {kind(got)}; {asked} is asked for{way}."
    if truth:
        right = isinstance(got, bool | np.bool_)
    else:
        right = is_number(got) and not isinstance(got, np.bool_)
    return "" if right else f"That is {kind(got)}; {asked} is asked for."


def sequence_difference(got: Any, expected: tuple | list) -> str:
    """Return what is wrong with an answer of several values, or with one of them."""
    n = len(expected)
    if not isinstance(got, tuple | list):
        many = f"a {type(expected).__name__} of {n} value{'s' * (n != 1)}"
        listed = isinstance(got, Array) and isinstance(expected, list)
        way = " (`.tolist()` makes one)" if listed else ""
        return f"That is {kind(got)}; {many} is asked for{way}."
    if len(got) != n:
        return f"That is {kind(got)}; {n} are asked for."
    for i, (g, e) in enumerate(zip(got, expected, strict=True)):
        if text := kind_difference(g, e):
            return f"Value {i + 1} of {n}: {text}" if n > 1 else text
    return ""


def dict_difference(got: Any, expected: dict) -> str:
    """Return what is wrong with the keys of a dictionary, or the kind of a value."""
    if not isinstance(got, dict):
        return f"That is {kind(got)}; a dictionary is asked for."
    missing = [key for key in expected if key not in got]
    if missing:
        return f"There is no {missing[0]!r} in it."
    if extra := [key for key in got if key not in expected]:
        return f"{extra[0]!r} is too many in it."
    for key, value in expected.items():
        if text := kind_difference(got[key], value):
            return f"{key}: {text}"
    return ""
