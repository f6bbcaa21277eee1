"""Acceptability on the agreement grammar: does the verb agree with its noun?

A sentence ends with its verb here and is filled up on the left with periods to TOKENS
ids, so that the verb is always last. Labels: 1 it agrees, 0 it does not.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from helpers.core.errors import UserError
from helpers.core.tables import Table
from helpers.data.tasks.grammar import PERIOD, VERB, WORDS, sentences, text
from helpers.models.recurrent.lstm import LanguageModel
from helpers.training.fit import evaluation_mode, fit

GAPS = (0, 1, 2, 4, 8)
TOKENS = max(GAPS) + 3  # a period, the noun, the fillers, the verb
HIDDEN, BATCH = 64, 32


# ---------------------------------------------------------------- sentences


def agreeing(n: int, seed: int) -> Tensor:
    """Return `n` sentences of the grammar as far as their verb: ids (n, TOKENS)."""
    drawn = sentences(n, seed, GAPS)
    ends = drawn.verb_places()
    reach = torch.arange(1 - TOKENS, 1)
    places = (ends[:, None] + reach).clamp(min=0)
    inside = reach >= -(drawn.gaps[ends][:, None] + 1)  # from the noun on
    return torch.where(inside, drawn.ids[places], PERIOD)


def twins(ids_nt: Tensor) -> Tensor:
    """Return the sentences with their last word, the verb, in the other number."""
    twins_nt = ids_nt.clone()
    twins_nt[:, -1] = VERB + (ids_nt[:, -1] - VERB + 4) % 8
    return twins_nt


def judged(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return (ids (n, TOKENS), labels (n,)) in a random order: half agree.

    Raises UserError unless n is an even number from 2 on.
    """
    if n < 2 or n % 2:
        raise UserError(f"{n} judged sentences asked for; it must be an even number.")
    ids_nt, right_n = agreeing(n, seed), torch.arange(n) < n // 2
    ids_nt = torch.where(right_n[:, None], ids_nt, twins(ids_nt))
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return ids_nt[order], right_n[order].long()


def shown(test: tuple[Tensor, Tensor], n: int = 4) -> Table:
    """Return a table of the first `n` judged sentences and their labels."""
    texts = [text(row[row != PERIOD]) for row in test[0][:n]]
    rows = zip(texts, test[1][:n].tolist(), strict=True)
    return Table(["sentence", "label: agrees"], rows)


# ---------------------------------------------------------------- networks


def new_model(seed: int) -> LanguageModel:
    """Return an untrained language model of lesson 03 for the grammar's words. The
    caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = nn.LSTM(HIDDEN // 2, HIDDEN, batch_first=True)
        return LanguageModel(len(WORDS), layer)


class Judge(nn.Module):
    """The language model's last state under a new head, 0 at first: ids (B, T) ->
    logits (B, 2). The language model itself is trained along."""

    def __init__(self, model: LanguageModel):
        super().__init__()
        self.model, self.fc = model, nn.Linear(model.recurrent.hidden_size, 2)
        for weight in self.fc.parameters():
            nn.init.zeros_(weight)

    def forward(self, ids_bt: Tensor) -> Tensor:
        return self.fc(last_states(self.model, ids_bt))


def last_states(model: LanguageModel, ids_bt: Tensor) -> Tensor:
    """Return the recurrent layer's output at the last word: (B, H)."""
    ids_bt = ids_bt.to(model.head.weight.device)
    return model.recurrent(model.embedding(ids_bt))[0][:, -1]


def batches(ids_nt: Tensor, labels_n: Tensor, seed: int) -> Iterator[tuple]:
    """Yield BATCH of the sentences and their labels, drawn anew, for ever."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        drawn = torch.randint(len(ids_nt), (BATCH,), generator=generator)
        yield ids_nt[drawn], labels_n[drawn]


def trained(model: LanguageModel, train: tuple, steps: int, lr: float, seed: int):
    """Return a Judge on this model, which is trained in place on (ids, labels)."""
    judge = Judge(model)
    fit(judge, batches(*train, seed), steps, lr=lr, clip=1.0, label="judging")
    return judge.eval()


@torch.no_grad()
def share_right(judge: nn.Module, test: tuple[Tensor, Tensor]) -> float:
    """Return the share of (ids, labels) that a network judges right, 0 to 1."""
    ids_nt, labels_n = test
    said_n = judge(ids_nt).argmax(dim=1).cpu()
    return (said_n == labels_n).float().mean().item()


@torch.no_grad()
def right_by_twins(
    score: Callable, model: nn.Module, test: tuple[Tensor, Tensor]
) -> float:
    """Return the share of (ids, labels) judged right, 0 to 1, where a sentence is right
    if its `score(logits, ids)` under a language model is above its twin's."""
    ids_nt, labels_n = test
    device = next(model.parameters()).device
    both = [part.to(device) for part in (ids_nt, twins(ids_nt))]
    with evaluation_mode(model):
        own_n, twin_n = (score(model(part)[0], part).cpu() for part in both)
    return ((own_n > twin_n) == labels_n.bool()).float().mean().item()


# ---------------------------------------------------------------- linear judges


def by_logistic(
    features: tuple[Tensor, Tensor], labels: tuple[Tensor, Tensor], C: float
) -> float:
    """Return the share that a logistic regression judges right, 0 to 1: fitted to the
    first features (N, D) and labels (N,), asked about the second. A small C holds its
    weights small."""
    from sklearn.linear_model import LogisticRegression

    (seen, asked), (known, wanted) = features, labels
    model = LogisticRegression(C=C, max_iter=2000).fit(as_array(seen), known)
    return float(model.score(as_array(asked), wanted))


def as_array(features_nd: Tensor) -> np.ndarray:
    """Return features as scikit-learn wants them, without their history."""
    return features_nd.detach().cpu().numpy()


def word_counts(ids_nt: Tensor) -> Tensor:
    """Return how often each word stands in each sentence, fillings not counted:
    float32 (n, V)."""
    counts_nv = torch.zeros(len(ids_nt), len(WORDS))
    counts_nv.scatter_add_(1, ids_nt, torch.ones(ids_nt.shape))
    counts_nv[:, PERIOD] = 0
    return counts_nv


def by_way(
    found: Sequence[Sequence[dict[str, float]]], ks: Sequence[int]
) -> dict[str, dict[int, tuple[float, ...]]]:
    """Return way -> k -> shares, one per draw, of found[draw][k's place][way]."""
    by_k = list(zip(*found, strict=True))
    return {
        way: {k: tuple(d[way] for d in at) for k, at in zip(ks, by_k, strict=True)}
        for way in found[0][0]
    }


# ---------------------------------------------------------------- no labels


def log_probability(logits_btv: Tensor, ids_bt: Tensor) -> Tensor:
    """Return ln of the probability that a language model gives to each sentence after
    its first word, (B,); its logits at place t are about the word at t + 1."""
    logs_btv = logits_btv[:, :-1].log_softmax(dim=-1)
    return logs_btv.gather(2, ids_bt[:, 1:, None])[..., 0].sum(dim=1)
