"""Convolution and receptive fields: what lesson 01 builds."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn


def output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return how many places a window can take along an axis of `size` pixels."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def patches(
    x_bchw: Tensor, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Tensor:
    """Return what each window sees: (B, C, H, W) -> (B, C, K*K, H', W')."""
    H, W = (output_size(n, kernel, stride, padding, dilation) for n in x_bchw.shape[2:])
    x_bchw = F.pad(x_bchw, (padding,) * 4)
    views = []
    for i in range(kernel):
        for j in range(kernel):
            top, left = i * dilation, j * dilation
            rows = slice(top, top + stride * (H - 1) + 1, stride)
            columns = slice(left, left + stride * (W - 1) + 1, stride)
            views.append(x_bchw[:, :, rows, columns])
    return torch.stack(views, dim=2)


def conv2d(
    x_bchw: Tensor,
    weight_ockk: Tensor,
    bias_o: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    """Return the dot product of each window with each kernel: (B, O, H', W').

    `weight_ockk`: (O, C / groups, K, K). Square kernels, equal on both axes.
    """
    O, C, K, _ = weight_ockk.shape
    seen = patches(x_bchw, K, stride, padding, dilation)
    B, _, _, H, W = seen.shape
    seen = seen.reshape(B, groups, C * K * K, H, W)
    kernels = weight_ockk.reshape(groups, O // groups, C * K * K)
    y_bohw = torch.einsum("bgphw,gop->bgohw", seen, kernels).reshape(B, O, H, W)
    return y_bohw if bias_o is None else y_bohw + bias_o[:, None, None]


def conv_matrix(weight_kk: Tensor, height: int, width: int) -> Tensor:
    """Return the matrix M with M @ x.flatten() = conv2d(x).flatten(): (H'*W', H*W)."""
    basis = torch.eye(height * width, dtype=weight_kk.dtype)
    pictures = basis.reshape(-1, 1, height, width)  # one pixel lit in each
    return conv2d(pictures, weight_kk[None, None]).flatten(1).T


@dataclass(frozen=True)
class Field:
    """What one unit sees along one axis, in pixels of the picture."""

    size: int = 1  # pixels from the first to the last one seen
    jump: int = 1  # pixels between the centres of two neighbouring units
    start: float = 0.0  # centre of the first unit's field

    def grow(
        self, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> "Field":
        """Return the field one layer further on (Araujo et al. 2019, section 2)."""
        span = dilation * (kernel - 1)
        return Field(
            self.size + span * self.jump,
            self.jump * stride,
            self.start + (span / 2 - padding) * self.jump,
        )


def receptive_field(layers: list[tuple[int, ...]]) -> Field:
    """Return the field of a stack of (kernel, stride, padding, dilation) layers."""
    field = Field()
    for layer in layers:
        field = field.grow(*layer)
    return field


WINDOW = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d
SAME_PLACE = {
    *("BatchNorm2d", "ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid"),
    *("Tanh", "Identity", "Dropout", "Dropout2d", "relu", "leaky_relu", "gelu", "silu"),
    *("sigmoid", "tanh", "dropout", "add", "iadd", "sub", "mul", "cat"),
}
WHOLE_PICTURE = {"AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "Flatten", "Linear"} | {
    *("adaptive_avg_pool2d", "flatten", "mean", "amax"),
}


def read_fields(model: nn.Module) -> dict[str, Field]:
    """Return the field after every layer of a network, by name, in calling order.

    Walks the graph; where branches meet, the largest field counts. Leaves out layers
    whose units see the whole picture. ValueError for a layer that it cannot read.
    """
    fields: dict[str, Field | None] = {}  # None: the whole picture
    layers = dict(model.named_modules())
    for node in fx.symbolic_trace(model).graph.nodes:
        before = [fields[n.name] for n in node.all_input_nodes if n.name in fields]
        if node.op == "placeholder":
            fields[node.name] = Field()
        elif before and node.op != "output":
            layer = layers[node.target] if node.op == "call_module" else node.target
            name = getattr(layer, "__name__", type(layer).__name__)
            name = layer if isinstance(layer, str) else name
            whole = None in before or name in WHOLE_PICTURE
            widest = None if whole else max(before, key=lambda field: field.size)
            fields[node.name] = None if whole else field_after(widest, layer, name)
    return {name: field for name, field in fields.items() if field}


def field_after(field: Field, layer: object, name: str) -> Field:
    """Return the field after one layer, given the field before it."""
    if isinstance(layer, WINDOW):
        return field.grow(*window(layer))
    if name in SAME_PLACE:
        return field
    text = f"the receptive field of {name} is not known: build the network from layers"
    raise ValueError(f"{text} such as nn.Conv2d, nn.MaxPool2d and nn.ReLU")


def window(layer: nn.Module) -> tuple[int, int, int, int]:
    """Return (kernel, stride, padding, dilation) of a square convolution or pool."""
    numbers = []
    for name in ("kernel_size", "stride", "padding", "dilation"):
        value = getattr(layer, name, 1)
        value = 0 if value == "valid" else value
        value = (value, value) if isinstance(value, int) else value
        if value == "same":
            raise ValueError("padding='same' is not read: give the number of pixels")
        if len(set(value)) > 1:
            raise ValueError(f"{name}={value} is not square")
        numbers.append(value[0])
    return tuple(numbers)


class SmallCNN(nn.Module):
    """Two rounds of convolve, keep what is positive, pool; then one linear layer."""

    def __init__(self, classes: int, size: int = 16, width: int = 16):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(2 * width * (size // 4) ** 2, classes)

    def forward(self, x_bchw: Tensor) -> Tensor:
        x_bchw = self.pool(self.conv1(x_bchw).relu())
        x_bchw = self.pool(self.conv2(x_bchw).relu())
        return self.head(x_bchw.flatten(1))
