"""Residual networks: what lesson 02 builds."""

from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.vision._torchvision import Conv2dNormActivation


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """Return a convolution that keeps the size at stride 1: (B, C, H, W) -> (B, O, …).

    No bias: the normalisation that follows would take it away again.
    """
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class PlainBlock(nn.Module):
    """Two 3x3 convolutions: (B, C, H, W) -> (B, O, H / stride, W / stride)."""

    def __init__(self, inputs, outputs, stride=1, norm=nn.BatchNorm2d):
        super().__init__()
        first = conv(inputs, outputs, 3, stride), norm(outputs), nn.ReLU()
        self.branch = nn.Sequential(*first, conv(outputs, outputs), norm(outputs))

    def forward(self, x_bchw: Tensor) -> Tensor:
        return F.relu(self.branch(x_bchw))


class DeepNet(nn.Module):
    """Three stages of n blocks, 6n + 2 layers: (B, 1, H, W) -> (B, K) logits.

    `block(inputs, outputs, stride, norm)` makes one block of two layers. Raises
    ValueError for another depth. (He et al. 2015, section 4.2)
    """

    def __init__(self, block, depth, width=8, classes=10, norm=nn.BatchNorm2d):
        super().__init__()
        n, left_over = divmod(depth - 2, 6)
        if n < 1 or left_over:
            raise ValueError(f"depth {depth} is not 8, 14, 20, ... (6n + 2)")
        self.stem = nn.Sequential(conv(1, width), norm(width), nn.ReLU())
        sizes = [width] * (n + 1) + [2 * width] * n + [4 * width] * n
        self.blocks = nn.Sequential()
        for inputs, outputs in pairwise(sizes):
            stride = 1 if inputs == outputs else 2
            self.blocks.append(block(inputs, outputs, stride, norm))
        self.fc = nn.Linear(4 * width, classes)
        he_weights(self)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y_bohw = self.blocks(self.stem(x_bchw))
        return self.fc(y_bohw.mean(dim=(2, 3)))


def he_weights(model: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw the convolutions' weights with variance 2 / fan-out (He et al. 2015b)."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(
                layer.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )


def pad_shortcut(x_bchw: Tensor, outputs: int, stride: int) -> Tensor:
    """Return every `stride`-th pixel of x, and channels of zeros: (B, O, H', W')."""
    kept = x_bchw[:, :, ::stride, ::stride]
    return F.pad(kept, (0, 0, 0, 0, 0, outputs - x_bchw.shape[1]))


class ResidualBlock(PlainBlock):
    """relu(F(x) + x), F as in the plain block (He et al. 2015, equation 1)."""

    def __init__(self, inputs, outputs, stride=1, norm=nn.BatchNorm2d):
        super().__init__(inputs, outputs, stride, norm)
        self.skip = partial(pad_shortcut, outputs=outputs, stride=stride)

    def forward(self, x_bchw: Tensor) -> Tensor:
        return F.relu(self.branch(x_bchw) + self.skip(x_bchw))


class PreActivationBlock(ResidualBlock):
    """F(x) + x, with norm and ReLU before each convolution (He et al. 2016)."""

    def __init__(self, inputs, outputs, stride=1, norm=nn.BatchNorm2d):
        super().__init__(inputs, outputs, stride, norm)
        first = norm(inputs), nn.ReLU(), conv(inputs, outputs, 3, stride)
        second = norm(outputs), nn.ReLU(), conv(outputs, outputs)
        self.branch = nn.Sequential(*first, *second)

    def forward(self, x_bchw: Tensor) -> Tensor:
        return self.branch(x_bchw) + self.skip(x_bchw)


class ProjectingBlock(ResidualBlock):
    """A residual block whose shortcut is always a 1x1 convolution, with norm."""

    def __init__(self, inputs, outputs, stride=1, norm=nn.BatchNorm2d):
        super().__init__(inputs, outputs, stride, norm)
        self.skip = nn.Sequential(conv(inputs, outputs, 1, stride), norm(outputs))


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return the identity where the shape stays, else a 1x1 projection with norm."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    """relu(F(x) + shortcut(x)), F two 3x3 convolutions (He et al. 2015, figure 5)."""

    expansion = 1  # channels out per channel of width

    def __init__(self, inputs, width, stride=1):
        super().__init__()
        self.conv1 = conv(inputs, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y_bohw = F.relu(self.bn1(self.conv1(x_bchw)))
        y_bohw = self.bn2(self.conv2(y_bohw))
        return F.relu(y_bohw + self.downsample(x_bchw))


class Bottleneck(nn.Module):
    """relu(F(x) + shortcut(x)), F narrows, convolves and widens: 1x1, 3x3, 1x1."""

    expansion = 4

    def __init__(self, inputs, width, stride=1):
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = conv(inputs, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv(width, outputs, 1)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y_bohw = F.relu(self.bn1(self.conv1(x_bchw)))
        y_bohw = F.relu(self.bn2(self.conv2(y_bohw)))
        y_bohw = self.bn3(self.conv3(y_bohw))
        return F.relu(y_bohw + self.downsample(x_bchw))


class ResNet(nn.Module):
    """Four stages of blocks on RGB pictures: (B, 3, H, W) -> (B, K) logits.

    `counts`: blocks per stage, (2, 2, 2, 2) for ResNet-18, (3, 4, 6, 3) for
    ResNet-50 (He et al. 2015, table 1). Names of the layers as in torchvision.
    """

    def __init__(self, block, counts, classes=1000):
        super().__init__()
        self.conv1 = conv(3, 64, 7, stride=2)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(block, 64, 64, counts[0])
        self.layer2 = stage(block, 64 * block.expansion, 128, counts[1], stride=2)
        self.layer3 = stage(block, 128 * block.expansion, 256, counts[2], stride=2)
        self.layer4 = stage(block, 256 * block.expansion, 512, counts[3], stride=2)
        self.fc = nn.Linear(512 * block.expansion, classes)
        he_weights(self)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y = self.maxpool(F.relu(self.bn1(self.conv1(x_bchw))))
        y = self.layer4(self.layer3(self.layer2(self.layer1(y))))
        return self.fc(y.mean(dim=(2, 3)))


def stage(block, inputs: int, width: int, count: int, stride: int = 1) -> nn.Sequential:
    """Return `count` blocks of one width; the first one takes the stride."""
    outputs = width * block.expansion
    first = block(inputs, width, stride)
    return nn.Sequential(first, *[block(outputs, width) for _ in range(count - 1)])


def zero_last_gain(model: nn.Module) -> None:
    """Set the last gain of every branch to 0: each block starts as its shortcut."""
    for block in model.modules():
        if isinstance(block, BasicBlock | Bottleneck):
            last = block.bn2 if isinstance(block, BasicBlock) else block.bn3
            nn.init.zeros_(last.weight)
        elif isinstance(block, PlainBlock):
            nn.init.zeros_(block.branch[-1].weight)


class SmallResNet(nn.Module):
    """Two blocks between three strides, for grey pictures: (B, 1, H, W) -> (B, K).

    H and W are even: 2 x 2 pixels become 4 channels, on a quarter of the places.
    """

    def __init__(self, width=16, classes=10, block=BasicBlock):
        super().__init__()
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            Conv2dNormActivation(4, width),
            Conv2dNormActivation(width, 2 * width, stride=2),
            block(2 * width, 2 * width),
            Conv2dNormActivation(2 * width, 4 * width, stride=2),
            block(4 * width, 4 * width),
        )
        self.fc = nn.Linear(2 * 4 * width, classes)
        he_weights(self)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y_bohw = self.layers(x_bchw)
        summary = [y_bohw.mean(dim=(2, 3)), y_bohw.amax(dim=(2, 3))]
        return self.fc(torch.cat(summary, dim=1))
