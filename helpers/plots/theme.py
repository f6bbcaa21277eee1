"""Matplotlib theme of the course: colours with fixed roles, axes, and `show`.

Colours: Okabe and Ito (2008), told apart with the common colour blindnesses. A colour
never carries meaning alone: lines differ in dash or marker too.

No pyplot: its list of open figures is shared between threads, and an explorer redraws
in another thread than the cell that is running.

The parts of matplotlib that draw are imported with the first figure, which shortens a
lesson's first cell; so every room below imports their names for its signatures alone.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import torch
from cycler import cycler

if TYPE_CHECKING:
    from IPython.display import Image
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


BASELINE, OURS, CONTRAST = "#666666", "#0072B2", "#D55E00"
GREEN, PURPLE = "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW = "#E69F00", "#56B4E9", "#F0E442"  # fills only: pale on white
# Colour and dash of three lines: a baseline, a contrast, ours.
LOOKS = (BASELINE, ":"), (CONTRAST, "--"), (OURS, "-")
ORDERED, SIGNED = "cividis", "PuOr"
WIDTH, HEIGHT = 6.0, 3.4  # inches
TINT = 0.35  # opacity of a single seed's line beside the mean


def use_theme() -> None:
    """Make every later figure look like the others, whatever the reader's own file of
    matplotlib's says: it starts from the defaults. The backend in use stays."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(
        {
            "figure.figsize": (WIDTH, HEIGHT),
            "figure.dpi": 110,
            "savefig.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "lines.linewidth": 2,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.grid.axis": "y",
            "axes.axisbelow": True,
            "grid.alpha": 0.3,
            "image.cmap": ORDERED,
            "image.interpolation": "nearest",
            "axes.prop_cycle": cycler(
                color=[OURS, CONTRAST, BASELINE, GREEN, PURPLE],
                linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1))],
            ),
        }
    )


def show(figure: Figure, alt: str, photo: bool = False) -> None:
    """Display the figure with its description, see `as_picture`."""
    from IPython.display import display

    display(as_picture(figure, alt, photo))


def as_picture(figure: Figure, alt: str, photo: bool = False) -> Image:
    """Return the figure as a displayable PNG, or JPEG for photographs.

    `alt`: one sentence for those who do not see the picture; ValueError without.
    """
    from IPython.display import Image

    if not alt.strip():
        raise ValueError("a figure needs a description: show(figure, alt='…')")
    picture = io.BytesIO()
    if photo:
        figure.savefig(picture, format="jpeg", pil_kwargs={"quality": 80})
    else:  # Software=None: no version string, so a re-run gives the same bytes
        figure.savefig(picture, format="png", metadata={"Software": None})
    if figure.canvas.manager is not None:  # made by a reader with pyplot: close it,
        from matplotlib import pyplot  # or Jupyter shows it a second time

        pyplot.close(figure)
    return Image(data=picture.getvalue(), alt=alt)


def new_figure(**settings) -> Figure:
    """Return an empty figure: what matplotlib's Figure takes by name."""
    from matplotlib.figure import Figure

    return Figure(**settings)


def axes(title: str, xlabel: str = "", ylabel: str = "", size=None) -> Axes:
    """Return the axes of a new figure; `size` is (width, height) in inches."""
    ax = new_figure(figsize=size).subplots()
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    return ax


def label_end(
    ax: Axes, x: float, y: float, text: str, colour: str, up: float = 0.0
) -> None:
    """Write `text` just right of a line's end, in its colour, `up` points higher."""
    ax.annotate(
        text,
        (x, y),
        xytext=(6, up),
        textcoords="offset points",
        color=colour,
        va="center",
        annotation_clip=False,
    )


def curves(
    ax: Axes,
    x: Sequence[float],
    runs: Sequence[Sequence[float]],
    text: str,
    colour: str = OURS,
    style: str = "-",
    marker: str = "",
) -> Axes:
    """Draw every run thin and their mean thick, labelled at its end.

    `runs`: (seeds, points), one row per seed.
    """
    mean = runs_and_mean(ax, x, runs, colour, style, marker)
    label_end(ax, x[-1], mean.get_ydata()[-1], text, colour)
    return ax


def runs_and_mean(
    ax: Axes, x: Sequence[float], runs, colour: str, style: str, marker: str
) -> Line2D:
    """Draw every run, (seeds, points), thin; return the thick line of their mean."""
    runs = np.asarray(runs, dtype=float)
    if len(runs) > 1:
        ax.plot(x, runs.T, color=colour, alpha=TINT, linewidth=0.8, linestyle=style)
    look = {"color": colour, "linestyle": style, "marker": marker}
    (line,) = ax.plot(x, runs.mean(axis=0), **look)
    return line


def picture_grid(
    pictures: Sequence,
    titles: Sequence[str] = (),
    columns: int = 8,
    title: str = "",
    size: float = 0.85,
    **imshow,
) -> Figure:
    """Return a figure of pictures (H, W), (1, H, W) or (3, H, W) in rows.

    `size`: inches per picture; `imshow`: passed on (cmap, vmin, vmax, …).
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    high = size + (0.28 if titles else 0.05)
    tall = rows * high + (0.35 if title else 0)
    figure = new_figure(figsize=(columns * size, tall))
    grid = figure.subplots(rows, columns, squeeze=False)
    for ax in grid.flat:
        ax.set_axis_off()
    for i, picture in enumerate(pictures):
        grid.flat[i].imshow(as_image(picture), **{"cmap": "gray", **imshow})
        if titles:
            grid.flat[i].set_title(titles[i], fontsize=9, loc="center")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def as_image(picture) -> np.ndarray:
    """Return a tensor (H, W), (1, H, W) or (3, H, W) as matplotlib wants it."""
    if isinstance(picture, torch.Tensor):
        picture = picture.detach().cpu().numpy()
    picture = np.asarray(picture)
    if picture.ndim == 3 and picture.shape[0] in (1, 3):
        picture = picture.transpose(1, 2, 0)
    return picture.squeeze()


def panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list]:
    """Return a figure of `size` inches and its axes as a flat list."""
    figure = new_figure(figsize=size)
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def bare(panels: Sequence[Axes], titles: Sequence[str]) -> None:
    """Give each panel its title and take its axes away: for pictures."""
    for ax, title in zip(panels, titles, strict=True):
        ax.set_title(title)
        ax.set_axis_off()


def named_points(ax: Axes, points_n2, names: Sequence[str]) -> Axes:
    """Write each name at its point, names of one kind in one colour."""
    points = as_image(points_n2)
    kinds = sorted(set(names))
    palette = (OURS, CONTRAST, GREEN, PURPLE, BASELINE, "black")
    colours = {kind: palette[i % 6] for i, kind in enumerate(kinds)}
    for (x, y), name in zip(points, names, strict=True):
        ax.text(x, y, name, color=colours[name], ha="center", va="center", fontsize=9)
    low, high = points.min(axis=0), points.max(axis=0)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xticks=[], yticks=[])
    ax.grid(False)
    return ax


def dot_rows(
    rows: dict[str, dict[str, Sequence[float]]], title: str, xlabel: str, size=None
) -> Axes:
    """Draw one row of dots per entry: rows[row][series] holds one value per seed.

    A series keeps its colour, its marker and its height within every row.
    """
    ax = axes(title, xlabel, size=size)
    series = list(dict.fromkeys(name for row in rows.values() for name in row))
    for y, row in enumerate(rows.values()):
        for name, values in row.items():
            k = series.index(name)
            colour = (OURS, CONTRAST, BASELINE, GREEN)[k % 4]
            height = [y + 0.2 * (k - (len(series) - 1) / 2)] * len(values)
            ax.plot(values, height, "osD^"[k % 4], color=colour, ls="", alpha=0.75)
    for k, name in enumerate(series):
        colour = (OURS, CONTRAST, BASELINE, GREEN)[k % 4]
        ax.plot([], [], "osD^"[k % 4], color=colour, ls="", label=name)
    ax.set(yticks=range(len(rows)), yticklabels=list(rows))
    ax.set(ylim=(len(rows) - 0.5, -0.5))
    ax.figure.legend(loc="outside lower center", ncols=len(series), frameon=False)
    return ax


def log_axes(ax: Axes, xticks: Sequence[float], yticks: Sequence[float]) -> Axes:
    """Make both axes logarithmic, with these ticks as plain numbers."""
    ax.set(xscale="log", yscale="log")
    ax.set_xticks(xticks, [f"{x:g}" for x in xticks])
    ax.set_yticks(yticks, [f"{y:g}" for y in yticks])
    ax.minorticks_off()
    return ax


def fixed_figure(wide: float, high: float) -> Figure:
    """Return an empty figure of these inches, whose axes no layout moves."""
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    # Not "none": after a first drawing, matplotlib falls back to the theme's layout.
    still = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
    return new_figure(figsize=(wide, high), layout=still)


def placed(figure: Figure, *box: float) -> Axes:
    """Return new axes without a grid at (left, bottom, width, height), in inches."""
    wide, high = figure.get_size_inches()
    left, bottom, width, height = box
    ax = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    ax.grid(False)
    return ax
