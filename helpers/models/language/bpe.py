"""Byte-pair encoding: what lesson 03 builds (Sennrich et al. 2016)."""

import re
from collections import Counter
from itertools import pairwise

# A word takes the blank before it along; other blanks and line ends stand alone.
PIECE = re.compile(r" ?\S+|\s")


def pair_counts(words: dict[tuple, int]) -> Counter:
    """Return how often each two neighbouring tokens occur, over all words.

    `words`: how often each word occurs; a word is a tuple of tokens.
    """
    counts = Counter()
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] += times
    return counts


def merge(word: tuple, pair: tuple) -> tuple:
    """Return the word with each `pair` of neighbours, from the left, as one token."""
    tokens, place = [], 0
    while place < len(word):
        wide = 2 if word[place : place + 2] == pair else 1
        tokens.append("".join(word[place : place + wide]))
        place += wide
    return tuple(tokens)


def learn_merges(text: str, n: int) -> list[tuple]:
    """Return the `n` merges in the order in which they are made, fewer where no pair
    is left. Of equally frequent pairs the one with the older tokens comes first."""
    words = Counter(map(tuple, PIECE.findall(text)))
    age = {character: i for i, character in enumerate(sorted(set(text)))}
    merges = []
    while len(merges) < n and (counts := pair_counts(words)):
        best = min(counts, key=lambda p: (-counts[p], age[p[0]], age[p[1]]))
        words = {merge(word, best): times for word, times in words.items()}
        age.setdefault("".join(best), len(age))
        merges.append(best)
    return merges
