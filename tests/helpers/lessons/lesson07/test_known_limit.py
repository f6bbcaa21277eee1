"""Both networks are asked what they should be, and one sees both sides."""

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import grammar
from helpers.lessons.lesson07 import known_limit as known
from helpers.models.transformer.gpt import GPT

IDS = grammar.sentences(100, 1, stop=known.STOP).ids


def test_next_words_are_the_inputs_moved_by_one():
    inputs, targets = next(known.next_words(IDS, 1))
    assert inputs.shape == targets.shape == (64, 15)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])


def test_hidden_words_are_masked_always_or_by_bert_s_rule():
    inputs, targets = next(known.hidden_words(IDS, 1))
    assert inputs.shape == (64, 16)
    asked = targets != known.IGNORED
    assert 0.1 < asked.float().mean() < 0.2
    assert torch.equal(inputs == known.MASK, asked)
    inputs, targets = next(known.hidden_words(IDS, 1, always=False))
    asked = targets != known.IGNORED
    masked = inputs == known.MASK
    assert 0.65 < masked.sum() / asked.sum() < 0.95
    assert not (masked & ~asked).any()
    same = inputs == targets
    assert 0 < same.sum() < (asked & ~masked).sum()


def test_an_encoder_sees_the_right_side_and_a_gpt_does_not():
    ids = IDS[None, :10]
    other = ids.clone()
    other[0, -1] = (ids[0, -1] + 1) % 33
    for kind, moves in ((known.Encoder, True), (GPT, False)):
        model = known.small(kind, 0).eval()
        gap = (model(ids)[0] - model(other)[0])[0, 0].abs().max()
        assert (gap > 1e-6) == moves


def test_training_is_recorded_for_both_and_lowers_the_loss():
    x = IDS.unfold(0, 16, 16)[:8]
    tests = {"next word": (x, 1.0, x), "hidden word": (x, 2.0, x)}
    steps = dict.fromkeys(tests, 12)

    def excess(logits, limit, targets):
        return logits.abs().mean().item() + 100 * limit

    device = torch.device("cpu")
    models, histories = known.learn_both(IDS, steps, 3, tests, excess, device)
    assert type(models["next word"]) is GPT
    assert type(models["hidden word"]) is known.Encoder
    for limit, history in zip((1, 2), histories.values(), strict=True):
        assert [step for step, _ in history.records] == [0, 12]
        assert all(100 * limit < x < 100 * limit + 50 for _, x in history.records)
        assert history.losses[-1] < history.losses[0]


def test_other_ids_and_short_texts_are_said():
    with pytest.raises(UserError, match="ids 0 to 32"):
        known.next_words(torch.tensor([1, 33] * 20), 0)
    with pytest.raises(UserError, match="longer text"):
        known.hidden_words(IDS[:10], 0)
