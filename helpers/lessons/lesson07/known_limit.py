"""Two small networks on the agreement grammar: one looks back, one both ways."""

import math
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.data.tasks.grammar import END
from helpers.models.pretraining.objectives import (
    IGNORED,
    mask_tokens,
    masked_loss,
    next_token,
)
from helpers.models.transformer.gpt import GPT
from helpers.training.fit import History, device_of, fit
from helpers.training.language import random_windows
from helpers.training.muon import muon_and_adamw

STOP = 0.4  # the grammar's chance that no more adverbs follow
MASK = END  # the id of the mask: the first after the words'
WINDOW, BATCH = 16, 64


class Encoder(GPT):
    """Lesson 05's GPT without its causal mask: every token sees all others."""

    def forward(self, ids_bt: Tensor):
        return self.head(self.body(self.embedding(ids_bt))), ids_bt


def small(kind: type[GPT], seed: int) -> GPT:
    """Return a network of one block, 64 channels and 8 heads, rotary positions, for the
    grammar's words and the mask."""
    torch.manual_seed(seed)
    return kind(MASK + 1, 64, 8, 1)


def next_words(ids_t: Tensor, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Return an endless iterator of (inputs, targets), each (64, 15): windows of 16
    words, and the word after each. UserError for a text that is too short."""
    windows = random_windows(checked(ids_t), BATCH, WINDOW - 1, seed)
    return (next_token(torch.cat([x, y[:, -1:]], dim=1)) for x, y in windows)


def hidden_words(
    ids_t: Tensor, seed: int, always: bool = True
) -> Iterator[tuple[Tensor, Tensor]]:
    """Return an endless iterator of (inputs, targets), each (64, 16): of all words 15 %
    are chosen. These are masked, `always`, or treated as BERT's (80/10/10). UserError
    for a text that is too short."""
    windows = random_windows(checked(ids_t), BATCH, WINDOW, seed)
    generator = torch.Generator().manual_seed(seed)
    rule = always_masked if always else bert_masked
    return (rule(ids_bt, generator) for ids_bt, _ in windows)


def checked(ids_t: Tensor) -> Tensor:
    """Return a text's ids (T,), all of them words; UserError for any other."""
    if not ((ids_t >= 0) & (ids_t < MASK)).all():
        raise UserError(f"The words have the ids 0 to {MASK - 1}, and no others.")
    return ids_t


def always_masked(ids_bt: Tensor, generator) -> tuple[Tensor, Tensor]:
    """Return (inputs, targets), each (B, T): of 15 % nothing is seen but the mask."""
    hidden_bt = torch.rand(ids_bt.shape, generator=generator) < 0.15
    return ids_bt.masked_fill(hidden_bt, MASK), ids_bt.masked_fill(~hidden_bt, IGNORED)


def bert_masked(ids_bt: Tensor, generator) -> tuple[Tensor, Tensor]:
    """Return (inputs, targets), each (B, T), by BERT's rule."""
    draw_bt = torch.rand(ids_bt.shape, generator=generator)
    random_bt = torch.randint(MASK, ids_bt.shape, generator=generator)
    none_bt = torch.zeros_like(ids_bt, dtype=torch.bool)
    return mask_tokens(ids_bt, draw_bt, random_bt, none_bt, MASK)


def target_loss(model: GPT, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of a batch's targets."""
    inputs_bt, targets_bt = batch
    return masked_loss(model(inputs_bt)[0], targets_bt)


def learn(
    model: GPT, batches: Iterator, steps: int, measure: Callable | None = None
) -> History:
    """Train a network in place and return its history; every 50 steps `measure`.

    Lesson 05's optimizers: Muon (rate 0.02) for the block's matrices, AdamW (0.01) for
    the rest; warm-up over a tenth of the steps, then half a cosine.
    """
    optimizers = muon_and_adamw(model, 0.02, 1e-2)
    options = {"warm_up": 0.1, "clip": 1.0, "measure": measure, "every": 50}
    return fit(model, batches, steps, loss=target_loss, optimizer=optimizers, **options)


def learn_both(
    ids_t: Tensor,
    steps: dict[str, int],
    seed: int,
    tests: dict[str, tuple[Tensor, Tensor, Tensor]],
    excess: Callable[[Tensor, Tensor, Tensor], float],
    device: torch.device,
) -> tuple[dict[str, GPT], dict[str, History]]:
    """Train a GPT on next words and an Encoder on hidden words of a text; return both
    and their histories, by name: "next word" and "hidden word".

    `tests`: name -> inputs (B, T), the best possible probabilities (B, T, V), targets
    (B, T); recorded is excess(logits, these, targets).
    """
    models, histories = {}, {}
    kinds = (GPT, next_words), (Encoder, hidden_words)
    for name, (kind, batches) in zip(tests, kinds, strict=True):
        above = partial(measured, test=tests[name], excess=excess)
        models[name] = small(kind, seed).to(device)
        given = batches(ids_t, seed), steps[name], above
        histories[name] = learn(models[name], *given)
    return models, histories


@torch.no_grad()
def measured(model: GPT, test: tuple, excess: Callable) -> float:
    """Return excess(logits, limits, targets) of a network on a test of `learn_both`."""
    inputs_bt, limits_btv, targets_bt = test
    logits_btv, _ = model(inputs_bt.to(device_of(model)))
    return excess(logits_btv.cpu(), limits_btv, targets_bt)


def excess_bits(logits_btv: Tensor, limit_btv: Tensor, targets_bt: Tensor) -> float:
    """Return the bits per target that logits (B, T, V) lose to the limit's chances
    (B, T, V); targets (B, T) are -100 where nothing is asked."""
    asked_bt = targets_bt != IGNORED
    own_n1 = targets_bt[asked_bt][:, None]
    model_n1 = logits_btv[asked_bt].log_softmax(dim=-1).gather(1, own_n1)
    limit_n1 = limit_btv[asked_bt].gather(1, own_n1).log()
    return (limit_n1 - model_n1).mean().item() / math.log(2)
