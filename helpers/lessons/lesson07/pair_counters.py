"""Counted words on pairs of sentences: what of a pretraining task they can solve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from helpers.data.text.libraries import Texts
from helpers.models.pretraining.pairs import sentences_of

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Pairs = list[tuple[str, str, int]]
STRENGTH = 0.3  # C of the linear model: chosen on draws that no page makes


def documents_in(texts: Sequence[str]) -> list[list[str]]:
    """Return the sentences of those texts that have two or more."""
    return [found for found in map(sentences_of, texts) if len(found) > 1]


def splits(
    tasks: Iterable[tuple[Texts, Texts]], seeds: Sequence[int], share: float = 0.75
) -> list[tuple[list, list]]:
    """Return (documents to learn from, documents to test on) for each seed: a share of
    those in the pools of all tasks, and all those in their test parts, both shuffled.
    """
    pools, tests = zip(*tasks, strict=True)
    learning, testing = (
        documents_in([text for part in parts for text in part.texts])
        for parts in (pools, tests)
    )
    n = round(share * len(learning))
    return [
        (Random(seed).sample(learning, n), Random(seed).sample(testing, len(testing)))
        for seed in seeds
    ]


def counted_right(
    features: Callable[[csr_matrix, csr_matrix], csr_matrix], train: Pairs, test: Pairs
) -> float:
    """Return the share of test pairs that a logistic regression tells right, 0 to 1.

    It sees `features(first, second)` of which words, among those of `train`, stand in
    a pair's sentences: 0 or 1, each (N, V), sparse.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    words = CountVectorizer(binary=True, token_pattern=r"\b\w+\b")
    words.fit([sentence for *pair, _ in train for sentence in pair])
    model = LogisticRegression(C=STRENGTH, max_iter=1000)

    def told(pairs: Pairs) -> tuple:
        firsts, seconds, labels = zip(*pairs, strict=True)
        return features(*map(words.transform, (firsts, seconds))), labels

    return model.fit(*told(train)).score(*told(test))


def told_by(
    ways: dict[str, Callable], maker: Callable[[list], Pairs], splits: Sequence[tuple]
) -> dict[str, list[float]]:
    """Return way -> shares of pairs told right, one for each split: the pairs that
    `maker` makes of its documents to learn from and to test on."""
    pairs = [tuple(map(maker, split)) for split in splits]
    return {name: [counted_right(way, *p) for p in pairs] for name, way in ways.items()}
