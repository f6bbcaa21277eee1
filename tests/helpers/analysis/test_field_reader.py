"""The fields read off a graph: known networks, branches, and what cannot be read."""

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from helpers.analysis.field_reader import read_fields
from helpers.models.vision.cnn import Field, SmallCNN, receptive_field


def test_a_stack_is_read_as_the_rule_has_it():
    layers = [(3, 2, 1, 1), (5, 1, 0, 2), (2, 3, 1, 1)]
    net = nn.Sequential(*[nn.Conv2d(1, 1, *layer) for layer in layers])
    assert list(read_fields(net).values())[-1] == receptive_field(layers)


@pytest.mark.parametrize(
    ("name", "last", "field"),
    [
        ("resnet18", "layer4_1_relu_1", Field(435, 32, 0.0)),
        ("resnet50", "layer4_2_relu_2", Field(427, 32, 0.0)),
        ("vgg11", "features_20", Field(150, 32, 15.5)),
        ("alexnet", "features_12", Field(195, 32, 31.0)),
    ],
)
def test_fields_of_known_networks(name, last, field):
    with torch.device("meta"):
        model = torchvision.models.get_model(name).eval()
    fields = read_fields(model)
    assert list(fields)[-1] == last
    assert fields[last] == field
    assert fields["x"] == Field()


class Branches(nn.Module):
    """A module with branches of different reach, a shortcut and a head."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 2, 1)
        self.three = nn.Conv2d(1, 2, 3, padding=1)
        self.five = nn.Sequential(nn.Conv2d(1, 2, 5, padding=2), nn.ReLU())
        self.pool = nn.MaxPool2d(2)
        self.last = nn.Conv2d(6, 6, 3, padding="valid")
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        together = torch.cat([self.one(x), self.five(x), self.three(x)], dim=1)
        y = self.last(self.pool(together + together))
        return self.head(F.dropout(F.relu(y), 0.1).mean(dim=(2, 3)))


def test_where_branches_meet_the_largest_field_counts():
    sizes = {name: field.size for name, field in read_fields(Branches()).items()}
    assert sizes == {
        "x": 1,
        "one": 1,
        "five_0": 5,
        "five_1": 5,
        "three": 3,
        "cat": 5,
        "add": 5,
        "pool": 6,
        "last": 10,
        "relu": 10,
        "dropout": 10,
    }


class Gated(nn.Module):
    """A module that goes on after a branch that saw the whole picture."""

    def __init__(self, gated):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(2, 2, 1))
        self.gated = gated

    def forward(self, x):
        x = self.first(x)
        gate = self.gate(x)
        x = self.second(x * gate if self.gated else x)
        return (x, gate)[0]


@pytest.mark.parametrize(
    ("gated", "fields"),
    [
        (False, {"x": 1, "first": 3, "second": 5}),
        (True, {"x": 1, "first": 3}),  # from the gate on, a unit sees everything
    ],
)
def test_a_branch_over_the_whole_picture_counts_only_where_it_joins(gated, fields):
    assert {n: field.size for n, field in read_fields(Gated(gated)).items()} == fields


def test_a_layer_named_like_a_method_is_not_taken_for_it():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu, self.conv = nn.Conv2d(1, 1, 5), nn.Conv2d(1, 1, 3)

        def forward(self, x):
            return self.conv(x).relu()

    assert read_fields(Named())["relu"].size == 3


class Then(nn.Module):
    """A convolution, then something else."""

    def __init__(self, after):
        super().__init__()
        self.conv, self.after = nn.Conv2d(1, 1, 3), after

    def forward(self, x):
        return self.after(self.conv(x))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (nn.ConvTranspose2d(1, 1, 3), "of ConvTranspose2d is not known"),
        (nn.Upsample(scale_factor=2), "of Upsample is not known"),
        (nn.GroupNorm(1, 1), "of GroupNorm is not known"),
        (lambda x: F.max_pool2d(x, 2), "of max_pool2d is not known.*nn.MaxPool2d"),
        (lambda x: F.avg_pool2d(x, 2, stride=1), "of avg_pool2d is not known"),
        (lambda x: F.conv2d(x, torch.ones(1, 1, 3, 3)), "of conv2d is not known"),
        (lambda x: x.view(x.size(0), -1), "of size is not known"),
        (nn.Conv2d(1, 1, (3, 1)), r"kernel_size=\(3, 1\) is not square"),
        (nn.Conv2d(1, 1, 3, stride=(1, 2)), "stride=.* is not square"),
        (nn.MaxPool2d((2, 1), 2), "kernel_size=.* is not square"),
        (nn.Conv2d(1, 1, 3, padding="same"), "padding='same' is not read"),
    ],
)
def test_what_cannot_be_read_is_named(after, said):
    with pytest.raises(ValueError, match=said) as caught:
        read_fields(Then(after))
    assert "\n" not in str(caught.value)


POINTWISE = [
    nn.ReLU(),
    nn.LeakyReLU(),
    nn.BatchNorm2d(1),
    nn.Dropout2d(),
    nn.Identity(),
]


@pytest.mark.parametrize("after", [*POINTWISE, F.relu, torch.tanh, lambda x: x * 2 - x])
def test_what_changes_no_field_is_read(after):
    assert list(read_fields(Then(after)).values())[-1] == Field(3, 1, 1.0)


@pytest.mark.parametrize(
    ("pool", "field"),
    [
        (nn.MaxPool2d(2), Field(4, 2, 1.5)),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), Field(5, 2, 1.0)),
        (nn.MaxPool2d(2, 1, dilation=3), Field(6, 1, 2.5)),
        (nn.AvgPool2d((3, 3), stride=1), Field(5, 1, 2.0)),
    ],
)
def test_pools_are_read(pool, field):
    assert read_fields(Then(pool))["after"] == field


def test_the_small_cnn_sees_ten_pixels():
    assert list(read_fields(SmallCNN(10)).values())[-1] == Field(10, 4, 1.5)
