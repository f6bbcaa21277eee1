"""What is asked of a model without some of its blocks."""

import pytest
import torch

from helpers.analysis.residual_stream import residual_stream
from helpers.lessons.lesson08 import left_out
from helpers.lessons.lesson08.texts import TEXTS
from helpers.models.llama.blocks import Llama, Sizes


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    sizes = Sizes(symbols=30, channels=12, layers=8, n_heads=3, kv_heads=1, inner=16)
    model = Llama(sizes).eval().requires_grad_(False)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    return model


@pytest.fixture(scope="module")
def ids_bt():
    return torch.randint(30, (2, 7), generator=torch.Generator().manual_seed(1))


def test_orders():
    group = [4, 5, 6, 7]
    assert left_out.order("as trained", group) == group
    assert left_out.order("left out", group) == []
    assert left_out.order("backwards", group) == [7, 6, 5, 4]
    assert left_out.order("the first six times", group) == [4] * 4
    mixed = left_out.order("shuffled", group)
    assert sorted(mixed) == group
    assert mixed not in (group, group[::-1])


def with_zeros(model, ids_bt, block, parts):
    """The model's last stream when these parts of a block add nothing."""
    layer, hooks = model.layers[block], []
    if "attention" in parts:
        zero = lambda _, i, out: (0 * out[0], *out[1:])  # noqa: E731
        hooks.append(layer.self_attn.register_forward_hook(zero))
    if "MLP" in parts:
        hooks.append(layer.mlp.register_forward_hook(lambda _, i, out: 0 * out))
    last = residual_stream(model, ids_bt)[-1]
    for hook in hooks:
        hook.remove()
    return last


@pytest.mark.parametrize("what", left_out.LEFT_OUT)
def test_what_is_left_out_adds_nothing(model, ids_bt, what):
    stream = residual_stream(model, ids_bt)
    parts = ("attention", "MLP") if what == "block" else (what,)
    for block in (0, 3, 7):
        ours = left_out.without(model, stream, block, what)
        torch.testing.assert_close(ours, with_zeros(model, ids_bt, block, parts))


def test_the_table_has_the_stored_form(model, ids_bt):
    table, stored = left_out.measure(model, ids_bt, [0, 2]), left_out.stored()
    assert list(table) == list(stored) == list(left_out.WAYS)
    whole = table["read off"][8]
    assert table["as trained"][2] == pytest.approx(whole)
    assert len(stored["read off"]) == 31
    assert {len(row) for row in stored["block"].values()} == {len(TEXTS)}
    middle = {way: table[way][2] for way in left_out.ORDERS}
    assert len({tuple(row) for row in middle.values()}) == len(left_out.ORDERS)


def test_added_is_against_the_whole_model():
    table = {"read off": {0: [9.0, 9.0], 1: [1.0, 2.0]}, "MLP": {0: [1.5, 4.0]}}
    assert left_out.added(table, "MLP").tolist() == [[0.5, 2.0]]
