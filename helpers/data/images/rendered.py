"""Letters and digits rendered from fonts at 8 x 8 pixels, to pretrain on."""

import torch

from helpers.data.images.datasets import ImageSet, shuffled
from helpers.data.images.fonts import DIGITS, LETTERS, glyphs

SIZE = 8  # pixels: what the handwritten digits have
FEW = 2_000  # letters: as many as the network can learn by heart


# ---------------------------------------------------------------- what is learned


def drawn(characters: str, n: int, seed: int) -> ImageSet:
    """Return n varied glyphs (n, 1, 8, 8) as the scanner of the handwritten digits
    would have taken them: each pixel the mean ink of 4 x 4, little noise."""
    return glyphs(characters, n, SIZE, seed, noise=0.03, contrast=0.15)


def letters(n: int, seed: int) -> ImageSet:
    """Return n drawn letters in 52 classes."""
    return drawn(LETTERS, n, seed)


def printed_digits(n: int, seed: int) -> ImageSet:
    """Return n drawn digits: the classes of the handwritten ones, from fonts."""
    return drawn(DIGITS, n, seed)


def clean_digits(n: int, seed: int) -> ImageSet:
    """Return n digits as the fonts have them, filling the picture: nothing is varied
    but height and width, by a twentieth."""
    still = {"rotation": 0, "shear": 0, "shift": 0, "elastic": 0, "scale": (0.9, 0.95)}
    return glyphs(DIGITS, n, SIZE, seed, stroke=False, contrast=0, noise=0, **still)


def few_letters(n: int, seed: int) -> ImageSet:
    """Return at most FEW drawn letters in 52 classes."""
    return letters(min(n, FEW), seed)


def lottery(n: int, seed: int) -> ImageSet:
    """Return `few_letters` with randomly permuted labels, which a network can only
    memorise (Zhang et al. 2017)."""
    source = few_letters(n, seed)
    dealt = shuffled(len(source), torch.Generator().manual_seed(seed))
    return ImageSet(source.images, source.labels[dealt], source.classes)


SOURCES = {
    "letters": letters,
    "digits": printed_digits,
    "few_letters": few_letters,
    "lottery": lottery,
}
