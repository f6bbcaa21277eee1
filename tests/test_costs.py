"""Parameters and multiplications, against formulas."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.costs import multiplications, parameter_count, training_costs
from helpers.models.resnet import BasicBlock, DeepNet, ResidualBlock, ResNet
from helpers.training import History


def test_the_parameters_of_a_convolution_and_a_norm():
    model = nn.Sequential(nn.Conv2d(3, 8, 5), nn.BatchNorm2d(8), nn.ReLU())
    assert parameter_count(model) == 8 * 3 * 25 + 8 + 2 * 8
    assert parameter_count(nn.ReLU()) == 0


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(
    ("stride", "padding", "groups", "across", "down"),
    [(1, 0, 1, 5, 7), (1, 1, 1, 7, 9), (2, 1, 1, 4, 5), (1, 0, 2, 5, 7)],
)
def test_a_convolution_by_formula(device, stride, padding, groups, across, down):
    layer = nn.Conv2d(4, 6, 3, stride, padding, groups=groups, device=device)
    x = torch.zeros(2, 4, 7, 9, device=device)
    outputs = 2 * 6 * across * down
    assert multiplications(layer, x) == {"": outputs * (4 // groups) * 3 * 3}


@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_by_formula(bias):
    layer = nn.Linear(5, 7, bias=bias)
    assert multiplications(layer, torch.zeros(3, 5)) == {"": 3 * 5 * 7}


class Parts(nn.Module):
    """A module with parts called once, twice and never, and a product of its own."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.fc2 = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
        self.norm, self.unused = nn.LayerNorm(4), nn.Linear(9, 9)

    def forward(self, x):
        y = self.norm(self.fc2(self.fc2(self.fc(x)))).relu()
        return y @ y.T


def test_each_part_counts_as_often_as_it_is_called():
    found = multiplications(Parts(), torch.zeros(2, 3))
    fc, fc2, own = 2 * 3 * 4, 2 * (2 * 4 * 4 * 2), 2 * 4 * 2
    assert found == {"fc": fc, "fc2": fc2, "norm": 0, "unused": 0, "": fc + fc2 + own}


def test_norm_relu_and_pooling_count_nothing():
    layers = nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2)
    found = multiplications(nn.Sequential(*layers), torch.ones(2, 2, 8, 8))
    assert found == {"0": 0, "1": 0, "2": 0, "3": 0, "": 0}


def test_counting_prints_nothing(capsys):
    multiplications(nn.Linear(2, 2), torch.zeros(1, 2))
    assert capsys.readouterr().out == ""


def test_the_parts_of_a_network_sum_to_the_whole():
    with torch.device("meta"):
        found = multiplications(DeepNet(ResidualBlock, 14), torch.zeros(1, 1, 28, 28))
    whole = found.pop("")
    assert list(found) == ["stem", "blocks", "fc"]
    assert sum(found.values()) == whole > 0


def resnet18_by_formula():
    """Return the multiplications of ResNet-18 at 224 x 224, part by part."""
    found = {"conv1": 112**2 * 64 * 3 * 7**2, "layer1": 4 * 56**2 * 64**2 * 9}
    for number, (side, width) in enumerate([(28, 128), (14, 256), (7, 512)], start=2):
        half = width // 2
        kernels = (half + 3 * width) * width * 9 + half * width  # and the projection
        found[f"layer{number}"] = side**2 * kernels
    return found | {"fc": 512 * 1000}


def test_resnet18_by_formula():
    with torch.device("meta"):
        model, x = ResNet(BasicBlock, (2, 2, 2, 2)), torch.zeros(1, 3, 224, 224)
    found, expected = multiplications(model, x), resnet18_by_formula()
    assert found == expected | {"bn1": 0, "maxpool": 0, "": sum(expected.values())}
    assert found[""] == 1_814_073_344


def test_counting_records_no_gradient():
    class Watching(nn.Linear):
        def forward(self, x):
            self.recorded = torch.is_grad_enabled()
            return F.linear(x, self.weight)

    model = Watching(2, 2)
    multiplications(model, torch.zeros(1, 2))
    assert not model.recorded and torch.is_grad_enabled()


def test_training_costs_are_summed_by_name_and_in_all():
    first, second = History([1.0, 2.0], cpu_seconds=0.25), History([1.0], cpu_seconds=4)
    table = training_costs([("a", first), ("b", second), ("a", second)])
    assert table.rows == [["a", 2, 3, 4.2], ["b", 1, 1, 4.0], ["all", 3, 4, 8.2]]


def test_no_training_costs_nothing():
    assert training_costs([]).rows == [["all", 0, 0, 0]]
