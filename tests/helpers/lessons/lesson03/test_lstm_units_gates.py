"""The gates that are read are those that make torch's LSTM."""

from dataclasses import astuple, fields

import pytest
import torch
from torch import nn

from helpers.lessons.lesson03 import lstm_units
from helpers.lessons.lesson03.lstm_units import dead_units, trace_gates
from helpers.models.recurrent.lstm import LSTM, LanguageModel

E, H, V = 3, 4, 6
IDS = torch.tensor([5, 0, 3, 3, 1, 2, 5])
kinds = pytest.mark.parametrize("kind", [nn.LSTM, LSTM])


def model_of(kind, *layers):
    """Return an untrained language model whose gates open and close."""
    torch.manual_seed(0)
    options = {"batch_first": True} if kind.__module__.startswith("torch") else {}
    model = LanguageModel(V, kind(E, H, *layers, **options))
    for weight in model.parameters():
        nn.init.normal_(weight, std=2)
    return model


@kinds
@torch.no_grad()
def test_outputs_and_the_last_cell_are_the_layers(kind):
    model = model_of(kind)
    y, (_, cell) = model.recurrent(model.embedding.weight[IDS][None])
    trace = trace_gates(model, IDS)
    torch.testing.assert_close(trace.hidden, y[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(trace.cell[-1], cell[0, 0])


@kinds
def test_cells_and_outputs_follow_from_the_gates(kind):
    trace = trace_gates(model_of(kind), IDS)
    before = torch.cat([torch.zeros(1, H), trace.cell[:-1]])
    cell = trace.forget * before + trace.input * trace.candidate
    torch.testing.assert_close(trace.cell, cell)
    torch.testing.assert_close(trace.hidden, trace.output * trace.cell.tanh())


@kinds
def test_gates_are_shares_and_candidates_are_signed(kind):
    trace = trace_gates(model_of(kind), IDS)
    for gate in (trace.input, trace.forget, trace.output):
        assert (gate >= 0).all() and (gate <= 1).all()
        assert gate.max() - gate.min() > 0.5
    assert trace.candidate.min() < -0.1 and trace.candidate.abs().max() <= 1


@torch.no_grad()
def test_each_gate_by_torchs_equations():
    model = model_of(nn.LSTM)
    layer, trace = model.recurrent, trace_gates(model, IDS)
    before = torch.cat([torch.zeros(1, H), trace.hidden[:-1]])
    x = model.embedding.weight[IDS]
    lstm_units = [(0, "input", torch.sigmoid), (1, "forget", torch.sigmoid)]
    lstm_units += [(2, "candidate", torch.tanh), (3, "output", torch.sigmoid)]
    for k, name, squash in lstm_units:
        own = slice(k * H, (k + 1) * H)
        z = x @ layer.weight_ih_l0[own].T + layer.bias_ih_l0[own]
        z += before @ layer.weight_hh_l0[own].T + layer.bias_hh_l0[own]
        torch.testing.assert_close(getattr(trace, name), squash(z))


@pytest.mark.parametrize("T", [1, 2, 7])
def test_a_trace_has_one_row_per_symbol_and_no_history(T):
    model = model_of(nn.LSTM)
    trace = trace_gates(model, IDS[:T])
    for value in astuple(trace):
        assert value.shape == (T, H) and not value.requires_grad
        assert value.device.type == "cpu"
    names = ["input", "forget", "candidate", "output", "cell", "hidden"]
    assert [field.name for field in fields(trace)] == names
    assert all(weight.requires_grad for weight in model.parameters())


@pytest.mark.parametrize(
    ("kind", "layers"), [(nn.GRU, 1), (nn.RNN, 1), (nn.LSTM, 2), (LSTM, 2), (nn.GRU, 2)]
)
def test_other_layers_are_refused(kind, layers):
    with pytest.raises(ValueError, match="LSTM of one layer"):
        trace_gates(model_of(kind, layers), IDS)


@pytest.mark.parametrize("silenced", [[], [1], [0, 3]])
@torch.no_grad()
def test_a_unit_whose_cell_stays_where_it_is_is_dead(silenced):
    model = model_of(nn.LSTM)
    for weight in model.recurrent.parameters():
        weight.view(4, H, -1)[2, silenced] = 0  # no candidate: nothing to remember
    assert dead_units(model, IDS) == len(silenced)


@pytest.mark.parametrize(
    ("first", "second", "keep", "dead"),
    [
        (0.08, -0.08, -9, 1),  # the cell is one of these two
        (0.12, -0.12, -9, 0),
        (9, -9, -9, 0),
        (9, 9, 9, 1),  # the cell counts the steps: squashed, it is soon at 1
    ],
)
@torch.no_grad()
def test_a_unit_is_dead_when_its_squashed_cell_varies_little(first, second, keep, dead):
    model = LanguageModel(2, nn.LSTM(1, 1, batch_first=True))
    for weight in model.parameters():
        weight.zero_()
    model.embedding.weight[:, 0] = torch.tensor([first, second])
    model.recurrent.weight_ih_l0[2] = 1
    model.recurrent.bias_ih_l0[:2] = torch.tensor([9, keep])  # what comes is stored
    assert dead_units(model, torch.tensor([0, 1] * 5)) == dead


def test_double_precision_stays_double():
    torch.manual_seed(0)
    model = LanguageModel(5, nn.LSTM(3, 4, batch_first=True)).double()
    assert lstm_units.trace_gates(model, torch.arange(4)).cell.dtype == torch.float64


def test_a_part_of_a_trace_has_every_field_at_those_steps():
    trace = lstm_units.GateTrace(
        *(torch.arange(5.0)[:, None] + 10 * k for k in range(6))
    )
    some = lstm_units.part(trace, torch.tensor([3, 1]))
    assert some.input.tolist() == [[3.0], [1.0]]
    assert some.hidden.tolist() == [[53.0], [51.0]]


def test_the_forget_gate_at_a_symbol_is_set_against_the_others():
    torch.manual_seed(0)
    model = LanguageModel(5, nn.LSTM(3, 4, batch_first=True))
    ids = torch.tensor([0, 1, 2, 1, 3])
    forget = trace_gates(model, ids).forget.mean(dim=1).tolist()
    wanted = (forget[0] + forget[2] + forget[4]) / 3 - (forget[1] + forget[3]) / 2
    assert lstm_units.closed_at(model, ids, 1) == pytest.approx(wanted, abs=1e-6)
