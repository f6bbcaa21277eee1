"""What a machine needs for a lesson: told by lesson 00 and by `make check`."""

MEMORY = 2.0  # GiB free; a lesson peaks below 1.5
OLDEST_PYTHON = (3, 11)
LETTER_STYLES = 45  # in which the 52 letters are drawn, see helpers.data.images.fonts
