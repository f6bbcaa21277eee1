"""A text with some of its words exchanged for others of the same kind: known by heart,
or predicted?"""

import random
import re
from collections.abc import Callable

WORD = re.compile(r"[^\W\d_]+|\d")
ENDINGS = ("ing", "ed", "ly", "s")
LEAST = 4  # letters of a word that is exchanged; shorter ones hold sentences together


def exchangeable(word: str) -> bool:
    """True for a long word, a digit, and a capital letter on its own."""
    return len(word) >= LEAST or word.isdigit() or (len(word) == 1 and word.isupper())


def kind(word: str) -> tuple:
    """Return what two words share that may take each other's place, except for their
    length in tokens: digit, letter or word, a capital, and the ending."""
    if len(word) == 1:
        return "digit" if word.isdigit() else "letter", "", ""
    ending = next((end for end in ENDINGS if word.endswith(end)), "")
    return "word", word[0].isupper(), ending


def exchange(
    text: str, pool: list[str], tokens: Callable, seed: int, share: float = 0.3
) -> str:
    """Return the text with a share of its different words exchanged, each for the same
    other one throughout: one from the texts in `pool`, of the same kind and of as many
    `tokens(word)`. Where there is no other, a word stays."""
    rng = random.Random(seed)
    mine = sorted(set(filter(exchangeable, WORD.findall(text))))
    others = sorted(set(filter(exchangeable, WORD.findall(" ".join(pool)))) - set(mine))
    others += [word for word in mine if len(word) == 1]  # few digits, few letters
    swap = {}
    for word in rng.sample(mine, min(len(mine), max(2, round(share * len(mine))))):
        alike = (kind(word), tokens(word))
        fits = [o for o in others if o != word and (kind(o), tokens(o)) == alike]
        if fits:
            swap[word] = rng.choice(fits)
    return WORD.sub(lambda found: swap.get(found[0], found[0]), text)
