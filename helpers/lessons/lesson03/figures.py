"""Figures of lesson 03: gates, units and generated text, one column per symbol."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpers.lessons.lesson03.lstm_units import GateTrace
from helpers.plots.lines import chart
from helpers.plots.text import LINE_END, drawable, strip
from helpers.plots.theme import CONTRAST, GREEN, ORDERED, OURS, SIGNED, SKY, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = {  # of recurrent layers, with their colours and dashes
    "RNN": (CONTRAST, "--"),
    "GRU": (GREEN, ":"),
    "LSTM 0": (OURS, ":"),
    "LSTM 1": (OURS, "-."),
    "LSTM 3": (OURS, "-"),
}


def fading(norms: dict[str, list[list[float]]]) -> Figure:
    """Return the norm of the Jacobian by lag, from 1 step on, on a logarithmic axis:
    for each kind of layer in KINDS one list for each seed."""
    labels = "The forget bias decides how long a change lives", "steps ago"
    lags = range(1, 1 + len(next(iter(norms.values()))[0]))
    scale = {"yscale": "log", "ylim": (1e-19, 1e3), "xlim": (1, lags[-1])}
    return chart((*labels, "norm of the Jacobian"), lags, norms, KINDS, **scale).figure


def gate_map(trace: GateTrace, text: str, show: str, every: int = 1) -> Figure:
    """Return a map of one field of a trace over the symbols of a text: one row for
    the unit that forgets least and each `every`th one after it. Cells are squashed."""
    order = trace.forget.mean(dim=0).argsort(descending=True)
    values = getattr(trace, show)[:, order[::every]].T
    signed = show in ("cell", "candidate", "hidden")
    values = values.tanh() if show == "cell" else values
    figure, (ax,) = panels(1, 1, (7.5, 3.6))
    colours, low = (SIGNED, -1) if signed else (ORDERED, 0)
    strip(ax, values, text, (), colours, (low, 1), show)
    ax.set(title="Each row is a unit", ylabel="units, the most lasting first")
    return figure


def unit_story(trace: GateTrace, unit: int, words: Sequence[str]) -> Figure:
    """Return input gate, forget gate and squashed cell of one unit, as three rows over
    the words of a sentence; the trace holds just these words."""
    figure, rows = panels(3, 1, (7.5, 3.4))
    parts = {"input gate": trace.input, "forget gate": trace.forget}
    parts |= {"cell": trace.cell.tanh()}
    for ax, (name, values) in zip(rows, parts.items(), strict=True):
        colours, low = (SIGNED, -1) if name == "cell" else (ORDERED, 0)
        row = values[None, :, unit]
        strip(ax, row, [""] * len(words), (name,), colours, (low, 1))
    names = ["".join(drawable(word)) for word in words]
    rows[-1].set_xticks(range(len(names)), names, rotation=60, parse_math=False)
    rows[0].set_title(f"Unit {unit} through a sentence")
    return figure


def sampling_figure(names: Sequence[str], before, after, text: str) -> Figure:
    """Return bars of the probabilities of the next symbols, before and after they are
    bent, (20,) each, above a text that was written with them."""
    figure, (bars, page) = panels(2, 1, (7.5, 4.2))
    places = range(len(names))
    bars.bar(places, before, color=SKY, width=0.8, label="the model's")
    bars.bar(places, after, color=OURS, width=0.4, label="drawn from")
    bars.set_xticks(places, drawable(names), parse_math=False)
    bars.set(title="The next symbol, and a text", ylabel="probability")
    bars.legend(frameon=False)
    page.set_axis_off()
    lines = "\n".join(textwrap.wrap(" ".join(drawable_words(text)), 78))
    look = {"family": "monospace", "va": "top", "parse_math": False}
    page.text(0, 1, lines, transform=page.transAxes, **look)
    return figure


def drawable_words(text: str) -> list[str]:
    """Return the words of a text as the figures' font can draw them; line ends get a
    sign of their own."""
    signs = text.replace("\n", f" {LINE_END} ").split()
    return ["".join(drawable(word)) for word in signs]
