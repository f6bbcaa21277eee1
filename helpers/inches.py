"""Axes that stand where they are put: for pictures whose parts have fixed sizes."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine


def page(wide: float, high: float) -> Figure:
    """Return an empty figure of these inches, whose axes no layout moves."""
    # Not "none": after a first drawing, matplotlib falls back to the theme's layout.
    still = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
    return Figure(figsize=(wide, high), layout=still)


def placed(figure: Figure, *box: float) -> Axes:
    """Return new axes without a grid at (left, bottom, width, height), in inches."""
    wide, high = figure.get_size_inches()
    left, bottom, width, height = box
    ax = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    ax.grid(False)
    return ax
