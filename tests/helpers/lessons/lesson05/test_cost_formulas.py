"""The formulas of what a Transformer costs, against what is counted."""

import pytest
import torch

from helpers.lessons.lesson05.cost_formulas import (
    decoder_parameters,
    gpt_flops,
    gpt_parameters,
    layer_flops,
    layer_parameters,
    token_flops,
)
from helpers.models.transformer.blocks import DecoderLayer, EncoderLayer
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.kv_cache import Cached
from helpers.training.costs import flops, parameter_count

SIZES = [(8, 2, None), (8, 4, 8), (12, 3, 20)]
V, LAYERS = 11, 3
sizes = pytest.mark.parametrize(("C", "N", "inner"), SIZES)


def cached_flops(T, C, layers, V, inner=None):
    """Return the FLOPs of a GPT's forward pass over the T-th symbol, with its logits,
    and a KV-cache of the T - 1 before it."""
    return layers * token_flops(T - 1, C, inner) + 2 * C * V


@sizes
def test_a_blocks_parameters_are_those_counted(C, N, inner):
    block = EncoderLayer(C, N, inner or 4 * C)
    assert layer_parameters(C, inner) == parameter_count(block)
    decoder = DecoderLayer(C, N, inner or 4 * C)
    assert decoder_parameters(C, inner) == parameter_count(decoder)


def test_at_four_times_the_width_they_are_short():
    assert layer_parameters(768) == 12 * 768**2 + 13 * 768
    assert decoder_parameters(512) == 16 * 512**2 + 19 * 512


@sizes
@pytest.mark.parametrize("longest", [0, 9])
@pytest.mark.parametrize("tied", [True, False])
def test_a_gpts_parameters_are_those_counted(C, N, inner, longest, tied):
    model = GPT(V, C, N, LAYERS, longest or None, tied, inner=inner or 4 * C)
    found = gpt_parameters(V, C, LAYERS, longest, inner, tied)
    assert found == parameter_count(model)


def test_the_smallest_gpt_2_has_its_124_million():
    assert gpt_parameters(50_257, 768, 12, 1024) == 124_439_808


@sizes
@pytest.mark.parametrize("T", [1, 6])
def test_a_blocks_flops_are_those_counted(C, N, inner, T):
    block = EncoderLayer(C, N, inner or 4 * C)
    assert layer_flops(T, T, C, inner) == flops(block, torch.randn(1, T, C))


@sizes
@pytest.mark.parametrize("T", [1, 6])
@pytest.mark.parametrize("longest", [None, 9])
def test_a_gpts_flops_are_those_counted(C, N, inner, T, longest):
    model = GPT(V, C, N, LAYERS, longest, inner=inner or 4 * C)
    ids = torch.randint(V, (1, T))
    assert gpt_flops(T, C, LAYERS, V, inner) == flops(model, ids)
    cached = Cached(model)
    past = cached(ids[:, :-1])[1] if T > 1 else None
    counted = flops(lambda new: cached(new, past), ids[:, -1:])
    assert cached_flops(T, C, LAYERS, V, inner) == counted


def test_reading_one_by_one_costs_less_than_anew_but_not_less_than_at_once():
    each = [cached_flops(t, 8, 2, V) for t in range(1, 7)]
    anew = [gpt_flops(t, 8, 2, V) for t in range(1, 7)]
    assert each[0] == anew[0] and sum(each) < sum(anew)
    unused = 2 * 2 * 2 * 8 * sum(6 - t for t in range(1, 7))  # scores that are hidden
    assert gpt_flops(6, 8, 2, V) - sum(each) == unused
