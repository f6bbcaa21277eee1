"""Axes stand where they were put, whatever the theme says, however often drawn."""

import io

import pytest
from matplotlib import rc_context

from helpers.plots.theme import fixed_figure, placed, use_theme


def test_axes_stand_where_they_were_put_after_every_drawing():
    with rc_context():
        use_theme()
        figure = fixed_figure(8, 5)
        ax = placed(figure, 1, 0.5, 4, 3)
        ax.set_title("a title\nof two lines")
        for _ in range(2):
            figure.savefig(io.BytesIO(), format="png")
            figure.draw_without_rendering()
        assert figure.get_size_inches().tolist() == [8, 5]
        box = ax.get_window_extent()
        inches = [v / figure.dpi for v in (box.x0, box.y0, box.width, box.height)]
        assert inches == pytest.approx([1, 0.5, 4, 3])
        assert not any(line.get_visible() for line in ax.get_ygridlines())
