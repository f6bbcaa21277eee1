"""What an attention map does not say: how much a key brings, and that no other map
would have done the same."""

import numpy as np
import torch
from torch import Tensor, nn

from helpers.minilm import MiniLM


def columns(values_tc: Tensor, head: int, n_heads: int) -> Tensor:
    """Return one head's part of the channels of all: (T, D), a view of (T, C)."""
    return values_tc.unflatten(-1, (n_heads, -1))[:, head]


@torch.no_grad()
def head_values(minilm: MiniLM, text: str, layer: int, head: int) -> Tensor:
    """Return the values that a head of MiniLM adds up for a text: (T, D)."""
    seen = []
    value = block(minilm, layer).self.value
    hook = value.register_forward_hook(lambda _module, _in, out: seen.append(out[0]))
    with hook:
        minilm.sentence_vector(text)
    return columns(seen[0], head, minilm.model.config.num_attention_heads)


def block(minilm: MiniLM, layer: int) -> nn.Module:
    """Return the self-attention of a layer, counted from 0, with what follows it up
    to the residual sum."""
    return minilm.model.encoder.layer[layer].attention


def brought(minilm: MiniLM, text: str, layer: int, head: int) -> Tensor:
    """Return the share of each key in what a head adds to a query: (T, T), rows sum
    to 1.

    A share is the length of weight times value, put through the head's columns of the
    output matrix (Kobayashi et al. 2020, arXiv:2004.10102).
    """
    values_td = head_values(minilm, text, layer, head)
    n_heads = minilm.model.config.num_attention_heads
    matrix_cc = block(minilm, layer).output.dense.weight
    lengths_t = (values_td @ columns(matrix_cc, head, n_heads).T).norm(dim=1)
    amounts_tt = minilm.attention(text)[layer, head] * lengths_t
    return amounts_tt / amounts_tt.sum(dim=1, keepdim=True)


@torch.no_grad()
def vector_with(
    minilm: MiniLM, text: str, layer: int, head: int, weights_tt: Tensor
) -> Tensor:
    """Return the vector of a text (C,) when one head takes weights (T, T), queries by
    keys, instead of its own, and all that follows goes on from there."""
    values_td = head_values(minilm, text, layer, head)
    n_heads = minilm.model.config.num_attention_heads

    def exchange(_module: nn.Module, inputs: tuple[Tensor]) -> None:
        mixed_tc = inputs[0][0]
        columns(mixed_tc, head, n_heads)[:] = weights_tt.to(values_td) @ values_td

    dense = block(minilm, layer).output.dense
    with dense.register_forward_pre_hook(exchange):
        return minilm.sentence_vector(text)


def other_map(weights_tt: Tensor, values_td: Tensor) -> Tensor:
    """Return other weights (T, T) >= 0 with rows that sum to 1 and the same sums of
    the values (T, D), float64: each query's largest weight is as small as can be.

    With more than D + 1 tokens the sums do not fix the weights (Brunner et al. 2020,
    arXiv:1908.04211); with fewer, or a largest weight that cannot shrink, a row may
    stay as it is. The sums agree to about 1e-9.
    """
    values = values_td.double().numpy()
    rows = [smallest_top(row, values) for row in weights_tt.double().numpy()]
    return torch.from_numpy(np.stack(rows))


def smallest_top(weights_t: np.ndarray, values_td: np.ndarray) -> np.ndarray:
    """Return one row of `other_map`, (T,), found by linear programming; the row itself
    where the solver finds nothing."""
    from scipy.optimize import linprog

    own = weights_t / weights_t.sum()  # float32 rows miss 1 by 1e-7
    kept = np.vstack([values_td.T, np.ones(len(own))])
    cost = np.zeros(len(own))
    cost[own.argmax()] = 1
    exact = {"primal_feasibility_tolerance": 1e-10}  # the smallest that HiGHS takes
    found = linprog(cost, A_eq=kept, b_eq=kept @ own, options=exact)
    return found.x.clip(0) if found.success else own
