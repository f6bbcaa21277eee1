"""How GPTs learn to write: on every place of a window at once."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers import language
from helpers.models.gpt import GPT
from helpers.models.lstm import start_at_frequencies
from helpers.models.muon import muon_and_adamw
from helpers.training import History, fit


def window_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of the next symbols at all places of all
    windows: a batch is inputs and targets, each (B, T)."""
    inputs_bt, targets_bt = batch
    return language.nats(model(inputs_bt)[0], targets_bt).mean()


def learn_windows(
    gpt: GPT, ids_t: Tensor, steps: int, seed: int, batch_size: int = 16, window=64
) -> History:
    """Train a GPT in place on windows of a text (T,), with Muon and AdamW, from the
    symbols' frequencies; return its history. The GPT needs a head with a bias."""
    start_at_frequencies(gpt, ids_t)
    windows = language.random_windows(ids_t, batch_size, window, seed)
    settings = {"loss": window_loss, "warm_up": 0.05, "clip": 1.0, "label": "GPT"}
    return fit(gpt, windows, steps, optimizer=muon_and_adamw(gpt), **settings)


@torch.no_grad()
def greedy(model: Callable, ids_bt: Tensor, n: int) -> Tensor:
    """Return the `n` tokens that a language model writes after each row, always the
    most probable one: (B, n). `model(ids, state)` gives (logits (B, T, V), state)."""
    token_bt, state, written = ids_bt, None, []
    for _ in range(n):
        logits_btv, state = model(token_bt, state)
        token_bt = logits_btv[:, -1:].argmax(dim=-1)
        written.append(token_bt)
    return torch.cat(written, dim=1)
