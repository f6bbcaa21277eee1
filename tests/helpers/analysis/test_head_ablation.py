"""Heads of a Llama that are watched, and heads that are removed."""

import pytest
import torch

from helpers.analysis.head_ablation import kept_weights, without_heads
from helpers.models.llama.blocks import Llama, Sizes

SIZES = Sizes(
    symbols=20, channels=24, layers=3, n_heads=6, kv_heads=3, inner=8, base=100.0
)
IDS = torch.arange(10).reshape(2, 5)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Llama(SIZES).requires_grad_(False)


def hooks(model) -> int:
    modules = list(model.modules())
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules)


def test_each_layer_s_weights_are_kept_once_a_pass(model):
    with kept_weights(model) as kept:
        model(IDS)
        model(IDS[:1, :3])
    assert [w.shape for w in kept[0]] == [(2, 6, 5, 5), (1, 6, 3, 3)]
    assert len(kept) == 3
    assert not torch.equal(kept[0][0], kept[2][0])
    assert torch.allclose(kept[1][0].sum(dim=-1), torch.ones(2, 6, 5))
    assert hooks(model) == 0


def test_a_removed_head_is_one_whose_columns_of_o_proj_are_zero(model):
    with without_heads(model, [(1, 2), (1, 4), (2, 0)]):
        removed = model(IDS)[0]
    whole = model(IDS)[0]
    assert hooks(model) == 0
    for layer, head in [(1, 2), (1, 4), (2, 0)]:
        model.layers[layer].self_attn.o_proj.weight[:, 4 * head : 4 * head + 4] = 0
    assert torch.allclose(removed, model(IDS)[0], atol=1e-6)
    assert not torch.allclose(removed, whole, atol=1e-3)


def test_no_heads_change_nothing_and_keep_the_input(model):
    with without_heads(model, []):
        assert torch.equal(model(IDS)[0], model(IDS)[0])
    joined = torch.ones(1, 2, 24)
    with without_heads(model, [(0, 1)]):
        model.layers[0].self_attn.o_proj(joined)
    assert joined.min() == 1


def test_a_head_that_is_not_there_is_refused(model):
    with pytest.raises(IndexError, match="head 6 of 6"), without_heads(model, [(0, 6)]):
        pass
    with pytest.raises(IndexError), without_heads(model, [(3, 0)]):
        pass
    assert hooks(model) == 0


def test_hooks_go_with_an_error(model):
    with pytest.raises(ValueError), kept_weights(model), without_heads(model, [(0, 1)]):
        raise ValueError
    assert hooks(model) == 0
