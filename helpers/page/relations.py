"""How wrong values relate to the right ones: sign, factor, order, a shift, NaN.

What is said of an answer is a fact about its numbers, and holds for every case where
they differ; why they do is for the reader to find.
"""

from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from helpers.page.compare import as_complex, close


def relation(pairs: list[tuple[Any, Any]], tolerance: float) -> str:
    """Return how all answers relate to what was expected, in a sentence, or "".

    `pairs`: (got, expected) of every case, of the same kind and shape; those that
    differ count, and parts of tuples are looked at one by one.
    """
    flat = [part for pair in pairs for part in parts(*pair)]
    wrong = [(a, b) for a, b in flat if not close(a, b, tolerance).all()]
    if not wrong:
        return ""
    for found in (not_finite, inverted, moved, scaled, added):
        texts = {found(a, b, tolerance) for a, b in wrong}
        enough = sum(b.numel() for _, b in wrong) >= 3 or found is not_finite
        if len(texts) == 1 and "" not in texts and enough:
            return texts.pop()
    return ""


def parts(got: Any, expected: Any) -> list[tuple[Tensor, Tensor]]:
    """Return the pairs of numbers, as complex tensors of one shape, in two answers."""
    if isinstance(expected, tuple | list) and isinstance(got, tuple | list):
        pairs = zip(got, expected, strict=False)
        return [part for pair in pairs for part in parts(*pair)]
    a, b = as_complex(got), as_complex(expected)
    return [] if a is None or b is None or a.shape != b.shape else [(a, b)]


def not_finite(got: Tensor, expected: Tensor, tolerance: float) -> str:
    """Say so where there are NaN or infinite values that nobody asked for."""
    for name, bad in (("NaN", torch.isnan), ("infinite", torch.isinf)):
        if (bad(got) & ~bad(expected)).any():
            return f"some values are {name}, and should be numbers."
    return ""


def inverted(got: Tensor, expected: Tensor, tolerance: float) -> str:
    """Say so where signs, or true and false, are the wrong way round."""
    if close(-got, expected, tolerance).all():
        return "every value has the opposite sign."
    ones = ((expected == 0) | (expected == 1)).all()
    if ones and close(1 - got, expected, tolerance).all():
        return "every value is the opposite: 1 (True) where 0 (False) is asked for."
    return ""


def moved(got: Tensor, expected: Tensor, tolerance: float) -> str:
    """Say so where the right values stand at other places."""
    axes = range(got.ndim)
    for i, j in combinations(axes, 2):
        if got.shape[i] == got.shape[j] and same(
            got.transpose(i, j), expected, tolerance
        ):
            return f"the right values, with axes {i} and {j} swapped."
    for i in axes:
        if same(got.flip(i), expected, tolerance):
            return f"the right values, in reverse order along axis {i}."
        for step in (1, -1):
            if same(got.roll(step, i), expected, tolerance):
                return f"the right values, shifted by one place along axis {i}."
    flat, wanted = (sorted(x.flatten().tolist(), key=order) for x in (got, expected))
    tensors = torch.tensor(flat), torch.tensor(wanted)
    if got.numel() < 10_000 and same(*tensors, tolerance):
        return "the right values, in another order."
    return ""


def order(value: complex) -> tuple[float, float]:
    return value.real, value.imag


def same(got: Tensor, expected: Tensor, tolerance: float) -> bool:
    return got.shape == expected.shape and close(got, expected, tolerance).all().item()


def scaled(got: Tensor, expected: Tensor, tolerance: float) -> str:
    """Say by which factor all values are too large or too small."""
    used = expected.abs() > 1e-12
    if not used.any():
        return ""
    factors = (got[used] / expected[used]).real
    factor = factors[0].item()
    if abs(factor) < 1e-6 or not same(got, factor * expected, tolerance):
        return ""
    if abs(factor - 1) < 1e-3:  # nearly right: a factor would explain nothing
        return ""
    text = f"{factor:.4g}" if abs(factor) >= 1 else f"1/{1 / factor:.4g}"
    return f"every value is {text} times what is asked for."


def added(got: Tensor, expected: Tensor, tolerance: float) -> str:
    """Say by how much all values are too large or too small."""
    gap = (got - expected).flatten()[0].real.item()
    if gap != gap or not same(got, expected + gap, tolerance):
        return ""
    return f"every value is {abs(gap):.3g} too {'large' if gap > 0 else 'small'}."
