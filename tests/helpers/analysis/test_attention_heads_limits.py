"""Weights, what they bring, and other weights that do the same."""

import numpy as np
import pytest
import scipy.optimize
import torch

from helpers.analysis.attention_heads import (
    head_values,
    norm_weighted_attention,
    other_map,
    smallest_top,
    vector_with,
)
from helpers.checkpoints.minilm import open_minilm

SENTENCE = "The river rose quickly and flooded the fields near the village."

STORY = [
    SENTENCE,
    "The doctor said that my father should drink less coffee and sleep more.",
    "They painted the kitchen yellow because the old paint looked dull.",
    "Nobody knows why the lights in the school went out last night.",
    "A small bird built its nest on the balcony of an empty flat.",
    "If tomorrow is sunny, her children will swim across the lake.",
    "He plays piano every evening after he has washed his dishes.",
    "Please send me both photos of your wedding as soon as you can.",
]


@pytest.fixture(scope="module")
def minilm():
    """MiniLM itself."""
    if (found := open_minilm()) is None:
        pytest.skip("MiniLM is not installed")
    return found


def random_head(T, D, sharpness=2.0):
    """Return weights (T, T) and values (T, D)."""
    generator = torch.Generator().manual_seed(0)
    scores = sharpness * torch.randn(T, T, generator=generator)
    return scores.softmax(dim=1), torch.randn(T, D, generator=generator)


# ---------------------------------------------------------------- other weights


def test_other_weights_bring_the_same_sums():
    weights, values = random_head(40, 4)
    other = other_map(weights, values)
    assert other.dtype == torch.float64 and other.shape == (40, 40)
    assert other.min() >= 0
    torch.testing.assert_close(other.sum(dim=1), torch.ones(40).double())
    wanted = weights.double() / weights.double().sum(dim=1, keepdim=True)
    gap = (other - wanted) @ values.double()
    assert gap.abs().max() < 1e-8
    assert (other - wanted).abs().sum(dim=1).min() > 0.1


def test_the_largest_weight_shrinks_as_far_as_it_can():
    # Keys 0 and 1 have the value 0 and share its weight as they like.
    values = torch.tensor([[0.0], [0.0], [1.0]])
    weights = torch.tensor([[0.6, 0.1, 0.3]]).expand(3, 3)
    wanted = torch.tensor([[0.0, 0.7, 0.3]]).expand(3, 3).double()
    torch.testing.assert_close(other_map(weights, values), wanted)


def test_each_query_has_a_largest_weight_of_its_own():
    values = torch.tensor([[0.0], [0.0], [1.0]])
    weights = torch.tensor([[0.1, 0.6, 0.3], [0.6, 0.1, 0.3], [0.2, 0.1, 0.7]])
    other = other_map(weights, values)
    assert other[0].tolist() == pytest.approx([0.7, 0, 0.3])
    assert other[1].tolist() == pytest.approx([0, 0.7, 0.3])
    assert other[2, 2].item() == pytest.approx(0.7)


def test_few_tokens_leave_no_choice():
    weights, values = random_head(5, 8)
    torch.testing.assert_close(other_map(weights, values), weights.double())


@pytest.mark.parametrize(
    ("success", "answer", "wanted"),
    [(False, None, [0.25, 0.75]), (True, np.array([1.0, -1e-11]), [1.0, 0.0])],
)
def test_what_the_solver_says_is_made_weights(monkeypatch, success, answer, wanted):
    found = scipy.optimize.OptimizeResult(success=success, x=answer)

    def linprog(cost, A_eq, b_eq, options):
        assert options == {"primal_feasibility_tolerance": 1e-10}
        return found

    monkeypatch.setattr(scipy.optimize, "linprog", linprog)
    row = smallest_top(np.array([0.5, 1.5]), np.ones((2, 3)))
    assert row.tolist() == wanted


# ---------------------------------------------------------------- MiniLM's heads


@pytest.mark.parametrize(("layer", "head"), [(0, 2), (5, 11), (3, 0)])
def test_values_are_what_the_layer_adds_up(minilm, layer, head):
    seen = []
    dense = minilm.model.encoder.layer[layer].attention.output.dense
    with dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][0])):
        own = minilm.attention(SENTENCE)[layer, head]
    mixed = seen[0][:, 32 * head : 32 * (head + 1)]
    torch.testing.assert_close(own @ head_values(minilm, SENTENCE, layer, head), mixed)


@pytest.mark.parametrize(("layer", "head"), [(0, 2), (5, 11)])
def test_a_heads_own_map_changes_nothing_and_another_does(minilm, layer, head):
    before = minilm.sentence_vector(SENTENCE)
    own = minilm.attention(SENTENCE)[layer, head]
    same = vector_with(minilm, SENTENCE, layer, head, own)
    torch.testing.assert_close(same, before, rtol=0, atol=1e-6)
    even = torch.full_like(own, 1 / len(own)).double()
    changed = vector_with(minilm, SENTENCE, layer, head, even)
    assert changed.shape == (384,) and 1e-4 < 1 - changed @ before < 0.2


def test_only_the_one_head_is_exchanged_and_only_once(minilm):
    before = minilm.sentence_vector(SENTENCE)
    own = minilm.attention(SENTENCE)
    layer = minilm.model.encoder.layer[2].attention
    vector_with(minilm, SENTENCE, 2, 7, torch.zeros_like(own[2, 7]))
    assert torch.equal(minilm.sentence_vector(SENTENCE), before)
    assert not layer.self.value._forward_hooks
    assert not layer.output.dense._forward_pre_hooks
    # Without its values a head adds nothing: the same as no columns for it.
    silent = vector_with(minilm, SENTENCE, 2, 7, torch.zeros_like(own[2, 7]))
    columns = layer.output.dense.weight[:, 7 * 32 : 8 * 32]
    kept = columns.clone()
    columns.zero_()
    wanted = minilm.sentence_vector(SENTENCE)
    columns.copy_(kept)
    torch.testing.assert_close(silent, wanted, rtol=0, atol=1e-6)


def test_shares_are_lengths_of_what_is_added(minilm):
    layer, head, query = 1, 11, 4
    shares = norm_weighted_attention(minilm, SENTENCE, layer, head)
    T = len(minilm.tokens(SENTENCE))
    assert shares.shape == (T, T) and shares.min() >= 0
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(T))
    weights = minilm.attention(SENTENCE)[layer, head, query]
    values = head_values(minilm, SENTENCE, layer, head)
    matrix = minilm.model.encoder.layer[layer].attention.output.dense.weight
    part = matrix[:, 32 * head : 32 * head + 32]
    lengths = torch.stack(
        [(w * part @ v).norm() for w, v in zip(weights, values, strict=True)]
    )
    torch.testing.assert_close(shares[query], lengths / lengths.sum())


def test_a_head_that_rests_on_cls_brings_little_of_it(minilm):
    weight = minilm.attention(SENTENCE)[2, 7, 1:-1, 0].mean()
    share = norm_weighted_attention(minilm, SENTENCE, 2, 7)[1:-1, 0].mean()
    assert weight > 0.5 and share < 0.2


def test_the_model_cannot_tell_another_map_of_the_same_sums(minilm):
    text = " ".join(STORY)
    own = minilm.attention(text)[2, 2]
    assert len(own) > 90
    values = head_values(minilm, text, 2, 2)
    other = other_map(own, values)
    shares = own.double() / own.double().sum(dim=1, keepdim=True)
    assert ((other - shares) @ values.double()).abs().max() < 2e-9
    assert (other.argmax(dim=1) != own.argmax(dim=1)).float().mean() > 0.5
    before = minilm.sentence_vector(text)
    after = vector_with(minilm, text, 2, 2, other)
    torch.testing.assert_close(after, before, rtol=0, atol=1e-6)
