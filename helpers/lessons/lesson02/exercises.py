"""Lesson 02, ResNet residual blocks: references, hints and known wrong answers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.analysis.gradients import autocorrelation
from helpers.analysis.loss_landscape import filter_normalised
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed, noise


@dataclass(frozen=True)
class Layer:
    """A layer so small that a learner can follow it: x -> factor * x + shift."""

    factor: float
    shift: float

    def __call__(self, x: Tensor) -> Tensor:
        return self.factor * x + self.shift

    def __repr__(self) -> str:
        return f"(x -> {self.factor:g} * x + {self.shift:g})"


class Norm:
    """Every channel brought to mean 0 and variance 1 over batch and places."""

    def __call__(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, training=True)

    def __repr__(self) -> str:
        return "(norm: each channel to mean 0, variance 1)"


def some_layer(draw: Draw) -> Layer:
    return Layer(draw.choice((-2, -1, 0.5, 1.5, 3)), draw.choice((-1, -0.5, 0.5, 2)))


def some_noise(draw: Draw) -> Tensor:
    """Return a batch (B, C, H, W) of another shape than the visible ones."""
    B, C, H, W = (draw.randint(1, 3) for _ in range(4))
    return noise(B, C, H + 1, W + 3, seed=draw.next_seed())


def block_parameters(inputs: int, outputs: int) -> int:
    return 9 * inputs * outputs + 9 * outputs * outputs + 4 * outputs


BLOCK_PARAMETERS = Exercise(
    block_parameters,
    cases=lambda: [(8, 8), (8, 16), (3, 5)],
    hidden=by_seed(lambda draw: tuple(draw.sample(range(17, 65), 2))),
    hints=(
        "Four layers have parameters: two convolutions and two norms.",
        "A kernel is 3 x 3 numbers for every pair of an input and an output channel. "
        "The second convolution goes from `outputs` to `outputs`.",
        "9 * inputs * outputs + 9 * outputs * outputs, and 2 * outputs per norm.",
    ),
    wrong=(
        Wrong(
            lambda inputs, outputs: 9 * inputs * outputs + 9 * outputs * outputs,
            "The kernels are right. A norm has parameters too: a gain and a bias for "
            "each of its channels.",
            typed="return 9 * inputs * outputs + 9 * outputs * outputs",
        ),
        Wrong(
            lambda inputs, outputs: block_parameters(inputs, outputs) + 2 * outputs,
            "You counted a bias for each convolution. `conv` has none: the norm's "
            "bias does that work.",
        ),
        Wrong(
            lambda inputs, outputs: 18 * inputs * outputs + 4 * outputs,
            "The second convolution reads what the first one wrote: it has `outputs` "
            "channels on both sides.",
        ),
    ),
)


def copying_kernel(channels: int) -> Tensor:
    kernel = torch.zeros(channels, channels, 3, 3)
    kernel[range(channels), range(channels), 1, 1] = 1.0
    return kernel


def kernel_in_corner(channels: int) -> Tensor:
    return copying_kernel(channels).roll((-1, -1), dims=(2, 3))


def kernel_across_channels(channels: int) -> Tensor:
    kernel = torch.zeros(channels, channels, 3, 3)
    kernel[:, :, 1, 1] = 1.0
    return kernel


def diagonal_kernels(channels: int) -> Tensor:
    return torch.eye(3).expand(channels, channels, 3, 3).clone()


COPYING_KERNEL = Exercise(
    copying_kernel,
    cases=lambda: [(2,), (1,), (3,)],
    hidden=by_seed(lambda draw: (draw.randint(4, 12),), times=3),
    hints=(
        "kernel[o, c] says how output channel o looks at input channel c. Which pairs "
        "(o, c) should look at all?",
        "Only o == c. And of the nine places, only the one in the middle: row 1, "
        "column 1.",
        "Start from torch.zeros(channels, channels, 3, 3) and set [c, c, 1, 1] to 1 "
        "for every c.",
    ),
    wrong=(
        Wrong(
            kernel_across_channels,
            "Each output channel adds up *all* input channels. It should copy its own "
            "and look at no other.",
        ),
        Wrong(
            kernel_in_corner,
            "The 1 sits in a corner: that copies the picture moved by one pixel. The "
            "middle of 3 x 3 is [1, 1], counted from 0.",
        ),
        Wrong(
            diagonal_kernels,
            "An identity matrix of 3 x 3 *places* adds three pixels along a diagonal. "
            "The identity is wanted over channels, at the place in the middle.",
        ),
    ),
)


def identity_block(x: Tensor, first: Callable, second: Callable) -> Tensor:
    return F.relu(second(F.relu(first(x))) + x)


def added_after_relu(x: Tensor, first: Callable, second: Callable) -> Tensor:
    return F.relu(second(F.relu(first(x)))) + x


def skip_from_inside(x: Tensor, first: Callable, second: Callable) -> Tensor:
    y = F.relu(first(x))
    return F.relu(second(y) + y)


SMALL = torch.tensor([[[[1.0, -2.0], [3.0, -4.0]]]])  # (1, 1, 2, 2)

IDENTITY_BLOCK = Exercise(
    identity_block,
    cases=lambda: [
        (SMALL, Layer(1, -1), Layer(-2, 1)),
        (noise(2, 3, 4, 4), Layer(0.5, 1), Layer(2, -1)),
        (SMALL, Layer(0, 0), Layer(0, 0)),
    ],
    hidden=by_seed(
        lambda draw: (some_noise(draw), some_layer(draw), some_layer(draw)), times=3
    ),
    hints=(
        "In y = relu(F(x) + x), what comes last: the sum or the ReLU?",
        "`F(x)` is `second(F.relu(first(x_bchw)))`, with no ReLU around it.",
        "Move one bracket: F.relu(second(y_bohw) + x_bchw).",
    ),
    wrong=(
        Wrong(
            added_after_relu,
            "You added x *after* the last ReLU. Then F can only ever add: what the "
            "block hands on could grow and never shrink.",
        ),
        Wrong(
            skip_from_inside,
            "You added the tensor from between the two layers. The shortcut starts "
            "at the block's *input*: the last draft, not the half-corrected one.",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(F.relu(first(x)))),
            "That is the plain block: the input is never added.",
        ),
        Wrong(
            lambda x, first, second: second(F.relu(first(x))) + x,
            "The sum is right, the ReLU after it is missing. (A block without it "
            "exists: step 6 builds it.)",
        ),
    ),
)


@dataclass(frozen=True)
class Projection:
    """The projection block, with one thing that may be wrong."""

    stride_on: str = "first"
    norm_on_skip: bool = True
    skip_from: str = "input"

    def __call__(self, x, first, second, skip, norm, stride) -> Tensor:
        a, b = (stride, 1) if self.stride_on == "first" else (1, stride)
        y = F.relu(norm(F.conv2d(x, first, stride=a, padding=1)))
        road = F.conv2d(x, skip, stride=stride)
        road = norm(road) if self.norm_on_skip else road
        road = road if self.skip_from == "input" else y
        return F.relu(norm(F.conv2d(y, second, stride=b, padding=1)) + road)


def kernels(inputs: int, outputs: int, side: int, stride: int, seed: int) -> tuple:
    """Return a case: a batch, three kernels, the norm and the stride."""
    x = noise(2, inputs, side, side, seed=seed)
    first = noise(outputs, inputs, 3, 3, seed=seed + 1)
    second = noise(outputs, outputs, 3, 3, seed=seed + 2)
    return x, first, second, noise(outputs, inputs, 1, 1, seed=seed + 3), Norm(), stride


def some_kernels(draw: Draw) -> tuple:
    inputs, outputs = draw.sample(range(2, 6), 2)
    side, stride = draw.randint(5, 8), draw.choice((2, 3))
    return kernels(inputs, outputs, side, stride, draw.next_seed())


PROJECTION_BLOCK = Exercise(
    Projection(),
    cases=lambda: [kernels(2, 4, 6, 2, seed=0), kernels(3, 5, 7, 2, seed=4)],
    tolerance=1e-4,
    hidden=by_seed(some_kernels),
    hints=(
        "Three convolutions, each followed by `norm`. Two of them read `x_bchw`.",
        "Give `stride=stride` to the first 3 x 3 convolution and to the 1 x 1 one. "
        "3 x 3 kernels need padding=1, the 1 x 1 kernel none.",
        "y = norm(conv(x, first, stride)), then norm(conv(relu(y), second)), plus "
        "norm(conv(x, skip, stride)), and ReLU around the sum.",
    ),
    wrong=(
        Wrong(
            Projection(stride_on="second"),
            "The stride sits on the second convolution. The shape is right, but the "
            "first layer works on four times as many places, and the result differs.",
        ),
        Wrong(
            Projection(norm_on_skip=False),
            "The projection has no norm. Its output is then on another scale than "
            "F(x), which was normalised, and the two do not mix well.",
        ),
        Wrong(
            Projection(skip_from="inside"),
            "You added the tensor after the first convolution: its shape fits, so "
            "nothing complains. The shortcut has to start at the block's input.",
        ),
    ),
)


def bottleneck_saving(outputs: int) -> tuple:
    width = outputs // 4
    squeezed = 2 * outputs * width + 9 * width * width
    return squeezed, 18 * outputs * outputs / squeezed


def all_kernels_wide(outputs: int) -> tuple:
    width = outputs // 4
    squeezed = 9 * (2 * outputs * width + width * width)
    return squeezed, 18 * outputs * outputs / squeezed


def one_wide_kernel(outputs: int) -> tuple:
    squeezed, _ = bottleneck_saving(outputs)
    return squeezed, 9 * outputs * outputs / squeezed


BOTTLENECK_SAVING = Exercise(
    bottleneck_saving,
    cases=lambda: [(256,), (64,), (2048,)],
    hidden=by_seed(
        lambda draw: (4 * draw.randrange(11, 200, 2),)  # no power of two
    ),
    hints=(
        "Three kernels: 1 x 1 from outputs to width, 3 x 3 within width, 1 x 1 back.",
        "A K x K kernel from a to b channels has K * K * a * b weights.",
        "Two full 3 x 3 kernels have 2 * 9 * outputs * outputs; divide by yours.",
    ),
    wrong=(
        Wrong(
            all_kernels_wide,
            "You gave all three kernels 3 x 3 cells. The first and the last are "
            "1 x 1: one cell.",
        ),
        Wrong(
            one_wide_kernel,
            "Compared with *one* full 3 x 3 kernel. A basic block has two.",
        ),
        Wrong(
            lambda outputs: (
                bottleneck_saving(outputs)[0],
                1 / bottleneck_saving(outputs)[1],
            ),
            "The division is upside down: asked was how many times *fewer*, so the "
            "number is above 1.",
        ),
    ),
)


def pre_activation(x, norm1, conv1, norm2, conv2) -> Tensor:
    return conv2(F.relu(norm2(conv1(F.relu(norm1(x)))))) + x


def skip_from_normalised(x, norm1, conv1, norm2, conv2) -> Tensor:
    ready = F.relu(norm1(x))
    return conv2(F.relu(norm2(conv1(ready)))) + ready


def relu_before_norm(x, norm1, conv1, norm2, conv2) -> Tensor:
    return conv2(norm2(F.relu(conv1(norm1(F.relu(x)))))) + x


def some_branch(draw: Draw) -> tuple:
    """Return x and four layers; the last brings some of the sums below 0."""
    layers = (some_layer(draw) for _ in range(3))
    return some_noise(draw), *layers, Layer(-draw.randint(1, 4) / 2, -1)


PRE_ACTIVATION = Exercise(
    pre_activation,
    cases=lambda: [
        (SMALL, Layer(2, -1), Layer(1, -1), Layer(-1, 2), Layer(3, 1)),
        (noise(2, 3, 4, 4), Layer(1, 0.5), Layer(-1, 1), Layer(2, -1), Layer(0.5, -2)),
    ],
    hidden=by_seed(some_branch, times=3),
    hints=(
        "Read the branch from left to right: norm, ReLU, convolution, and once more.",
        "`conv1(F.relu(norm1(x_bchw)))` is its first half.",
        "Add `x_bchw` itself at the very end, and put nothing after the sum.",
    ),
    wrong=(
        Wrong(
            lambda *parts: F.relu(pre_activation(*parts)),
            "A ReLU after the sum closes the free road that pre-activation is for: "
            "whatever it cuts cannot pass.",
        ),
        Wrong(
            skip_from_normalised,
            "You added the normalised input. The shortcut carries x itself, or the "
            "derivative of the block is no longer the identity plus something.",
        ),
        Wrong(
            relu_before_norm,
            "ReLU ran before the norm. The norm then sees only what ReLU left, and "
            "its output, mean 0, goes into the convolution uncut.",
        ),
    ),
)


def off_by_one(gradient: Tensor, lag: int) -> float:
    return autocorrelation(gradient, lag + 1)


def not_centred(gradient: Tensor, lag: int) -> float:
    return F.cosine_similarity(gradient[lag:], gradient[:-lag], dim=1).mean().item()


def along_pixels(gradient: Tensor, lag: int) -> float:
    deviation = gradient - gradient.mean(dim=0)
    ahead, behind = deviation[lag:], deviation[:-lag]
    return F.cosine_similarity(ahead, behind, dim=0).mean().item()


def pixels_centred(gradient: Tensor, lag: int) -> float:
    return not_centred(gradient - gradient.mean(dim=1, keepdim=True), lag)


def some_line(draw: Draw) -> tuple:
    """Return gradients along a line, and a lag."""
    points = noise(draw.randint(12, 19), draw.randint(3, 6), seed=draw.next_seed())
    return points.cumsum(dim=0) + 3, draw.randint(2, 5)


LIKENESS = Exercise(
    autocorrelation,
    cases=lambda: [
        (torch.tensor([[3.0, 1.0], [1.0, 3.0], [3.0, 2.0], [1.0, 1.0]]), 1),
        (noise(20, 5).cumsum(dim=0) + 3, 1),
        (noise(20, 5, seed=1).cumsum(dim=0) + 3, 4),
    ],
    hidden=by_seed(some_line),
    hints=(
        "What do all gradients of the line have in common? Take it away first.",
        "`gradient_nd.mean(dim=0)` is the mean gradient, one number per pixel.",
        "Pair row i + lag with row i: deviation[lag:] and deviation[:-lag].",
    ),
    wrong=(
        Wrong(
            not_centred,
            "The mean gradient is still in there: whatever all of them share makes "
            "every pair look alike.",
        ),
        Wrong(
            off_by_one,
            "Your pairs are lag + 1 apart. x[lag:] and x[:-lag] pair row i + lag "
            "with row i.",
        ),
        Wrong(
            lambda gradient, lag: not_centred(gradient, lag + 1),
            "Two faults are still in: the mean gradient was not removed, and the "
            "pairs are lag + 1 apart.",
        ),
        Wrong(
            along_pixels,
            "You compared pixels over the line (dim=0). One gradient is one *row*: "
            "the cosine runs along dim=1.",
        ),
        Wrong(
            pixels_centred,
            "You took away each picture's own mean over its pixels. What they share "
            "is the mean over the pictures: dim=0.",
        ),
    ),
)


PATHS = Exercise(
    lambda blocks: [math.comb(blocks, k) for k in range(blocks + 1)],
    cases=lambda: [(2,), (3,), (9,), (0,)],
    hidden=by_seed(
        lambda draw: (draw.randint(4, 8),), lambda draw: (draw.randint(10, 14),)
    ),
    hints=(
        "Two blocks: skip both, take the first, take the second, take both. So how "
        "many of length 0, 1 and 2?",
        "1, 2, 1. With three blocks: 1, 3, 3, 1. A new block is skipped, or makes a "
        "path longer by one.",
        "The number of ways to choose k of n blocks: math.comb(n, k).",
    ),
    wrong=(
        Wrong(
            lambda blocks: [2**k for k in range(blocks + 1)],
            "2 ** n is the number of *all* paths through n blocks. Here they are "
            "sorted by how many blocks they go through.",
        ),
        Wrong(
            lambda blocks: [1] * (blocks + 1),
            "There is more than one path of most lengths: of length 1 there is one "
            "through each block.",
        ),
        Wrong(
            lambda blocks: [math.comb(blocks, k) for k in range(blocks)],
            "The last entry is missing: one path goes through all blocks.",
        ),
    ),
)


def whole_layer(step: Tensor, weight: Tensor) -> Tensor:
    return step * weight.norm() / step.norm()


def squares_compared(step: Tensor, weight: Tensor) -> Tensor:
    lengths = (x.flatten(1).square().sum(dim=1) for x in (weight, step))
    wanted, length = lengths
    return step * (wanted / length).view(-1, 1, 1, 1)


def to_length_one(step: Tensor, weight: Tensor) -> Tensor:
    return step / step.flatten(1).norm(dim=1).view(-1, 1, 1, 1)


def some_step(draw: Draw) -> tuple:
    """Return two layers of filters, of equal shape."""
    shape = draw.randint(2, 6), draw.randint(1, 4), *(2 * [draw.choice((1, 5))])
    return noise(*shape, seed=draw.next_seed()), noise(*shape, seed=draw.next_seed())


NORMALISED_STEP = Exercise(
    filter_normalised,
    cases=lambda: [
        (
            torch.tensor([[[[3.0, 4.0]]], [[[0.0, 2.0]]]]),
            torch.tensor([[[[0.0, 10.0]]], [[[6.0, 8.0]]]]),
        ),
        (noise(4, 3, 3, 3), noise(4, 3, 3, 3, seed=1)),
    ],
    hidden=by_seed(some_step),
    hints=(
        "step[i] is one filter, (C, K, K). Its length is the root of its sum of "
        "squares; scale it to the length of weight[i].",
        "Sum over the last three axes only: dim=(1, 2, 3), with keepdim=True.",
        "step * wanted / length, with `wanted` from the weight and `length` from the "
        "step, both (O, 1, 1, 1).",
    ),
    wrong=(
        Wrong(
            whole_layer,
            "One length for the whole layer. Every filter needs its own: a norm "
            "follows, and forgets the size of each filter separately.",
        ),
        Wrong(
            to_length_one,
            "Every filter has length 1 now. It should be as long as the weight's.",
        ),
        Wrong(
            squares_compared,
            "You compared the sums of squares. A length is the root of that.",
        ),
    ),
)


EXERCISES = {
    "2.1": BLOCK_PARAMETERS,
    "2.2": COPYING_KERNEL,
    "2.3": IDENTITY_BLOCK,
    "2.4": PROJECTION_BLOCK,
    "2.5": BOTTLENECK_SAVING,
    "2.6": PRE_ACTIVATION,
    "2.7": LIKENESS,
    "2.8": PATHS,
    "2.9": NORMALISED_STEP,
}
