"""Figures of steps 10, 11 and 13: answers as places, windows, cosines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.lessons.lesson07.workflow import at_sentence
from helpers.plots import text, theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from tokenizers import Encoding


def answer_starts(shares_qt, tokens: Sequence[str], questions: Sequence[str]) -> Figure:
    """Return a map of where each question's answer starts: probabilities (Q, T)."""
    size = (6.4, 1.5 + 0.35 * len(questions))
    ax = theme.axes("The question moves the answer", "token", size=size)
    label = "probability of\nbeing the first"
    text.strip(ax, shares_qt, tokens, questions, label=label)
    ax.tick_params(axis="x", rotation=60)
    return ax.figure


def answer_starts_in(
    encoded: Sequence[Encoding], starts: Sequence[Tensor], questions: Sequence[str]
) -> Figure:
    """Return the map of `answer_starts` for questions on one sentence: for each the
    encoded pair and the probability of every token, (T,), to be the answer's first."""
    first = encoded[0]
    tokens = at_sentence(first, torch.arange(len(first.tokens)))
    rows = torch.stack(list(map(at_sentence, encoded, starts)))
    return answer_starts(rows, [first.tokens[t] for t in tokens.tolist()], questions)


def found_of(counts: dict[str, int], n: int) -> Figure:
    """Return bars of how many of `n` texts are found in each way, with chance."""
    ax = theme.axes("What is read decides", f"texts found first, of {n}", size=(6, 2.7))
    names, places = list(counts), range(len(counts))
    colours = [theme.BASELINE if "cut" in name else theme.OURS for name in names]
    ax.barh(places, list(counts.values()), color=colours, height=0.6)
    for y, value in enumerate(counts.values()):
        ax.text(value + 0.15, y, str(value), va="center")
    ax.axvline(1, color="black", linestyle="--", linewidth=1)
    ax.text(1.15, -0.55, "chance", fontsize=9, va="center")
    ax.set(yticks=places, yticklabels=names, xlim=(0, n + 1))
    ax.set_ylim(len(names) - 0.5, -0.8)
    ax.grid(False, axis="y")
    return ax.figure


def cosine_rows(rows: dict[str, Sequence[float]]) -> Figure:
    """Return one row of dots for each way to change a sentence, with the means."""
    ax = theme.axes(
        "What is near, and what is not", "cosine with the sentence", size=(6, 3.6)
    )
    for y, values in enumerate(rows.values()):
        ax.plot(values, [y] * len(values), "o", color=theme.OURS, alpha=0.4)
        mean = sum(values) / len(values)
        ax.plot([mean], [y], "|", color=theme.CONTRAST, markersize=18, mew=3)
    ax.plot(
        [], [], "|", color=theme.CONTRAST, markersize=10, mew=3, ls="", label="mean"
    )
    ax.legend(loc="lower right", frameon=False)
    ax.set(yticks=range(len(rows)), yticklabels=list(rows), xlim=(-0.15, 1.05))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    return ax.figure
