"""What a Transformer costs, in formulas, which lesson 05 derives.

C channels, `inner` channels of the feed-forward layer (4 C unless given), V symbols,
T positions. A multiply-add is two FLOPs, and only matrix products count.
"""


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
    """Return the FLOPs with which T positions that look at S pass an encoder layer, the
    keys and values of all but the T being known already."""
    weights = 4 * C * C + 2 * C * (inner or 4 * C)
    return 2 * T * weights + 2 * (2 * T * S * C)  # scores, then averages


def gpt_flops(T: int, C: int, layers: int, V: int, inner: int | None = None) -> int:
    """Return the FLOPs with which a GPT reads T symbols and gives all T logits."""
    return layers * layer_flops(T, T, C, inner) + 2 * T * C * V


def cached_flops(T: int, C: int, layers: int, V: int, inner: int | None = None) -> int:
    """Return the FLOPs with which a GPT reads the T-th symbol and gives its logits, the
    keys and values of the T - 1 before it having been kept."""
    return layers * layer_flops(1, T, C, inner) + 2 * C * V
