"""What the next symbol costs a GPT: all read again, or with keys and values kept."""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.models.gpt import GPT, Cached


@torch.no_grad()
def cost_of_next(
    gpt: GPT, ids_t: Tensor, measure: Callable[..., float]
) -> tuple[float, float]:
    """Return `measure(function, *inputs)` of reading a text (T,) to its end: all of it
    again, and its last symbol alone, the T - 1 before it being kept."""
    ids_bt, cached = ids_t[None], Cached(gpt)
    past = cached(ids_bt[:, :-1])[1] if len(ids_t) > 1 else None
    return measure(gpt, ids_bt), measure(cached, ids_bt[:, -1:], past)
