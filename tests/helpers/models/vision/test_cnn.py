"""Convolution and receptive fields, against PyTorch and against measurement."""

import random

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from helpers.analysis.activations import input_gradient, measured_field
from helpers.models.vision.cnn import (
    Field,
    SmallCNN,
    conv2d,
    conv_matrix,
    output_size,
    patches,
    read_fields,
    receptive_field,
)

# (kernel, stride, padding, dilation, groups)
SETTINGS = [
    (1, 1, 0, 1, 1),
    (1, 2, 1, 1, 2),
    (2, 1, 0, 1, 1),
    (2, 2, 0, 1, 1),
    (2, 3, 1, 2, 4),
    (3, 1, 1, 1, 1),
    (3, 2, 1, 1, 1),
    (3, 1, 0, 2, 1),
    (3, 2, 2, 2, 2),
    (3, 3, 0, 1, 4),
    (4, 2, 3, 1, 2),
    (5, 1, 2, 1, 4),
    (5, 3, 4, 2, 1),
    (7, 2, 3, 1, 2),
]


pytestmark = pytest.mark.usefixtures("seeded")


def picture(channels=4, height=11, width=13):
    """Return a batch that differs along its two axes."""
    generator = torch.Generator().manual_seed(0)
    shape = 2, channels, height, width
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("biased", [False, True])
def test_conv2d_is_pytorchs_in_outputs_and_gradients(setting, biased):
    kernel, *options, groups = setting
    results = []
    for convolve in (conv2d, F.conv2d):
        torch.manual_seed(1)
        weight = torch.randn(8, 4 // groups, kernel, kernel, dtype=torch.float64)
        inputs = [picture(), weight, torch.randn(8, dtype=torch.float64)]
        inputs = [x.requires_grad_() for x in inputs[: 2 + biased]]
        y = convolve(
            *inputs, **dict(bias_of(convolve, biased)), **named(options, groups)
        )
        (y * y.detach().cos()).sum().backward()
        results.append([y, *(x.grad for x in inputs)])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def bias_of(convolve, biased):
    """Return the keyword that says there is no bias, by either one's name for it."""
    name = "bias_o" if convolve is conv2d else "bias"
    return [] if biased else [(name, None)]


def named(options, groups):
    """Return stride, padding, dilation and groups as keywords."""
    return dict(
        zip(("stride", "padding", "dilation"), options, strict=True), groups=groups
    )


@pytest.mark.parametrize("setting", SETTINGS)
def test_patches_are_those_of_unfold(setting):
    kernel, stride, padding, dilation, _ = setting
    x = picture()
    ours = patches(x, kernel, stride, padding, dilation)
    theirs = F.unfold(x, kernel, dilation, padding, stride)
    assert ours.shape[3:] == tuple(
        output_size(n, kernel, stride, padding, dilation) for n in x.shape[2:]
    )
    assert torch.equal(ours.reshape(theirs.shape), theirs)


@pytest.mark.parametrize(
    ("height", "width", "kernel"), [(4, 4, 2), (5, 7, 3), (3, 6, 1)]
)
def test_the_matrix_does_what_the_convolution_does(height, width, kernel):
    x = picture(1, height, width)[:1]
    weight = torch.randn(kernel, kernel, dtype=torch.float64)
    expected = F.conv2d(x, weight[None, None]).flatten()
    matrix = conv_matrix(weight, height, width)
    assert matrix.shape == (len(expected), height * width)
    torch.testing.assert_close(matrix @ x.flatten(), expected)


def random_stack(seed):
    """Return a random stack as (kernel, stride, padding, dilation) per layer, small
    enough to be measured on a picture of 160 pixels."""
    dice = random.Random(seed)
    while True:
        stack = []
        for _ in range(dice.randint(1, 5)):
            kernel = dice.randint(1, 5)
            padding = dice.randint(0, kernel // 2)
            stack.append((kernel, dice.randint(1, 3), padding, dice.randint(1, 3)))
        field = receptive_field(stack)
        if field.size <= 90 and field.jump <= 12:
            return stack


def network(stack):
    """Return the stack as a linear network in which no gradient is zero by chance."""
    layers = []
    for kernel, stride, padding, dilation in stack:
        layer = nn.Conv2d(1, 1, kernel, stride, padding, dilation, dtype=torch.float64)
        nn.init.constant_(layer.weight, 1 / kernel**2)
        layers.append(layer)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("seed", range(30))
def test_the_field_of_a_random_stack_is_the_measured_one(seed):
    stack = random_stack(seed)
    model, field = network(stack), receptive_field(stack)
    x = torch.zeros(1, 1, 160, 160, dtype=torch.float64)
    middle = model(x).shape[2] // 2
    first, last, size = measured_field(input_gradient(model, x)[0])
    assert 0 < first <= last < 159  # else the edge of the picture has cut it off
    assert size == field.size
    assert first == field.start + middle * field.jump - (field.size - 1) / 2
    assert list(read_fields(model).values())[-1] == field


def test_the_random_stacks_differ_in_every_setting():
    layers = [layer for seed in range(30) for layer in random_stack(seed)]
    assert [len(set(values)) for values in zip(*layers, strict=True)] == [5, 3, 3, 3]
    assert len({receptive_field(random_stack(seed)) for seed in range(30)}) >= 25


def test_a_field_by_hand():
    assert receptive_field([]) == Field(1, 1, 0.0)
    assert receptive_field([(3, 1, 1, 1)] * 2) == Field(5, 1, 0.0)
    assert receptive_field([(3, 2, 0, 1), (3, 1, 0, 2)]) == Field(11, 2, 5.0)
    assert receptive_field([(2, 2), (3,)]) == Field(6, 2, 2.5)  # the rest has defaults


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


@pytest.mark.parametrize("size", [8, 16, 28])
def test_the_small_cnn_gives_a_logit_per_class_and_learns_everywhere(size):
    model = SmallCNN(classes=7, size=size, width=4)
    logits = model(torch.randn(5, 1, size, size))
    assert logits.shape == (5, 7)
    logits.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_the_small_cnn_sees_ten_pixels():
    assert list(read_fields(SmallCNN(10)).values())[-1] == Field(10, 4, 1.5)
