"""A state that holds the noun is read out, one that holds nothing is not."""

import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot

from helpers.data.tasks.grammar import is_plural, lexeme
from helpers.lessons.lesson03 import state_probe
from helpers.lessons.lesson03.state_probe import known_of_noun
from helpers.models.recurrent.lstm import LanguageModel


def noise(ids):
    """Return numbers (B, 4) that have nothing to do with the sentences."""
    generator = torch.Generator().manual_seed(len(ids[0]))
    return torch.randn(len(ids), 4, generator=generator)


def nothing(ids):
    """Return the same numbers for every sentence, (B, 4)."""
    return torch.tensor([0.1, -3.0, 0.0, 1e4]).expand(len(ids), 4)


def noun(ids):
    """Return which noun stands in each sentence, one-hot (B, 16)."""
    return one_hot(ids[:, 1] - 1, 16).float()


class Holding(nn.Module):
    """A "language model" whose state (h, c) is what two functions make of the ids."""

    def __init__(self, h, c):
        super().__init__()
        self.state, self.read = (h, c), []

    def forward(self, ids):
        self.read.append(ids)
        return None, tuple(part(ids)[None] for part in self.state)


@pytest.mark.parametrize("ask", [is_plural, lexeme])
@pytest.mark.parametrize("part", [0, 1])
def test_the_noun_is_known_from_the_part_that_holds_it(ask, part):
    model = Holding(noun, noise) if part == 0 else Holding(noise, noun)
    assert known_of_noun(model, part, ask, [2], seed=0) == [1.0]


@pytest.mark.parametrize("state", [noise, nothing])
def test_a_state_that_holds_nothing_gives_chance(state):
    model = Holding(noun, state)
    (number,) = known_of_noun(model, 1, is_plural, [2], seed=0)
    assert number == pytest.approx(1 / 2, abs=0.05)
    (kind,) = known_of_noun(model, 1, lexeme, [2], seed=0)
    assert kind == pytest.approx(1 / 8, abs=0.05)


def test_there_is_one_answer_for_each_gap_in_order():
    model = Holding(lambda ids: noun(ids) * (len(ids[0]) == 9), noise)
    far, near, middle = known_of_noun(model, 0, is_plural, (7, 0, 3), seed=0)
    assert far == 1.0 and max(middle, near) < 0.6


def test_a_faint_number_counts_as_much_as_a_loud_one():
    def faint(ids):
        return torch.cat([1e-3 * is_plural(ids[:, 1:2]), 100 * noise(ids)], dim=1)

    assert known_of_noun(Holding(faint, noise), 0, is_plural, [0], seed=0) == [1.0]


@pytest.mark.parametrize("part", [0, 1])
def test_a_language_model_knows_the_noun_it_has_just_read(part):
    torch.manual_seed(0)
    model = LanguageModel(33, nn.LSTM(16, 16, batch_first=True))
    assert known_of_noun(model, part, is_plural, [0], seed=0) == [1.0]


def test_every_gap_has_sentences_of_its_own_by_seed():
    model = Holding(noun, noise)
    for seed in (0, 0, 1):
        known_of_noun(model, 0, is_plural, [0, 3], seed)
    short, long, again, _, other, _ = model.read
    assert (short.shape, long.shape) == ((3_000, 2), (3_000, 5))
    assert not torch.equal(short[:, 1], long[:, 1])
    assert torch.equal(short, again) and not torch.equal(short, other)


def test_two_thousand_vectors_of_mean_0_and_spread_1_are_fitted(monkeypatch):
    calls = []

    def probe(vectors, labels, n_fit):
        calls.append((vectors, labels, n_fit))
        return 0.25

    monkeypatch.setattr(state_probe, "linear_probe", probe)
    model = Holding(noise, lambda ids: 5 * noise(ids) + 100)
    assert known_of_noun(model, 1, lexeme, [1], seed=0) == [0.25]
    vectors, labels, n_fit = calls[0]
    assert vectors.shape == (3_000, 4) and n_fit == 2_000
    assert vectors.mean(dim=0).abs().max() < 1e-4
    assert vectors.std(dim=0).tolist() == pytest.approx([1.0] * 4, abs=1e-4)
    assert torch.equal(labels, lexeme(model.read[0][:, 1]))
