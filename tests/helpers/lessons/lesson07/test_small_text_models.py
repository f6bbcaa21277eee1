"""Small text models: what fills up is not read, rates are chosen on a part aside."""

import math
from itertools import islice

import pytest
import torch

from helpers.data.text.libraries import Texts
from helpers.lessons.lesson07 import small_text_models
from helpers.lessons.lesson07.small_text_models import (
    END,
    PAD,
    UNKNOWN,
    GPTClassifier,
    MeanOfWords,
    Vocabulary,
    answers,
    gpt_features,
    held_out_loss,
    mean_of_real,
    next_word_loss,
    parts,
    pretrained_gpt,
    served,
    tiny_gpt,
    trained,
)

TEXTS = Texts(
    ["red apple", "red plum tart", "red cherry"] * 4 + ["blue sea", "blue sky"] * 6,
    torch.arange(2).repeat_interleave(12),
)


@pytest.fixture(scope="module")
def vocabulary():
    return Vocabulary(TEXTS.texts, 50)


def test_words_are_numbered_by_frequency_and_the_rest_is_unknown():
    vocabulary = Vocabulary(["b a b", "a c b"], 2, longest=3)
    assert vocabulary.ids == {"b": 3, "a": 4} and len(vocabulary) == 5
    assert vocabulary.encode("A b c").tolist() == [4, 3, UNKNOWN]
    assert vocabulary.encode("b b b b b").tolist() == [3, 3, 3]
    assert vocabulary.encode("!").tolist() == [UNKNOWN]
    assert vocabulary.batch(["b", "a b"]).tolist() == [[3, PAD], [4, 3]]


def test_the_mean_leaves_out_what_fills_up():
    x = torch.tensor([[[2.0], [4.0], [9.0]]])
    assert mean_of_real(x, torch.tensor([[3, 4, PAD]])).item() == 3


def test_no_model_reads_what_fills_up(vocabulary):
    alone, filled = (
        vocabulary.batch(["red plum"]),
        vocabulary.batch(["red plum", "a b c d"]),
    )
    gpt = tiny_gpt(len(vocabulary), 0)
    torch.testing.assert_close(
        gpt_features(gpt, filled)[0], gpt_features(gpt, alone)[0], rtol=0, atol=1e-5
    )
    mean = MeanOfWords(len(vocabulary), 3).eval()
    torch.testing.assert_close(mean(filled)[0], mean(alone)[0])
    assert mean(filled).shape == (2, 3)


def test_a_gpt_classifier_starts_by_saying_nothing_and_reads_its_states(vocabulary):
    gpt = tiny_gpt(len(vocabulary), 1)
    model = GPTClassifier(gpt, 4)
    ids = vocabulary.batch(["red plum", "blue"])
    assert model(ids).shape == (2, 4) and model(ids).count_nonzero() == 0
    states = gpt_features(gpt, ids)
    hidden = []
    handle = gpt.head.register_forward_pre_hook(lambda _, x: hidden.append(x[0]))
    gpt(ids[1:, :1])
    handle.remove()
    torch.testing.assert_close(states[1:], hidden[0][:, 0], rtol=0, atol=1e-5)


def test_a_tiny_gpt_starts_with_positions_as_small_as_words():
    gpt = tiny_gpt(500, 2)
    spread = [
        e.weight.std().item() for e in (gpt.embedding.tokens, gpt.embedding.positions)
    ]
    assert spread == pytest.approx([0.02, 0.02], rel=0.05)
    assert torch.equal(gpt.head.weight, tiny_gpt(500, 2).head.weight)


def test_batches_hold_every_text_once_before_any_again(vocabulary):
    got = list(islice(served(vocabulary, TEXTS, 3, size=10), 3))
    assert [len(labels) for _, labels in got] == [10, 10, 4]
    assert torch.cat([labels for _, labels in got]).bincount().tolist() == [12, 12]
    first = vocabulary.ids["red"]
    for ids, labels in got:
        assert torch.equal((ids[:, 0] == first).long(), 1 - labels)


def test_a_quarter_of_each_class_is_set_aside():
    learn, choose = parts(TEXTS)
    assert learn.labels.bincount().tolist() == [9, 9]
    assert choose.labels.bincount().tolist() == [3, 3]
    assert choose.texts[:3] == [TEXTS.texts[i] for i in (0, 4, 8)]


def test_the_best_rate_is_chosen_and_all_texts_are_learned(vocabulary, monkeypatch):
    seen = []

    def fit(model, batches, steps, lr, clip):
        _, labels = next(batches)
        seen.append((lr, len(labels), steps))
        model.fc.bias.data = torch.tensor([0.0, 0.0]) + (lr == 0.5)
        model.rate = lr

    losses = iter((0.7, 0.2, 0.9))
    monkeypatch.setattr(small_text_models, "fit", fit)
    monkeypatch.setattr(small_text_models, "held_out_loss", lambda *_: next(losses))
    make = lambda: MeanOfWords(len(vocabulary), 2)  # noqa: E731
    model = trained(make, vocabulary, TEXTS, 1, 7, (0.1, 0.5, 0.9))
    assert seen == [(0.1, 18, 7), (0.5, 18, 7), (0.9, 18, 7), (0.5, 24, 7)]
    assert model.rate == 0.5 and not model.training


def test_what_is_easy_is_learned_and_answered_in_order(vocabulary):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    make = lambda: MeanOfWords(len(vocabulary), 2)  # noqa: E731
    model = trained(make, vocabulary, TEXTS, 0, 40, (3e-2,))
    assert torch.equal(torch.get_rng_state(), before)
    logits = answers(model, vocabulary, TEXTS.texts)
    assert torch.equal(logits.argmax(dim=1), TEXTS.labels)
    assert held_out_loss(model, vocabulary, TEXTS) < 0.3
    model.train()
    assert torch.equal(answers(model, vocabulary, TEXTS.texts), logits)
    assert model.training


def test_pretraining_learns_the_next_word_texts_apart(vocabulary, monkeypatch):
    served_ids = []
    real = small_text_models.random_windows

    def windows(ids_t, *settings):
        served_ids.append(ids_t)
        return real(ids_t, *settings)

    monkeypatch.setattr(small_text_models, "random_windows", windows)
    gpt, loss = pretrained_gpt(vocabulary, TEXTS.texts * 4, 0, 6, 1e-2)
    ids = served_ids[0].tolist()
    assert ids.count(END) == 96 and ids[2] == END
    start = next_word_loss(
        tiny_gpt(len(vocabulary), 0), next(real(served_ids[0], 8, 48, 1))
    )
    assert loss < start.item() == pytest.approx(math.log(len(vocabulary)), abs=0.3)
    assert not gpt.training
