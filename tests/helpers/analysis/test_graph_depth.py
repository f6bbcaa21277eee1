"""Chains of operations, counted by hand and on layers."""

import pytest
import torch
from torch import nn

from helpers.analysis import graph_depth
from helpers.analysis.graph_depth import longest_chain, sequential_operations
from helpers.core.errors import UserError
from helpers.models.recurrent.lstm import LSTM, rnn_step
from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.blocks import EncoderLayer, Stack


def leaf(*shape):
    """Return a tensor that autograd watches."""
    return torch.zeros(shape, requires_grad=True)


# ---------------------------------------------------------------- graphs by hand


def test_a_row_of_operations_is_as_long_as_it_is():
    x = leaf(3)
    assert longest_chain(x) == 0
    assert longest_chain(x.exp()) == 1
    assert longest_chain(x.exp().sin().sum()) == 3


def test_the_longest_of_several_ways_counts():
    x, y = leaf(), leaf()
    assert longest_chain(x.exp().sin() + y) == 3
    assert longest_chain(y + x.exp().sin()) == 3
    assert longest_chain(x.exp().exp() * y.exp() * x.exp()) == 4
    assert longest_chain(torch.stack([x.exp(), y.exp().exp(), x])) == 3


def test_a_way_that_is_found_late_lengthens_what_came_after():
    x = leaf()
    shared = x.exp().exp().exp()
    assert longest_chain(shared + shared.sin().sin()) == 6
    assert longest_chain(shared.sin().sin() + shared) == 6


@pytest.mark.parametrize("count", [1, 7, 64])
def test_a_sum_in_a_row_and_a_sum_of_pairs(count):
    parts = list(leaf(count).exp().unbind())
    row = sum(parts[1:], parts[0])
    assert longest_chain(row) == 2 + count - 1
    while len(parts) > 1:
        parts = [sum(parts[n + 1 : n + 2], parts[n]) for n in range(0, len(parts), 2)]
    assert longest_chain(parts[0]) == 2 + (count - 1).bit_length()


def test_what_is_not_recorded_does_not_count():
    x, y = leaf(2), torch.ones(2)
    assert longest_chain(x * y.exp().exp().exp()) == 1
    assert longest_chain(x.exp().exp().detach().exp() + x) == 1
    assert longest_chain((x.exp() + 1).sin()) == 3


def test_ways_through_a_graph_are_not_walked_one_by_one():
    x = leaf()
    for _ in range(200):  # 2 ** 200 ways
        x = x + x
    assert longest_chain(x) == 200


def test_no_node_is_asked_more_than_a_few_times(monkeypatch):
    parts, asked = [leaf()], []
    for _ in range(60):  # each from all before it
        parts.append(torch.stack(parts).sum())
    found = graph_depth.operations_before
    monkeypatch.setattr(
        graph_depth, "operations_before", lambda node: asked.append(node) or found(node)
    )
    assert longest_chain(parts[-1]) == 120
    assert len(asked) <= 2 * 120 + 1


def test_a_chain_may_be_longer_than_python_may_recurse():
    x = leaf()
    for _ in range(20_000):
        x = x.neg()
    assert longest_chain(x) == 20_000


def test_the_graph_is_left_as_it_was():
    x = leaf()
    y = x.exp() * 3
    longest_chain(y)
    y.backward()
    assert x.grad.item() == 3


def test_what_was_not_recorded_has_no_chain():
    with torch.no_grad():
        unrecorded = leaf().exp()
    for output in (torch.ones(2), leaf().exp().detach(), unrecorded):
        with pytest.raises(UserError, match="Nothing was recorded"):
            longest_chain(output)


# ---------------------------------------------------------------- layers


def test_an_lstms_chain_grows_by_eight_operations_a_step():
    layer = LSTM(4, 4)
    assert [sequential_operations(layer, T, 4) for T in (8, 16, 64)] == [66, 130, 514]


def test_a_second_layer_waits_for_the_first():
    one, two = LSTM(4, 4), LSTM(4, 4, layers=2)
    assert sequential_operations(two, 8, 4) == 2 * sequential_operations(one, 8, 4)


def test_a_plain_step_by_hand():
    weights = [leaf(3, 3), leaf(3, 3), leaf(3), leaf(3)]
    state, chain = (torch.zeros(1, 3),), []
    for _ in range(4):
        state = rnn_step(torch.zeros(1, 3), state, weights)
        chain.append(longest_chain(state[0]))
    # transpose, product, sum, tanh at first; then product, sum, tanh
    assert chain == [4, 7, 10, 13]


@pytest.mark.parametrize("norm_first", [True, False])
def test_a_transformer_blocks_chain_is_the_same_at_every_length(norm_first):
    layer = EncoderLayer(8, 2, 32, norm_first=norm_first)
    found = {
        sequential_operations(layer, T, 8, causal_mask(T)) for T in (2, 8, 64, 256)
    }
    assert found == {51 if norm_first else 52}


def test_blocks_wait_for_the_blocks_below():
    def chain(layers, T):
        stack = Stack([EncoderLayer(8, 2, 32) for _ in range(layers)])
        return sequential_operations(stack, T, 8, causal_mask(T))

    assert [chain(layers, 8) for layers in (1, 2, 5)] == [51, 102, 255]
    assert chain(3, 64) == chain(3, 8)


def test_the_mask_is_handed_on():
    given = []

    class Given(nn.Linear):
        def forward(self, x, *others):
            given.extend((x.shape, x.requires_grad, *others))
            return super().forward(x)

    assert sequential_operations(Given(3, 2), 5, 3, "mask", 7) > 0
    assert given == [(1, 5, 3), True, "mask", 7]


@pytest.mark.parametrize("kind", [tuple, list])
def test_of_several_results_the_first_counts(kind):
    class Several(nn.Linear):
        def forward(self, x):
            first = x * self.bias.sum()
            return kind((first, first.exp().exp()))

    assert sequential_operations(Several(2, 2), 4, 2) == 2


def test_the_input_is_recorded_before_the_first_parameter():
    class Late(nn.Linear):
        def forward(self, x):
            return x.exp().exp().exp() * self.bias

    assert sequential_operations(Late(3, 3), 2, 3) == 4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_device_and_precision_gives_the_same_chain(dtype):
    assert sequential_operations(LSTM(4, 4).to(dtype), 8, 4) == 66
    with torch.device("meta"):
        layer = LSTM(4, 4).to(dtype)
    assert sequential_operations(layer, 8, 4) == 66


def test_a_fused_layer_hides_its_steps():
    fused = nn.LSTM(4, 4, batch_first=True)
    assert len({sequential_operations(fused, T, 4) for T in (8, 16, 64)}) == 1
