"""Near-copies: one picture in two formats is found, two pictures stay two."""

import io

import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from helpers.data.images import datasets
from helpers.data.images.copies import near_copies
from helpers.data.images.datasets import ImageSet
from helpers.data.images.files import as_square
from helpers.data.images.folder import read_own
from helpers.data.images.splits import stratified

CHINA = Image.fromarray(load_sample_image("china.jpg"))


def saved(picture, kind, **options):
    """Return a picture as it is read again from a file of some kind."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return Image.open(file).convert("RGB")


def numbers(images):
    """Return the numbers of pictures (N, 3, H, W), each of a class with another one."""
    other = torch.rand(images.shape, generator=torch.Generator().manual_seed(7))
    labels = torch.arange(len(images)).repeat(2)
    names = tuple(map(str, range(len(images))))
    return near_copies(ImageSet(torch.cat([images, other]), labels, names))[
        : len(images)
    ]


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
    found = numbers(torch.stack(images)).tolist()
    assert found[3] == found[1] and len(set(found)) == 3


def test_copies_of_copies_are_copies():
    image = as_square(CHINA, 64)
    chain = torch.stack([(image + step * 3 / 255).clamp(0, 1) for step in (0, 2, 1)])
    assert numbers(chain[:2]).unique().numel() == 2
    assert numbers(chain).unique().numel() == 1


def test_pictures_that_are_no_copies_keep_their_numbers():
    digits = datasets.digits(16).subset(slice(300))
    pictures = digits.with_images(digits.images.expand(-1, 3, -1, -1))
    _, exact = pictures.images.flatten(1).unique(dim=0, return_inverse=True)
    assert torch.equal(near_copies(pictures), exact)


def test_a_class_that_looks_alike_can_still_be_split_and_it_is_said(capsys):
    frames = as_square(CHINA, 64).repeat(6, 1, 1, 1)
    frames[torch.arange(5), :, torch.arange(5), 0] = 0.5  # of five frames one pixel
    frames[5] = frames[4]
    other = 1 - frames
    other[0] = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(2).repeat_interleave(6)
    still = ImageSet(torch.cat([frames, other]), labels, ("still", "moving"))
    same_n = near_copies(still)
    assert same_n[:6].unique().numel() == 5 and same_n[4] == same_n[5]
    assert same_n[6:].unique().numel() == 2
    assert capsys.readouterr().out == (
        "All of 'still' look alike: only equal pixels count as copies there.\n"
    )


def test_pale_pictures_and_other_colours_are_not_taken_for_copies():
    generator = torch.Generator().manual_seed(0)
    pale = 0.9 + 0.01 * torch.randn(5, 3, 32, 32, generator=generator)
    assert numbers(pale).unique().numel() == 5
    flat = (
        torch.full((2, 3, 32, 32), 0.5)
        + torch.tensor([0, 1 / 255])[:, None, None, None]
    )
    assert numbers(flat).unique().numel() == 2
    striped = torch.zeros(2, 3, 32, 32)
    striped[0, 0, ::2], striped[1, 1, ::2] = 1, 1  # red and green
    assert numbers(striped).unique().numel() == 2


def test_no_picture_stands_on_both_sides_in_another_format(tmp_path):
    for name, top in (("left", 0), ("right", 200)):
        (tmp_path / name).mkdir()
        for i in range(8):
            picture = CHINA.crop((40 * i, top, 40 * i + 160, top + 160))
            picture.save(tmp_path / name / f"{i}.png")
            picture.save(tmp_path / name / f"copy of {i}.jpg", quality=70)
    own = read_own(tmp_path, 64)
    for seed in range(5):
        same_n = near_copies(own.pictures)
        sides = stratified(own.pictures.labels, 0.3, seed, same_n)
        train, test = (
            {own.files[i].replace("copy of ", "").split(".")[0] for i in side}
            for side in sides
        )
        assert train and test and not train & test
