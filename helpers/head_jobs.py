"""What attention heads look at: jobs with a name, and how much weight goes there.

Clark et al. (2019, arXiv:1906.04341) found such heads in BERT.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.minilm import MiniLM

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


def measure(readings: Iterable[tuple[Sequence[str], Tensor]]) -> dict[str, Job]:
    """Return every job that a sentence offers, measured over pairs of T tokens and
    weights (L, N, T, T). Raises ValueError without a sentence."""
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
    """Return what S sentences say together: (S, L, N)."""
    return Job(weights_sln.mean(dim=0), weights_sln.amin(dim=0), len(weights_sln))


def head_jobs(minilm: MiniLM, texts: Iterable[str]) -> dict[str, Job]:
    """Return every job measured over some texts, see `measure`."""
    return measure((minilm.tokens(text), minilm.attention(text)) for text in texts)


def best_heads(jobs: dict[str, Job]) -> list[tuple[str, int, int, float, float]]:
    """Return, for each job, the head with the largest mean, as `BEST` names it; layers
    and heads are counted from 0."""
    rows = []
    for name, job in jobs.items():
        layer, head = divmod(job.mean.argmax().item(), job.mean.shape[1])
        mean, least = job.mean[layer, head].item(), job.least[layer, head].item()
        rows.append((name, layer, head, mean, least))
    return rows
