"""Pre-norm, post-norm or no norm: training deep stacks of Transformer blocks."""

import torch
from torch import Tensor, nn

from helpers.data.tasks.sequences import DIGITS, reversal
from helpers.models.transformer.blocks import (
    EncoderLayer,
    LayerNorm,
    Stack,
    with_positions,
)
from helpers.training.fit import History, fit
from helpers.training.fused import fused
from helpers.training.sequence_tasks import right_answers, tag_loss


class Reverser(nn.Module):
    """Digits (B, T) -> logits (B, T, 10) of the answer at every place: a stack of
    bidirectional Transformer blocks.

    `norm`: "first" in each branch, "last", after each sum, or "none" anywhere. Raises
    ValueError for another word.
    """

    def __init__(self, layers: int, norm: str, channels: int = 32):
        super().__init__()
        if norm not in ("first", "last", "none"):
            raise ValueError(f"norm is {norm!r}, not 'first', 'last' or 'none'")
        self.embedding = nn.Embedding(DIGITS, channels)
        nn.init.normal_(self.embedding.weight, std=channels**-0.5)
        sizes = channels, 2, 2 * channels
        first = norm != "last"
        blocks = [EncoderLayer(*sizes, norm_first=first) for _ in range(layers)]
        self.body = Stack(blocks, LayerNorm(channels) if norm == "first" else None)
        for block in blocks if norm == "none" else ():
            block.norm1 = block.norm2 = nn.Identity()
        self.head = nn.Linear(channels, DIGITS)

    def forward(self, ids_bt: Tensor) -> Tensor:
        return self.head(self.body(with_positions(self.embedding(ids_bt)), None))


def learn_to_reverse(
    model: Reverser, steps: int, warm_up: float, seed: int, lr: float = 5e-3
) -> tuple[History, float]:
    """Train on strings of ten digits, the learning rate rising to `lr` over the share
    `warm_up` of the steps; return the history, and the share of digits, 0 to 1, that
    are right in 500 new strings."""
    task, settings = reversal(10, 32, seed), {"loss": tag_loss, "warm_up": warm_up}
    history = fit(fused(model), task, steps, lr=lr, label="deep blocks", **settings)
    return history, right_answers(model, next(reversal(10, 500, seed + 1))).item()


def gradient_ratio(model: Reverser, seed: int) -> float:
    """Return the gradient norm of the first block's FFN, divided by the last block's:
    near 0 where the gradient vanishes on its way down."""
    batch = next(reversal(10, 256, seed))
    blocks = model.body.layers[0], model.body.layers[-1]
    weights = [block.linear2.weight for block in blocks]
    first, last = torch.autograd.grad(tag_loss(model.cpu(), batch), weights)
    return (first.norm() / last.norm()).item()
