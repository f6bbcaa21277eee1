"""Fused kernels against the course's own blocks: outputs and all gradients."""

from copy import deepcopy

import pytest
import torch
from support.drawing import drawn
from torch import nn

from helpers.models.transformer.attention import (
    MultiHeadAttention,
    causal_mask,
    join_heads,
    split_heads,
)
from helpers.models.transformer.blocks import LayerNorm, Transformer
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.positions import rotate
from helpers.training.fused import (
    FusedAttention,
    FusedNorm,
    fused,
    turned,
    turns_of,
)

pytestmark = pytest.mark.usefixtures("seeded")
B, T, S, C, N, V = 3, 7, 5, 16, 4, 11


def results(model, *inputs, **masks):
    """Return the outputs, and the gradients of inputs and parameters."""
    inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    found = model(*inputs, **masks)
    y = found[0] if isinstance(found, tuple) else found
    (y * torch.linspace(-1, 1, y.numel()).view_as(y)).sum().backward()
    leaves = [x for x in inputs if x.requires_grad] + list(model.parameters())
    return [y.detach()] + [leaf.grad for leaf in leaves]


def assert_same(model, *inputs, **masks):
    """Assert that a model and its fused copy give the same, in float64."""
    model = drawn(model).double()
    pair = deepcopy(model), fused(deepcopy(model))
    wanted, found = (results(m, *inputs, **masks) for m in pair)
    assert [type(m) for m in pair[0].modules()] != [type(m) for m in pair[1].modules()]
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    assert any(g.abs().max() > 1e-3 for g in wanted[1:])


def seen(*shape):
    """Return a mask in which every query may look at something, but not at all."""
    mask = torch.rand(shape) > 0.5
    mask[..., 0] = True
    return mask


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("mask", [None, causal_mask(T), seen(B, T, T), seen(B, 1, T)])
def test_self_attention_is_the_same(rotary, mask):
    x = torch.randn(B, T, C, dtype=torch.float64)
    assert_same(MultiHeadAttention(C, N, rotary), x, may_see=mask)


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("mask", [None, seen(T, S), seen(B, T, S)])
def test_cross_attention_is_the_same(rotary, mask):
    x, source = (torch.randn(B, n, C, dtype=torch.float64) for n in (T, S))
    assert_same(MultiHeadAttention(C, N, rotary), x, source, may_see=mask)


def test_a_query_that_may_look_nowhere_reads_zeros():
    mask = seen(B, T, T)
    mask[1, 2] = False
    x = torch.randn(B, T, C, dtype=torch.float64)
    assert_same(MultiHeadAttention(C, N), x, may_see=mask)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_the_norm_is_the_same(eps):
    assert_same(LayerNorm(C, eps), 3 + torch.randn(B, T, C, dtype=torch.float64))


@pytest.mark.parametrize("longest", [T, None], ids=["table", "rotary"])
def test_a_gpt_is_the_same(longest):
    assert_same(GPT(V, C, N, 2, longest), torch.randint(V, (B, T)))


@pytest.mark.parametrize("norm_first", [False, True])
def test_an_encoder_and_decoder_are_the_same(norm_first):
    model = Transformer(C, N, 2, 1, 2 * C, norm_first=norm_first)
    inputs = (torch.randn(B, n, C, dtype=torch.float64) for n in (S, T))
    assert_same(model, *inputs, mask=causal_mask(T), cross_mask=seen(B, 1, S))


def test_in_float32_logits_differ_by_rounding_alone():
    model, ids = drawn(GPT(V, C, N, 3)), torch.randint(V, (B, 64))
    with torch.no_grad():
        wanted = model(ids)[0]
        assert (fused(model)(ids)[0] - wanted).abs().max() < 1e-5 * wanted.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_product_of_complex_numbers_is_a_rotation(dtype):
    x = torch.randn(B, 100, N * 8, dtype=dtype)
    wanted = join_heads(rotate(split_heads(x, N)))
    gap = 1e-6 if dtype == torch.float32 else 1e-14
    torch.testing.assert_close(turned(x, 8), wanted, rtol=0, atol=gap)
    again = turned(x, 8)  # from the table that was kept
    assert turned(x, 8).dtype == dtype and torch.equal(again, turned(x, 8))
    short = turned(x[:, :3], 8)
    torch.testing.assert_close(short, wanted[:, :3], rtol=0, atol=gap)
    part = turned(x[..., 8:24], 8)  # as queries lie beside values: not contiguous
    torch.testing.assert_close(part, wanted[..., 8:24], rtol=0, atol=gap)


def test_turns_have_length_1_and_are_computed_once():
    asked = 9, 8, 3, torch.complex64, torch.device("cpu")
    assert turns_of(*asked) is turns_of(*asked)
    assert turns_of(*asked).shape == (9, 3 * 4)
    torch.testing.assert_close(turns_of(*asked).abs(), torch.ones(9, 3 * 4))


def test_it_is_the_model_itself_with_its_own_parameters():
    model = GPT(V, C, N, 2)
    before = dict(model.named_parameters())
    assert fused(model) is model and fused(model) is model  # twice is no error
    after = dict(model.named_parameters())
    assert after.keys() == before.keys()
    assert all(after[name] is p for name, p in before.items())
    kinds = [type(m) for m in model.modules()]
    assert kinds.count(FusedAttention) == 2 and kinds.count(FusedNorm) == 5
    assert MultiHeadAttention not in kinds and LayerNorm not in kinds


def test_what_is_no_part_of_ours_stays():
    model = nn.Sequential(nn.LayerNorm(C), nn.Linear(C, C))
    kinds = [type(m) for m in model.modules()]
    assert [type(m) for m in fused(model).modules()] == kinds


def test_weights_are_not_kept():
    look = fused(MultiHeadAttention(C, N))
    assert look(torch.randn(B, T, C))[1] is None


def test_a_norm_that_a_page_has_built_is_fused_too():
    class LayerNorm(nn.Module):  # as lesson 05 does, whose kernel's module is this one
        __module__ = "__main__"

        def __init__(self, channels):
            super().__init__()
            self.eps = 1e-5
            self.weight = nn.Parameter(torch.ones(channels))
            self.bias = nn.Parameter(torch.zeros(channels))

    other = type("Another", (LayerNorm,), {"__module__": "__main__"})
    model = fused(nn.Sequential(LayerNorm(C), other(C)))
    assert [type(m) for m in model] == [FusedNorm, other]
    x = torch.randn(B, T, C)
    torch.testing.assert_close(model[0](x), nn.LayerNorm(C)(x))
