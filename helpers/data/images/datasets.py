"""Image datasets (digits, Fashion-MNIST, photographs), train/test splits, batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from helpers.core.errors import UserError
from helpers.core.files import expanded
from helpers.core.shown import quoted
from helpers.data.images.files import as_tensor, read_picture

PHOTOGRAPHS = ("china", "flower")
LONGEST_SIDE = 640  # pixels: enough to look at, small enough for a page


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Pictures with labels: images (N, C, H, W) float32 in 0..1, labels (N,) int64,
    which are indices into `classes`. Raises ValueError when these do not fit."""

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.images.dim() != 4 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"images {tuple(self.images.shape)} and labels "
                f"{tuple(self.labels.shape)} need to be (N, C, H, W) and (N,)"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, index) -> "ImageSet":
        """Return the pictures at `index`: a tensor, list, slice or mask of N bools."""
        return ImageSet(self.images[index], self.labels[index], self.classes)

    def with_images(self, images: torch.Tensor) -> "ImageSet":
        """Return a set of other pictures (N, C, H, W) with the same labels."""
        return ImageSet(images, self.labels, self.classes)


def digits(size: int = 8) -> ImageSet:
    """Return scikit-learn's 1,797 handwritten digits, (1797, 1, size, size); sizes
    other than the original 8 are interpolated (bilinear)."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) / 16
    if size != 8:
        images = F.interpolate(images, (size, size), mode="bilinear")
    return ImageSet(images, torch.tensor(labels), tuple("0123456789"))


def fashion(train: bool = True) -> ImageSet:
    """Return Fashion-MNIST, 60,000 pictures to train on or 10,000 to test on,
    (N, 1, 28, 28). Raises UserError where it is neither here nor to be downloaded."""
    from torchvision.datasets import FashionMNIST

    from helpers.data.images.fashion_mnist import content

    part = "train" if train else "t10k"
    # The headers, 16 and 8 bytes, need no reading: the checksum vouches for them.
    pixels = np.frombuffer(content(f"{part}-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.frombuffer(content(f"{part}-labels-idx1-ubyte"), np.uint8, offset=8)
    images = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 28, 28).div_(255)
    names = tuple(FashionMNIST.classes)
    return ImageSet(images, torch.tensor(labels, dtype=torch.int64), names)


def pictures(name: str, n_test: int, seed: int) -> tuple[ImageSet, ImageSet]:
    """Return (train, test) of "fashion", or of "digits" at 16 x 16, `n_test` in test.

    Where Fashion-MNIST is not to be had, one line says why and the digits are
    returned. Raises UserError for another name.
    """
    if name not in ("digits", "fashion"):
        raise UserError(f"DATA is {name!r}; it must be 'digits' or 'fashion'.")
    if name == "fashion":
        try:
            return fashion(train=True), fashion(train=False)
        except UserError as error:
            print(f"{error} Going on with the digits.")
    return split(digits(16), n_test, seed)


def split(dataset: ImageSet, n_test: int, seed: int) -> tuple[ImageSet, ImageSet]:
    """Return (train, test): shuffled, without overlap, `n_test` pictures in test.

    Raises UserError unless 1 <= n_test < N.
    """
    if not 1 <= n_test < len(dataset):
        raise UserError(
            f"A test set of {n_test} cannot be split from {len(dataset)} pictures; "
            f"n_test must be from 1 to {len(dataset) - 1}."
        )
    order = shuffled(len(dataset), torch.Generator().manual_seed(seed))
    return dataset.subset(order[n_test:]), dataset.subset(order[:n_test])


def rearranged(dataset: ImageSet, order: torch.Tensor) -> ImageSet:
    """Return the set with pixel i of every picture, counted row by row, taken from
    pixel order[i]; `order` is a permutation of the H * W pixels, (H * W,)."""
    images = dataset.images.flatten(2)[:, :, order].view_as(dataset.images)
    return dataset.with_images(images)


def shuffled(n: int, generator: torch.Generator) -> torch.Tensor:
    """Return 0 to n - 1 in random order, without touching the global generator."""
    return torch.randperm(n, generator=generator)


def batches(
    dataset: ImageSet,
    batch_size: int,
    seed: int,
    augment: Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None = None,
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Return an endless iterator of (images, labels), reshuffled every epoch.

    `augment(images, generator)` may return varied images. The last batch of an epoch
    is dropped when it would be smaller than the others; a set smaller than one batch
    is served whole. Raises UserError, at once, for an empty set, a batch size below
    1, and images that hold NaN or infinity.
    """
    if batch_size < 1 or len(dataset) == 0:
        raise UserError(
            f"Found {len(dataset)} pictures and batches of {batch_size}; "
            "both must be 1 or more."
        )
    if not dataset.images.isfinite().all():
        raise UserError("The images hold NaN or infinity; every pixel must be finite.")
    return endless(dataset, batch_size, torch.Generator().manual_seed(seed), augment)


def endless(
    dataset: ImageSet, batch_size: int, generator: torch.Generator, augment
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches for ever: see `batches`, which checks what it is given."""
    batch_size = min(batch_size, len(dataset))
    n_used = len(dataset) // batch_size * batch_size
    while True:
        for index in shuffled(len(dataset), generator)[:n_used].split(batch_size):
            images = dataset.images[index]
            if augment is not None:
                images = augment(images, generator)
            yield images, dataset.labels[index]


def photograph(name_or_path: str | Path) -> torch.Tensor:
    """Return a picture, RGB (3, H, W) in 0..1, its longest side at most 640 pixels.

    "china" and "flower" come with scikit-learn; anything else is the path of a file.
    Raises UserError when there is no such file or it is no picture.
    """
    if name_or_path in PHOTOGRAPHS:
        from sklearn.datasets import load_sample_image

        return as_tensor(load_sample_image(f"{name_or_path}.jpg"))
    path = expanded(name_or_path)
    if not path.is_file():
        raise UserError(
            f"There is no picture at {quoted(path)}; give 'china', 'flower' or the "
            "path of a file."
        )
    picture = read_picture(path)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return as_tensor(picture)
