"""Models that lack a part: exactly that part, and nothing else."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.lessons.lesson05.ablation import ABLATIONS, ablated_gpt
from helpers.lessons.lesson05.cost_formulas import gpt_parameters
from helpers.models.transformer.attention import MultiHeadAttention, causal_mask
from helpers.models.transformer.blocks import LayerNorm
from helpers.models.transformer.gpt import GPT
from helpers.training.costs import parameter_count
from helpers.training.fused import fused

V, C, L, T = 7, 16, 2, 6
WHOLE = gpt_parameters(V, C, L, tied=False)


@torch.no_grad()
def large(model):
    """Return the model, its matrices ten times as large: GPT's look almost evenly."""
    for weight in model.parameters():
        weight.mul_(10 if weight.dim() == 2 else 1)
    return model


def without(part):
    torch.manual_seed(0)
    return large(ablated_gpt(part, V, C, 4, L))


def logits(model, ids_bt=None):
    torch.manual_seed(1)
    ids_bt = torch.randint(V, (2, T)) if ids_bt is None else ids_bt
    return model(ids_bt)[0]


def test_nothing_missing_is_a_gpt():
    torch.manual_seed(0)
    whole = fused(large(GPT(V, C, 4, L, tied=False)))
    assert torch.equal(logits(without("nothing")), logits(whole))


@pytest.mark.parametrize("part", [p for p in ABLATIONS[1:] if p != "wide FFN"])
def test_what_is_left_has_the_same_weights_and_says_something_else(part):
    whole, model = without("nothing"), without(part)
    theirs = whole.state_dict()
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, theirs[name]), name
    assert not torch.allclose(logits(model), logits(whole), atol=1e-4)


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ("heads", 0),
        ("positions", 0),
        ("residual", 0),
        ("wide FFN", L * (6 * C * C + 3 * C)),
        ("norm", (2 * L + 1) * 2 * C),
        ("attention", L * (4 * (C * C + C) + 2 * C)),
        ("FFN", L * (8 * C * C + 5 * C + 2 * C)),
    ],
)
def test_only_the_part_is_missing(part, missing):
    assert parameter_count(without(part)) == WHOLE - missing


def test_without_attention_the_past_makes_no_difference():
    ids = torch.randint(V, (2, T), generator=torch.Generator().manual_seed(5))
    other = (ids + 1) % V
    other[:, -1] = ids[:, -1]
    model = without("attention")
    assert torch.equal(logits(model, ids)[:, -1], logits(model, other)[:, -1])
    model = without("nothing")
    assert not torch.equal(logits(model, ids)[:, -1], logits(model, other)[:, -1])


@pytest.mark.parametrize("part", ["positions", "nothing"])
def test_without_positions_the_order_of_the_past_makes_none(part):
    ids = torch.arange(T)[None]
    swapped = ids[:, [1, 0, *range(2, T)]]
    model = ablated_gpt(part, V, C, 4, 1)  # in a second layer the causal mask tells
    nn.init.normal_(model.body.layers[0].self_attn.in_proj_weight)
    gap = (logits(model, ids) - logits(model, swapped))[:, -1].abs().max()
    assert (gap < 1e-6) == (part == "positions")


def test_without_heads_there_is_one_as_wide_as_all():
    looks = [layer.self_attn for layer in without("heads").body.layers]
    assert [look.n_heads for look in looks] == [1, 1]
    assert all(isinstance(look, MultiHeadAttention) for look in looks)


def test_without_norm_numbers_keep_their_size():
    model = without("norm")
    assert not [m for m in model.modules() if isinstance(m, LayerNorm)]


@pytest.mark.parametrize("part", ["residual", "FFN"])
def test_a_stripped_block_by_hand(part):
    block = without(part).body.layers[0]
    x, mask = torch.randn(2, T, C), causal_mask(T)
    assert block.self_attn.rotary and block.self_attn.n_heads == 4
    read = block.self_attn(block.norm1(x), may_see=mask)[0]
    if part == "residual":
        inner = F.gelu(block.linear1(block.norm2(read)), approximate="tanh")
        wanted = block.linear2(inner)
    else:
        wanted = x + read
    torch.testing.assert_close(block(x, mask), wanted)


def test_a_thinking_block_by_hand():
    block, x = without("attention").body.layers[0], torch.randn(2, T, C)
    inner = F.gelu(block.linear1(block.norm2(x)), approximate="tanh")
    torch.testing.assert_close(block(x), x + block.linear2(inner))


def test_an_unknown_part_is_named():
    with pytest.raises(ValueError, match="'soul' is none of nothing, heads"):
        ablated_gpt("soul", V)


def test_without_a_wide_network_it_is_as_narrow_as_the_block():
    for block in without("wide FFN").body.layers:
        assert block.linear1.weight.shape == block.linear2.weight.shape == (C, C)
