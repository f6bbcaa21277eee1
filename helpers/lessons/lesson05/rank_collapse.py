"""Rank collapse: how untrained attention layers make all positions alike."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from helpers.models.transformer.blocks import EncoderLayer

TOKENS = 1_000_000  # added to a seed, or tokens and weights came from the same draws

Step = Callable[[EncoderLayer, Tensor], Tensor]


def attention_only(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return the output of a block's self-attention alone, (B, T, C)."""
    return block.self_attn(x_btc)[0]


def norm_attention(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return the output of self-attention on layer-normed x, (B, T, C)."""
    return attention_only(block, block.norm1(x_btc))


def attention_feed_forward(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return attention, then the feed-forward part, without residuals: (B, T, C)."""
    return block.feed_forward(attention_only(block, x_btc))


def residual_attention(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return x plus the output of self-attention on x, (B, T, C)."""
    return x_btc + attention_only(block, x_btc)


def residual_norm_attention(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return x plus the output of self-attention on layer-normed x, (B, T, C)."""
    return x_btc + norm_attention(block, x_btc)


def pre_norm(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return the output of EncoderLayer(norm_first=True), (B, T, C)."""
    x_btc = residual_norm_attention(block, x_btc)
    return x_btc + block.feed_forward(block.norm2(x_btc))


def post_norm(block: EncoderLayer, x_btc: Tensor) -> Tensor:
    """Return the output of EncoderLayer(norm_first=False), (B, T, C)."""
    x_btc = block.norm1(residual_attention(block, x_btc))
    return block.norm2(x_btc + block.feed_forward(x_btc))


BLOCK_VARIANTS: dict[str, Step] = {
    "attention alone": attention_only,
    "attention and FFN": attention_feed_forward,
    "norm, attention": norm_attention,
    "attention, residual": residual_attention,
    "norm, attention, residual": residual_norm_attention,
    "pre-norm block": pre_norm,
    "post-norm block": post_norm,
}


def untrained_blocks(
    layers: int, seed: int, channels: int = 64, n_heads: int = 4
) -> list[EncoderLayer]:
    """Return blocks with fresh weights that depend on `seed` alone, in float64, whose
    16 digits show how small a difference has become. Global random numbers stay as
    they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        blocks = [EncoderLayer(channels, n_heads, 4 * channels) for _ in range(layers)]
    return [block.double() for block in blocks]


def random_tokens(
    seed: int, count: int = 8, length: int = 32, channels: int = 64
) -> Tensor:
    """Return standard normals, float64 (count, length, channels): no position has
    anything to do with another, or with the weights that the same seed draws."""
    generator = torch.Generator().manual_seed(seed + TOKENS)
    shape = count, length, channels
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@torch.no_grad()
def states(step: Step, blocks: Iterable[EncoderLayer], x_btc: Tensor) -> list[Tensor]:
    """Return x and the output of every block, each (B, T, C)."""
    found = [x_btc]
    for block in blocks:
        found.append(step(block, found[-1]))
    return found


def rank_one_distance(x_btc: Tensor) -> float:
    """Return how much positions differ, 0 (all equal) to 1: the norm of x minus its
    mean over positions, divided by the norm of x; averaged over sequences.

    The mean is the closest that one vector comes to all of them, so this is the
    relative distance from rank 1 of Dong et al. (2021, arXiv:2103.03404), in the
    Frobenius norm. Below the precision of the numbers it means nothing.
    """
    rest_btc = x_btc - x_btc.mean(dim=1, keepdim=True)
    rest_b, whole_b = (x.flatten(1).norm(dim=1) for x in (rest_btc, x_btc))
    smallest = torch.finfo(x_btc.dtype).tiny  # zeros throughout are all the same
    return (rest_b / whole_b.clamp_min(smallest)).mean().item()


def over_depth(
    step: Step,
    layers: int,
    seed: int,
    measure: Callable[[Tensor], float] = rank_one_distance,
) -> list[float]:
    """Return `measure` of random tokens before, and after each of, `layers` untrained
    blocks of which `step` uses a part: layers + 1 numbers."""
    path = states(step, untrained_blocks(layers, seed), random_tokens(seed))
    return [measure(x_btc) for x_btc in path]
