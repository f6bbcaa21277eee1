"""Explorers redraw when a control is moved, and survive settings that do not work."""

import matplotlib.pyplot as plt
import pytest
from ipywidgets import IntSlider

from helpers.core.errors import UserError
from helpers.page import explorer
from helpers.plots import theme


class Handle:
    """Stands for the display handle of a notebook."""

    def __init__(self):
        self.updates = []

    def update(self, image):
        """Keep what would be shown."""
        self.updates.append(image)


@pytest.fixture
def page(monkeypatch):
    """Return the list of what is displayed, and the handle of the figure."""
    shown, handle = [], Handle()

    def display(item, display_id=False):
        shown.append(item)
        return handle if display_id else None

    monkeypatch.setattr(explorer, "display", display)
    return shown, handle


def draw(kernel, stride):
    """Return a figure; some settings do not work, and one is a bug."""
    ax = theme.axes("Bars.")
    if kernel == 9:
        raise UserError("A 9 x 9 window & more do not <fit>.")
    if kernel == 8:
        raise ZeroDivisionError
    ax.bar([0, 1], [kernel, stride])
    return ax.figure


def explore():
    """Show the explorer and return its two controls."""
    controls = IntSlider(3, 1, 10), IntSlider(1, 1, 4, description="step")
    explorer.explore(draw, "Two bars.", kernel=controls[0], stride=controls[1])
    return controls


def test_a_page_that_nobody_moves_shows_the_starting_values(page):
    shown, handle = page
    kernel, stride = explore()
    image, box = shown
    assert image.alt == "Two bars."
    assert box.children[:2] == (kernel, stride)
    assert [c.description for c in box.children[:2]] == ["kernel", "step"]
    assert handle.updates == []


def test_only_the_value_of_a_control_redraws(page):
    _, handle = page
    kernel, _ = explore()
    kernel.description, kernel.disabled = "size", True
    assert handle.updates == []


def test_moving_a_control_redraws_the_same_output(page):
    shown, handle = page
    kernel, stride = explore()
    kernel.value = 7
    stride.value = 2
    kernel.value, stride.value = 3, 1
    pictures = [image.data for image in (shown[0], *handle.updates)]
    assert len(pictures) == 5
    assert len(set(pictures)) == 4  # back at the start, the figure is the first one
    assert pictures[0] == pictures[-1]
    assert not plt.get_fignums()


def test_settings_that_do_not_work_keep_the_figure_and_say_why(page):
    shown, handle = page
    kernel, _ = explore()
    message = shown[1].children[-1]
    kernel.value = 9
    assert message.value == "A 9 x 9 window &amp; more do not &lt;fit&gt;."
    assert handle.updates == []
    kernel.value = 4
    assert (message.value, len(handle.updates)) == ("", 1)


def test_a_bug_in_the_drawing_is_not_hidden(page):
    kernel, _ = explore()
    with pytest.raises(ZeroDivisionError):
        kernel.value = 8


def test_a_slider_redraws_when_it_is_let_go():
    slider = explorer.slider(3, 1, 10)
    assert (slider.value, slider.min, slider.max) == (3, 1, 10)
    assert slider.continuous_update is False
