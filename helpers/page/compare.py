"""Comparing a reader's answer with the reference, and describing both in a line."""

import math
from dataclasses import is_dataclass
from typing import Any

import numpy as np
import torch

Array = torch.Tensor | np.ndarray


def same(got: Any, expected: Any, tolerance: float) -> bool:
    """True when two answers agree in kind, shape and value (NaN equals NaN)."""
    if isinstance(expected, Array):
        return same_tensor(got, expected, tolerance)
    if isinstance(expected, bool | np.bool_):
        return same_truth(got, expected)
    if isinstance(expected, int | float | np.number):
        return close_number(got, expected, tolerance)
    if isinstance(expected, dict):
        return same_dict(got, expected, tolerance)
    if is_dataclass(expected):  # by fields: a page defines its own copy of a class
        return is_dataclass(got) and same_dict(vars(got), vars(expected), tolerance)
    if not isinstance(expected, tuple | list):
        return type(got) is type(expected) and got == expected
    return (
        isinstance(got, tuple | list)
        and len(got) == len(expected)
        and all(same(g, e, tolerance) for g, e in zip(got, expected, strict=True))
    )


def same_dict(got: Any, expected: dict, tolerance: float) -> bool:
    """True for a dictionary with the same keys and the same value under each."""
    return (
        isinstance(got, dict)
        and got.keys() == expected.keys()
        and all(same(got[key], expected[key], tolerance) for key in expected)
    )


def same_truth(got: Any, expected: bool) -> bool:
    """True for the same truth value, also as an array or tensor of one element."""
    got = one_item(got)
    return isinstance(got, bool) and got == expected


def same_tensor(got: Any, expected: Array, tolerance: float) -> bool:
    """True for a tensor (array, number) of the same shape with the same values."""
    a, b = as_complex(got), as_complex(expected)
    return a is not None and a.shape == b.shape and close(a, b, tolerance).all().item()


def close(got: torch.Tensor, expected: torch.Tensor, tolerance: float) -> torch.Tensor:
    """Return where two complex tensors of one shape agree, as booleans."""
    return torch.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def as_complex(value: Any) -> torch.Tensor | None:
    """Return a copy that holds every kind of number exactly, None for what is none."""
    if isinstance(value, torch.Tensor):
        plain = value.layout is torch.strided and not value.is_nested
        if not plain or value.is_quantized or value.is_meta:
            return None
        return value.detach().cpu().to(torch.complex128)
    if not isinstance(value, int | float | np.ndarray | np.generic):
        return None
    array = np.array(value)
    numeric = array.dtype.kind in "biufc"
    return torch.from_numpy(array.astype(np.complex128)) if numeric else None


def one_item(value: Any) -> Any:
    """Return the Python number in an array or tensor of one element, else `value`."""
    if isinstance(value, Array | np.generic) and math.prod(value.shape) == 1:
        return value.item()
    return value


def close_number(got: Any, expected: float, tolerance: float) -> bool:
    """True for a number, or a tensor of one number, within the tolerance.

    Relative for numbers above 1, but never so wide that two counts look the same.
    """
    got, expected = one_item(got), one_item(expected)
    if isinstance(got, bool) or not isinstance(got, int | float):
        return False
    if got == expected or (math.isnan(got) and math.isnan(expected)):
        return True
    slack = tolerance * max(1.0, abs(expected))
    if isinstance(expected, int):
        slack = min(slack, max(tolerance, 0.4))
    return abs(got - expected) <= slack < math.inf


def describe(value: Any) -> str:
    """Return a short text for a value: small tensors whole, large ones by shape."""
    if isinstance(value, torch.Tensor):
        if value.numel() <= 12:
            return f"tensor {short(value.detach().tolist())}"
        start = ", ".join(f"{x:.4g}" for x in value.detach().flatten()[:4].tolist())
        return f"tensor of shape {tuple(value.shape)} starting {start}, …"
    if value is None:
        return "None (is a `return` missing?)"
    text = short(value)
    return text if len(text) <= 200 else text[:200] + " …"


def short(value: Any) -> str:
    """Return the text of a value, its floats with six significant digits."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if type(value) is list:
        return f"[{', '.join(map(short, value))}]"
    return repr(value)


def first_difference(got: Any, expected: Any, tolerance: float) -> str:
    """Return where two tensors of one shape first differ, "" for anything else."""
    a, b = as_complex(got), as_complex(expected)
    if a is None or b is None or a.shape != b.shape or a.ndim == 0:
        return ""
    places = (~close(a, b, tolerance)).nonzero().tolist()
    if not places:
        return ""
    received, wanted = (describe(x[tuple(places[0])].item()) for x in (got, expected))
    count = f"{len(places)} of {a.numel()} differ"
    return f"{count}, first at {places[0]}: {wanted} expected, {received} received"
