"""What Llama and its parts are compared with: PyTorch's own, a small one, formulas."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.llama.blocks import Llama, Sizes, attend_shared, turn_pairs, turns
from helpers.models.transformer.attention import causal_mask
from helpers.page.parity import results

EPS = 1e-5
SMALL = Sizes(symbols=37, channels=48, layers=2, n_heads=6, kv_heads=2, inner=80)


def draws(seed: int) -> list[Tensor]:
    """Return x (2, 5, 24), weights (24,), queries (2, 6, 5, 8), and keys and values
    (2, 2, 5, 8), normal numbers in float64."""
    shapes = (2, 5, 24), (24,), (2, 6, 5, 8), (2, 2, 5, 8), (2, 2, 5, 8)
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=g, dtype=torch.float64) for shape in shapes]


def rms_norm(x_btc: Tensor, weight_c: Tensor, eps: float) -> Tensor:
    """Return x (B, T, C), every position divided by its RMS, times the weights (C,)."""
    return x_btc / (x_btc.square().mean(dim=-1, keepdim=True) + eps).sqrt() * weight_c


def library_norm(x_btc: Tensor, weight_c: Tensor) -> Tensor:
    """Return the same, as PyTorch's nn.RMSNorm computes it."""
    return F.rms_norm(x_btc, weight_c.shape, weight_c, EPS)


def library_attention(q_bntd: Tensor, k_bmsd: Tensor, v_bmsd: Tensor) -> Tensor:
    """Return what the queries read, looking back, as PyTorch computes it."""
    shared = {"is_causal": True, "enable_gqa": True}
    return F.scaled_dot_product_attention(q_bntd, k_bmsd, v_bmsd, **shared)


def turned_at_10_000(x_bntd: Tensor) -> Tensor:
    """Return queries turned by their positions, with lesson 05's base."""
    T, D = x_bntd.shape[-2:]
    return turn_pairs(x_bntd, *turns(0, T, D, base=10_000.0))


def shared_looking_back(q_bntd: Tensor, k_bmsd: Tensor, v_bmsd: Tensor) -> Tensor:
    """Return what the queries read, looking back, as ours compute it."""
    return attend_shared(q_bntd, k_bmsd, v_bmsd, causal_mask(q_bntd.shape[2]))[0]


def small_llama(seed: int) -> tuple[Llama, Tensor]:
    """Return a small model in float64 and ids (2, 9). All its weights are drawn with
    deviation 0.3: a new one has norms of 1, and a mistake there would not show."""
    model, g = Llama(SMALL).double(), torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3, generator=g)
    return model, torch.randint(SMALL.symbols, (2, 9), generator=g)


def relative_gap(ours: Callable, theirs: Callable, *inputs: Tensor) -> float:
    """Return the largest gap of two functions' outputs, and of their gradients, each
    divided by the largest number that it is a gap of."""
    pairs = zip(results(ours, inputs), results(theirs, inputs), strict=True)
    gaps = [(a - b).abs().max() / b.abs().max() for a, b in pairs]
    return torch.stack(gaps).max().item()  # NaN if one of them is


@torch.no_grad()
def write_greedily(model, ids_t: Tensor, end: int, most: int) -> list[int]:
    """Return the most probable next ids after a text (T,), each fed back, at most
    `most` of them and none from the token `end` on. `model(ids (1, T), past)` gives
    (logits (1, T, V), past), and reads each position once."""
    written, past, new_bt = [], None, ids_t[None]
    while len(written) < most:
        logits_btv, past = model(new_bt, past)
        id = logits_btv[0, -1].argmax().item()
        if id == end:
            break
        written.append(id)
        new_bt = torch.tensor([[id]], device=ids_t.device)
    return written


def library_writes(library, ids_t: Tensor, most: int) -> list[int]:
    """Return what transformers' own `generate` writes after a text (T,), greedily."""
    whole = library.generate(ids_t[None], max_new_tokens=most, do_sample=False)
    return whole[0, len(ids_t) :].tolist()


def cache_bytes(sizes: Sizes, length: int, heads: int | None = None) -> int:
    """Return the bytes of all keys and values of so many positions, in 32 bits; with
    `heads` of them in place of the model's own."""
    head = sizes.channels // sizes.n_heads
    heads = sizes.kv_heads if heads is None else heads
    return 4 * 2 * sizes.layers * length * heads * head


def next_flops(sizes: Sizes, before: int) -> int:
    """Return the operations of the matrix products for one new token after `before`
    kept positions, a multiply-add as two."""
    C, head = sizes.channels, sizes.channels // sizes.n_heads
    attention = 2 * C * C + 2 * C * sizes.kv_heads * head
    matrices = sizes.layers * (attention + 3 * C * sizes.inner) + sizes.symbols * C
    return 2 * matrices + 4 * sizes.layers * C * (before + 1)


def conversations() -> list[list[dict]]:
    """Return four conversations: with and without a system message, of one turn and of
    several, and with line breaks and blanks at the ends."""
    system = {"role": "system", "content": "Answer in one word."}
    asked = {"role": "user", "content": "Is it raining?"}
    said = {"role": "assistant", "content": " Yes.\n\nIt is. "}
    return [
        [asked],
        [system, asked],
        [asked, said, asked],
        [system, asked, said, asked],
    ]
