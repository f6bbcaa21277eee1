"""Pairs of sentences that label themselves: next sentence, and sentence order.

Labels are those of transformers: 0 for two sentences as they were written, 1 for two
that were put together.
"""

import re
from itertools import pairwise


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text, cut behind . ! or ? where a capital follows."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip())


def adjacent_pairs(document: list[str]) -> list[tuple[str, str]]:
    """Return each sentence of a document, a list of sentences, with the next one.

    Raises ValueError for a document of fewer than two.
    """
    if len(document) < 2:
        raise ValueError(f"A pair needs two sentences; the document is {document}.")
    return list(pairwise(document))


def next_sentence_pairs(documents: list[list[str]]) -> list[tuple[str, str, int]]:
    """Return (first, second, label): does the second follow the first (0)?
    (Devlin et al. 2018, arXiv:1810.04805)

    For each label every sentence stands as often in its place: the second sentences
    of the true pairs are moved on, round the end, into another document. Raises
    ValueError for a document of one sentence, or of more than half of all pairs.
    """
    by_document = [adjacent_pairs(document) for document in documents]
    most = max(map(len, by_document))
    true = [pair for pairs in by_document for pair in pairs]
    if 2 * most > len(true):
        raise ValueError(f"One document has {most} of {len(true)} pairs, over half.")
    firsts, seconds = zip(*true, strict=True)
    moved = zip(firsts, seconds[most:] + seconds[:most], strict=True)
    return [(*pair, 0) for pair in true] + [(*pair, 1) for pair in moved]


def sentence_order_pairs(documents: list[list[str]]) -> list[tuple[str, str, int]]:
    """Return (first, second, label): are the two in their order (0), or swapped (1)?
    (Lan et al. 2019, arXiv:1909.11942)

    Raises ValueError for a document of one sentence.
    """
    true = [pair for document in documents for pair in adjacent_pairs(document)]
    return [(a, b, 0) for a, b in true] + [(b, a, 1) for a, b in true]
