"""Texts longer than the limit: where the sentence stands, what a window reads."""

from itertools import pairwise

import pytest
import torch

from helpers.checkpoints.minilm import open_minilm
from helpers.core.errors import UserError
from helpers.lessons.lesson07 import long_text
from helpers.lessons.lesson07.long_text import (
    ASKED,
    FACTS,
    TOKENS,
    bare_ids,
    best_window,
    found,
    hidden_at,
    mean_window,
    read_whole,
    window_vectors,
)

minilm = open_minilm()
needs_minilm = pytest.mark.skipif(minilm is None, reason="MiniLM is not installed")


class Prose:
    text = "Nothing of this matters to anyone at all. " * 3


@pytest.fixture(autouse=True)
def prose(monkeypatch):
    monkeypatch.setattr(long_text, "docs", lambda library: [Prose()] * 200)


def test_neither_half_decides():
    assert len(set(FACTS)) == len(set(ASKED)) == 16
    causes = [fact.split(",")[0] for fact in FACTS]
    effects = [fact.split(",")[1] for fact in FACTS]
    assert all(causes.count(one) == 4 for one in causes)
    assert all(effects.count(one) == 4 for one in effects)


@needs_minilm
def test_the_middle_of_the_fact_is_at_its_place():
    texts = hidden_at(minilm, FACTS[:3], 100, seed=0)
    for text, fact in zip(texts, FACTS, strict=False):
        ids = bare_ids(minilm, fact)
        start = 100 - len(ids) // 2
        assert text[start : start + len(ids)] == ids and len(text) == TOKENS
        assert ids[0] not in text[:start]


@needs_minilm
def test_a_window_is_read_between_its_own_ends():
    text = "The dog ran. The cat slept."
    ids = bare_ids(minilm, text)
    whole, first = window_vectors(minilm, ids, [(0, len(ids)), (0, 4)])
    assert torch.allclose(whole, minilm.sentence_vector(text), atol=1e-6)
    assert torch.allclose(first, minilm.sentence_vector("The dog ran."), atol=1e-6)


@needs_minilm
def test_bare_ids_are_not_cut_and_the_limit_stays():
    assert len(bare_ids(minilm, "rain " * 300)) == 300
    assert len(minilm.tokenizer.encode("rain " * 300).ids) == 128


def test_the_nearest_window_and_the_mean():
    question = torch.tensor([1.0, 0.0])
    windows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert best_window(question, windows) == 1
    assert mean_window(question, windows) == pytest.approx(5**-0.5)
    other = torch.tensor([[0.8, 0.6]])
    both = torch.stack([question, torch.tensor([0.6, 0.8])])
    assert found(best_window, both, [windows, other]) == [True, True]
    assert found(mean_window, both, [windows, other]) == [False, False]


@needs_minilm
def test_behind_the_last_position_nothing_is_read():
    assert read_whole(minilm, "rain " * 510).shape == (384,)
    with pytest.raises(UserError, match=r"513 tokens .* 512 positions; cut"):
        read_whole(minilm, "rain " * 511)


def test_facts_are_told_apart_by_pairs():
    assert all(one != after for one, after in pairwise(FACTS))
