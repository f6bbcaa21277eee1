"""Image files: find them in class folders, read and resize them."""

import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from helpers.core.errors import UserError

# What PIL raises for a file that is no picture, only half of one, or has damaged notes.
PICTURE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    Image.DecompressionBombError,
)
# Left in picture folders by Windows; other systems hide theirs behind a dot.
SYSTEM_FILES = {"thumbs.db", "desktop.ini"}


def as_tensor(picture) -> torch.Tensor:
    """Return an RGB picture as a float tensor (3, H, W) in 0..1."""
    pixels = torch.from_numpy(np.array(picture, np.float32))
    return pixels.permute(2, 0, 1).contiguous() / 255


def as_square(picture: Image.Image, size: int) -> torch.Tensor:
    """Return an RGB picture scaled to cover a square and cut to its centre, as a
    float tensor (3, size, size) in 0..1."""
    return as_tensor(ImageOps.fit(picture, (size, size)))


def read_picture(path: Path) -> Image.Image:
    """Return a file's picture as RGB, upright as its camera noted, transparent parts
    on white. Raises UserError when the file is no picture, or a damaged one."""
    try:
        with Image.open(path) as picture:
            return as_rgb(ImageOps.exif_transpose(picture))
    except PICTURE_ERRORS as error:
        raise UserError(
            f"{path} cannot be read as a picture ({error}); "
            "replace it by a JPEG or PNG file, or take it out of the folder."
        ) from error


def as_rgb(picture: Image.Image) -> Image.Image:
    """Return any kind of picture as RGB with 8 bits a channel."""
    if picture.mode.startswith("I"):  # 16 bits: PIL would cut off all above 255
        picture = Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def class_folders(path: Path) -> list[Path]:
    """Return the visible sub-folders of `path`, by name. Raises UserError when there
    are not at least two."""
    needed = "an image folder holds one sub-folder of pictures per class"
    if not path.exists():
        raise UserError(f"There is no folder {path}; {needed}.")
    if not path.is_dir():
        raise UserError(f"{path} is a file; {needed}.")
    inside = (p for p in path.iterdir() if p.is_dir() and not hidden(p.name))
    folders = sorted(inside, key=lambda folder: folder.name)
    if len(folders) < 2:
        names = f"only {folders[0].name!r}" if folders else "no sub-folder"
        raise UserError(f"Found {names} in {path}; {needed}, and at least two classes.")
    return folders


def picture_files(folder: Path) -> list[Path]:
    """Return the visible files in `folder` and below, in a fixed order. Raises
    UserError when there is none."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(map(hidden, path.relative_to(folder).parts))
    )
    if not files:
        raise UserError(f"The class folder {folder} is empty; it needs pictures.")
    return files


def hidden(name: str) -> bool:
    """Return whether a file manager would not show this name."""
    return name.startswith(".") or name.lower() in SYSTEM_FILES
