"""The inputs of one call: copied for the answer, named as its own code names them."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import torch

from helpers.page.elsewhere import probe


def own(case: tuple) -> tuple:
    """Return a copy of a case that an answer may do anything with."""
    return copy.deepcopy(case)


def call(function: Callable, case: tuple, copied: bool = True) -> Any:
    """Return what `function` gives for a copy of the case, which it may change.

    Every call starts from the same random numbers. `copied=False`: for the case itself.
    """
    torch.default_generator.manual_seed(0)
    return function(*(own(case) if copied else case))


@probe
def names_of(function: Callable, case: tuple) -> list[str]:
    """Return the names under which a function takes the inputs of a case."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # of some built-in functions none are known
        names = []
    return [*names, *(f"input {i + 1}" for i in range(len(names), len(case)))][
        : len(case)
    ]


@probe
def takes(function: Callable, case: tuple) -> str:
    """Return what is wrong with the number of inputs a function takes, or ""."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(*case)
    except TypeError:
        n = len(signature.parameters)
        taken = f"{n} input{'s' * (n != 1)}"
        return f"Your function takes {taken}; it is called with {len(case)}."
    return ""
