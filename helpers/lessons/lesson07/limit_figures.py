"""Figures of the known limits: losses beside them, and candidates for a hidden word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.data.tasks import grammar
from helpers.data.tasks.grammar_limits import from_both_sides, from_left
from helpers.lessons.lesson07.known_limit import MASK, STOP, WINDOW
from helpers.plots.lines import label_ends
from helpers.plots.theme import (
    BASELINE,
    CONTRAST,
    OURS,
    axes,
    new_figure,
)
from helpers.training.fit import device_of, evaluation_mode

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from helpers.models.transformer.gpt import GPT
    from helpers.training.fit import History

CANDIDATES = 10
LOOKS = {"next word": (OURS, "-"), "hidden word": (CONTRAST, "--")}


def losses_figure(
    histories: dict[str, History], limits: dict[str, float], blind: float
) -> Figure:
    """Return the losses of both networks (bits per predicted word) by step, each above
    the line of its limit; `blind`: what hidden words cost whoever sees the left alone.

    `histories`: their records are bits above the limit.
    """
    title = "Each network against its own limit"
    ax = axes(title, "training step", "test loss (bits per predicted word)")
    last = max(history.records[-1][0] for history in histories.values())
    lines = {f"limit, {name}": (limits[name], LOOKS[name][0]) for name in histories}
    lines["limit, left side alone"] = float(blind), BASELINE
    ax.set(xlim=(0, last), ylim=(2, 5.4))
    for value, colour in lines.values():
        ax.axhline(value, color=colour, ls=":", lw=1.2)
    for name, history in histories.items():
        loss_line(ax, name, history, limits[name])
    ends, colours = ({n: pair[i] for n, pair in lines.items()} for i in (0, 1))
    label_ends(ax, last, ends, colours)
    return ax.figure


def loss_line(ax, name: str, history: History, limit: float) -> None:
    """Draw one network's losses, the bits of its records above the limit, and name it
    beside an early point."""
    colour, dash = LOOKS[name]
    steps, above = zip(*history.records, strict=True)
    losses = [limit + x for x in above]
    ax.plot(steps, losses, color=colour, ls=dash)
    early = len(steps) // 10
    text = {"xytext": (8, 8), "textcoords": "offset points", "color": colour}
    ax.annotate(name, (steps[early], losses[early]), **text)


def read_sentence(sentence: str, place: int) -> Tensor:
    """Return the ids (T,) of a sentence, after a period that ends the one before.

    Raises UserError for words that the grammar lacks, for too many, and for a `place`,
    counted from 1, that the sentence does not have.
    """
    words = sentence.lower().replace(".", " . ").split()
    unknown = [word for word in words if word not in grammar.WORDS]
    if unknown:
        raise UserError(
            f"{unknown[0]!r} is no word of the grammar. It has the nouns "
            f"{', '.join(grammar.NOUNS)} (and with an s), the adverbs "
            f"{', '.join(grammar.FILLERS)}, the verbs {', '.join(grammar.VERBS)} (and "
            "with an s), and the period."
        )
    if not 1 <= place <= len(words):
        raise UserError(f"Word {place} was to be hidden; there are {len(words)}.")
    if len(words) >= WINDOW:
        raise UserError(f"{len(words)} words; both networks read {WINDOW - 1} at most.")
    return torch.tensor([grammar.WORDS.index(word) for word in (".", *words)])


@torch.no_grad()
def guesses(clm: GPT, mlm: GPT, ids_t: Tensor, place: int) -> tuple[Tensor, Tensor]:
    """Return what both networks give to every word at a place: two tensors (33,).

    `clm` reads the words before it, `mlm` all others; both without the mask among the
    candidates, and so that the 33 sum to 1.
    """
    hidden_t = ids_t.clone()
    hidden_t[place] = MASK
    with evaluation_mode(clm), evaluation_mode(mlm):
        after = clm(ids_t[None, :place].to(device_of(clm)))[0][0, -1]
        there = mlm(hidden_t[None].to(device_of(mlm)))[0][0, place]
    return tuple(logits[:MASK].softmax(dim=0).cpu() for logits in (after, there))


def best(ids_t: Tensor, place: int) -> tuple[Tensor, Tensor] | None:
    """Return the best possible guesses for both, (33,) each; None where the rest of the
    sentence breaks the grammar."""
    hidden_bt = (torch.arange(len(ids_t)) == place)[None]
    try:
        ways = (f(ids_t[None], hidden_bt, STOP) for f in (from_left, from_both_sides))
        return tuple(given[0, place] for given in ways)
    except UserError:
        return None


def candidates(clm: GPT, mlm: GPT, sentence: str, place: int) -> Figure:
    """Return the ten best candidates of both networks for the hidden word of a
    sentence, side by side, with the best possible guess. Errors: `read_sentence`."""
    ids_t = read_sentence(sentence, place)
    figure = new_figure(figsize=(6.0, 3.6))
    left, right = figure.subplots(1, 2, sharex=True)
    told = best(ids_t, place) or (None, None)
    names = "reads the left side", "reads both sides"
    for ax, name, colour, given_v, true_v in zip(
        (left, right), names, (OURS, CONTRAST), guesses(clm, mlm, ids_t, place), told,
        strict=True,
    ):  # fmt: skip
        bars(ax, given_v, true_v, colour)
        ax.set_title(name, fontsize=10)
    shown = [grammar.WORDS[i] for i in ids_t[1:].tolist()]
    shown[place - 1] = "____"
    figure.suptitle(" ".join(shown), x=0.01, ha="left", fontsize=11)
    figure.supxlabel(
        "probability (bars: the network; diamonds: the limit)", fontsize=10
    )
    return figure


def bars(ax, given_v: Tensor, true_v: Tensor | None, colour: str) -> None:
    """Draw the ten most probable words as bars, the best above, and what the source
    gives them as diamonds, if anything."""
    order = given_v.argsort(descending=True, stable=True)[:CANDIDATES]
    places: Sequence[int] = range(CANDIDATES)
    ax.barh(places, given_v[order].tolist(), color=colour, alpha=0.75)
    if true_v is not None:
        ax.plot(true_v[order].tolist(), places, "D", color="black", ms=4)
    ax.set_yticks(places, [grammar.WORDS[i] for i in order.tolist()])
    ax.set(xlim=(0, 1))
    ax.grid(axis="y", visible=False)
    ax.invert_yaxis()
