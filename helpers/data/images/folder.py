"""Image dataset from a folder of the reader's pictures, one sub-folder per class."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from helpers.core.errors import UserError
from helpers.core.files import expanded, sha256
from helpers.core.run import progress_bar
from helpers.core.shown import printable, quoted
from helpers.core.tables import Table
from helpers.data.images.by_products import Looking
from helpers.data.images.datasets import ImageSet, shuffled
from helpers.data.images.files import UnknownRange, as_square, read_picture
from helpers.data.images.layout import layout

SIDE = 128  # pixels: enough to know things by
MOST = 2000  # pictures: 400 MB at 128 x 128
NAMED = 5  # files that a line names one by one
GREY = 8 / 255  # how far a grey picture's channels may differ: JPEG rounds
NO_PICTURE = "no picture, or a damaged one"
TOO_LARGE = "over 178 million pixels, which is not read"
# What a file is that is none, by the ending of its name.
PHONE = "HEIC, which is not read; save it as JPEG"
TIFF = "a TIFF that is damaged or of a kind that is not read; save it as PNG"
KINDS = {".heic": PHONE, ".heif": PHONE, ".tif": TIFF, ".tiff": TIFF}
NO_CLASS = "in no class folder"


@dataclass(frozen=True, eq=False)
class OwnPictures:
    """The N pictures of a folder, and of each its file, size and colour.

    `sizes` are (width, height) in pixels as stored, `grey` (N,) is bool, `same` (N,)
    is one number for pictures whose files have the same content, `skipped` says of
    each file that was left out why, `left_out` (K,) counts these by class. Files are
    relative to the folder and named as they are: a file is at `folder / name`, and
    `printable` shows its name. Classes are named as they can be shown.
    """

    pictures: ImageSet
    files: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    grey: Tensor
    same: Tensor
    skipped: dict[str, str]
    left_out: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.files)


def read_own(path: str | Path, side: int = SIDE, most: int = MOST) -> OwnPictures:
    """Return the pictures in a folder's sub-folders, one class each, as RGB squares
    (N, 3, side, side) in 0..1: scaled to cover the square, cut to its centre.

    A file that is no picture, or of an unknown range, is skipped, and so is one that
    stands in another class as well, or in none; a printed line names them. Others say
    what was ignored (see `by_products`) and which folders were taken for parts (see
    `layout`). Of more than `most` files an equal number per class is drawn at random,
    which another line says. Raises UserError for a missing folder, fewer than two
    classes, parts ("train") without classes, and a class with fewer than 2 pictures.
    """
    if side < 1 or most < 1:
        raise UserError(f"Side {side} and at most {most} pictures; both must be >= 1.")
    looking = Looking(expanded(path))
    found = layout(looking)
    files = [class_files(looking, folders) for folders in found.classes.values()]
    files = at_most(files, most)
    own = gathered(looking.root, [*map(printable, found.classes)], files, side)
    own.skipped.update(dict.fromkeys(loose(looking, found.around), NO_CLASS))
    skipped = skipped_line(own.skipped) if own.skipped else ""
    for line in filter(None, [*found.said, looking.line(), skipped]):
        print(line)
    check_counts(own)
    return own


def class_files(looking: Looking, folders: list[Path]) -> list[Path]:
    """Return the files of one class, in a fixed order. Raises UserError when there is
    none in any of its folders."""
    files = sorted(file for folder in folders for file in looking.files(folder))
    if not files:
        raise UserError(
            f"The class folder {quoted(folders[0])} is empty; it needs pictures."
        )
    return files


def loose(looking: Looking, around: list[Path]) -> list[str]:
    """Return the files that stand beside the class folders, by name."""
    files = (p for folder in around for p in looking.inside(folder) if p.is_file())
    return sorted(file.relative_to(looking.root).as_posix() for file in files)


def at_most(files: list[list[Path]], most: int) -> list[list[Path]]:
    """Return each class's files, when they are more than `most` in all an equal number
    of each class (at least 2), drawn at random but always the same ones."""
    found, share = sum(map(len, files)), max(2, most // len(files))
    if found <= most:
        return files
    print(f"The folder holds {found} files; at most {share} of each class are read.")
    generator = torch.Generator().manual_seed(0)
    chosen = [shuffled(len(part), generator)[:share].sort().values for part in files]
    return [[part[i] for i in index] for part, index in zip(files, chosen, strict=True)]


def gathered(
    root: Path, classes: list[str], files: list[list[Path]], side: int
) -> OwnPictures:
    """Return what can be read of the files, `files[k]` those of class k."""
    listed = [file for part in files for file in part]
    labels = [label for label, part in enumerate(files) for _ in part]
    names = [file.relative_to(root).as_posix() for file in listed]
    same = first_alike(listed)
    images = torch.empty(len(listed), 3, side, side)  # a list would take twice as much
    kept, sizes, skipped = [], [], {}
    for i, file in enumerate(progress_bar(listed, label="reading pictures")):
        if labels[i] != labels[same[i]]:
            skipped[names[i]] = f"the same file as {printable(names[same[i]])}"
        elif isinstance(picture := opened(file), str):
            skipped[names[i]] = picture
        else:
            images[len(kept)] = as_square(picture, side)
            sizes.append(picture.size)
            kept.append(i)
    images, used = images[: len(kept)], torch.tensor(kept, dtype=torch.int64)
    pictures = ImageSet(images, torch.tensor(labels)[used], tuple(classes))
    known = tuple(names[i] for i in kept), tuple(sizes), is_grey(images)
    kept_k = pictures.labels.bincount(minlength=len(classes)).tolist()
    left_out = tuple(len(part) - n for part, n in zip(files, kept_k, strict=True))
    return OwnPictures(pictures, *known, torch.tensor(same)[used], skipped, left_out)


def opened(file: Path) -> Image.Image | str:
    """Return a file's picture as RGB; when it cannot be read, why."""
    try:
        with warnings.catch_warnings():  # PIL's, on what a camera noted
            warnings.simplefilter("ignore")
            return read_picture(file)
    except UserError as error:
        if isinstance(error.__cause__, Image.DecompressionBombError):
            return TOO_LARGE
        if isinstance(error.__cause__, UnknownRange):
            return str(error.__cause__)
        return KINDS.get(file.suffix.lower(), NO_PICTURE)
    except Exception:  # of a damaged file PIL may raise anything, if seldom
        return NO_PICTURE


def first_alike(files: list[Path]) -> list[int]:
    """Return, for each file, the number of the first one with the same content."""
    first: dict[str, int] = {}
    return [first.setdefault(content_key(file), i) for i, file in enumerate(files)]


def content_key(file: Path) -> str:
    """Return what two files share when their content is the same."""
    try:
        return sha256(file)
    except OSError:  # not to be read: alike to nothing
        return str(file)


def is_grey(images: Tensor) -> Tensor:
    """Return of each picture (N, 3, H, W) whether its channels are alike: (N,)."""
    spreads = [(one.amax(0) - one.amin(0)).max() <= GREY for one in images]
    return torch.tensor(spreads, dtype=torch.bool)


def skipped_line(skipped: dict[str, str]) -> str:
    """Return one line that counts the files left out and names the first ones."""
    named = [
        f"{printable(name)} ({why})" for name, why in list(skipped.items())[:NAMED]
    ]
    more = [f"and {len(skipped) - NAMED} more"] if len(skipped) > NAMED else []
    files = "1 file" if len(skipped) == 1 else f"{len(skipped)} files"
    return f"Skipped {files}: {'; '.join(named + more)}."


def check_counts(own: OwnPictures) -> None:
    """Raise UserError when a class has fewer than 2 pictures."""
    for label, name in enumerate(own.pictures.classes):
        n, left_out = int((own.pictures.labels == label).sum()), own.left_out[label]
        if n < 2:
            raise UserError(
                f"Pictures found in class {name!r}: {n} (files skipped: {left_out}); "
                "it needs at least 2, one to learn from and one to be tested on."
            )


def counts(own: OwnPictures) -> Table:
    """Return what was found, one row per class; sizes in pixels, by their area."""
    header = ["class", "pictures", "smallest", "largest", "grey", "colour", "skipped"]
    return Table(header, [row(own, k) for k in range(len(own.pictures.classes))])


def row(own: OwnPictures, label: int) -> list:
    """Return one class's row in the table of what was found."""
    index = (own.pictures.labels == label).nonzero().flatten().tolist()
    sizes = sorted((own.sizes[i] for i in index), key=lambda size: size[0] * size[1])
    ends = [f"{width} × {height}" for width, height in (sizes[0], sizes[-1])]
    grey, name = int(own.grey[index].sum()), own.pictures.classes[label]
    n_grey = grey, len(index) - grey
    return [name, len(index), *ends, *n_grey, own.left_out[label]]
