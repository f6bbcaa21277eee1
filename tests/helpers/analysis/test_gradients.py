"""Gradients: their size per layer, their direction from point to point, Jacobians."""

import math

import pytest
import torch
from torch import nn

from helpers.analysis import gradients
from helpers.analysis.gradients import (
    autocorrelation,
    gradient_norms,
    gradients_along,
    jacobian,
    weight_gradients,
)
from helpers.models.vision.cnn import conv_matrix

pytestmark = pytest.mark.usefixtures("seeded")


def generator(seed=0):
    """Return a generator of its own for one test."""
    return torch.Generator().manual_seed(seed)


def network():
    """Return a network with two convolutions, one of them in a part of its own."""
    first = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Tanh()
    inner = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Tanh())
    return nn.Sequential(*first, inner, nn.Flatten(), nn.Linear(4 * 9, 3)).double()


def batch(n=6):
    """Return the same pictures (n, 2, 5, 5) and labels of three classes each time."""
    shape, dtype = (n, 2, 5, 5), torch.float64
    return torch.randn(shape, dtype=dtype, generator=generator(7)), torch.arange(n) % 3


def state_of(model):
    """Return a copy of the weights and buffers."""
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(state, other):
    """True where two states are bit for bit the same."""
    return state.keys() == other.keys() and all(
        torch.equal(state[name], other[name]) for name in state
    )


# One gradient per convolution


@pytest.mark.parametrize("training", [True, False])
def test_the_weight_gradients_are_those_of_the_mean_cross_entropy(training):
    model, (images, labels) = network().train(training), batch()
    found = weight_gradients(model, images, labels)
    assert all(p.grad is None for p in model.parameters())
    assert {layer.training for layer in model.modules()} == {training}
    log_shares = model(images).log_softmax(dim=1)
    (-sum(row[k] for row, k in zip(log_shares, labels, strict=True)) / 6).backward()
    assert list(found) == ["0", "3.0"]
    torch.testing.assert_close(found["0"], model[0].weight.grad)
    torch.testing.assert_close(found["3.0"], model[3][0].weight.grad)
    norms = [model[0].weight.grad.norm().item(), model[3][0].weight.grad.norm().item()]
    assert gradient_norms(model, images, labels) == pytest.approx(norms)


def test_the_profile_begins_with_the_first_layer():
    model = nn.Sequential(*(nn.Conv2d(1, 1, 1, bias=False) for _ in range(3)))
    for layer, weight in zip(model, [2.0, 10.0, 0.5], strict=True):
        nn.init.constant_(layer.weight, weight)
    # The output is 2 * 10 * 0.5 * x, so each gradient goes with 1 / its weight.
    model.extend([nn.Conv2d(1, 2, 1), nn.Flatten()])
    first, second, third, _ = gradient_norms(
        model, torch.ones(1, 1, 1, 1), torch.tensor([0])
    )
    assert first / second == pytest.approx(10 / 2)
    assert third / second == pytest.approx(10 / 0.5)


# Along a line of pictures


def first_output_gradient(model, x_chw):
    """Return d(first output) / d(picture), of one picture alone."""
    x = x_chw[None].clone().requires_grad_()
    return torch.autograd.grad(model(x)[0, 0], x)[0].flatten()


def test_in_evaluation_mode_each_gradient_is_that_of_one_picture():
    model, (images, _) = network().eval(), batch(2)
    start, end = images
    found = gradients_along(model, start, end, points=5)
    assert found.shape == (5, 50) and not found.requires_grad
    for index, share in enumerate([0, 0.25, 0.5, 0.75, 1]):
        picture = start + share * (end - start)
        torch.testing.assert_close(found[index], first_output_gradient(model, picture))
    assert not torch.allclose(found[0], found[4])
    assert not images.requires_grad and model[0].weight.grad is None


def test_a_line_has_256_points_unless_told():
    assert gradients_along(nn.Flatten(), *torch.zeros(2, 1, 2, 3)).shape == (256, 6)


def test_in_training_mode_the_line_is_one_batch():
    model = nn.Sequential(nn.BatchNorm2d(1, affine=False), nn.Flatten())
    start, end = torch.zeros(1, 1, 1), torch.ones(1, 1, 1)
    # A batch norm's outputs sum to 0 whatever the pictures are.
    assert gradients_along(model, start, end, 8).abs().max() < 1e-5
    model.eval()
    assert gradients_along(model, start, end, 8).min() > 0.5


# How alike neighbours are


OFFSET = torch.tensor([40.0, -30.0], dtype=torch.float64)


@pytest.mark.parametrize("lag", [1, 2, 3, 6])
def test_alternating_signs_are_opposed_at_odd_lags(lag):
    signs = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(5)
    line = OFFSET + signs[:, None] * torch.tensor([0.3, 0.4])
    assert autocorrelation(line, lag) == pytest.approx((-1) ** lag)


@pytest.mark.parametrize("lag", [1, 2, 10])
def test_on_a_straight_line_only_pairs_across_the_middle_are_opposed(lag):
    line = OFFSET + torch.linspace(-1, 1, 100)[:, None] * torch.tensor([2.0, 1.0])
    pairs = 100 - lag
    assert autocorrelation(line, lag) == pytest.approx((pairs - 2 * lag) / pairs)


@pytest.mark.parametrize("lag", [1, 2, 5, 9])
def test_on_a_circle_the_likeness_is_the_cosine_of_the_angle_between(lag):
    angle = 2 * math.pi * torch.arange(12, dtype=torch.float64) / 12
    circle = OFFSET + torch.stack([angle.cos(), angle.sin()], dim=1)
    expected = math.cos(2 * math.pi * lag / 12)
    assert autocorrelation(circle, lag) == pytest.approx(expected)


def test_the_size_of_a_deviation_does_not_count():
    line = torch.tensor([[3.0, 0], [-1, 0], [-1, 1], [-1, -1]], dtype=torch.float64)
    # Deviations (3, 0), (-1, 0), (-1, 1), (-1, -1): the cosines are -1, 1/√2 and 0.
    assert autocorrelation(line, 1) == pytest.approx((-1 + 0.5**0.5) / 3)


@pytest.mark.parametrize("lag", [1, 7])
def test_white_noise_is_like_nothing(lag):
    noise = torch.randn(400, 500, generator=generator())
    assert abs(autocorrelation(noise, lag)) < 0.01


# Jacobians


def test_the_jacobian_of_a_linear_layer_is_its_weight():
    layer = nn.Linear(6, 4)
    matrix = jacobian(layer, torch.randn(6))
    assert torch.equal(matrix, layer.weight) and not matrix.requires_grad


def test_the_jacobian_of_a_convolution_is_its_matrix():
    layer = nn.Conv2d(1, 1, 3)
    expected = conv_matrix(layer.weight[0, 0].detach(), 5, 6)
    torch.testing.assert_close(jacobian(layer, torch.randn(1, 5, 6)), expected)


def test_the_jacobian_is_that_of_finite_differences():
    model, x = network()[:4].eval(), torch.randn(2, 4, 5, dtype=torch.float64)
    found, h = jacobian(model, x), 1e-5
    steps = h * torch.eye(40, dtype=torch.float64).view(40, 2, 4, 5)
    with torch.no_grad():
        columns = [(model(x[None] + s) - model(x[None] - s)).flatten() for s in steps]
    expected = torch.stack(columns, dim=1) / (2 * h)
    assert found.shape == (4 * 2 * 3, 40)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-8)


def test_in_evaluation_mode_nothing_changes_the_model():
    model, (images, labels) = network().eval(), batch(2)
    before = state_of(model)
    gradient_norms(model, images, labels)
    gradients_along(model, *images, points=3)
    jacobian(model, images[0])
    assert same(state_of(model), before)
    assert not any(layer.training for layer in model.modules())


@pytest.mark.parametrize("lag", [0, -1, 4])
def test_a_lag_outside_the_line_is_refused(lag):
    with pytest.raises(ValueError, match=f"a lag of {lag} does not fit 4 points"):
        gradients.autocorrelation(torch.eye(4), lag)


def test_a_chain_stretches_by_the_product_of_its_jacobians():
    first, second = nn.Conv2d(1, 1, 1, bias=False), nn.Conv2d(1, 1, 1, bias=False)
    for layer, factor in ((first, 2.0), (second, -3.0)):
        nn.init.constant_(layer.weight, factor)
    x_chw = torch.randn(1, 2, 2)
    found = gradients.jacobian_singular_values([first, second], x_chw)
    assert found.shape == (2, 4)
    assert found[0].tolist() == pytest.approx([2] * 4)
    assert found[1].tolist() == pytest.approx([6] * 4)


def test_a_chain_is_taken_where_the_signal_is():
    squares = [Square(), Square()]  # x, x^2, x^4: slopes 2x, and 2x * 2x^2
    found = gradients.jacobian_singular_values(squares, torch.full((1, 1, 1), 3.0))
    assert found.flatten().tolist() == pytest.approx([6, 108])


class Square(nn.Module):
    """A layer whose slope depends on where it is asked."""

    def forward(self, x):
        return x.square()
