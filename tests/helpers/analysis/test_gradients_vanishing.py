"""The norms are those of autograd's own Jacobian, and of products made by hand."""

import pytest
import torch
from torch import nn
from torch.autograd.functional import jacobian

from helpers.analysis.gradients import state_jacobian_norms

KINDS = [nn.RNN, nn.GRU, nn.LSTM]
kinds = pytest.mark.parametrize("kind", KINDS)
E, H, T = 2, 3, 5


def layer_of(kind, inputs=E, hidden=H):
    """Return a layer in float64 whose state moves far and in every direction."""
    torch.manual_seed(0)
    layer = kind(inputs, hidden, batch_first=True, dtype=torch.float64)
    for weight in layer.parameters():
        nn.init.normal_(weight, std=0.8)
    return layer


def inputs_of(steps=T):
    """Return inputs of very different sizes, so that no two steps are alike."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(steps, E, generator=generator, dtype=torch.float64)
    return x * torch.linspace(0.1, 2, steps)[:, None]


def run(layer, state, x):
    """Return the state, one row of h (and c), after reading x (steps, E)."""
    parts = [part[None] for part in state.split(H)]
    _, last = layer(x, tuple(parts) if len(parts) == 2 else parts[0])
    return torch.cat([part.flatten() for part in last])


@kinds
def test_norms_are_those_of_autograds_jacobian_over_k_steps(kind):
    layer, x = layer_of(kind), inputs_of()
    none = torch.zeros(2 * H if kind is nn.LSTM else H, dtype=torch.float64)
    expected = []
    for k in range(1, T + 1):
        before = run(layer, none, x[: T - k]).detach() if k < T else none
        whole = jacobian(lambda s, x=x[T - k :]: run(layer, s, x), before)
        expected.append(torch.linalg.svdvals(whole).max().item())
    assert state_jacobian_norms(layer, x) == pytest.approx(expected, rel=1e-9)


def test_one_unit_by_hand():
    layer, x = layer_of(nn.RNN, 1, 1), inputs_of()[:, :1]
    w_ih, w_hh, b_ih, b_hh = (p.item() for p in layer.parameters())
    h, factors = torch.tensor(0.0, dtype=torch.float64), []
    for value in x[:, 0]:
        h = torch.tanh(w_ih * value + b_ih + w_hh * h + b_hh)
        factors.append((w_hh * (1 - h**2)).abs())
    expected = torch.stack(factors[::-1]).cumprod(dim=0).tolist()
    assert state_jacobian_norms(layer, x) == pytest.approx(expected)


@torch.no_grad()
def test_a_state_near_zero_fades_by_the_powers_of_the_weights():
    layer = layer_of(nn.RNN, E, 2)
    for weight in layer.parameters():
        weight.zero_()
    w = torch.tensor([[0.9, 2.0], [0.0, 0.5]], dtype=torch.float64)
    layer.weight_hh_l0.copy_(w)
    powers = [torch.linalg.matrix_power(w, k) for k in range(1, 5)]
    expected = [torch.linalg.svdvals(power)[0].item() for power in powers]
    assert state_jacobian_norms(layer, inputs_of(4)) == pytest.approx(expected)


@torch.no_grad()
def test_an_open_cell_does_not_fade():
    layer = layer_of(nn.LSTM)
    for weight in layer.parameters():
        weight.zero_()
    layer.bias_ih_l0[:H], layer.bias_ih_l0[H : 2 * H] = -30, 30
    layer.bias_ih_l0[3 * H :] = -30  # nothing is shown: the cell alone goes on
    assert state_jacobian_norms(layer, inputs_of(20)) == pytest.approx([1.0] * 20)


@kinds
@pytest.mark.parametrize("steps", [1, 7])
def test_there_is_one_number_for_each_step(kind, steps):
    norms = state_jacobian_norms(layer_of(kind), inputs_of(steps))
    assert len(norms) == steps
    assert all(type(norm) is float for norm in norms)


@kinds
def test_single_precision_will_do_and_leaves_no_gradients(kind):
    layer, x = layer_of(kind), inputs_of()
    expected = state_jacobian_norms(layer, x)
    assert state_jacobian_norms(layer.float(), x.float()) == pytest.approx(
        expected, rel=1e-4
    )
    assert all(weight.grad is None for weight in layer.parameters())
