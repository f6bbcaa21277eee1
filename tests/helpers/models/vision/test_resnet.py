"""Residual blocks and networks, against torchvision's and against their equations."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from helpers.analysis.activations import activations
from helpers.analysis.gradients import jacobian
from helpers.models.vision.resnet import (
    BasicBlock,
    Bottleneck,
    DeepNet,
    PlainBlock,
    PreActivationBlock,
    ProjectingBlock,
    ResidualBlock,
    ResNet,
    SmallResNet,
    he_weights,
    pad_shortcut,
    zero_last_gain,
)
from helpers.page.parity import largest_module_gap
from helpers.training.costs import parameter_count

# (block, channels in, width, stride)
SETTINGS = [
    (BasicBlock, 8, 8, 1),  # the identity
    (BasicBlock, 8, 8, 2),
    (BasicBlock, 4, 8, 1),
    (BasicBlock, 4, 8, 2),
    (Bottleneck, 16, 4, 1),  # the identity
    (Bottleneck, 16, 4, 2),
    (Bottleneck, 4, 4, 1),  # the first block of ResNet-50
    (Bottleneck, 8, 4, 2),
]
NETWORKS = [
    ("resnet18", BasicBlock, (2, 2, 2, 2), 11_689_512),
    ("resnet50", Bottleneck, (3, 4, 6, 3), 25_557_032),
]
BLOCKS = [PlainBlock, ResidualBlock, PreActivationBlock, ProjectingBlock]
TWO_LAYERS = BLOCKS[:3]  # those without a convolution in the shortcut


pytestmark = pytest.mark.usefixtures("seeded")


def pictures(channels, height=9, width=6):
    """Return a batch that differs along its two axes."""
    return torch.randn(3, channels, height, width, dtype=torch.float64)


def scrambled(module):
    """Return the module in float64, with no gain, bias or statistic at 0 or 1."""
    for value in module.double().state_dict().values():
        if value.dim() == 1:
            value.uniform_(0.2, 0.9)
    return module


def theirs(block, inputs, width, stride):
    """Return torchvision's block, with the projection that its ResNet would build."""
    library = getattr(torchvision.models.resnet, block.__name__)
    outputs, downsample = width * library.expansion, None
    if stride != 1 or inputs != outputs:
        project = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        downsample = nn.Sequential(project, nn.BatchNorm2d(outputs))
    return library(inputs, width, stride, downsample)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("training", [True, False])
def test_a_block_is_torchvisions_in_outputs_and_gradients(setting, training):
    block, inputs, width, stride = setting
    library = scrambled(theirs(*setting)).train(training)
    ours = block(inputs, width, stride).double().train(training)
    ours.load_state_dict(library.state_dict(), strict=True)
    x = pictures(inputs)
    assert largest_module_gap(ours, library, x) <= 1e-10
    for mine, other in zip(ours.buffers(), library.buffers(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("name", "block", "counts", "parameters"), NETWORKS)
def test_a_network_has_torchvisions_parameters_under_its_names(
    name, block, counts, parameters
):
    with torch.device("meta"):
        ours, library = ResNet(block, counts), torchvision.models.get_model(name)
    assert parameter_count(ours) == parameters
    assert list(ours.state_dict()) == list(library.state_dict())
    ours.load_state_dict(library.state_dict(), strict=True)
    library.load_state_dict(ours.state_dict(), strict=True)


@pytest.mark.parametrize("training", [True, False])
def test_resnet18_gives_torchvisions_logits(training):
    ours = ResNet(BasicBlock, (2, 2, 2, 2)).train(training)
    library = torchvision.models.resnet18().train(training)
    library.load_state_dict(ours.state_dict(), strict=True)
    x = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), library(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("block", "counts"), [(BasicBlock, 1), (Bottleneck, 2)])
def test_a_small_resnet_is_torchvisions_in_gradients(block, counts):
    library_block = getattr(torchvision.models.resnet, block.__name__)
    library = torchvision.models.ResNet(library_block, [counts, 1, 1, 1], 7)
    ours = ResNet(block, (counts, 1, 1, 1), classes=7).double()
    ours.load_state_dict(scrambled(library).state_dict(), strict=True)
    x = pictures(3, 33, 40)[:1]
    assert largest_module_gap(ours.eval(), library.eval(), x) <= 1e-8


# He's initial weights


def test_he_weights_have_the_variance_of_two_over_fan_out():
    conv, linear = nn.Conv2d(16, 64, 3), nn.Linear(4, 4)
    kept = linear.weight.detach().clone()
    he_weights(nn.Sequential(conv, nn.Sequential(linear)))
    assert conv.weight.var().item() == pytest.approx(2 / (64 * 9), rel=0.05)
    assert conv.weight.mean().abs() < 0.002
    assert torch.equal(linear.weight, kept)


def test_he_weights_are_normal():
    conv = nn.Conv2d(64, 64, 3)
    he_weights(conv)
    inside = conv.weight.abs() < conv.weight.std()
    assert inside.float().mean().item() == pytest.approx(0.683, abs=0.01)


@pytest.mark.parametrize(
    ("network", "settings"),
    [
        (DeepNet, (ResidualBlock, 14, 32)),
        (ResNet, (BasicBlock, (1, 1, 1, 1))),
        (SmallResNet, (48,)),
    ],
)
def test_the_networks_start_with_he_weights(network, settings):
    model = network(*settings)
    large = [w for w in model.parameters() if w.dim() == 4 and w.numel() > 9000]
    assert len(large) > 5
    for w in large:
        fan_out = w.shape[0] * w.shape[2] * w.shape[3]
        assert w.var().item() * fan_out / 2 == pytest.approx(1, rel=0.06)


def test_he_weights_draw_from_the_generator_given_and_leave_the_global_one():
    def drawn(*seed):
        conv = nn.Conv2d(2, 3, 3)
        state = torch.get_rng_state()
        he_weights(conv, *map(torch.Generator().manual_seed, seed))
        used_global = not torch.equal(torch.get_rng_state(), state)
        return conv.weight, used_global

    (first, used), (again, _), (other, _) = drawn(1), drawn(1), drawn(2)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert not used
    assert drawn()[1]


# The deep network


def convolutions(model):
    """Return the convolutions of the model."""
    return [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]


@pytest.mark.parametrize("block", TWO_LAYERS)
@pytest.mark.parametrize("depth", [8, 14, 20, 56])
def test_all_layers_but_the_last_are_convolutions(block, depth):
    with torch.device("meta"):
        model = DeepNet(block, depth)
    assert len(convolutions(model)) == depth - 1
    assert all(layer.bias is None for layer in convolutions(model))
    assert model.fc.weight.shape == (10, 32)


@pytest.mark.parametrize("depth", [-4, 0, 2, 7, 9, 13, 19, 21])
def test_other_depths_are_refused(depth):
    with pytest.raises(ValueError, match=f"^depth {depth} is not 8, 14"):
        DeepNet(PlainBlock, depth)


@pytest.mark.parametrize("block", BLOCKS)
def test_the_stages_double_the_channels_and_halve_the_picture(block):
    model = DeepNet(block, 14, width=4, classes=7)
    names = ["stem", *(f"blocks.{i}" for i in range(6)), "fc"]
    seen = activations(model, torch.randn(2, 1, 15, 28), names)
    first, second, third = (4, 15, 28), (8, 8, 14), (16, 4, 7)
    expected = [first] * 3 + [second] * 2 + [third] * 2 + [(7,)]
    assert [tuple(seen[name].shape[1:]) for name in names] == expected
    assert len(model.blocks) == 6


@pytest.mark.parametrize("block", BLOCKS)
def test_every_convolution_is_followed_or_preceded_by_the_norm_given(block):
    model = DeepNet(block, 8, norm=partial(nn.GroupNorm, 2))
    norms = sum(isinstance(layer, nn.GroupNorm) for layer in model.modules())
    assert norms == len(convolutions(model))
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


def by_hand(model, x, residual, before):
    """Return the logits of a net of depth 8 without norm, ReLU `before` or after."""
    kernels = iter([p for p in model.parameters() if p.dim() == 4])
    y = F.conv2d(x, next(kernels), padding=1).relu()
    for stride in (1, 2, 2):
        z = F.conv2d(y.relu() if before else y, next(kernels), None, stride, 1)
        z = F.conv2d(z.relu(), next(kernels), padding=1)
        if residual:
            z[:, : y.shape[1]] += y[:, :, ::stride, ::stride]
        y = z if before else z.relu()
    return y.flatten(2).mean(dim=2) @ model.fc.weight.T + model.fc.bias


@pytest.mark.parametrize(
    ("block", "residual", "before"),
    [
        (PlainBlock, False, False),
        (ResidualBlock, True, False),
        (PreActivationBlock, True, True),
    ],
)
def test_a_deep_net_without_norm_by_hand(block, residual, before):
    model = DeepNet(block, 8, width=4, norm=nn.Identity).double()
    x = pictures(1)
    torch.testing.assert_close(model(x), by_hand(model, x, residual, before))


# The blocks of two layers


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 9), (1, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_pad_shortcut_drops_pixels_and_adds_zeros(height, width, stride):
    x = pictures(2, height, width)
    y = pad_shortcut(x, 5, stride)
    assert torch.equal(y[:, :2], x[:, :, ::stride, ::stride])
    assert y.shape[1] == 5 and not y[:, 2:].any()
    assert torch.equal(pad_shortcut(x, 2, 1), x)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 9), (1, 4)])
@pytest.mark.parametrize(("outputs", "stride"), [(4, 1), (6, 1), (4, 2), (8, 2)])
def test_a_residual_block_adds_the_padded_input_to_the_plain_branch(
    height, width, outputs, stride
):
    plain = scrambled(PlainBlock(4, outputs, stride))
    block = ResidualBlock(4, outputs, stride).double()
    block.load_state_dict(plain.state_dict(), strict=True)
    x = pictures(4, height, width)
    y = plain.branch(x)
    assert y.shape[2:] == (-(-height // stride), -(-width // stride))
    torch.testing.assert_close(plain(x), y.relu())
    y[:, :4] += x[:, :, ::stride, ::stride]
    torch.testing.assert_close(block(x), y.relu())


def kinds(layers):
    """Return the class names of the layers."""
    return [type(layer).__name__ for layer in layers]


def test_the_norm_stands_after_the_convolution_or_before_it():
    after = ["Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "BatchNorm2d"]
    assert kinds(PlainBlock(2, 3).branch) == after
    assert kinds(ResidualBlock(2, 3).branch) == after
    assert kinds(PreActivationBlock(2, 3).branch) == [*after[1:3], *after[:1]] * 2
    assert kinds(DeepNet(PlainBlock, 8).stem) == after[:3]


@pytest.mark.parametrize("block", [*BLOCKS, BasicBlock, Bottleneck])
def test_a_block_keeps_the_size_unless_told(block):
    inputs = 4 * block.expansion if hasattr(block, "expansion") else 4
    x = torch.randn(2, inputs, 6, 5)
    assert block(inputs, 4)(x).shape == x.shape


@pytest.mark.parametrize("block", BLOCKS)
def test_the_stride_is_that_of_the_first_convolution(block):
    strides = [layer.stride for layer in convolutions(block(2, 3, 2).branch)]
    assert strides == [(2, 2), (1, 1)]


@pytest.mark.parametrize(("outputs", "stride"), [(3, 1), (5, 2)])
def test_the_jacobian_of_pre_activation_is_the_identity_plus_the_branchs(
    outputs, stride
):
    block = scrambled(PreActivationBlock(3, outputs, stride)).eval()
    x = pictures(3, 5, 4)[0]
    skip = jacobian(block, x) - jacobian(block.branch, x)
    places = torch.arange(60).view(3, 5, 4)[:, ::stride, ::stride].flatten()
    expected = torch.zeros_like(skip)
    expected[torch.arange(len(places)), places] = 1
    torch.testing.assert_close(skip, expected)
    assert stride > 1 or torch.equal(expected, torch.eye(60))


@pytest.mark.parametrize(("inputs", "stride"), [(6, 1), (3, 1), (6, 2), (3, 2)])
def test_a_projecting_block_always_projects_and_normalises(inputs, stride):
    block = ProjectingBlock(inputs, 6, stride).double()
    x = 5 + 3 * pictures(inputs, 7, 8)
    skip = block.skip(x)
    assert kinds(block.skip) == ["Conv2d", "BatchNorm2d"]
    assert block.skip[0].weight.shape == (6, inputs, 1, 1)
    assert skip.mean(dim=(0, 2, 3)).abs().max() < 1e-10
    torch.testing.assert_close(block(x), (block.branch(x) + skip).relu())


@pytest.mark.parametrize("block", [ResidualBlock, PreActivationBlock, ProjectingBlock])
def test_with_the_last_gain_at_zero_each_block_is_its_shortcut(block):
    model = DeepNet(block, 14)
    zero_last_gain(model)
    for part in model.blocks:
        x_bchw = torch.rand(4, inputs_of(part), 6, 6)
        skip = part.skip(x_bchw)
        wanted = skip if block is PreActivationBlock else skip.relu()
        assert torch.equal(part(x_bchw), wanted)


def inputs_of(block):
    """Return how many channels a block reads."""
    convs = [layer for layer in block.branch if isinstance(layer, nn.Conv2d)]
    return convs[0].in_channels


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_the_last_gain_of_torchvisions_blocks_is_found(block):
    theirs = torchvision.models.ResNet(
        getattr(torchvision.models.resnet, block.__name__),
        [1, 1, 1, 1],
        zero_init_residual=True,
    )
    ours = ResNet(block, (1, 1, 1, 1))
    zero_last_gain(ours)
    silent = [
        {
            name
            for name, p in net.named_parameters()
            if name[:5] == "layer" and not p.any()
        }
        for net in (ours, theirs)
    ]
    assert silent[0] == silent[1] and len(silent[0]) > 4


# The small network for grey pictures


def small_by_hand(model, x):
    """Return the logits of a small network, its norms and blocks taken from it."""
    y = F.pixel_unshuffle(x, 2)
    for place, stride in ((1, 1), (2, 2), (4, 2)):
        convolution, norm, _ = model.layers[place]
        y = norm(F.conv2d(y, convolution.weight, None, stride, 1)).relu()
        y = model.layers[place + 1](y) if stride == 2 else y
    summary = torch.cat([y.flatten(2).mean(2), y.flatten(2).max(2)[0]], dim=1)
    return summary @ model.fc.weight.T + model.fc.bias


@pytest.mark.parametrize("block", [BasicBlock, ResidualBlock])
def test_the_small_network_by_hand(block):
    model = scrambled(SmallResNet(3, 5, block)).eval()
    x = pictures(1, 16, 24)
    torch.testing.assert_close(model(x), small_by_hand(model, x))
    assert model(x).shape == (3, 5)
    assert [type(model.layers[place]) for place in (3, 5)] == [block] * 2


def test_the_small_network_doubles_its_channels_twice():
    model = SmallResNet()
    shapes = [tuple(layer.weight.shape) for layer in convolutions(model)]
    sizes = (16, 4), *[(32, 16), *[(32, 32)] * 2], *[(64, 32), *[(64, 64)] * 2]
    assert shapes == [(*size, 3, 3) for size in sizes]
    assert model.fc.weight.shape == (10, 128)
    assert all(layer.bias is None for layer in convolutions(model))
