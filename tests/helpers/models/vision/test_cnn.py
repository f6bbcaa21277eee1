"""Convolution and receptive fields, against PyTorch and against measurement."""

import random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.vision.cnn import (
    Field,
    SmallCNN,
    conv2d,
    conv_matrix,
    input_gradient,
    measured_field,
    output_size,
    patches,
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


def test_a_window_moves_by_one_pixel_and_nothing_is_padded_unless_told():
    x = picture()
    theirs = F.unfold(x, 3)
    assert torch.equal(patches(x, 3).reshape(theirs.shape), theirs)
    assert (output_size(11, 3), output_size(13, 3)) == (9, 11)


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


def test_the_random_stacks_differ_in_every_setting():
    layers = [layer for seed in range(30) for layer in random_stack(seed)]
    assert [len(set(values)) for values in zip(*layers, strict=True)] == [5, 3, 3, 3]
    assert len({receptive_field(random_stack(seed)) for seed in range(30)}) >= 25


def test_a_field_by_hand():
    assert receptive_field([]) == Field(1, 1, 0.0)
    assert receptive_field([(3, 1, 1, 1)] * 2) == Field(5, 1, 0.0)
    assert receptive_field([(3, 2, 0, 1), (3, 1, 0, 2)]) == Field(11, 2, 5.0)
    assert receptive_field([(2, 2), (3,)]) == Field(6, 2, 2.5)  # the rest has defaults


def test_the_input_gradient_is_that_of_the_middle_unit():
    conv = nn.Conv2d(2, 3, 3)
    x = torch.randn(4, 2, 7, 9)
    gradient = input_gradient(conv, x)
    expected = torch.zeros(7, 9)
    expected[2:5, 3:6] = conv.weight.detach().sum(dim=(0, 1))  # middle: row 2, column 3
    torch.testing.assert_close(gradient, expected.expand(4, 7, 9))
    assert not x.requires_grad
    assert conv.weight.grad is None


@pytest.mark.parametrize(
    ("rows", "field"), [([2, 3, 6], (2, 6, 5)), ([0], (0, 0, 1)), ([], (0, -1, 0))]
)
def test_the_measured_field_spans_first_to_last_row(rows, field):
    gradient = torch.zeros(8, 5)
    gradient[rows, 4] = -1.0
    assert measured_field(gradient) == field


@pytest.mark.parametrize("size", [8, 16, 28])
def test_the_small_cnn_gives_a_logit_per_class_and_learns_everywhere(size):
    model = SmallCNN(classes=7, size=size, width=4)
    logits = model(torch.randn(5, 1, size, size))
    assert logits.shape == (5, 7)
    logits.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in model.parameters())


def test_the_small_cnn_by_hand():
    model, x = SmallCNN(52).double(), picture(1, 16, 16)
    y = x
    for layer in (model.conv1, model.conv2):
        y = F.max_pool2d(F.conv2d(y, layer.weight, layer.bias, padding=1).relu(), 2)
    logits = y.reshape(2, -1) @ model.head.weight.T + model.head.bias
    torch.testing.assert_close(model(x), logits)
    shapes = [tuple(p.shape) for p in model.parameters() if p.dim() > 1]
    assert shapes == [(16, 1, 3, 3), (32, 16, 3, 3), (52, 512)]
