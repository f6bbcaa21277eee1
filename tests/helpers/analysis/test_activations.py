"""Looking inside a network leaves it as it was and sees what is there."""

import pytest
import torch
from torch import nn

from helpers.analysis.activations import activations, effective_width

pytestmark = pytest.mark.usefixtures("seeded")


def network():
    """Return a network whose ReLU writes over its input."""
    layers = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True)
    return nn.Sequential(*layers, nn.Conv2d(2, 3, 3))


def hooks(model):
    """Return how many forward hooks the model carries."""
    return sum(len(layer._forward_hooks) for layer in model.modules())


def test_activations_are_what_the_layers_put_out():
    model, x = network(), torch.randn(2, 1, 8, 8)
    model[1].eval()
    seen = activations(model, x, ["3", "0", "1"])
    assert list(seen) == ["3", "0", "1"]
    assert [layer.training for layer in model] == [True, False, True, True]
    assert hooks(model) == 0
    model.eval()
    torch.testing.assert_close(seen["0"], model[0](x))
    torch.testing.assert_close(seen["1"], model[1](model[0](x)))  # not yet cut at zero
    torch.testing.assert_close(seen["3"], model(x))
    assert not seen["3"].requires_grad


def test_activations_are_those_of_evaluation_mode():
    x = torch.ones(3, 5)
    seen = activations(nn.Sequential(nn.Dropout(0.9)), x, ["0"])
    assert torch.equal(seen["0"], x)


def test_of_a_layer_called_twice_the_last_output_counts():
    double = nn.Linear(1, 1, bias=False)
    nn.init.constant_(double.weight, 2.0)
    seen = activations(nn.Sequential(double, double), torch.ones(1, 1), ["0"])
    assert seen["0"].item() == 4


@pytest.mark.parametrize(
    ("names", "shape", "error"),
    [
        (["0", "nope"], (2, 1, 8, 8), KeyError),
        (["0"], (2, 5, 8, 8), RuntimeError),
    ],
)
def test_a_failure_leaves_no_hook_and_no_other_mode(names, shape, error):
    model = network()
    with pytest.raises(error):
        activations(model, torch.randn(shape), names)
    assert hooks(model) == 0
    assert model.training


def gaussian(side, centre, width):
    """Return the density of a normal distribution at each of `side` pixels."""
    place = torch.arange(side, dtype=torch.float64) - centre
    return (-(place**2) / (2 * width**2)).exp()


def uniform(side, first, last):
    """Return 1 from pixel `first` to `last`."""
    place = torch.arange(side)
    return ((place >= first) & (place <= last)).double()


@pytest.mark.parametrize(
    ("down", "across", "width"),
    [
        (gaussian(81, 40, 3.0), gaussian(81, 40, 3.0), 3.0),
        (gaussian(81, 30, 2.0), gaussian(101, 55, 6.0), 4.0),  # mean of the two axes
        (uniform(21, 4, 16), uniform(31, 9, 21), ((13**2 - 1) / 12) ** 0.5),
        (uniform(9, 2, 2), uniform(9, 7, 7), 0.0),
    ],
)
def test_the_effective_width_of_known_maps(down, across, width):
    weight = down[:, None] * across
    assert effective_width(weight) == pytest.approx(width, abs=1e-6)
    assert effective_width(weight * 7) == pytest.approx(width, abs=1e-6)
    assert effective_width(weight.float()) == pytest.approx(width, abs=1e-5)
