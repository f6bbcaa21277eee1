"""Sampling text: temperature, top-k and top-p, as lesson 03 builds them."""

import torch
from torch import Tensor, nn


def top_k(probabilities_v: Tensor, k: int) -> Tensor:
    """Return the `k` largest, made to sum to 1; the others are 0 (Fan et al. 2018)."""
    best = probabilities_v.topk(min(k, len(probabilities_v)))
    kept = torch.zeros_like(probabilities_v).scatter(0, best.indices, best.values)
    return kept / kept.sum()


def top_p(probabilities_v: Tensor, p: float) -> Tensor:
    """Return the fewest that hold the share `p` together, made to sum to 1; the others
    are 0 (Holtzman et al. 2020)."""
    values, indices = probabilities_v.sort(descending=True)
    before = values.cumsum(dim=0) - values  # what the more probable ones hold already
    kept = torch.where((before < p) | (p >= 1), values, 0)
    return torch.zeros_like(kept).scatter(0, indices, kept / kept.sum())


def next_probabilities(logits_v: Tensor, temperature=1.0, k=None, p=1.0) -> Tensor:
    """Return softmax(logits / temperature) after top-k, then top-p: (V,)."""
    if temperature <= 0 or p <= 0 or k == 0:
        raise ValueError("temperature, k and p must be above 0")
    probabilities_v = (logits_v / temperature).softmax(dim=0)
    return top_p(top_k(probabilities_v, k or len(probabilities_v)), p)


@torch.no_grad()
def generate(model: nn.Module, ids_t: Tensor, n: int, choose, generator) -> Tensor:
    """Return `n` tokens drawn one after the other, each fed back: (n,).

    `model(ids (B, T), state)` gives (logits (B, T, V), state); `choose(logits (V,))`
    gives the probabilities to draw from.
    """
    token_bt, state, drawn = ids_t[None], None, []
    for _ in range(n):
        logits_btv, state = model(token_bt, state)
        probabilities_v = choose(logits_btv[0, -1]).cpu()
        drawn.append(torch.multinomial(probabilities_v, 1, generator=generator))
        token_bt = drawn[-1].to(ids_t.device)[None]
    return torch.cat(drawn)
