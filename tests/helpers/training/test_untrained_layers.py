"""Recurrent layers by name: the kind, the sizes, the forget gates' bias."""

import pytest
import torch
from torch import nn

from helpers.training.untrained import recurrent


@pytest.mark.parametrize(
    ("name", "kind"), [("RNN", nn.RNN), ("GRU", nn.GRU), ("LSTM", nn.LSTM)]
)
def test_a_name_gives_torchs_layer(name, kind):
    layer = recurrent(name, 3, 5)
    assert type(layer) is kind
    assert (layer.input_size, layer.hidden_size, layer.num_layers) == (3, 5, 1)


def test_the_sizes_have_defaults():
    layer = recurrent("GRU")
    assert (layer.input_size, layer.hidden_size) == (32, 64)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM", "LSTM 1"])
def test_the_batch_comes_first(kind):
    _, last = recurrent(kind, 3, 5)(torch.zeros(2, 7, 3))
    h = last[0] if isinstance(last, tuple) else last
    assert h.shape == (1, 2, 5)  # 2 sequences, not 7


@pytest.mark.parametrize("value", [3.0, 0.0, -1.5])
def test_the_two_forget_biases_make_the_value_together(value):
    layer = recurrent(f"LSTM {value}", 3, 5)
    for k in range(layer.num_layers):
        biases = getattr(layer, f"bias_ih_l{k}"), getattr(layer, f"bias_hh_l{k}")
        forget = sum(biases)[5:10].tolist()
        assert forget == pytest.approx([value] * 5, abs=1e-6)


def test_all_else_stays_as_torch_draws_it():
    torch.manual_seed(0)
    biased = recurrent("LSTM 3", 3, 5)
    torch.manual_seed(0)
    plain = nn.LSTM(3, 5, batch_first=True)
    own = list(map(torch.equal, biased.parameters(), plain.parameters()))
    assert own == [True, True, False, True]
    kept = [*range(5), *range(10, 20)]
    assert torch.equal(biased.bias_ih_l0[kept], plain.bias_ih_l0[kept])


def test_without_a_bias_the_forget_gates_stay_as_torch_draws_them():
    torch.manual_seed(0)
    ours = recurrent("LSTM", 3, 5)
    torch.manual_seed(0)
    assert torch.equal(ours.bias_ih_l0, nn.LSTM(3, 5).bias_ih_l0)


@pytest.mark.parametrize("kind", ["", "lstm", "MLP", "GRU 1", "RNN 0", "LSTM3", "3"])
def test_other_names_are_refused(kind):
    with pytest.raises(ValueError, match=f"'{kind}' is none of RNN, GRU, LSTM"):
        recurrent(kind)


def test_a_bias_is_a_number():
    with pytest.raises(ValueError, match="high"):
        recurrent("LSTM high")
