"""What stands where: one layer of attention, asked about the order of digits."""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.attention import MultiHeadAttention
from helpers.models.positions import sinusoidal
from helpers.sequences import DIGITS, UNASKED
from helpers.training import History, fit

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


def tag_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of the answers (B, T, questions), those
    that are asked for; answers to one question may be (B, T)."""
    ids_bt, answers = batch
    logits = model(ids_bt).flatten(0, -2)
    return F.cross_entropy(logits, answers.flatten(), ignore_index=UNASKED)


def learn_order(model: Tagger, batches: Iterable, steps: int, lr: float) -> History:
    """Train the tagger on batches of (digits, answers) and return its history."""
    return fit(model, batches, steps, lr=lr, loss=tag_loss, clip=1.0, label="order")


@torch.no_grad()
def verdicts(model: Tagger, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return (right, asked), bools (B, T, questions): which answers are right, and
    which were asked for at all. Answers to one question may be (B, T)."""
    ids_bt, answers = batch
    said_btq = model(ids_bt.to(model.head.weight.device)).argmax(dim=-1).cpu()
    answers_btq = answers.reshape(said_btq.shape)
    return said_btq == answers_btq, answers_btq != UNASKED


def right_answers(model: Tagger, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return for each question the share, 0 to 1, of its answers that are right."""
    right_btq, asked_btq = verdicts(model, batch)
    return (right_btq & asked_btq).sum(dim=(0, 1)) / asked_btq.sum(dim=(0, 1))


def flawless(model: Tagger, batch: tuple[Tensor, Tensor]) -> float:
    """Return the share, 0 to 1, of strings without a single wrong answer."""
    right_btq, asked_btq = verdicts(model, batch)
    return (right_btq | ~asked_btq).flatten(1).all(dim=1).float().mean().item()
