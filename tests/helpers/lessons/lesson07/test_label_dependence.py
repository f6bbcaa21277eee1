"""Vectors of a network trained with labels, and the test that all vectors get."""

import pytest
import torch

from helpers.data.text.libraries import Texts
from helpers.lessons.lesson07 import label_dependence
from helpers.lessons.lesson07.label_dependence import (
    BATCH,
    FILLING,
    TOKENS,
    Vocabulary,
    batches,
    few_shot,
    new_network,
    reader,
    rivals,
)
from helpers.training.fit import fit

pytestmark = pytest.mark.usefixtures("seeded")

# Kind 0 has "red" in it, kind 1 "blue", kind 2 neither; every text is another one.
KINDS = ("the red one", "a blue one", "no colour here")
TEXTS = [f"{KINDS[i // 40]} {'very ' * (i % 7)}end" for i in range(120)]
POOL = Texts(TEXTS, torch.arange(120) // 40)
VOCABULARY = Vocabulary(TEXTS)


def test_words_that_stand_once_are_unknown_and_filling_is_no_word():
    vocabulary = Vocabulary(["Red, red!", "red blue", "Blue x"])
    assert len(vocabulary) == 4
    ids = vocabulary.encode(["blue x red", "RED"])
    assert ids.tolist() == [[3, 1, 2], [2, 0, 0]]
    assert vocabulary.encode(["red " * 60]).shape == (1, TOKENS)


def test_vectors_are_means_over_real_words_alone():
    network = new_network(VOCABULARY, 3, 0).eval()
    alone = network.vectors(VOCABULARY.encode(TEXTS[1:2]))
    beside = network.vectors(VOCABULARY.encode(TEXTS[:7]))[1:2]
    torch.testing.assert_close(alone, beside)
    states, _ = network.recurrent(network.embedding(VOCABULARY.encode(TEXTS[1:2])))
    torch.testing.assert_close(alone, states.mean(dim=1))
    ids = VOCABULARY.encode(TEXTS[:2])
    torch.testing.assert_close(network(ids), network.head(network.vectors(ids)))


def test_a_network_comes_from_its_seed_and_moves_no_other():
    before = torch.get_rng_state()
    one, same = new_network(VOCABULARY, 3, 1), new_network(VOCABULARY, 3, 1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.head.weight, same.head.weight)
    other = new_network(VOCABULARY, 3, 2)
    assert not torch.equal(one.head.weight, other.head.weight)


def test_batches_hold_every_text_once_and_no_useless_filling():
    served = batches(VOCABULARY, POOL, 0)
    epoch = [next(served) for _ in range(4)]
    assert [len(labels) for _, labels in epoch] == [
        BATCH,
        BATCH,
        BATCH,
        120 - 3 * BATCH,
    ]
    assert torch.cat([labels for _, labels in epoch]).bincount().tolist() == [40] * 3
    assert all((ids != FILLING).any(dim=0).all() for ids, _ in epoch)
    red = VOCABULARY.numbers["red"]
    for ids, labels in epoch:
        assert torch.equal((ids == red).any(dim=1), labels == 0)


def test_a_reader_asks_in_evaluation_mode_and_changes_nothing():
    network = new_network(VOCABULARY, 3, 0).train()
    vectors_of = reader(network, VOCABULARY)
    one = vectors_of(TEXTS[:5])
    assert torch.equal(one, vectors_of(TEXTS[:5]))
    assert network.training
    assert not one.requires_grad
    before = network.head.weight.clone()
    fit(network, batches(VOCABULARY, POOL, 0), 2)
    assert not torch.equal(before, network.head.weight)
    assert not torch.equal(one, vectors_of(TEXTS[:5]))


def test_makers_are_the_same_networks_before_and_after_training():
    before = torch.get_rng_state()
    makers = label_dependence.vector_makers(POOL, 20, [3, 4], torch.device("cpu"))
    assert torch.equal(torch.get_rng_state(), before)
    start = reader(new_network(VOCABULARY, 3, 3), VOCABULARY)(TEXTS)
    assert torch.equal(makers["untrained"][0](TEXTS), start)
    trained = [maker(TEXTS) for maker in makers["trained on A"]]
    assert not torch.equal(*trained)
    again = label_dependence.vector_makers(POOL, 20, [4], torch.device("cpu"))
    assert torch.equal(again["trained on A"][0](TEXTS), trained[1])
    told = few_shot(makers["trained on A"][0], POOL, POOL, 0, n=1)
    assert told[0] > few_shot(makers["untrained"][0], POOL, POOL, 0, n=1)[0] - 0.01


def red_or_blue(texts):
    return torch.tensor([["red" in text, "blue" in text] for text in texts]).float()


def test_few_labels_are_enough_where_vectors_tell_and_useless_where_not():
    told = few_shot(red_or_blue, POOL, POOL, 0, n=5, k=8)
    assert told == [1.0] * 5
    guessed = few_shot(lambda texts: torch.zeros(len(texts), 2), POOL, POOL, 0, n=2)
    assert guessed == pytest.approx([1 / 3] * 2)


def test_few_shot_is_judged_on_the_test_texts():
    wrong = Texts(POOL.texts, (POOL.labels + 1) % 3)
    assert few_shot(red_or_blue, POOL, wrong, 0, n=1) == [0.0]


def test_rivals_are_counted_words_and_minilm_where_it_is(monkeypatch):
    pool = Texts(TEXTS * 2, torch.cat([POOL.labels] * 2))
    assert set(rivals(None, pool, POOL, 0)) == {"counted words"}
    asked = []

    def frozen(minilm):
        def vectors_of(texts):
            asked.append(len(texts))
            return red_or_blue(texts)

        return vectors_of

    monkeypatch.setattr(label_dependence, "FrozenMiniLM", frozen)
    found = rivals("MiniLM", pool, POOL, 0)
    assert found["MiniLM"] == [1.0, 1.0]
    assert asked == [24, 48, 48]
    assert len(found["counted words"]) == 5
    assert min(found["counted words"]) > 0.9
