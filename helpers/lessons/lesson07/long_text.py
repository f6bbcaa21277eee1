"""Texts longer than MiniLM reads: real paragraphs around one sentence that decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.checkpoints.minilm import LONGEST, MiniLM
from helpers.core.errors import UserError
from helpers.data.text.docstrings import docs

# Half of a sentence, and the same in other words. Neither half decides alone.
CAUSES = (
    ("Because the old bridge stayed shut all winter", "The bridge was closed"),
    ("Because the grapes were ripe three weeks early", "The grapes ripened too soon"),
    ("Because half the village had a fever", "Many villagers fell ill"),
    ("Because nobody found the key to the tower", "The tower's key was lost"),
)
EFFECTS = (
    ("the wedding was held on a boat.", "the couple married on a boat."),
    ("the school bought a donkey.", "the pupils got a donkey."),
    ("the baker repaired all the clocks.", "a baker mended the clocks."),
    ("the mayor sent for an orchestra.", "the mayor called in an orchestra."),
)
FACTS = [f"{cause}, {effect}" for (cause, _), (effect, _) in product(CAUSES, EFFECTS)]
ASKED = [
    f"{cause}, so {effect}" for (_, cause), (_, effect) in product(CAUSES, EFFECTS)
]
TOKENS = 200  # of a text, without [CLS] and [SEP]


def bare_ids(minilm: MiniLM, text: str) -> list[int]:
    """Return the token ids of a text, not cut, without [CLS] and [SEP]."""
    minilm.tokenizer.no_truncation()
    try:
        return minilm.tokenizer.encode(text, add_special_tokens=False).ids
    finally:
        minilm.tokenizer.enable_truncation(LONGEST)


def fillings(minilm: MiniLM, n: int, seed: int) -> list[list[int]]:
    """Return `n` stretches of TOKENS token ids of real prose, Python's documentation,
    which begin with a paragraph."""
    texts = [paragraph.text for paragraph in docs("python")]
    Random(seed).shuffle(texts)
    found, rest = [], iter(texts)
    while len(found) < n:
        ids = []
        while len(ids) < TOKENS:
            ids += bare_ids(minilm, next(rest))
        found.append(ids[:TOKENS])
    return found


def hidden_at(
    minilm: MiniLM, facts: Sequence[str], place: int, seed: int
) -> list[list[int]]:
    """Return one text of TOKENS token ids for each fact: the fact's middle token stands
    at `place`, real prose around it."""
    texts = fillings(minilm, len(facts), seed)
    for text, fact in zip(texts, facts, strict=True):
        ids = bare_ids(minilm, fact)
        start = place - len(ids) // 2
        text[start : start + len(ids)] = ids
    return texts


@torch.no_grad()
def window_vectors(
    minilm: MiniLM, ids: Sequence[int], windows: Sequence[tuple[int, int]]
) -> Tensor:
    """Return MiniLM's vector of each window (start, stop) of a text, (W, C), each read
    between its own [CLS] and [SEP]. Windows of one text may differ in length."""
    cls, sep = minilm.tokenizer.encode("").ids
    rows = [[cls, *ids[start:stop], sep] for start, stop in windows]
    return torch.stack([minilm.vector_of(torch.tensor(row)) for row in rows])


def best_window(question_c: Tensor, windows_wc: Tensor) -> Tensor:
    """Return how near a question is to the nearest of a text's windows."""
    return (windows_wc @ question_c).max()


def mean_window(question_c: Tensor, windows_wc: Tensor) -> Tensor:
    """Return how near a question is to the mean of a text's windows."""
    return F.normalize(windows_wc.mean(dim=0), dim=0) @ question_c


def found(
    pooled: Callable[[Tensor, Tensor], Tensor],
    questions_nc: Tensor,
    texts: Sequence[Tensor],
) -> list[bool]:
    """Return of each question whether its own text, the one of the same place, is
    nearest; a text is the vectors of its windows, (W, C)."""
    near_nn = torch.stack(
        [torch.stack([pooled(q, windows) for windows in texts]) for q in questions_nc]
    )
    return (near_nn.argmax(dim=1) == torch.arange(len(texts))).tolist()


def read_whole(minilm: MiniLM, text: str) -> Tensor:
    """Return MiniLM's vector of a text that may be longer than LONGEST, (C,). Raises
    UserError for one with more tokens than there are positions."""
    ids, positions = bare_ids(minilm, text), minilm.model.config.max_position_embeddings
    if len(ids) + 2 > positions:
        raise UserError(
            f"The text has {len(ids) + 2} tokens with [CLS] and [SEP], and MiniLM has "
            f"{positions} positions; cut it into windows."
        )
    return window_vectors(minilm, ids, [(0, len(ids))])[0]


def windows(n: int, size: int, overlap: int) -> list:
    """Return [(start, stop), ...], stop not included: windows of `size` that cover n
    tokens, each sharing `overlap` with the one before; the last may be shorter."""
    found, start = [], 0
    while True:
        found.append((start, min(start + size, n)))
        if start + size >= n:
            return found
        start += size - overlap
