"""Synthetic letters and digits, rendered from matplotlib's fonts and augmented."""

import math
import string
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

from helpers.core.errors import UserError
from helpers.data.images.augment import augment
from helpers.data.images.datasets import ImageSet

UPPER = string.ascii_uppercase
LOWER = string.ascii_lowercase
DIGITS = string.digits
LETTERS = UPPER + LOWER

DRAWN = 96  # pixels per em at which a glyph is drawn before it is scaled down
FINE = 32  # glyphs are varied at this side length or more, then averaged down
CHUNK = 1000  # images varied at once: bounds the memory

# The faces that have plain letters and digits, with those Unicode mathematical
# alphabets in them that look like no other style here. Left out: symbol fonts, the
# old-style digits of cmmi10, and 12 alphabets that repeat a face (a test measures it).
FACES = {
    "DejaVuSans": ("double-struck",),
    "DejaVuSans-Bold": ("double-struck",),
    "DejaVuSans-Oblique": (),
    "DejaVuSans-BoldOblique": (),
    "DejaVuSansMono": (),
    "DejaVuSansMono-Bold": (),
    "DejaVuSansMono-Oblique": (),
    "DejaVuSansMono-BoldOblique": (),
    "DejaVuSerif": ("double-struck",),
    "DejaVuSerif-Bold": (),
    "DejaVuSerif-Italic": (),
    "DejaVuSerif-BoldItalic": (),
    "STIXGeneral": (
        *("bold", "italic", "bold italic", "script", "bold script"),
        *("fraktur", "bold fraktur", "double-struck", "monospace", "sans-serif"),
        *("sans-serif bold", "sans-serif italic", "sans-serif bold italic"),
    ),
    "STIXGeneralItalic": ("italic", "script", "sans-serif italic"),
    "STIXGeneralBol": ("bold fraktur", "sans-serif bold"),
    "STIXGeneralBolIta": ("bold italic", "bold script", "sans-serif bold italic"),
    "cmr10": (),
    "cmb10": (),
    "cmss10": (),
    "cmti10": (),
    "cmtt10": (),
}


@dataclass(frozen=True)
class Style:
    """One way to draw characters: a font file, and the code point for each."""

    name: str
    path: Path
    mapping: dict[str, str]


@dataclass(frozen=True, eq=False)
class GlyphBank:
    """Every character in every style: images (N, 1, H, W) in 0..1, labels and
    styles (N,) as indices into the characters and into style_names."""

    images: torch.Tensor
    labels: torch.Tensor
    styles: torch.Tensor
    style_names: tuple[str, ...]


def font_styles(characters: str) -> list[Style]:
    """Return the styles that can draw all `characters`: 45 for the 52 letters, 30
    for the digits. Raises UserError for characters that no style can draw."""
    once = 0 < len(characters) == len(set(characters))
    if not once or any(map(str.isspace, characters)):
        raise UserError(
            f"The characters are {characters!r}; give each just once, and no blanks."
        )
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    styles = []
    for face, alphabets in FACES.items():
        path = folder / f"{face}.ttf"
        drawn = FT2Font(str(path)).get_charmap()
        for alphabet in ("", *alphabets):
            mapping = {c: in_alphabet(c, alphabet) for c in characters}
            if all(drawn.get(ord(c), 0) for c in mapping.values()):
                styles.append(Style(f"{face} {alphabet}".strip(), path, mapping))
    if not styles:
        raise UserError(f"No font of matplotlib's draws all of {characters!r}.")
    return styles


def in_alphabet(character: str, alphabet: str) -> str:
    """Return the code point of a letter or digit in a mathematical alphabet, by its
    Unicode name; a NUL, which no font draws, where there is none."""
    if not alphabet:
        return character
    if (character, alphabet) == ("h", "italic"):
        return "\N{PLANCK CONSTANT}"  # older than the alphabet, and so not in it
    name = unicodedata.name(character, "").removeprefix("LATIN ").replace("LETTER ", "")
    older = alphabet.replace("fraktur", "black-letter")  # so are ℬ, ℭ, ℂ and others
    for candidate in (f"mathematical {alphabet} {name}", f"{older} {name}"):
        try:
            return unicodedata.lookup(candidate)
        except KeyError:
            continue
    return "\0"


@cache
def font(path: Path) -> ImageFont.FreeTypeFont:
    """Return the font file, opened at DRAWN pixels per em."""
    return ImageFont.truetype(path, DRAWN)


def render(style: Style, character: str, size: int = 32) -> torch.Tensor:
    """Return the glyph as ink in 0..1, (size, size): cropped, and scaled so that its
    longer side fills the picture. So an o is as large as an O."""
    face, text = font(style.path), style.mapping[character]
    left, top, right, bottom = face.getbbox(text)
    drawn = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawn).text((-left, -top), text, font=face, fill=255)
    drawn = drawn.crop(drawn.getbbox())
    scale = size / max(drawn.size)
    width, height = (max(1, round(side * scale)) for side in drawn.size)
    picture = Image.new("L", (size, size))
    corner = ((size - width) // 2, (size - height) // 2)
    picture.paste(drawn.resize((width, height), Image.Resampling.LANCZOS), corner)
    return torch.from_numpy(np.asarray(picture, np.float32) / 255)


@cache
def bank(characters: str, size: int = 32) -> GlyphBank:
    """Return all glyphs, style by style. Drawn once per process and then shared, so
    do not change its tensors in place."""
    styles = font_styles(characters)
    images = [render(style, c, size) for style in styles for c in characters]
    n_styles, n_characters = len(styles), len(characters)
    return GlyphBank(
        torch.stack(images)[:, None],
        torch.arange(n_characters).repeat(n_styles),
        torch.arange(n_styles).repeat_interleave(n_characters),
        tuple(style.name for style in styles),
    )


def glyphs(
    characters: str, n: int, size: int = 16, seed: int = 0, **augmentation
) -> ImageSet:
    """Return `n` varied glyphs, (n, 1, size, size), drawn evenly from all characters
    and styles; a label is an index into `characters`.

    `augmentation` goes to `augment`. Raises UserError for n or size below 1.
    """
    if n < 1 or size < 1:
        raise UserError(f"Found n = {n} and size = {size}; both must be 1 or more.")
    # A whole multiple of `size`, so that every pixel is the mean of equal blocks.
    source = bank(characters, size * math.ceil(FINE / size))
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(len(source.labels), (n,), generator=generator)
    images = [
        augment(source.images[part], size, generator, **augmentation)
        for part in index.split(CHUNK)
    ]
    return ImageSet(torch.cat(images), source.labels[index], tuple(characters))
