"""Encoder-decoder Transformer for translation: training, exact-match accuracy."""

from collections.abc import Iterable

import torch
from torch import Tensor

from helpers.models.transformer.blocks import Transformer
from helpers.models.transformer.translator import Translator, write_out
from helpers.training.fit import History, device_of, evaluation_mode, fit
from helpers.training.fused import fused
from helpers.training.sequence_tasks import target_loss

CHANNELS, HEADS, INNER = 64, 4, 256


def translator(symbols: int, layers: int, seed: int, padding: int = -1) -> Translator:
    """Return a new translator with `layers` encoder and `layers` decoder blocks."""
    torch.manual_seed(seed)
    body = Transformer(CHANNELS, HEADS, layers, layers, INNER)
    return fused(Translator(symbols, body, padding))


def learn_to_translate(
    model: Translator, task: Iterable, steps: int, lr: float = 3e-3
) -> History:
    """Train in place on batches of (source (B, S), target (B, T)); return the history.
    The learning rate rises over a tenth of the steps, gradients are clipped at 1."""
    settings = {"loss": target_loss, "warm_up": 0.1, "clip": 1.0}
    return fit(model, task, steps, lr=lr, label="translator", **settings)


def share_exact(model: Translator, source_bs: Tensor, target_bt: Tensor) -> float:
    """Return the share, 0 to 1, of sources after which the model writes the target
    without a mistake, every token from its own earlier ones."""
    device = device_of(model)
    with evaluation_mode(model):
        written = [
            write_out(model, part.to(device), target_bt.shape[1]).cpu()
            for part in source_bs.split(500)
        ]
    return (torch.cat(written) == target_bt).all(dim=1).float().mean().item()
