"""Interactive figures (ipywidgets): controls below a figure that redraw it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING

from IPython.display import display
from ipywidgets import HTML, IntSlider, ValueWidget, VBox

from helpers.core.errors import UserError
from helpers.plots.theme import as_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def explore(draw: Callable[..., Figure], alt: str, **controls: ValueWidget) -> None:
    """Show `draw(name=value, …)` above one control for each of its arguments.

    The figure is an ordinary output, so a page that nobody moves, or that is read
    without a kernel, still shows the controls' starting values. Settings for which
    `draw` raises UserError or ValueError keep the last figure and say why.
    """

    def drawn():
        return as_picture(draw(**{name: c.value for name, c in controls.items()}), alt)

    message = HTML()
    figure = display(drawn(), display_id=True)

    def redraw(change: dict) -> None:
        try:
            figure.update(drawn())
            message.value = ""
        except (UserError, ValueError) as error:
            message.value = html.escape(str(error))

    for name, control in controls.items():
        control.description = control.description or name
        control.observe(redraw, names="value")
    display(VBox([*controls.values(), message]))


def slider(value: int, low: int, high: int) -> IntSlider:
    """Return a slider over whole numbers that redraws when it is let go."""
    return IntSlider(value, low, high, continuous_update=False)
