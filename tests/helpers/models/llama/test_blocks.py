"""Llama's parts against what is known, and the whole against transformers'."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.checkpoints.library_llama import (
    as_functions,
    library_llama,
    rows_in_halves,
)
from helpers.models.llama import blocks
from helpers.models.llama.blocks import Llama, RMSNorm, Sizes, SwiGLU
from helpers.models.transformer.attention import attend, causal_mask
from helpers.models.transformer.positions import rotate
from helpers.page.parity import largest_gap, largest_module_gap, with_same_weights

SMALL = Sizes(symbols=31, channels=24, layers=2, n_heads=6, kv_heads=2, inner=20)
torch.manual_seed(0)


def small() -> Llama:
    """Return a small model in float64, every weight drawn."""
    model, g = Llama(SMALL).double(), torch.Generator().manual_seed(1)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.4, generator=g)
    return model


def normal(*shape):
    return torch.randn(shape, dtype=torch.float64)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_the_norm_is_pytorch_s(eps):
    pair = with_same_weights(RMSNorm(7, eps).double(), nn.RMSNorm(7, eps).double())
    assert largest_module_gap(*pair, normal(2, 3, 7) + 1) < 1e-12


def test_the_gate_opens_what_goes_up():
    net, x = SwiGLU(5, 9).double(), normal(2, 3, 5)
    gate = x @ net.gate_proj.weight.T
    opened = gate * gate.sigmoid() * (x @ net.up_proj.weight.T)
    assert torch.allclose(net(x), opened @ net.down_proj.weight.T)


def test_pairs_turn_as_in_lesson_05_and_from_any_position():
    x = normal(2, 3, 7, 8)
    cos, sin = blocks.turns(0, 7, 8, base=10_000.0)
    assert largest_gap(lambda x: blocks.turn_pairs(x, cos, sin), rotate, x) < 1e-12
    later = blocks.turns(4, 3, 8, base=10_000.0)
    assert torch.allclose(
        blocks.turn_pairs(x[..., 4:, :], *later), rotate(x)[..., 4:, :]
    )


@pytest.mark.parametrize("mask", [None, causal_mask(5), torch.rand(5, 5) < 0.5])
def test_shared_heads_read_as_copied_ones_do(mask):
    q, k, v = normal(2, 6, 5, 8), normal(2, 2, 5, 8), normal(2, 2, 5, 8)
    copies = (part.repeat_interleave(3, dim=1) for part in (k, v))
    found = zip(
        blocks.attend_shared(q, k, v, mask), attend(q, *copies, mask), strict=True
    )
    assert all(torch.allclose(a, b) for a, b in found)


def test_no_biases_and_the_size_of_smollm2():
    with torch.device("meta"):
        model = Llama(Sizes())
    assert sum(p.numel() for p in model.parameters()) == 134_515_008
    assert {name.rpartition(".")[2] for name, _ in model.named_parameters()} == {
        "weight"
    }


def test_logits_and_gradients_are_transformers():
    model, ids = small(), torch.randint(31, (2, 9))
    ids[0, 2] = 0  # the library's usual padding, where it has one
    pair = as_functions(model, library_llama(model), ids, rows_in_halves)
    assert largest_gap(*pair, *model.parameters(), mean=True) < 1e-5


def test_logits_of_pieces_are_those_of_the_whole():
    model, ids = small(), torch.randint(31, (2, 9))
    whole, kept = model(ids)
    past, parts = None, []
    for piece in ids.split([4, 1, 3, 1], dim=1):
        logits, past = model(piece, past)
        parts.append(logits)
    assert torch.allclose(torch.cat(parts, dim=1), whole, atol=1e-12)
    assert (
        [k.shape for k, _ in past] == [k.shape for k, _ in kept] == [(2, 2, 9, 4)] * 2
    )


def test_the_text_so_far_decides_and_a_mask_may_say_more():
    model, ids = small(), torch.randint(31, (1, 6))
    other = torch.cat([ids[:, :5], (ids[:, 5:] + 1) % 31], dim=1)
    assert torch.equal(model(ids)[0][:, :5], model(other)[0][:, :5])
    itself = torch.eye(6, dtype=torch.bool)
    alone = torch.stack([model(ids[:, i : i + 1])[0][0, 0] for i in range(6)])
    # Alone, each stands at position 0; where it sees itself only, that is the same.
    assert torch.allclose(model(ids, may_see_ts=itself)[0][0], alone)


def test_what_hooks_are_given():
    model, seen = small(), {}
    layer = model.layers[1]
    layer.self_attn.register_forward_hook(lambda m, i, out: seen.update(attention=out))
    layer.self_attn.o_proj.register_forward_pre_hook(
        lambda m, i: seen.update(heads=i[0])
    )
    layer.register_forward_hook(lambda m, i, out: seen.update(stream=out[0]))
    logits, _ = model(torch.randint(31, (2, 5)))
    weights = seen["attention"][1]
    assert weights.shape == (2, 6, 5, 5)
    assert torch.allclose(weights.sum(dim=-1), torch.ones(2, 6, 5).double())
    assert seen["heads"].shape == seen["stream"].shape == (2, 5, 24)
    head = F.linear(model.norm(seen["stream"]), model.embed_tokens.weight)
    assert torch.equal(head, logits)
