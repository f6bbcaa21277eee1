"""EfficientNet-Lite0, a network for photographs: what lesson 06 builds."""

import torch.nn.functional as F
from torch import Tensor, nn


class SameConv2d(nn.Conv2d):
    """A convolution without bias: (B, C, H, W) -> (B, O, ⌈H / stride⌉, ⌈W / stride⌉).

    Padded as TensorFlow does: by what the last window needs, one half before and one
    half after. Where this is odd, the row or column too many comes after.
    """

    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)

    def forward(self, x_bchw: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pads = []
        for size in (x_bchw.shape[3], x_bchw.shape[2]):  # F.pad's order: columns first
            windows = (size + stride - 1) // stride
            missing = max((windows - 1) * stride + kernel - size, 0)
            pads += [missing // 2, missing - missing // 2]
        return super().forward(F.pad(x_bchw, pads))


def tf_norm(channels: int) -> nn.BatchNorm2d:
    """Return a batch norm with TensorFlow's settings: ε is 0.001, not 0.00001."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Widen, look at each channel alone, narrow: (B, C, H, W) -> (B, O, H', W').

    Where nothing changes shape, the input is added (Sandler et al. 2018, figure 3).
    """

    def __init__(self, inputs, outputs, kernel, stride, widen):
        super().__init__()
        inner = widen * inputs
        if inner != inputs:
            self._expand_conv = SameConv2d(inputs, inner, 1)
            self._bn0 = tf_norm(inner)
        self._depthwise_conv = SameConv2d(inner, inner, kernel, stride, groups=inner)
        self._bn1 = tf_norm(inner)
        self._project_conv = SameConv2d(inner, outputs, 1)
        self._bn2 = tf_norm(outputs)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y = x_bchw
        if hasattr(self, "_expand_conv"):
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))  # no ReLU: it would lose too much
        return x_bchw + y if x_bchw.shape == y.shape else y


# Of each stage: blocks, kernel, stride of the first one, widening, channels out.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class EfficientNetLite0(nn.Module):
    """Sixteen inverted residuals on RGB: (B, 3, H, W) -> (B, classes) logits.

    Names of the layers as in the released weights (Tan and Le 2019; the "lite" form has
    ReLU6 for swish, and no squeeze-and-excitation). Nothing is dropped in training.
    """

    def __init__(self, classes=1000, stages=STAGES):
        super().__init__()
        self._conv_stem, self._bn0 = SameConv2d(3, 32, 3, stride=2), tf_norm(32)
        self._blocks, inputs = nn.Sequential(), 32
        for count, kernel, stride, widen, outputs in stages:
            for i in range(count):
                sizes = inputs, outputs, kernel, 1 if i else stride, widen
                self._blocks.append(InvertedResidual(*sizes))
                inputs = outputs
        self._conv_head, self._bn1 = SameConv2d(inputs, 1280, 1), tf_norm(1280)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x_bchw: Tensor) -> Tensor:
        y_bchw = F.relu6(self._bn0(self._conv_stem(x_bchw)))
        y_bchw = self._blocks(y_bchw)
        y_bchw = F.relu6(self._bn1(self._conv_head(y_bchw)))
        return self._fc(y_bchw.mean(dim=(2, 3)))
