"""The layer that a file holds for Pillow: the same squares from the same pictures."""

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.checkpoints.squares import Squares
from helpers.data.images.files import as_square


def drawn(size, seed=0):
    """Return a picture (width, height) of edges, ramps and noise."""
    rng = np.random.default_rng(seed)
    width, height = size
    ramp = np.linspace(0, 255, width)[None, :, None] * np.ones((height, 1, 3))
    ramp[height // 3 :, width // 2 :] = 255
    noise = rng.normal(0, 40, (height, width, 3))
    return Image.fromarray((ramp + noise).clip(0, 255).astype(np.uint8))


def gaps(size, side):
    """Return the differences to Pillow's square in steps of a byte."""
    picture = drawn(size)
    pixels = torch.from_numpy(np.array(picture))[None]
    return 255 * (Squares(side)(pixels)[0] - as_square(picture, side)).abs()


@pytest.mark.parametrize("side", [32, 50])
@pytest.mark.parametrize(
    "size", [(60, 40), (200, 150), (97, 33), (32, 32), (31, 20), (7, 5), (9, 1)]
)
def test_it_cuts_and_scales_as_pillow_does(size, side):
    gap = gaps(size, side)
    assert gap.max() < 1.01  # where a half was rounded
    assert (gap > 0.5).float().mean() < 0.02


@pytest.mark.parametrize("side", [32, 50])
@pytest.mark.parametrize("size", [(40, 60), (150, 200), (33, 97), (20, 31), (1, 9)])
def test_upright_pictures_are_almost_as_pillow_has_them(size, side):
    assert gaps(size, side).mean() < 1  # of 255; noise and edges are at their worst


def test_a_square_of_the_right_side_is_left_alone():
    pixels = torch.randint(0, 256, (3, 24, 24, 3), dtype=torch.uint8)
    expected = pixels.permute(0, 3, 1, 2).float() / 255
    assert torch.equal(Squares(24)(pixels), expected)


def test_pictures_of_a_batch_do_not_mix():
    pixels = torch.randint(0, 256, (3, 30, 50, 3), dtype=torch.uint8)
    alone = [Squares(24)(one[None]) for one in pixels]
    torch.testing.assert_close(Squares(24)(pixels), torch.cat(alone))
