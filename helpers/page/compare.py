"""Comparing a reader's answer with the reference, and describing both in a line."""

import math
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import torch

from helpers.page.kinds import Array, is_plain, kind_difference


def same(got: Any, expected: Any, tolerance: float) -> bool:
    """True when two answers agree in kind, shape and value (NaN equals NaN)."""
    return not kind_difference(got, expected) and same_values(got, expected, tolerance)


def same_values(got: Any, expected: Any, tolerance: float) -> bool:
    """True when two answers of one kind agree in value."""
    if isinstance(expected, Array):
        a, b = as_complex(got), as_complex(expected)
        return a is not None and close(a, b, tolerance).all().item()
    if isinstance(expected, bool | np.bool_):
        return bool(got) == bool(expected)
    if isinstance(expected, int | float | np.number):
        return close_number(got, expected, tolerance)
    if is_dataclass(expected):
        return same_values(vars(got), vars(expected), tolerance)
    if isinstance(expected, dict):
        return all(same_values(got[k], expected[k], tolerance) for k in expected)
    if isinstance(expected, tuple | list):
        pairs = zip(got, expected, strict=True)
        return all(same_values(g, e, tolerance) for g, e in pairs)
    return got == expected


def close(got: torch.Tensor, expected: torch.Tensor, tolerance: float) -> torch.Tensor:
    """Return where two complex tensors of one shape agree, as booleans."""
    return torch.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def as_complex(value: Any) -> torch.Tensor | None:
    """Return a copy that holds every kind of number exactly, None for what is none."""
    if isinstance(value, torch.Tensor):
        if not is_plain(value):
            return None
        return value.detach().cpu().to(torch.complex128)
    if not isinstance(value, int | float | np.ndarray | np.generic):
        return None
    array = np.array(value)
    numeric = array.dtype.kind in "biufc"
    return torch.from_numpy(array.astype(np.complex128)) if numeric else None


def close_number(got: Any, expected: float, tolerance: float) -> bool:
    """True for a number within the tolerance.

    Relative for numbers above 1, but never so wide that two counts look the same.
    """
    if got == expected or (math.isnan(got) and math.isnan(expected)):
        return True
    slack = tolerance * max(1.0, abs(expected))
    if isinstance(expected, int | np.integer):
        slack = min(slack, max(tolerance, 0.4))
    return abs(got - expected) <= slack < math.inf


def describe(value: Any, digits: int = 6) -> str:
    """Return a short text for a value: small tensors whole, large ones by shape."""
    if isinstance(value, torch.Tensor):
        if value.numel() <= 12:
            return f"tensor {short(value.detach().tolist(), digits)}"
        few = min(digits, 4) if digits <= 6 else digits
        start = ", ".join(short(x, few) for x in value.detach().flatten()[:4].tolist())
        return f"tensor of shape {tuple(value.shape)} starting {start}, …"
    if value is None:
        return "None (is a `return` missing?)"
    text = short(value, digits)
    return text if len(text) <= 200 else text[:200] + " …"


def short(value: Any, digits: int) -> str:
    """Return the text of a value, its floats with so many significant digits."""
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if type(value) in (torch.Tensor, torch.nn.Parameter):  # one of several values
        return describe(value, digits)
    if type(value) in (list, tuple):
        inside = ", ".join(short(x, digits) for x in value)
        comma = "," if type(value) is tuple and len(value) == 1 else ""
        return f"[{inside}]" if type(value) is list else f"({inside}{comma})"
    return repr(value)


def told_apart(got: Any, expected: Any) -> tuple[str, str]:
    """Return the texts of two values, with as many digits as it takes to differ."""
    for digits in (6, 9, 17):
        texts = describe(got, digits), describe(expected, digits)
        if texts[0] != texts[1]:
            break
    return texts


def first_difference(got: Any, expected: Any, tolerance: float) -> str:
    """Return where two tensors of one shape first differ, "" for anything else."""
    a, b = as_complex(got), as_complex(expected)
    if a is None or b is None or a.shape != b.shape or a.ndim == 0:
        return ""
    places = (~close(a, b, tolerance)).nonzero().tolist()
    if not places:
        return ""
    place = tuple(places[0])
    received, wanted = told_apart(got[place].item(), expected[place].item())
    count = f"{len(places)} of {a.numel()} differ"
    return f"{count}, first at {places[0]}: {wanted} expected, {received} received"
