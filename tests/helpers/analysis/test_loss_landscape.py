"""The loss along a line: filter by filter, and the model stays as it was."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.analysis.loss_landscape import (
    filter_normalised,
    losses_along,
    random_direction,
)

pytestmark = pytest.mark.usefixtures("seeded")


def generator(seed=0):
    """Return a generator of its own for one test."""
    return torch.Generator().manual_seed(seed)


def network(scale=1.0):
    """Return a network whose filters have lengths of their own."""
    layers = nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU()
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(3 * 9, 4))
    with torch.no_grad():
        model[0].weight.mul_(scale * torch.tensor([1.0, 10, 100]).view(3, 1, 1, 1))
    model[1].running_mean.fill_(0.5)
    return model


def batch():
    """Return pictures and labels of four classes."""
    return torch.randn(8, 1, 5, 5, generator=generator(9)), torch.arange(8) % 4


def lengths(tensor):
    """Return the norm of each filter."""
    return tensor.detach().flatten(1).square().sum(dim=1).sqrt()


# The direction


def test_one_filter_by_hand():
    step = torch.tensor([[3.0, 4.0]])
    found = filter_normalised(step, torch.tensor([[0.0, -10.0]]))
    assert torch.equal(found, torch.tensor([[6.0, 8.0]]))


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 2, 3), (1, 2, 1, 1)])
def test_each_filter_keeps_its_direction_and_gets_the_weights_length(shape):
    factors = 10.0 ** torch.arange(shape[0]).view(-1, *[1] * (len(shape) - 1))
    step, weight = torch.randn(shape), factors * torch.randn(shape)
    found = filter_normalised(step, weight)
    assert found.shape == shape
    torch.testing.assert_close(lengths(found), lengths(weight))
    cosines = F.cosine_similarity(found.flatten(1), step.flatten(1))
    torch.testing.assert_close(cosines, torch.ones(shape[0]))


def test_biases_and_gains_do_not_move():
    assert list(random_direction(network(), generator())) == ["0.weight", "4.weight"]


def test_the_filters_of_a_direction_are_as_long_as_the_models():
    model = network()
    for name, step in random_direction(model, generator()).items():
        torch.testing.assert_close(lengths(step), lengths(model.get_parameter(name)))
        assert not step.requires_grad


def test_the_direction_depends_on_the_generator_only():
    state = torch.get_rng_state()
    model = network()
    other = network(scale=7.0)
    torch.set_rng_state(state)
    assert not torch.equal(model[4].weight, other[4].weight)
    mine, others, another = (
        random_direction(net, generator(seed))["0.weight"]
        for net, seed in [(model, 1), (other, 1), (model, 2)]
    )
    assert torch.equal(torch.get_rng_state(), state)
    units = [d / lengths(d).view(-1, 1, 1, 1) for d in (mine, others, another)]
    torch.testing.assert_close(units[0], units[1])
    assert not torch.allclose(units[0], units[2], atol=0.1)


def test_the_steps_are_normal_numbers():
    model = nn.Linear(20_000, 1)
    step = random_direction(model, generator())["weight"]
    step = step / step.square().mean().sqrt()
    assert step.mean().abs() < 0.03
    assert step.pow(4).mean().item() == pytest.approx(3, abs=0.15)


# The losses


def test_the_losses_of_two_logits_by_hand():
    model = nn.Linear(2, 2, bias=False)
    nn.init.eye_(model.weight)
    direction = {"weight": torch.tensor([[1.0, 0.0], [0.0, 0.0]])}
    found = losses_along(
        model, direction, [-1, 0, 2.5], torch.ones(3, 2), torch.zeros(3).long()
    )
    # The logits are 1 + distance and 1, and the first one is right.
    assert found == pytest.approx([math.log1p(math.exp(-d)) for d in (-1, 0, 2.5)])


@pytest.mark.parametrize("training", [True, False])
def test_at_distance_zero_stands_the_models_own_loss(training):
    model, (images, labels) = network().train(training), batch()
    direction = random_direction(model, generator())
    found = losses_along(model, direction, [1.0, 0, 0], images, labels)
    own = F.cross_entropy(model(images), labels).item()
    assert found[1:] == [own, own]
    assert found[0] != own


@pytest.mark.parametrize("training", [True, False])
def test_elsewhere_stands_the_loss_of_the_moved_model(training):
    model, (images, labels) = network().train(training), batch()
    direction = random_direction(model, generator())
    distances, expected = [-0.5, 0.25, 1.0], []
    for distance in distances:
        moved = copy.deepcopy(model)
        for name, step in direction.items():
            moved.get_parameter(name).data += distance * step
        expected.append(F.cross_entropy(moved(images), labels).item())
    found = losses_along(model, direction, distances, images, labels)
    assert found == pytest.approx(expected)
    assert len({round(loss, 3) for loss in found}) == 3


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(training):
    model, (images, labels) = network().train(training), batch()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    direction = random_direction(model, generator())
    steps = {name: step.clone() for name, step in direction.items()}
    losses_along(model, direction, [-1.0, 0.0, 1.0], images, labels)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(layer.training == training for layer in model.modules())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(torch.equal(direction[name], step) for name, step in steps.items())


class Counting(nn.Module):
    """A module that behaves otherwise each time it is called."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return self.calls * self.linear(x)


def test_every_distance_starts_from_the_same_state():
    model, labels = Counting(), torch.tensor([0, 1])
    direction = random_direction(model, generator())
    found = losses_along(model, direction, [0.5, 0.5, 0.5], torch.randn(2, 2), labels)
    assert found[0] == found[1] == found[2]
    assert model.calls == 0
