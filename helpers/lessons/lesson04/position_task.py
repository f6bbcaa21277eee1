"""Position encodings on a toy task: one attention layer that needs digit order."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from helpers.data.tasks.sequences import DIGITS
from helpers.models.transformer.attention import MultiHeadAttention
from helpers.models.transformer.positions import sinusoidal
from helpers.training.fit import History, fit
from helpers.training.sequence_tasks import tag_loss

POSITIONS = "none", "sinusoidal", "learned", "rotary"
LEARNED_SPREAD = 0.3  # with 0.02, as GPT-2 has it, some seeds take 500 steps and more


class Tagger(nn.Module):
    """Digits (B, T) -> logits (B, T, questions, 10): one layer of attention and a
    shortcut around it, with `positions` of one of the four kinds.

    Learned positions exist up to `longest`. Raises ValueError for another kind.
    """

    def __init__(
        self,
        positions: str,
        n_heads: int = 1,
        questions: int = 1,
        channels: int = 64,
        longest: int = 24,
    ):
        super().__init__()
        if positions not in POSITIONS:
            raise ValueError(f"positions are {positions!r}, none of {POSITIONS}")
        self.embedding = nn.Embedding(DIGITS, channels)
        table_tc = torch.zeros(longest, channels)
        if positions == "sinusoidal":
            table_tc = sinusoidal(longest, channels)
        if positions == "learned":
            table_tc = LEARNED_SPREAD * torch.randn(longest, channels)
        self.table = nn.Parameter(table_tc, requires_grad=positions == "learned")
        self.attention = MultiHeadAttention(channels, n_heads, positions == "rotary")
        self.head = nn.Linear(channels, questions * DIGITS)

    def forward(self, ids_bt: Tensor) -> Tensor:
        x_btc = self.embedding(ids_bt) + self.table[: ids_bt.shape[1]]
        x_btc = x_btc + self.attention(x_btc)[0]
        return self.head(x_btc).unflatten(-1, (-1, DIGITS))


def learn_order(model: Tagger, batches: Iterable, steps: int, lr: float) -> History:
    """Train the tagger on batches of (digits, answers) and return its history."""
    return fit(model, batches, steps, lr=lr, loss=tag_loss, clip=1.0, label="order")
