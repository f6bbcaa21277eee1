"""Figures of lesson 06: label efficiency, frozen layers, PCA of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from helpers.analysis.embeddings import pca_2d
from helpers.plots.lines import chart
from helpers.plots.theme import (
    BASELINE,
    CONTRAST,
    GREEN,
    LOOKS,
    PURPLE,
    axes,
    dot_rows,
    log_axes,
    named_points,
    panels,
    picture_grid,
)
from helpers.training.fit import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Percent, at the axis; of ten classes, nine tenths are misread by chance.
ERRORS, LIMITS = (0.5, 1, 2, 5, 10, 20, 40, 90), (0.2, 120)
DASHES = (GREEN, "-."), (PURPLE, (0, (8, 2)))  # a fourth line and a fifth
AT_MOST = 24  # misread pictures that are shown


def with_chance(ax: Axes, level: float) -> Axes:
    """Return the axes with a line at what guessing reaches, named at its left end."""
    ax.axhline(level, color=BASELINE, linestyle=":", linewidth=1)
    left = ax.get_yaxis_transform()
    ax.text(0.01, level, "chance", transform=left, color=BASELINE, va="bottom")
    return ax


def errors_against_labels(
    title: str, table: dict[str, dict[int, list[float]]], ways: Sequence[str]
) -> Figure:
    """Return the errors of five ways (way -> k -> accuracies, one per draw) on ten
    classes, both axes logarithmic; draws thin, their mean thick."""
    ks = sorted(table[ways[0]])
    looks = dict(zip(ways, (*LOOKS[:2], *DASHES, LOOKS[2]), strict=True))
    lines = {
        way: [[100 - 100 * right for right in draw] for draw in by_draw(table[way], ks)]
        for way in ways
    }
    labels = title, "labels per class (log scale)", "pictures misread (%, log scale)"
    scales = {"xscale": "log", "yscale": "log", "ylim": LIMITS}  # before the names
    ax = chart(labels, ks, lines, looks, **scales)
    return with_chance(log_axes(ax, ks, ERRORS), 90).figure


def by_draw(row: dict[int, list[float]], ks: Sequence[int]) -> list[tuple[float, ...]]:
    """Return k -> accuracies per draw as one row over all k for each draw."""
    return list(zip(*(row[k] for k in ks), strict=True))


def measured_on_the_way(
    labels: tuple[str, str, str], runs: dict[str, History], chance: float
) -> Figure:
    """Return what four training runs recorded, 0 to 1, as curves over their steps, and
    what guessing reaches."""
    steps = [step for step, _ in next(iter(runs.values())).records]
    lines = {name: [[seen for _, seen in run.records]] for name, run in runs.items()}
    looks = dict(zip(runs, (*LOOKS, DASHES[0]), strict=True))
    return with_chance(chart(labels, steps, lines, looks, ylim=(0, 1)), chance).figure


def over_parts(title: str, scores: Sequence[Sequence[float]]) -> Figure:
    """Return accuracies, scores[n] with the first n parts frozen, one per draw."""
    draws = [[100 * right for right in draw] for draw in zip(*scores, strict=True)]
    labels = title, "parts frozen, from the input on", "digits read right (%, cut axis)"
    places = range(len(scores))
    mean = {"mean": draws}
    return chart(labels, places, mean, {"mean": LOOKS[2]}, xticks=places).figure


def by_source(title: str, rows: dict[str, dict[str, Sequence[float]]]) -> Figure:
    """Return a row of dots for each number of labels: the shares (0 to 1) of digits
    that each source's frozen backbone reads right, one per draw, and chance."""
    ax = dot_rows(rows, title, "share of digits read right, frozen backbone")
    ax.axvline(0.1, color=BASELINE, linestyle=":", linewidth=1)
    ax.text(0.11, len(rows) - 1, "chance", color=BASELINE)
    ax.set(xlim=(0, 1), ylabel="labels per class")
    return ax.figure


def told_right(
    title: str,
    ks: Sequence[int],
    scores: dict[str, Sequence[Sequence[float]]],
    point: tuple[str, int, float] | None = None,
) -> Figure:
    """Return the shares (0 to 1) of texts told right, baseline first: name -> (draws,
    ks), and one point more: its name, its k and its share. Of six kinds, chance tells
    one in six."""
    looks = dict(zip(scores, (LOOKS[0], LOOKS[2]), strict=False))
    lines = {
        name: [[100 * s for s in draw] for draw in scores[name]] for name in scores
    }
    across = "labelled paragraphs per class (log scale)"
    labels = title, across, "paragraphs told right (%)"
    ax = chart(labels, ks, lines, looks, xscale="log", ylim=(0, 80))
    with_chance(ax, 100 / 6)
    ax.set_xticks(ks, ks)
    ax.minorticks_off()
    if point:
        name, k, right = point
        ax.plot(k, 100 * right, "D", color=CONTRAST)
        ax.annotate(
            name, (k, 100 * right), (8, 6), textcoords="offset points", color=CONTRAST
        )
    return ax.figure


def misread(images: Tensor, truth_n: Tensor, given_n: Tensor, way: str) -> Figure:
    """Return the first pictures (N, 1, H, W) whose label was given wrongly, each under
    its own and the given one, and how many there are."""
    wrong = (truth_n != given_n).nonzero().flatten()
    title = f"{way}: {len(wrong)} of {len(truth_n)} misread"
    if len(wrong) == 0:
        return axes(title).figure
    shown = wrong[:AT_MOST]
    names = [f"{truth_n[i]} → {given_n[i]}" for i in shown.tolist()]
    return picture_grid(list(images[shown]), names, columns=8, title=title)


SHOWN = 200  # pictures: more names would cover each other


def views(sets: dict[str, Tensor], labels_n: Tensor) -> Figure:
    """Return one panel per entry: the first pictures' features (N, D) in two principal
    components, each written as its label; the axes are those of all N."""
    figure, axs = panels(1, len(sets), (3.0 * len(sets), 3.4))
    names = [str(label) for label in labels_n[:SHOWN].tolist()]
    for ax, (title, features_nd) in zip(axs, sets.items(), strict=True):
        named_points(ax, pca_2d(features_nd)[:SHOWN], names)
        ax.set_title(title)
        ax.set(xlabel="widest direction", ylabel="second widest")
    return figure
