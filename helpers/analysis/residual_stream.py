"""A Llama's residual stream: what stands in it before each block, what the head reads
off there, and what becomes of it when the blocks run in another order, or not at all.

The reading is the logit lens of nostalgebraist (2020).
"""

from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.models.llama.blocks import Llama, LlamaBlock, turns

HALVES = ("", "attention", "MLP")


@torch.no_grad()
def residual_stream(model: Llama, ids_bt: Tensor) -> Tensor:
    """Return the stream before the first block and after each: (L + 1, B, T, C)."""
    stream = [model.embed_tokens(ids_bt)]
    for block in range(len(model.layers)):
        stream.append(run_blocks(model, stream[-1], [block]))
    return torch.stack(stream)


@torch.no_grad()
def run_blocks(
    model: Llama, x_btc: Tensor, blocks: Iterable[int], only: str = ""
) -> Tensor:
    """Return the stream (B, T, C) after these blocks, in this order, each seeing what
    stands before it. `only`: "attention" or "MLP" runs that half of each alone. Raises
    ValueError for another one."""
    if only not in HALVES:
        raise ValueError(f"a block's halves are attention and MLP, not {only!r}")
    places = rotation_and_mask(model, x_btc)
    for block in blocks:
        x_btc = one_block(model.layers[block], x_btc, places, only)
    return x_btc


def rotation_and_mask(model: Llama, x_btc: Tensor) -> tuple[list[Tensor], Tensor]:
    """Return what a block wants beside the stream: cosine and sine of every position,
    and the causal mask (T, T)."""
    T, sizes = x_btc.shape[1], model.sizes
    head = sizes.channels // sizes.n_heads
    rotation = [part.to(x_btc) for part in turns(0, T, head, sizes.base)]
    return rotation, torch.ones(T, T, dtype=torch.bool).tril()


def one_block(layer: LlamaBlock, x_btc: Tensor, places: tuple, only: str) -> Tensor:
    """Return the stream (B, T, C) after one block, or after one half of it."""
    if only == "MLP":
        return x_btc + layer.mlp(layer.post_attention_layernorm(x_btc))
    if only == "attention":
        return x_btc + layer.self_attn(layer.input_layernorm(x_btc), *places)[0]
    return layer(x_btc, *places)[0]


@torch.no_grad()
def attention_weights(model: Llama, stream_lbtc, block: int) -> Tensor:
    """Return the weights of a block's attention, (B, N, T, T), on what stands in the
    stream before it."""
    layer, x_btc = model.layers[block], stream_lbtc[block]
    places = rotation_and_mask(model, x_btc)
    return layer.self_attn(layer.input_layernorm(x_btc), *places)[1]


@torch.no_grad()
def lens_nats(
    x_btc: Tensor, norm: Callable[[Tensor], Tensor], table_vc: Tensor, ids_bt: Tensor
) -> Tensor:
    """Return each text's mean loss (nats), (B,), when the final norm and the tied head
    read the next token off the states (B, T, C) of its tokens (B, T)."""
    logits_btv = F.linear(norm(x_btc), table_vc)[:, :-1]
    nats_bt = F.cross_entropy(logits_btv.mT, ids_bt[:, 1:], reduction="none")
    return nats_bt.mean(dim=1)
