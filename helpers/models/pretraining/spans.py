"""T5's span corruption: whole stretches are hidden behind sentinels (lesson 07)."""

from collections.abc import Sequence


def corrupt_spans(ids: Sequence[int], hidden: Sequence[bool], first: int) -> tuple:
    """Return T5's (inputs, targets), two lists (Raffel et al. 2019, arXiv:1910.10683).

    Each stretch of hidden tokens gives way to a sentinel of its own: `first`, the id
    after it, and so on. The targets name it before its tokens, and end with one more.
    """
    if len(ids) and max(ids) >= first:
        raise ValueError(f"the sentinels begin at {first}, but the text has {max(ids)}")
    inputs, targets, before = [], [], False
    for id, hide in zip(ids, hidden, strict=True):
        if hide and not before:  # a stretch begins
            inputs.append(first)
            targets.append(first)
            first += 1
        (targets if hide else inputs).append(id)
        before = hide
    return inputs, [*targets, first]
