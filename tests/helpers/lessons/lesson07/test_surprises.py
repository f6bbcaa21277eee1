"""The twelve sentences, and what is measured on them, held against by-hand versions."""

import pytest
import torch
import torch.nn.functional as F

from helpers.checkpoints.minilm import open_minilm
from helpers.lessons.lesson07.surprises import (
    TEXTS,
    WAYS,
    between,
    cls_by_layer,
    found_first,
    vectors,
    weights_by_place,
    words_shuffled,
)

minilm = open_minilm()
needs_minilm = pytest.mark.skipif(minilm is None, reason="MiniLM is not installed")
TWO = TEXTS["sentence"][:2]


def test_twelve_sentences_in_seven_ways():
    assert {way: len(TEXTS[way]) for way in WAYS} == dict.fromkeys(WAYS, 12)
    assert len({text for texts in TEXTS.values() for text in texts}) == 84
    pairs = zip(TEXTS["sentence"], TEXTS["exchanged"], strict=True)
    assert all(sorted(a.lower().split()) == sorted(b.lower().split()) for a, b in pairs)
    assert all("never" in text or " not " in text for text in TEXTS["negated"])


def test_shuffled_words_are_the_same_words():
    shuffled = words_shuffled(TWO, seed=1)
    assert shuffled == words_shuffled(TWO, seed=1) != words_shuffled(TWO, seed=2)
    for one, other in zip(TWO, shuffled, strict=True):
        assert one != other and sorted(one.split()) == sorted(other.split())


@needs_minilm
def test_with_positions_kept_they_are_minilms_own_vectors():
    own = torch.stack([minilm.sentence_vector(text) for text in TWO])
    assert torch.allclose(vectors(minilm, TWO), own, atol=1e-5)


@needs_minilm
def test_without_positions_order_is_nothing():
    one, other = vectors(minilm, ["the dog ran", "ran dog the"], "none")
    assert torch.allclose(one, other, atol=1e-5)
    one, other = vectors(minilm, ["the dog ran", "ran dog the"])
    assert not torch.allclose(one, other, atol=1e-2)


@needs_minilm
def test_shuffled_positions_depend_on_the_seed():
    one, again, other = (vectors(minilm, TWO, "shuffled", k) for k in (1, 1, 2))
    assert torch.equal(one, again) and not torch.allclose(one, other, atol=1e-3)
    with pytest.raises(KeyError):
        vectors(minilm, TWO, "reversed")


def test_found_and_between():
    texts = torch.eye(3)
    assert found_first(texts[[0, 2, 1]], texts) == pytest.approx(1 / 3)
    three = F.normalize(torch.tensor([[1.0, 0], [1, 1], [0, 1]]), dim=1)
    assert between(three).tolist() == pytest.approx([0.5**0.5, 0, 0.5**0.5], abs=1e-6)


@needs_minilm
def test_cls_is_the_first_state_of_every_layer():
    found = cls_by_layer(minilm, TWO)
    assert found.shape == (7, 2, 384)
    alone = minilm.model(minilm.encode(TWO[0])[0][None], output_hidden_states=True)
    last = F.normalize(alone.hidden_states[6][0, 0], dim=0)
    assert torch.allclose(found[6, 0], last, atol=1e-4)
    assert torch.allclose(found[0, 0], found[0, 1], atol=1e-6)


def test_weights_are_those_of_the_sum():
    base = dict(zip("abcd", torch.eye(4), strict=True))
    weight = torch.tensor([3.0, 2.0, 1.0])

    def vectors_of(texts):
        parts = [[base[name] for name in text.split()] for text in texts]
        return torch.stack(
            [sum(w * p for w, p in zip(weight, row, strict=False)) for row in parts]
        )

    found = weights_by_place(vectors_of, list("abcd"), 3)
    expected = (weight / weight.sum()).expand(4, 3)
    assert torch.allclose(found, expected, atol=1e-5)
