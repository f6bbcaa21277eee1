"""Parameter and FLOP counts of a Transformer, with and without a KV-cache.

C channels, `inner` channels of the feed-forward layer (4 C unless given), V symbols,
T positions. A multiply-add is two FLOPs, and only matrix products count.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.kv_cache import Cached


def layer_parameters(C: int, inner: int | None = None) -> int:
    """Return the parameters of an encoder layer: 12 C² + 13 C at inner = 4 C."""
    inner = inner or 4 * C
    attention = 4 * (C * C + C)
    feed_forward = (C * inner + inner) + (inner * C + C)
    return attention + feed_forward + 2 * (2 * C)  # two norms


def decoder_parameters(C: int, inner: int | None = None) -> int:
    """Return the parameters of a decoder layer: 16 C² + 19 C at inner = 4 C."""
    return layer_parameters(C, inner) + 4 * (C * C + C) + 2 * C


def gpt_parameters(
    V: int, C: int, layers: int, longest: int = 0, inner: int | None = None, tied=True
) -> int:
    """Return the parameters of a GPT; `longest`: its learned positions, if any."""
    head = 0 if tied else C * V + V
    return (V + longest) * C + layers * layer_parameters(C, inner) + 2 * C + head


def layer_flops(T: int, S: int, C: int, inner: int | None = None) -> int:
    """Return the FLOPs of an encoder layer on T positions that attend to S, the keys
    and values of all but the T being cached."""
    weights = 4 * C * C + 2 * C * (inner or 4 * C)
    return 2 * T * weights + 2 * (2 * T * S * C)  # scores, then averages


def gpt_flops(T: int, C: int, layers: int, V: int, inner: int | None = None) -> int:
    """Return the FLOPs of a GPT's forward pass over T symbols, with all T logits."""
    return layers * layer_flops(T, T, C, inner) + 2 * T * C * V


def token_flops(P: int, C: int, inner: int | None = None) -> int:
    """Return the FLOPs of an encoder layer on one new position, the keys and values of
    the P before it being cached."""
    return layer_flops(1, P + 1, C, inner)


@torch.no_grad()
def cost_of_next(
    gpt: GPT, ids_t: Tensor, measure: Callable[..., float]
) -> tuple[float, float]:
    """Return `measure(function, *inputs)` of predicting what follows a text (T,): from
    the whole text, and from its last symbol with a KV-cache of the others."""
    ids_bt, cached = ids_t[None], Cached(gpt)
    past = cached(ids_bt[:, :-1])[1] if len(ids_t) > 1 else None
    return measure(gpt, ids_bt), measure(cached, ids_bt[:, -1:], past)
