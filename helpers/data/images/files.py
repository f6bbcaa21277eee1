"""Image files: read a picture of any kind and range, and resize it."""

import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from helpers.core.errors import UserError
from helpers.core.shown import quoted

# What PIL raises for a file that is no picture, only half of one, or has damaged notes.
PICTURE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    Image.DecompressionBombError,
)
SIXTEEN = ("PNG", "PPM")  # formats whose integers have 16 bits where not 8


class UnknownRange(ValueError):
    """Numbers in a picture file of which nobody can say which is white."""


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
    on white. Raises UserError when the file is no picture, or a damaged one, or holds
    numbers whose range is not certain (see `as_bytes`)."""
    try:
        with Image.open(path) as picture:
            bits = 16 if picture.format in SIXTEEN else None
            return as_rgb(ImageOps.exif_transpose(picture), bits)
    except PICTURE_ERRORS as error:
        raise UserError(
            f"{quoted(path)} cannot be read as a picture ({error}); "
            "replace it by a JPEG or PNG file, or take it out of the folder."
        ) from error


def as_rgb(picture: Image.Image, bits: int | None = None) -> Image.Image:
    """Return any kind of picture as RGB with 8 bits a channel; `bits`: of its integers,
    where PIL's mode does not say it."""
    if picture.mode[0] in "IF":  # PIL would cut off all above 255
        return Image.fromarray(as_bytes(picture, bits)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def as_bytes(picture: Image.Image, bits: int | None) -> np.ndarray:
    """Return the pixels of one channel of 16-bit integers, or of fractions from 0 to 1,
    as bytes (H, W).

    Raises UnknownRange, which says what was found, for all other numbers: white would
    be a guess.
    """
    pixels = np.asarray(picture)
    if not np.isfinite(pixels).all():
        raise UnknownRange(
            "holds NaN or infinity, where numbers from 0 to 1 are needed"
        )
    low, high = pixels.min(), pixels.max()
    if picture.mode == "F":
        if low < 0 or high > 1:
            raise UnknownRange(
                f"holds fractions from {low:.4g} to {high:.4g}, where 0 to 1 are needed"
            )
        return (255 * pixels).round().astype(np.uint8)
    if low < 0 or high > 65535 or not (picture.mode.startswith("I;16") or bits == 16):
        raise UnknownRange(
            f"holds integers from {low} to {high}, of more than 16 bits or with a "
            "sign, where 8 or 16 bits without one are needed"
        )
    return (pixels // 257).astype(np.uint8)
