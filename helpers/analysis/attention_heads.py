"""Attention heads: what each one attends to, and what its map does not explain.

Clark et al. (2019, arXiv:1906.04341) found such heads in BERT.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from helpers.checkpoints.minilm import MiniLM

STOPS = frozenset(".,;:!?")
BEST = ("job", "layer", "head", "mean weight", "least in a sentence")


@dataclass(frozen=True)
class Job:
    """The weight that heads put on a job's keys: the mean over sentences and the
    least of one, both (L, N), and in how many sentences there was such a key."""

    mean: Tensor
    least: Tensor
    sentences: int


def targets(tokens: Sequence[str]) -> dict[str, Tensor]:
    """Return, for each job, which keys count for which query: bools (T, T).

    [CLS] and [SEP] are the first and the last of the T tokens.
    """
    T = len(tokens)
    apart = torch.arange(T) - torch.arange(T)[:, None]  # key minus query
    key = torch.arange(T).expand(T, T)
    same = torch.tensor([[a == b for b in tokens] for a in tokens])
    word = torch.tensor([not token.startswith("##") for token in tokens]).cumsum(dim=0)
    stop = torch.tensor([token in STOPS for token in tokens]).expand(T, T)
    return {
        "previous token": apart == -1,
        "next token": apart == 1,
        "itself": apart == 0,
        "[CLS]": key == 0,
        "[SEP]": key == T - 1,
        "the same word elsewhere": same & (apart != 0),
        "the rest of its own word": (word == word[:, None]) & (apart != 0),
        "punctuation elsewhere": stop & (apart != 0),
    }


def weight_on(attention_lntt: Tensor, target_tt: Tensor) -> Tensor:
    """Return the weight on the target keys, 0 to 1: (L, N), the mean over the real
    tokens 1..T-2 that have such a key; NaN where none has.

    Weights are (L, N, T, T), queries by keys; targets are bools (T, T).
    """
    asked = target_tt.any(dim=1)
    asked[[0, -1]] = False
    return (attention_lntt * target_tt).sum(dim=-1)[..., asked].mean(dim=-1)


def measure_jobs(readings: Iterable[tuple[Sequence[str], Tensor]]) -> dict[str, Job]:
    """Return job -> attention weight on its keys, measured over pairs of T tokens and
    weights (L, N, T, T). Raises ValueError where there are no sentences."""
    found: dict[str, list[Tensor]] = {}
    for tokens, attention_lntt in readings:
        for job, target_tt in targets(tokens).items():
            weight_ln = weight_on(attention_lntt, target_tt)
            if not weight_ln.isnan().any():
                found.setdefault(job, []).append(weight_ln)
    if not found:
        raise ValueError("jobs are measured over sentences; there are none")
    return {job: summary(torch.stack(weights)) for job, weights in found.items()}


def summary(weights_sln: Tensor) -> Job:
    """Return mean and minimum over S sentences of weights (S, L, N)."""
    return Job(weights_sln.mean(dim=0), weights_sln.amin(dim=0), len(weights_sln))


def head_jobs(minilm: MiniLM, texts: Iterable[str]) -> dict[str, Job]:
    """Return every job measured over some texts, see `measure_jobs`."""
    return measure_jobs((minilm.tokens(text), minilm.attention(text)) for text in texts)


def best_heads(jobs: dict[str, Job]) -> list[tuple[str, int, int, float, float]]:
    """Return, for each job, the head with the largest mean, as `BEST` names it; layers
    and heads are counted from 0."""
    rows = []
    for name, job in jobs.items():
        layer, head = divmod(job.mean.argmax().item(), job.mean.shape[1])
        mean, least = job.mean[layer, head].item(), job.least[layer, head].item()
        rows.append((name, layer, head, mean, least))
    return rows


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
    """Return the attention module of a layer, counted from 0: self-attention, output
    projection, residual sum and norm."""
    return minilm.model.encoder.layer[layer].attention


def norm_weighted_attention(minilm: MiniLM, text: str, layer: int, head: int) -> Tensor:
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
    """Return the sentence vector (C,) of a text when one head uses the weights (T, T),
    queries by keys, in place of its own; later layers are computed from that."""
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
