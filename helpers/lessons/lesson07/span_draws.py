"""Texts of random ids, with what is hidden of them."""

import random

Drawn = tuple[list[int], list[bool]]  # a text, and which of its tokens are hidden


def edge_cases(symbols: int) -> list[Drawn]:
    """Return texts of 1 to 6 tokens with everything that can be hidden of them."""
    rng = random.Random(0)
    return [
        (
            [rng.randrange(symbols) for _ in range(n)],
            [bool(choice >> place & 1) for place in range(n)],
        )
        for n in range(1, 7)
        for choice in range(2**n)
    ]


def random_spans(
    symbols: int, n: int, seed: int, length: int = 0, share: float = 0.15
) -> list[Drawn]:
    """Return n texts, of `length` tokens or, without it, 1 to 60; `share` of each is
    hidden, in spans of 3 on average, rolled so that any place may be hidden."""
    rng = random.Random(seed)
    found = []
    for _ in range(n):
        T = length or rng.randint(1, 60)
        text = [rng.randrange(symbols) for _ in range(T)]
        found.append((text, t5_spans(T, share, rng)))
    return found


def t5_spans(
    length: int, share: float, rng: random.Random, mean: int = 3
) -> list[bool]:
    """Return which of `length` tokens are hidden, by T5's rule: as many as `share`
    says, in one third as many spans, cut at random and, unlike T5's own, rolled."""
    hidden = round(length * share)
    spans = min(max(1, round(hidden / mean)), length - hidden)
    if hidden == 0 or spans == 0:
        return [hidden > 0] * length
    kept, gone = (parts(n, spans, rng) for n in (length - hidden, hidden))
    row = [h for a, b in zip(kept, gone, strict=True) for h in [False] * a + [True] * b]
    start = rng.randrange(length)
    return row[start:] + row[:start]


def parts(n: int, pieces: int, rng: random.Random) -> list[int]:
    """Return n cut into so many whole numbers from 1 on, every way equally likely."""
    cuts = sorted(rng.sample(range(1, n), pieces - 1))
    return [b - a for a, b in zip([0, *cuts], [*cuts, n], strict=True)]


def restored(inputs: list[int], targets: list[int], first: int) -> list[int]:
    """Return the text, a list of ids, from the two sides of `corrupt_spans`: ids from
    `first` on are sentinels."""
    stretches: dict[int, list[int]] = {}
    for id in targets:
        if id >= first:
            stretches[id] = stretch = []
        else:
            stretch.append(id)
    text = []
    for id in inputs:
        text += stretches[id] if id >= first else [id]
    return text
