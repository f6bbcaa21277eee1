"""Near-copies: one picture in two formats is found, two pictures stay two."""

import io

import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from helpers.data.images import datasets
from helpers.data.images.copies import near_copies
from helpers.data.images.files import as_square
from helpers.data.images.folder import read_own
from helpers.data.images.splits import stratified

CHINA = Image.fromarray(load_sample_image("china.jpg"))


def saved(picture, kind, **options):
    """Return a picture as it is read again from a file of some kind."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return Image.open(file).convert("RGB")


AGAIN = {
    "JPEG": lambda picture: saved(picture, "JPEG", quality=75),
    "a poor JPEG": lambda picture: saved(picture, "JPEG", quality=30),
    "GIF": lambda picture: saved(picture.quantize(256), "GIF"),
    "WebP": lambda picture: saved(picture, "WEBP", quality=60),
    "half as large": lambda picture: picture.resize((160, 107)),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
def test_a_picture_that_was_saved_again_is_one_picture(again):
    cut = [CHINA.crop((x, 0, x + 320, 214)) for x in (0, 160, 320)]
    images = [as_square(picture, 64) for picture in (*cut, again(cut[1]))]
    numbers = near_copies(torch.stack(images)).tolist()
    assert numbers[3] == numbers[1] and len(set(numbers)) == 3


def test_copies_of_copies_are_copies():
    image = as_square(CHINA, 64)
    chain = torch.stack([(image + step * 3 / 255).clamp(0, 1) for step in (0, 2, 1)])
    assert near_copies(chain[:2]).unique().numel() == 2
    assert near_copies(chain).unique().numel() == 1


def test_pictures_that_are_no_copies_keep_their_numbers():
    images = datasets.digits(16).images[:300].expand(-1, 3, -1, -1)
    _, numbers = images.flatten(1).unique(dim=0, return_inverse=True)
    assert torch.equal(near_copies(images), numbers)


def test_pale_pictures_and_other_colours_are_not_taken_for_copies():
    generator = torch.Generator().manual_seed(0)
    pale = 0.9 + 0.01 * torch.randn(5, 3, 32, 32, generator=generator)
    assert near_copies(pale).unique().numel() == 5
    flat = (
        torch.full((2, 3, 32, 32), 0.5)
        + torch.tensor([0, 1 / 255])[:, None, None, None]
    )
    assert near_copies(flat).unique().numel() == 2
    striped = torch.zeros(2, 3, 32, 32)
    striped[0, 0, ::2], striped[1, 1, ::2] = 1, 1  # red and green
    assert near_copies(striped).unique().numel() == 2


def test_no_picture_stands_on_both_sides_in_another_format(tmp_path):
    for name, top in (("left", 0), ("right", 200)):
        (tmp_path / name).mkdir()
        for i in range(8):
            picture = CHINA.crop((40 * i, top, 40 * i + 160, top + 160))
            picture.save(tmp_path / name / f"{i}.png")
            picture.save(tmp_path / name / f"copy of {i}.jpg", quality=70)
    own = read_own(tmp_path, 64)
    for seed in range(5):
        same_n = near_copies(own.pictures.images)
        sides = stratified(own.pictures.labels, 0.3, seed, same_n)
        train, test = (
            {own.files[i].replace("copy of ", "").split(".")[0] for i in side}
            for side in sides
        )
        assert train and test and not train & test
