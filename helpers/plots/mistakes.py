"""Figures of mistakes: the confusion matrix, and the pictures themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from helpers.analysis.mistakes import Mistake
from helpers.plots.text import drawable
from helpers.plots.theme import ORDERED, as_image, axes, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUMBERS = 12  # classes up to which every square says its count
NAMES = 40  # classes up to which every row has its name
LONGEST = 16  # characters of a name that are shown


def shown(name: str) -> str:
    """Return a class's name as a figure can write it: short, what the font lacks as
    a box."""
    letters = [c if c == " " else drawable([c])[0] for c in name]
    short = letters if len(letters) <= LONGEST else [*letters[: LONGEST - 1], "…"]
    return "".join(short)


def confusion_map(counts_kk: Tensor, classes: Sequence[str]) -> Figure:
    """Return the counts (K, K) as squares, one row per true class, dark to light by
    the share of the row; every square says its count when the classes are few."""
    K = len(classes)
    side = min(7.0, max(3.4, 0.42 * K + 1.6))
    right, n = int(counts_kk.diag().sum()), int(counts_kk.sum())
    title = f"{right} of {n} pictures lie on the diagonal"
    ax = axes(title, "taken for", "true class", size=(side + 0.8, side))
    share_kk = counts_kk / counts_kk.sum(dim=1, keepdim=True).clamp(min=1)
    image = ax.imshow(share_kk.numpy(), cmap=ORDERED, vmin=0, vmax=1)
    ax.figure.colorbar(image, ax=ax, label="share of the true class", shrink=0.8)
    ax.grid(False)
    name_both(ax, classes)
    if K <= NUMBERS:
        write_counts(ax, counts_kk, share_kk)
    return ax.figure


def name_both(ax: Axes, classes: Sequence[str]) -> None:
    """Write the classes at both axes, or nothing when they are too many."""
    places = range(len(classes)) if len(classes) <= NAMES else ()
    names = [shown(classes[k]) for k in places]
    ax.set_xticks(places, names, rotation=90, parse_math=False)
    ax.set_yticks(places, names, parse_math=False)


def write_counts(ax: Axes, counts_kk: Tensor, share_kk: Tensor) -> None:
    """Write each count into its square, in a colour that stands out there."""
    for truth, guess in (share_kk >= 0).nonzero().tolist():
        colour = "black" if share_kk[truth, guess] > 0.5 else "white"
        count = str(counts_kk[truth, guess].item())
        ax.text(guess, truth, count, color=colour, ha="center", va="center")


def mistake_grid(
    images: Tensor, mistakes: Sequence[Mistake], columns: int = 4
) -> Figure:
    """Return the pictures of `mistakes` among images (N, 3, H, W), each under its true
    class, the guess, and the probability of both. Without mistakes it says so."""
    columns = max(1, min(columns, len(mistakes)))
    rows = max(1, -(-len(mistakes) // columns))
    figure, grid = panels(rows, columns, (max(3.4, 1.6 * columns), 2.1 * rows))
    for ax in grid:
        ax.set_axis_off()
    for ax, m in zip(grid, mistakes, strict=False):
        ax.imshow(as_image(images[m.index]), vmin=0, vmax=1)
        truth = f"{shown(m.truth)} ({m.chance:.0%})"
        text = f"{truth}\n→ {shown(m.guess)} ({m.probability:.0%})"
        ax.set_title(text, fontsize=9, loc="center", parse_math=False)
    if not mistakes:
        grid[0].text(0.5, 0.5, "no test picture is wrong", ha="center", va="center")
    return figure
