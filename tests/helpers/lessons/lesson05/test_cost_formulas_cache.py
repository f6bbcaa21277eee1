"""What the next symbol costs, by PyTorch's counter and by the formulas."""

import pytest
import torch

from helpers.lessons.lesson05.cost_formulas import cost_of_next, gpt_flops, token_flops
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.kv_cache import Cached
from helpers.training.costs import flops

V, C, LAYERS = 11, 16, 3
lengths = pytest.mark.parametrize("T", [1, 2, 7, 20])


def small(longest=None, **options):
    """Return a small GPT, always the same."""
    torch.manual_seed(0)
    return GPT(V, C, 4, LAYERS, longest, **options)


def text(T):
    """Return T symbols."""
    return torch.randint(V, (T,), generator=torch.Generator().manual_seed(1))


@lengths
@pytest.mark.parametrize("longest", [None, 20])
def test_costs_are_those_of_the_formulas(T, longest):
    whole, last = cost_of_next(small(longest), text(T), flops)
    assert whole == gpt_flops(T, C, LAYERS, V)
    assert last == LAYERS * token_flops(T - 1, C) + 2 * C * V
    assert (whole == last) == (T == 1)


def test_another_inner_size_costs_what_it_should():
    found = cost_of_next(small(inner=24), text(6), flops)
    last = LAYERS * token_flops(5, C, 24) + 2 * C * V
    assert found == (gpt_flops(6, C, LAYERS, V, 24), last)


@lengths
def test_both_ways_give_the_last_symbol_the_same_logits(T):
    gpt = small()
    whole, last = cost_of_next(gpt, text(T), lambda read, *x: read(*x)[0])
    assert whole.shape == (1, T, V) and last.shape == (1, 1, V)
    torch.testing.assert_close(whole[:, -1:], last)
    torch.testing.assert_close(whole, gpt(text(T)[None])[0].detach())


@lengths
def test_only_the_readings_themselves_are_measured(T):
    calls, gpt = [], small()

    def measure(function, *inputs):
        calls.append((function, inputs, torch.is_grad_enabled()))
        return len(calls)

    assert cost_of_next(gpt, text(T), measure) == (1, 2)
    (whole, (ids,), _), (cached, (last, past), _) = calls
    assert whole is gpt and isinstance(cached, Cached) and cached.gpt is gpt
    assert torch.equal(ids, text(T)[None]) and torch.equal(last, ids[:, -1:])
    assert not calls[0][-1] and not calls[1][-1]
    kept = [k.shape for pair in past or () for k in pair]
    assert kept == ([(1, 4, T - 1, C // 4)] * 2 * LAYERS if T > 1 else [])
