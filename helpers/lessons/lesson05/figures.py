"""Figures of lesson 05: how much of the past is used, scaling curves, and what a
KV-cache saves: a step that writes with it, and its costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from torch import Tensor

from helpers.lessons.lesson05.generation import GenerationTrace
from helpers.plots import theme
from helpers.plots.lines import chart
from helpers.plots.text import drawable
from helpers.plots.theme import (
    BASELINE,
    GREEN,
    ORANGE,
    ORDERED,
    OURS,
    PURPLE,
    SIGNED,
    fixed_figure,
    panels,
    placed,
)
from helpers.training.fit import History
from helpers.training.language import bits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

WIDE, LINE = 8.0, 0.3  # inches: the picture, and a line of the text
COLUMNS, ROWS = 40, 4  # characters in a line, and lines at most
PLACES = 64  # drawn of the cache, and more by half as many where they are needed
EMPTY = "#E8E8E8"  # where nothing is kept yet
# Square roots as colours: among fifty characters, every look is small.
TINT = PowerNorm(0.5, vmin=0, vmax=1)
FRAME = {"facecolor": "none", "linewidth": 2.5}
LINE_BELOW = {"color": OURS, "linestyle": "-", "linewidth": 2.5}


def step_picture(trace: GenerationTrace, layer: int, head: int) -> Figure:
    """Return the picture of one step: the text, tinted by how much a head looks at each
    character; the most probable next ones; and the keys that this head keeps.

    Layers and heads count from 0; raises ValueError for one that is not there.
    """
    L, N, _ = trace.weights.shape
    if not (0 <= layer < L and 0 <= head < N):
        raise ValueError(
            f"there is no layer {layer} with a head {head}: the model has {L} layers "
            f"of {N} heads, counted from 0"
        )
    lines = max(2, -(-min(len(trace.text), COLUMNS * ROWS) // COLUMNS))
    high = 3.8 + LINE * lines
    figure = fixed_figure(WIDE, high)
    text = placed(figure, 0.3, high - 0.4 - LINE * lines, WIDE - 0.6, LINE * lines)
    draw_text(text, trace, layer, head, lines)
    explain_text(figure)
    explain_tints(figure)
    draw_next(placed(figure, 0.5, 0.55, 1.75, 1.6), trace)
    draw_cache(placed(figure, 2.9, 0.55, 4.1, 1.6), trace, layer, head)
    return figure


# ---------------------------------------------------------------- the text


def draw_text(
    ax: Axes, trace: GenerationTrace, layer: int, head: int, lines: int
) -> None:
    """Draw the text in lines of COLUMNS characters: the last one read is framed, so is
    the chosen one behind it; what was written is underlined."""
    weights = trace.weights[layer, head].tolist()
    first = max(0, len(trace.text) - COLUMNS * ROWS)
    for place in range(len(trace.text) - first, COLUMNS * lines):
        ax.add_artist(cell(place, facecolor=EMPTY))
    for place, symbol in enumerate(drawable(trace.text)[first:-1], first):
        draw_read(ax, place - first, symbol, weights[place])
        if place >= trace.n_prompt:
            underline(ax, place - first)
    draw_chosen(ax, place + 1 - first, drawable(trace.text[-1])[0])
    ax.add_artist(cell(place - first, edgecolor=ORANGE, **FRAME))
    away = f" ({sum(weights[:first]):.0%} further back)" if first else ""
    title = f"Layer {layer}, head {head}: where “{symbol}” looks{away}"
    ax.set_title(title)
    ax.set(xlim=(0, COLUMNS), ylim=(lines, 0))
    ax.set_axis_off()


def cell(place: int, **look) -> Rectangle:
    """Return the place of one character, as a patch."""
    from matplotlib.patches import Rectangle

    y, x = divmod(place, COLUMNS)
    return Rectangle((x + 0.06, y + 0.06), 0.88, 0.88, clip_on=False, **look)


def draw_symbol(ax: Axes, place: int, symbol: str, **look) -> None:
    """Write one character in the middle of its place."""
    y, x = divmod(place, COLUMNS)
    look |= {"ha": "center", "va": "center", "fontsize": 11}
    ax.text(x + 0.5, y + 0.5, symbol, **look)


def draw_read(ax: Axes, place: int, symbol: str, weight: float) -> None:
    """Draw a character that was read, on the tint of its weight."""
    ax.add_artist(cell(place, facecolor=colormaps[ORDERED](TINT(weight))))
    draw_symbol(ax, place, symbol, color="wk"[int(TINT(weight) > 0.5)])


def draw_chosen(ax: Axes, place: int, symbol: str) -> None:
    """Draw the chosen character, which has no attention weight yet."""
    ax.add_artist(cell(place, edgecolor=OURS, **(FRAME | {"facecolor": "white"})))
    draw_symbol(ax, place, symbol, color=OURS)


def underline(ax: Axes, place: int) -> None:
    """Mark a character as written by the model."""
    y, x = divmod(place, COLUMNS)
    ax.plot([x + 0.06, x + 0.94], [y + 0.97] * 2, **LINE_BELOW)


def explain_text(figure: Figure) -> None:
    """Add a legend for frames and lines below the text."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = {
        "read now, looks back": Patch(edgecolor=ORANGE, **FRAME),
        "chosen now, not read yet": Patch(edgecolor=OURS, **FRAME),
        "written": Line2D([], [], **LINE_BELOW),
    }
    ax = placed(figure, 0.3, 2.9, 5, 0.25)
    ax.set_axis_off()
    look = {"frameon": False, "ncols": 3, "fontsize": 9, "loc": "center left"}
    look |= {"borderaxespad": 0, "borderpad": 0, "columnspacing": 1.2}
    ax.legend(handles.values(), handles, handlelength=1.2, **look)


def explain_tints(figure: Figure) -> None:
    """Draw the scale of the weights below the text."""
    bar = placed(figure, 6.3, 3.0, 1.4, 0.1)
    figure.colorbar(ScalarMappable(TINT, ORDERED), bar, orientation="horizontal")
    bar.set_xticks([0, 0.1, 0.5, 1], ["0", ".1", ".5", "1"], fontsize=8)
    bar.set_title("attention weight", fontsize=9, loc="left", pad=2)


# ---------------------------------------------------------------- the next character


def draw_next(ax: Axes, trace: GenerationTrace) -> None:
    """Draw bars of the most probable next characters, the chosen one in blue."""
    places, values = range(len(trace.best)), trace.probabilities.tolist()
    chosen = [symbol == trace.text[-1] for symbol in trace.best]
    ax.barh(places, values, color=[OURS if own else BASELINE for own in chosen])
    for y, value, own in zip(places, values, chosen, strict=True):
        note = f" {value:.2f}" + own * " ←"
        ax.text(value, y, note, va="center", fontsize=9, color=OURS if own else "k")
    ax.set_yticks(places, drawable(trace.best), fontsize=11)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1.35), ylim=(len(values) - 0.4, -0.6), xlabel="probability")
    ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    ax.spines["bottom"].set_bounds(0, 1)
    ax.set_title("Next character", fontsize=10)


# ---------------------------------------------------------------- the cache


def draw_cache(ax: Axes, trace: GenerationTrace, layer: int, head: int) -> None:
    """Draw the keys of one head as columns, what is new in a frame, the rest empty."""
    columns_dp = columns_of(trace.keys[layer, head])
    top = np.nanmax(np.abs(columns_dp))
    colours = colormaps[SIGNED].with_extremes(bad=EMPTY)
    look = {"vmin": -top, "vmax": top, "interpolation": "nearest", "aspect": "auto"}
    image = ax.imshow(columns_dp, cmap=colours, **look)
    P = trace.weights.shape[-1]
    frame_columns(ax, P - trace.computed, P)
    named = f"this head's keys,\n{len(columns_dp)} numbers each"
    ax.set(xlabel="position", ylabel=named, yticks=[])
    ax.set_title(sizes(trace), fontsize=10)
    bar = placed(ax.figure, 7.1, 0.55, 0.1, 1.6)
    ax.figure.colorbar(image, bar, label="number")
    bar.tick_params(labelsize=8)


def columns_of(keys_pd: Tensor) -> np.ndarray:
    """Return keys (P, D) as columns, and NaN at the places without any: (D, PLACES), or
    more."""
    more = math.ceil(max(0, len(keys_pd) - PLACES) / (PLACES // 2))
    empty = PLACES + more * (PLACES // 2) - len(keys_pd)
    return F.pad(keys_pd.float().T, (0, empty), value=math.nan).numpy()


def frame_columns(ax: Axes, start: int, end: int) -> None:
    """Frame an image's columns from `start` to before `end`, hiding none of them."""
    from matplotlib.patches import Rectangle

    (left, right), (below, above) = ax.get_xlim(), ax.get_ylim()
    inches = ax.get_window_extent().width / ax.figure.dpi
    side = FRAME["linewidth"] / 72 / 2 * (right - left) / inches
    corner, wide = (start - 0.5 - side, above), end - start + 2 * side
    frame = Rectangle(corner, wide, below - above, edgecolor=ORANGE, **FRAME)
    frame.set_clip_on(False)
    ax.add_patch(frame)


def sizes(trace: GenerationTrace) -> str:
    """Return the size of the KV-cache, and how many of its positions are new."""
    L, N, P, D = trace.keys.shape
    layers, positions = f"{L} layer{'s'[: L != 1]}", f"{P} position{'s'[: P != 1]}"
    kept = f"{layers} × {positions} × 2 × {N * D} numbers = {amount(trace.n_bytes)}"
    return f"Kept: {kept}\nComputed in this step: {trace.computed} of {P}"


def amount(n_bytes: int) -> str:
    """Return bytes as readable text: 640 bytes, 43 KB, 1.2 MB (powers of 10)."""
    if n_bytes < 1_000:
        return f"{n_bytes} bytes"
    if n_bytes < 999_500:
        return f"{n_bytes / 1e3:.{int(n_bytes < 9_950)}f} KB"
    return f"{n_bytes / 1e6:.1f} MB"


LOOKS = (BASELINE, ":"), (PURPLE, "-."), (GREEN, "--"), (OURS, "-")


def sizes_figure(
    parameters: list[int], losses: list[float], runs: dict[int, History], per_step: int
) -> Figure:
    """Return two panels: losses on the test text (bits) against parameters, with the
    fitted power of it; and the training losses of `runs`, by channels, against the
    symbols read, `per_step` in each step.

    Raises ValueError for more than four runs, and where sizes and losses do not go
    together.
    """
    if len(parameters) != len(losses):
        raise ValueError(f"{len(parameters)} sizes for {len(losses)} losses")
    if len(runs) > len(LOOKS):
        raise ValueError(
            f"{len(runs)} runs, but only {len(LOOKS)} lines look different"
        )
    figure, (left, right) = panels(1, 2, (9.0, 3.4))
    left.plot(parameters, losses, "o", color=OURS)
    left.plot(parameters, fitted(parameters, losses), ":", color=BASELINE)
    left.set(title="Larger", xlabel="parameters in the blocks", xscale="log")
    left.set(ylabel="bits per character, test text")
    for (channels, history), (colour, dash) in zip(runs.items(), LOOKS, strict=False):
        steps, nats = history.smoothed(12)
        read = [step * per_step / 1000 for step in steps]
        heights = [bits(loss) for loss in nats]
        right.plot(read, heights, dash, color=colour, label=f"{channels} channels")
    right.set(title="Longer", xlabel="thousand characters read")
    right.set(ylabel="bits per character, training")
    right.legend(frameon=False)
    return figure


def fitted(sizes: list[float], losses: list[float]) -> list[float]:
    """Return the losses on the power of the size that fits best: on a straight line
    through the logarithms of both, by least squares."""
    line = np.polyfit(np.log(sizes), np.log(losses), 1)
    return np.exp(np.polyval(line, np.log(sizes))).tolist()


def past_figure(reach: Sequence[int], curves: dict[str, list[float]]) -> Figure:
    """Return the bits per character of n-gram, LSTM and GPT against how many characters
    before it are known, `reach`."""
    looks = dict(zip(("n-gram", "LSTM", "GPT"), theme.LOOKS, strict=True))
    title, past = "How much of the past is used", "characters of the past"
    sets = {name: [curve] for name, curve in curves.items()}
    ax = chart((title, past, "bits per character"), reach, sets, looks, xscale="log")
    ax.set_xticks(reach, reach)
    return ax.figure


def cost_figure(lengths: Sequence[int], costs: list[tuple[float, float]]) -> Figure:
    """Return the operations for the next character against its position: `costs` of
    each, first with all computed again, then with a KV-cache."""
    again, cached = zip(*costs, strict=True)
    lines = {"all again": [again], "cached": [cached]}
    labels = "One more character", "position", "operations (FLOPs)"
    looks = dict(zip(lines, theme.LOOKS[1:], strict=True))
    return chart(labels, lengths, lines, looks, xscale="log", yscale="log").figure
