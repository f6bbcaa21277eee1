"""EfficientNet-Lite0 against torchvision's layers, with padding written out by hand."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torchvision.models.mobilenetv2 import InvertedResidual as TorchvisionBlock
from torchvision.ops import Conv2dNormActivation

from helpers.models.vision.efficientnet import (
    STAGES,
    EfficientNetLite0,
    InvertedResidual,
    SameConv2d,
    tf_norm,
)

# (before, after) of an even number of pixels, by kernel and stride: TensorFlow's.
PADS = {(1, 1): (0, 0), (3, 1): (1, 1), (5, 1): (2, 2), (3, 2): (0, 1), (5, 2): (1, 2)}
SMALL = ((1, 3, 1, 1, 8), (2, 5, 2, 6, 12), (2, 3, 2, 2, 16))


def library_conv(inputs, outputs, kernel, stride=1, groups=1, relu=nn.ReLU6):
    """Return torchvision's convolution with norm and ReLU6, after such padding."""
    before, after = PADS[kernel, stride]
    sizes = {"padding": 0, "groups": groups, "norm_layer": tf_norm}
    sizes |= {"activation_layer": relu, "inplace": None if relu is None else False}
    layer = Conv2dNormActivation(inputs, outputs, kernel, stride, **sizes)
    return nn.Sequential(nn.ZeroPad2d((before, after, before, after)), layer)


class LibraryBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, widen):
        super().__init__()
        inner, layers = inputs * widen, []
        if widen != 1:
            layers.append(library_conv(inputs, inner, 1))
        layers.append(library_conv(inner, inner, kernel, stride, groups=inner))
        layers.append(library_conv(inner, outputs, 1, relu=None))
        self.branch = nn.Sequential(*layers)
        self.added = stride == 1 and inputs == outputs

    def forward(self, x):
        return self.branch(x) + x if self.added else self.branch(x)


def library_network(stages, classes):
    layers, inputs = [library_conv(3, 32, 3, 2)], 32
    for count, kernel, stride, widen, outputs in stages:
        widths = [inputs] + [outputs] * count
        strides = [stride] + [1] * (count - 1)
        for (before, after), step in zip(pairwise(widths), strides, strict=True):
            layers.append(LibraryBlock(before, after, kernel, step, widen))
        inputs = outputs
    layers += [library_conv(inputs, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(1280, classes))


def drawn(model, seed=0):
    """Fill a model, its norms' averages too, so that ReLU6 acts at both its ends."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.02, 0.5, generator=generator)
        elif value.is_floating_point() and value.ndim == 1:
            value.normal_(1.0, 0.5, generator=generator)
        elif value.is_floating_point():
            fan_in = value[0].numel()
            value.normal_(0, 2 / fan_in**0.5, generator=generator)
    return model


def alike(ours, theirs, x):
    """Compare outputs, gradients and norms' averages, on weights copied in order."""
    state = drawn(ours).state_dict()
    names = zip(theirs.state_dict(), state.values(), strict=True)
    theirs.load_state_dict({name: value.clone() for name, value in names})
    for mode in (False, True):
        inputs = [x.clone().requires_grad_() for _ in range(2)]
        outputs = []
        for model, given in zip((ours, theirs), inputs, strict=True):
            model.train(mode).zero_grad()
            outputs.append(model(given))
            outputs[-1].square().mean().backward()
        torch.testing.assert_close(*outputs)
        torch.testing.assert_close(*(given.grad for given in inputs))
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p.grad, q.grad)
    left, right = (model.state_dict().values() for model in (ours, theirs))
    torch.testing.assert_close(list(left), list(right))


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("widen", [1, 6])
@pytest.mark.parametrize("outputs", [4, 6])
def test_a_block_is_torchvisions_layers_in_a_row(kernel, stride, widen, outputs):
    sizes = 4, outputs, kernel, stride, widen
    x = torch.randn(3, 4, 12, 8, dtype=torch.float64)
    alike(InvertedResidual(*sizes).double(), LibraryBlock(*sizes).double(), x)


@pytest.mark.parametrize("widen", [1, 6])
@pytest.mark.parametrize("outputs", [4, 6])
def test_at_stride_1_it_is_the_block_of_torchvisions_mobilenet(widen, outputs):
    theirs = TorchvisionBlock(4, outputs, 1, widen, norm_layer=tf_norm).double()
    ours = InvertedResidual(4, outputs, 3, 1, widen).double()
    alike(ours, theirs, torch.randn(3, 4, 9, 7, dtype=torch.float64))


def test_a_network_is_torchvisions_layers_in_a_row():
    ours = EfficientNetLite0(classes=7, stages=SMALL).double()
    theirs = library_network(SMALL, 7).double()
    alike(ours, theirs, torch.randn(2, 3, 32, 32, dtype=torch.float64))


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", range(1, 12))
def test_the_padding_is_what_the_last_window_needs(kernel, stride, size):
    x = torch.ones(1, 1, size, 4)
    layer = SameConv2d(1, 1, kernel, stride)
    layer.weight.data.zero_()[..., kernel // 2] = 1  # counts the rows it sees
    rows = layer(x)[0, 0].amax(dim=1).detach()
    assert len(rows) == -(-size // stride)
    starts = [i * stride for i in range(len(rows))]
    missing = max(starts[-1] + kernel - size, 0)
    padded = [0] * (missing // 2) + [1] * size + [0] * (missing - missing // 2)
    seen = [sum(padded[start : start + kernel]) for start in starts]
    assert rows.tolist() == seen


def test_the_sizes_are_those_of_the_released_weights():
    with torch.device("meta"):
        network = EfficientNetLite0()
    state = network.state_dict()
    assert len(state) == 296
    assert sum(p.numel() for p in network.parameters()) == 4_652_008
    assert {layer.eps for layer in network.modules() if hasattr(layer, "eps")} == {1e-3}
    assert sum(stage[0] for stage in STAGES) == len(network._blocks) == 16
    assert state["_blocks.15._project_conv.weight"].shape == (320, 1152, 1, 1)
    assert state["_blocks.5._depthwise_conv.weight"].shape == (240, 1, 3, 3)
    assert "_blocks.0._expand_conv.weight" not in state


def test_the_names_are_those_of_the_released_weights():
    names = list(EfficientNetLite0(classes=2, stages=SMALL).state_dict())
    of_norms = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    layers = []
    for name in names:
        layer, _, part = name.rpartition(".")
        assert part in of_norms
        if layer not in layers:
            layers.append(layer)
    block = ["_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
    expected = ["_conv_stem", "_bn0", *(f"_blocks.0.{part}" for part in block[2:])]
    expected += [f"_blocks.{i}.{part}" for i in range(1, 5) for part in block]
    assert layers == [*expected, "_conv_head", "_bn1", "_fc"]


def test_a_norm_keeps_99_hundredths_of_its_averages():
    norm, x = tf_norm(2), torch.randn(5, 2, 3, 3)
    norm(x)
    mean, var = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3))
    torch.testing.assert_close(norm.running_mean, 0.01 * mean)
    torch.testing.assert_close(norm.running_var, 0.99 + 0.01 * var)
