"""Lesson 02, ResNet residual blocks: references, hints and known wrong answers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.analysis.gradients import autocorrelation
from helpers.analysis.loss_landscape import filter_normalised
from helpers.page.attempts import attempt
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed, noise
from helpers.page.promises import gradients, no_float, whole_number


@dataclass(frozen=True)
class Layer:
    """A layer so small that a learner can follow it: x -> factor * x + shift."""

    factor: float
    shift: float

    def __call__(self, x: Tensor) -> Tensor:
        return self.factor * x + self.shift

    def __repr__(self) -> str:
        return f"(x -> {self.factor:g} * x + {self.shift:g})"


class HandOn:
    """A layer that hands its input on: the very same tensor, as nn.Identity does."""

    def __call__(self, x: Tensor) -> Tensor:
        return x

    def __repr__(self) -> str:
        return "(x -> x, the same tensor)"


class Norm:
    """Every channel brought to mean 0 and variance 1 over batch and places."""

    def __call__(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, training=True)

    def __repr__(self) -> str:
        return "(norm: each channel to mean 0, variance 1)"


def some_layer(draw: Draw) -> Layer:
    return Layer(draw.choice((-2, -1, 0.5, 1.5, 3)), draw.choice((-1, -0.5, 0.5, 2)))


def some_second(draw: Draw) -> Layer:
    """Return a layer that brings some of what a ReLU left below 0, and some not."""
    return Layer(draw.choice((-2, -1.5, -1, -0.5)), draw.choice((1, 1.5, 2)))


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
        Wrong(
            lambda inputs, outputs: block_parameters(inputs, outputs) - 2 * outputs,
            "Beside the kernels you counted two numbers per output channel. There are "
            "two norms, and each has a gain *and* a bias for every channel.",
        ),
        Wrong(
            lambda inputs, outputs: block_parameters(inputs, outputs) + 4 * outputs,
            "Each norm seems to have four numbers per channel. Its running mean and "
            "variance are buffers: no gradient ever changes them, so they are no "
            "parameters.",
        ),
        Wrong(
            lambda inputs, outputs: block_parameters(inputs, outputs) + 4 * outputs + 2,
            "You counted all that the norms store. A running mean and variance, and "
            "the count of batches, are buffers: no gradient ever changes them.",
        ),
        Wrong(
            lambda inputs, outputs: 6,
            "Six is the number of parameter *tensors*. How many numbers are in them? "
            "(`numel()` says so for one.)",
        ),
        Wrong(
            lambda inputs, outputs: (
                block_parameters(inputs, outputs) + 2 * inputs - 2 * outputs
            ),
            "You gave the first norm `inputs` channels. It follows the first "
            "convolution, so it sees what that one writes: `outputs` channels.",
        ),
        Wrong(
            lambda inputs, outputs: (
                9 * inputs * inputs + 9 * inputs * outputs + 2 * inputs + 2 * outputs
            ),
            "You changed the number of channels in the second convolution. The first "
            "one does it already: `inputs` to `outputs`, then `outputs` to `outputs`.",
        ),
        Wrong(
            lambda inputs, outputs: 18 * outputs * outputs + 4 * outputs,
            "The first convolution reads the block's input, which has `inputs` "
            "channels, not `outputs`.",
        ),
        Wrong(
            lambda inputs, outputs: 9 * inputs * outputs + 2 * outputs,
            "That is one convolution with its norm. The block has two of each.",
        ),
        Wrong(
            lambda inputs, outputs: (
                3 * inputs * outputs + 3 * outputs * outputs + 4 * outputs
            ),
            "A 3 x 3 kernel has nine numbers, not three.",
        ),
        Wrong(
            lambda inputs, outputs: inputs * outputs + outputs * outputs + 4 * outputs,
            "You counted one number for every pair of channels. A kernel has 3 x 3 "
            "numbers for each pair.",
        ),
        Wrong(
            lambda inputs, outputs: 9 * inputs + 9 * outputs + 4 * outputs,
            "You gave every channel one kernel of nine numbers. A convolution has one "
            "for every *pair* of an input and an output channel.",
        ),
        Wrong(
            lambda inputs, outputs: 18 * outputs + 4 * outputs,
            "You gave every output channel one kernel of nine numbers. It has one for "
            "each channel that it reads.",
        ),
        Wrong(
            lambda inputs, outputs: 9 * inputs * outputs + 9 * outputs * outputs + 4,
            "You gave each norm one gain and one bias. It has a pair of them for "
            "every channel.",
        ),
    ),
    promises=(whole_number,),
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


def own_kernels(kernel_33: Tensor) -> Callable:
    """Return the answer that gives each channel this kernel for itself alone."""
    return lambda channels: torch.einsum("oc,ij->ocij", torch.eye(channels), kernel_33)


def one_at(row: int, column: int) -> Tensor:
    kernel_33 = torch.zeros(3, 3)
    kernel_33[row, column] = 1.0
    return kernel_33


def first_channel_alone(channels: int) -> Tensor:
    kernel = torch.zeros(channels, channels, 3, 3)
    kernel[0, 0, 1, 1] = 1.0
    return kernel


def one_per_channel(channels: int) -> Tensor:
    return one_at(1, 1).expand(channels, 1, 3, 3).clone()


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
            "Each output channel adds up all the input channels. It should copy its "
            "own and look at no other.",
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
        Wrong(
            own_kernels(torch.eye(3)),
            "Each channel reads itself alone, as it should, but with a diagonal of "
            "three ones: that adds two neighbours to every pixel. A single 1 copies.",
        ),
        Wrong(
            own_kernels(torch.full((3, 3), 1 / 9)),
            "That averages each pixel with its eight neighbours: a blur. A copy looks "
            "at one pixel and at no neighbour.",
        ),
        Wrong(
            own_kernels(torch.ones(3, 3)),
            "All nine places of a channel's own kernel are 1: that adds eight "
            "neighbours to every pixel. Only the one in the middle should count.",
        ),
        Wrong(
            own_kernels(one_at(2, 2)),
            "[2, 2] is the last corner: counted from 0, the middle of three is 1.",
        ),
        Wrong(
            lambda channels: kernel_across_channels(channels) / channels,
            "Each output channel is the mean of *all* input channels. It should copy "
            "its own and look at no other.",
        ),
        Wrong(
            lambda channels: torch.ones(channels, channels, 3, 3),
            "A kernel of ones adds up nine pixels of every channel. Nearly all of its "
            "numbers should be 0: which one copies?",
        ),
        Wrong(
            lambda channels: torch.zeros(channels, channels, 3, 3),
            "All the numbers are 0, so the picture is wiped out. One number per "
            "channel has to let it through.",
        ),
        Wrong(
            first_channel_alone,
            "The first channel is copied, and the others come out empty. Each channel "
            "needs a 1 of its own.",
        ),
        Wrong(
            one_per_channel,
            "That is one kernel per channel, as a depthwise convolution has it. An "
            "ordinary one has a kernel for every pair of channels: (C, C, 3, 3).",
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


def added_around_each(x: Tensor, first: Callable, second: Callable) -> Tensor:
    y = F.relu(first(x) + x)
    return F.relu(second(y) + y)


def first_cut_in_place(x: Tensor, first: Callable, second: Callable) -> Tensor:
    return F.relu(second(first(x).relu_()) + x)


SMALL = torch.tensor([[[[1.0, -2.0], [3.0, -4.0]]]])  # (1, 1, 2, 2)

IDENTITY_BLOCK = Exercise(
    identity_block,
    cases=lambda: [
        (SMALL, Layer(1, -1), Layer(-2, 1)),
        (noise(2, 3, 4, 4), Layer(0.5, 1), Layer(2, -1)),
        (SMALL, Layer(0, 0), Layer(0, 0)),
        (SMALL, HandOn(), Layer(-0.5, 1)),
    ],
    hidden=by_seed(
        lambda draw: (some_noise(draw), some_layer(draw), some_second(draw)),
        lambda draw: (some_noise(draw), HandOn(), some_second(draw)),
        times=3,
    ),
    hints=(
        "In y = relu(F(x) + x), what comes last: the sum or the ReLU?",
        "`F(x)` is `second(F.relu(first(x_bchw)))`, with no ReLU around it.",
        "Move one bracket: F.relu(second(y_bohw) + x_bchw).",
    ),
    wrong=(
        Wrong(
            added_after_relu,
            "You added x after the last ReLU. Then F can only ever add: what the "
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
            "The sum is right, but the last ReLU is missing: nothing cuts what is "
            "negative. (A block without it exists: step 6 builds it.)",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(first(x)) + x),
            "There is no ReLU between the two layers. Two convolutions in a row do no "
            "more than one larger one could: F needs the cut in its middle.",
        ),
        Wrong(
            lambda x, first, second: second(first(x)) + x,
            "The sum is right, but both ReLUs are missing: the one between the layers "
            "and the one after the sum.",
        ),
        Wrong(
            lambda x, first, second: F.relu(added_after_relu(x, first, second)),
            "There is a ReLU after the sum, as there should be, and another one around "
            "F. With that F can only ever add: it must be free to be negative.",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(F.relu(first(x))) + F.relu(x)),
            "You sent x through a ReLU before adding it. The shortcut does nothing to "
            "x: that is the point of it.",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(F.relu(first(x))) + first(x)),
            "You added what the first layer returns. The shortcut starts one layer "
            "earlier, at the block's input.",
        ),
        Wrong(
            added_around_each,
            "You put a shortcut around each layer. There is one, around both: x joins "
            "in once, after `second`.",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(F.relu(first(x) + x)) + x),
            "You added x twice: before `second` as well as after it. F(x) is computed "
            "without the shortcut, and the sum comes once, at the end.",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(F.relu(first(x) + x))),
            "You added x before `second`, so x passes through a layer like everything "
            "else. The shortcut leads past both layers.",
        ),
        Wrong(
            lambda x, first, second: identity_block(x, second, first),
            "The two layers stand in the wrong order: `first` reads the input.",
        ),
        Wrong(
            lambda x, first, second: identity_block(x, first, first),
            "You used `first` twice, and `second` not at all.",
        ),
        Wrong(
            lambda x, first, second: F.relu(second(F.relu(first(x))) - x),
            "You took x away instead of adding it: the shortcut is a plus sign.",
        ),
        Wrong(
            first_cut_in_place,
            "relu_, with its underscore, works in place. Where `first` hands on the "
            "very tensor that it was given, x itself is cut, and the sum adds what is "
            "left of it.",
        ),
    ),
)


def nothing(x: Tensor) -> Tensor:
    return x


@dataclass(frozen=True)
class Projection:
    """The projection block, with one thing that may be wrong."""

    strides: Callable = lambda stride: (stride, 1, stride)  # first, second, shortcut
    padding: tuple = (1, 1, 0)
    normed: tuple = (True, True, True)
    between: Callable = F.relu
    on_branch: Callable = nothing
    on_skip: Callable = nothing
    last: Callable = F.relu
    skip_from: str = "input"
    norm_comes: str = "after each"

    def __call__(self, x, first, second, skip, norm, stride) -> Tensor:
        a, b, c = self.strides(stride)
        p, q, r = self.padding
        after = [norm if used else nothing for used in self.normed]
        if self.norm_comes == "after the ReLU":
            y = after[0](self.between(F.conv2d(x, first, stride=a, padding=p)))
        else:
            y = self.between(after[0](F.conv2d(x, first, stride=a, padding=p)))
        roads = {
            "input": lambda: self.on_skip(
                after[2](F.conv2d(x, skip, stride=c, padding=r))
            ),
            "inside": lambda: y,
            "nowhere": lambda: 0.0,
        }
        branch = self.on_branch(after[1](F.conv2d(y, second, stride=b, padding=q)))
        total = branch + roads[self.skip_from]()
        return self.last(norm(total) if self.norm_comes == "after the sum" else total)


def kernels(inputs: int, outputs: int, side: int, stride: int, seed: int) -> tuple:
    """Return a case: a batch, not square, three kernels, the norm and the stride."""
    x = noise(2, inputs, side, side + 2, seed=seed)
    first = noise(outputs, inputs, 3, 3, seed=seed + 1)
    second = noise(outputs, outputs, 3, 3, seed=seed + 2)
    return x, first, second, noise(outputs, inputs, 1, 1, seed=seed + 3), Norm(), stride


def in_double(case: tuple) -> tuple:
    """Return a case in double precision, in which the library is compared."""
    return tuple(x.double() if isinstance(x, Tensor) else x for x in case)


def some_kernels(draw: Draw, *strides: int) -> tuple:
    inputs, outputs = draw.sample(range(2, 6), 2)
    side, stride = draw.randint(5, 8), draw.choice(strides)
    return kernels(inputs, outputs, side, stride, draw.next_seed())


PROJECTION_BLOCK = Exercise(
    Projection(),
    cases=lambda: [
        kernels(2, 4, 6, 2, seed=0),
        kernels(3, 5, 7, 3, seed=4),
        in_double(kernels(3, 2, 5, 1, seed=8)),
    ],
    tolerance=1e-4,
    hidden=by_seed(
        lambda draw: some_kernels(draw, 2, 4),
        lambda draw: some_kernels(draw, 3),
        lambda draw: some_kernels(draw, 1),
    ),
    promises=(gradients(0, 1, 2, 3),),
    hints=(
        "Three convolutions, each followed by `norm`. Two of them read `x_bchw`.",
        "Give `stride=stride` to the first 3 x 3 convolution and to the 1 x 1 one. "
        "3 x 3 kernels need padding=1, the 1 x 1 kernel none.",
        "y = norm(conv(x, first, stride)), then norm(conv(relu(y), second)), plus "
        "norm(conv(x, skip, stride)), and ReLU around the sum.",
    ),
    wrong=(
        Wrong(
            Projection(on_branch=F.relu, last=nothing),
            "You added the shortcut after the last ReLU. Then F can only ever add, as "
            "in the broken block of step 2: the ReLU goes around the sum.",
        ),
        Wrong(
            Projection(strides=lambda stride: (1, stride, stride)),
            "The stride sits on the second convolution. The shape is right, but at "
            "stride 2 the first layer works on four times as many places, and the "
            "result differs.",
        ),
        Wrong(
            Projection(normed=(True, True, False)),
            "The projection has no norm. Its output is then on another scale than "
            "F(x), which was normalised, and the two do not mix well.",
        ),
        Wrong(
            Projection(skip_from="inside"),
            "You added the tensor after the first convolution: its shape fits, so "
            "nothing complains. The shortcut has to start at the block's input.",
        ),
        Wrong(
            Projection(between=nothing),
            "There is no ReLU between the two 3 x 3 convolutions: F needs the cut in "
            "its middle, as in the identity block.",
        ),
        Wrong(
            Projection(last=nothing),
            "The sum is right, but the last ReLU is missing: nothing cuts what is "
            "negative in it.",
        ),
        Wrong(
            Projection(between=nothing, last=nothing),
            "Both ReLUs are missing: the one between the 3 x 3 convolutions, and the "
            "one after the sum.",
        ),
        Wrong(
            Projection(on_branch=F.relu),
            "There is a ReLU after the sum, as there should be, and another one around "
            "F. With that F can only ever add: it must be free to be negative.",
        ),
        Wrong(
            Projection(on_skip=F.relu),
            "You put a ReLU on the shortcut. The projection is a convolution and its "
            "norm; the only ReLU that it meets comes after the sum.",
        ),
        Wrong(
            Projection(on_branch=F.relu, on_skip=F.relu, last=nothing),
            "Both roads end in a ReLU of their own, and the sum has none. Add first, "
            "and cut once.",
        ),
        Wrong(
            Projection(skip_from="nowhere"),
            "That is F(x) alone: the shortcut is never added.",
        ),
        Wrong(
            Projection(strides=lambda stride: (2, 1, 2)),
            "Your stride is always 2. It comes as the last input, `stride`, and may be "
            "another number.",
        ),
        Wrong(
            Projection(strides=lambda stride: (1, 1, 1)),
            "`stride` is not used: the picture keeps its size. The first 3 x 3 "
            "convolution and the shortcut take it.",
        ),
        Wrong(
            Projection(strides=lambda stride: (stride, stride, stride)),
            "Both 3 x 3 convolutions take the stride, so F shrinks the picture twice "
            "and no longer fits the shortcut. Only the first of them does.",
        ),
        Wrong(
            Projection(strides=lambda stride: (stride, 1, 1)),
            "The shortcut's convolution has no stride: it keeps the size that F has "
            "already reduced, and the two cannot be added.",
        ),
        Wrong(
            Projection(padding=(1, 1, 1)),
            "You gave the 1 x 1 kernel padding too. It reaches over no edge: with "
            "padding its output has a rim too many, and does not fit F(x).",
        ),
        Wrong(
            Projection(padding=(0, 0, 0)),
            "The 3 x 3 kernels have no padding: each of them takes a rim off the "
            "picture, and F(x) no longer fits the shortcut.",
        ),
        Wrong(
            Projection(padding=(1, 0, 0)),
            "The second 3 x 3 convolution has no padding: it takes a rim off the "
            "picture, and F(x) no longer fits the shortcut.",
        ),
        Wrong(
            Projection(normed=(True, False, True)),
            "The second convolution has no norm: F(x) reaches the sum on a scale of "
            "its own.",
        ),
        Wrong(
            Projection(normed=(False, True, True)),
            "The first convolution has no norm. Every convolution is followed by one.",
        ),
        Wrong(
            Projection(normed=(False, False, False)),
            "`norm` is never called. Each of the three convolutions is followed by it.",
        ),
        Wrong(
            Projection(normed=(True, False, False), norm_comes="after the sum"),
            "You normalised the sum. Each road has its norm *before* they meet: after "
            "the sum, one road could drown the other.",
        ),
        Wrong(
            Projection(norm_comes="after the ReLU"),
            "In the branch the ReLU comes before the norm. The order is convolution, "
            "norm, ReLU: the norm's mean of 0 is what the ReLU cuts at.",
        ),
    ),
)


def saving(squeezed: int, outputs: int) -> tuple:
    return squeezed, 18 * outputs * outputs / squeezed


def bottleneck_saving(outputs: int) -> tuple:
    width = outputs // 4
    return saving(2 * outputs * width + 9 * width * width, outputs)


def of_kernels(count: Callable) -> Callable:
    """Return the answer that counts the weights wrongly, and divides rightly."""
    return lambda outputs: saving(count(outputs, outputs // 4), outputs)


def of_ratio(ratio: Callable) -> Callable:
    """Return the answer that counts rightly, and makes a wrong ratio of full and
    squeezed."""

    def answer(outputs: int) -> tuple:
        squeezed, _ = bottleneck_saving(outputs)
        return squeezed, ratio(18 * outputs * outputs, squeezed)

    return answer


def first_is_whole(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The number of weights is an int."""
    return no_float(attempt(answer, case)[0])


BOTTLENECK_SAVING = Exercise(
    bottleneck_saving,
    cases=lambda: [(256,), (64,), (2048,)],
    hidden=by_seed(
        lambda draw: (4 * draw.randrange(11, 200, 2),)  # no power of two
    ),
    promises=(first_is_whole,),
    hints=(
        "Three kernels: 1 x 1 from outputs to width, 3 x 3 within width, 1 x 1 back.",
        "From a to b channels, 3 x 3 takes 9 * a * b weights, and 1 x 1 takes a * b.",
        "Two full 3 x 3 kernels have 2 * 9 * outputs * outputs; divide by yours.",
    ),
    wrong=(
        Wrong(
            of_kernels(lambda o, w: 9 * (2 * o * w + w * w)),
            "You gave all three kernels 3 x 3 cells. The first and the last are "
            "1 x 1: one cell.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: full / 2 / squeezed),
            "You compared with only one full 3 x 3 kernel. A basic block has two.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: squeezed / full),
            "The division is upside down: asked was how many times *fewer*, so the "
            "number is above 1.",
        ),
        Wrong(
            of_kernels(lambda o, w: o * w + 9 * w * w),
            "You counted one of the two 1 x 1 kernels. One squeezes down to `width`, "
            "the other widens again.",
        ),
        Wrong(
            of_kernels(lambda o, w: 2 * o * w + 9 * o * o),
            "Your middle kernel works on all `outputs` channels. The point of the "
            "bottleneck is that 3 x 3 is done where it is narrow: `width` in and out.",
        ),
        Wrong(
            of_kernels(lambda o, w: 2 * o * w + 9 * o * w),
            "Your middle kernel is narrow on one side only. `width` channels go in and "
            "`width` come out; the last kernel does the widening.",
        ),
        Wrong(
            of_kernels(lambda o, w: o * w + 9 * w * w + o * o),
            "The last kernel reads what the middle one wrote: `width` channels, not "
            "`outputs`.",
        ),
        Wrong(
            of_kernels(lambda o, w: 2 * o * w + 3 * w * w),
            "A 3 x 3 kernel has nine cells, not three.",
        ),
        Wrong(
            of_kernels(lambda o, w: 9 * w * w),
            "Your count comes to 9 * width * width. So much has the 3 x 3 kernel alone "
            "(and so much have three kernels of 1 x 1): all three count, each with its "
            "own cells.",
        ),
        Wrong(
            of_kernels(lambda o, w: 9 * w * w + 2),
            "A 1 x 1 kernel has one cell, but one for every pair of an input and an "
            "output channel.",
        ),
        Wrong(
            of_kernels(lambda o, w: 2 * o * w + 9 * w * w + 4 * w + 2 * o),
            "You counted the norms as well. Asked for are the weights of the kernels.",
        ),
        Wrong(
            lambda outputs: saving(
                2 * outputs * (outputs // 2) + 9 * (outputs // 2) ** 2, outputs
            ),
            "You squeezed to half of the channels. `width` is a quarter.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: full - squeezed),
            "The second number is a difference: how many weights fewer. How many "
            "*times* fewer is a ratio.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: 1 - squeezed / full),
            "The second number is the share that is saved. How many times fewer is "
            "the ratio of the two numbers of weights, above 1.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: full // squeezed),
            "`//` divides whole numbers and drops the rest. How many times fewer is a "
            "float: divide with `/`.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: round(full / squeezed)),
            "You rounded to a whole number. Leave the ratio as the division gives it.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: round(full / squeezed, 2)),
            "You rounded to two decimals. Leave the ratio as the division gives it.",
        ),
        Wrong(
            of_ratio(lambda full, squeezed: full),
            "The second number is the weights of two full kernels. Divide it by those "
            "of the bottleneck.",
        ),
        Wrong(
            lambda outputs: bottleneck_saving(outputs)[::-1],
            "Both numbers are right, and in the wrong order: the weights come first.",
        ),
    ),
)


def pre_activation(x, norm1, conv1, norm2, conv2) -> Tensor:
    return conv2(F.relu(norm2(conv1(F.relu(norm1(x)))))) + x


def skip_from_normalised(x, norm1, conv1, norm2, conv2) -> Tensor:
    ready = F.relu(norm1(x))
    return conv2(F.relu(norm2(conv1(ready)))) + ready


def cut_in_place(x, norm1, conv1, norm2, conv2) -> Tensor:
    return conv2(norm2(conv1(norm1(x).relu_())).relu_()) + x


def half_by_half(x, norm1, conv1, norm2, conv2) -> Tensor:
    y = conv1(F.relu(norm1(x))) + x
    return conv2(F.relu(norm2(y))) + y


def half_by_half_once(x, norm1, conv1, norm2, conv2) -> Tensor:
    y = conv1(F.relu(norm1(x)))
    return conv2(F.relu(norm2(y))) + y


def after_each(x, norm1, conv1, norm2, conv2) -> Tensor:
    return F.relu(norm2(conv2(F.relu(norm1(conv1(x))))))


def after_each_but_last(x, norm1, conv1, norm2, conv2) -> Tensor:
    return norm2(conv2(F.relu(norm1(conv1(x)))))


def relu_before_norm(x, norm1, conv1, norm2, conv2) -> Tensor:
    return conv2(norm2(F.relu(conv1(norm1(F.relu(x)))))) + x


def some_branch(draw: Draw) -> tuple:
    """Return x and four layers; the last brings some of the sums below 0."""
    layers = (some_layer(draw) for _ in range(3))
    return some_noise(draw), *layers, Layer(-draw.randint(1, 4) / 2, -1)


def some_branch_without_norm(draw: Draw) -> tuple:
    """Return such a case whose norms hand their input on, as `no_norm` does."""
    x, _, conv1, _, conv2 = some_branch(draw)
    return x, HandOn(), conv1, HandOn(), conv2


PRE_ACTIVATION = Exercise(
    pre_activation,
    cases=lambda: [
        (SMALL, Layer(2, -1), Layer(1, -1), Layer(-1, 2), Layer(3, 1)),
        (noise(2, 3, 4, 4), Layer(1, 0.5), Layer(-1, 1), Layer(2, -1), Layer(0.5, -2)),
        (SMALL, HandOn(), Layer(-1, 2), HandOn(), Layer(2, -1)),
    ],
    hidden=by_seed(some_branch, some_branch_without_norm, times=3),
    promises=(gradients(0),),
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
        Wrong(
            lambda x, *layers: after_each(x, *layers) + x,
            "You put norm and ReLU after each convolution, as in the old block. "
            "*Pre*-activation: they come before each convolution, and F ends with "
            "`conv2`.",
        ),
        Wrong(
            lambda x, *layers: F.relu(after_each_but_last(x, *layers) + x),
            "That is the residual block of step 2. Here norm and ReLU come before each "
            "convolution, and nothing comes after the sum.",
        ),
        Wrong(
            lambda x, *layers: after_each_but_last(x, *layers) + x,
            "The road past the block is free, but in the branch each norm still comes "
            "after its convolution. Pre-activation has it before, with its ReLU.",
        ),
        Wrong(
            lambda x, *layers: F.relu(after_each(x, *layers) + x),
            "Norm and ReLU come after each convolution, and one more ReLU after the "
            "sum. All of them belong before a convolution; nothing follows the sum.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: (
                conv2(norm2(conv1(F.relu(norm1(x))))) + x
            ),
            "The second ReLU is missing: between `norm2` and `conv2` there is one, as "
            "before the first convolution.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: (
                conv2(F.relu(norm2(conv1(norm1(x))))) + x
            ),
            "The first ReLU is missing: between `norm1` and `conv1` there is one, as "
            "before the second convolution.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: conv2(norm2(conv1(norm1(x)))) + x,
            "There is no ReLU at all: before each convolution come a norm *and* a "
            "ReLU. Without them the whole branch would be linear.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: (
                conv2(F.relu(conv1(F.relu(norm1(x))))) + x
            ),
            "`norm2` is never called: it comes before the second ReLU.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: (
                conv2(F.relu(norm2(conv1(F.relu(x))))) + x
            ),
            "`norm1` is never called: the branch starts with it, and the ReLU follows.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: pre_activation(
                x, norm1, conv1, norm1, conv2
            ),
            "You used `norm1` twice, and `norm2` not at all.",
        ),
        Wrong(
            lambda *parts: pre_activation(*parts) - parts[0],
            "That is F(x) alone: x is never added.",
        ),
        Wrong(
            lambda *parts: F.relu(pre_activation(*parts) - parts[0]) + parts[0],
            "There is a ReLU around F, after `conv2`. Then F can only ever add; the "
            "branch ends with its convolution.",
        ),
        Wrong(
            lambda x, norm1, conv1, norm2, conv2: (
                pre_activation(x, norm1, conv1, norm2, conv2) - x + norm1(x)
            ),
            "You added what `norm1` returns. The shortcut carries x as it came in: no "
            "norm stands on it.",
        ),
        Wrong(
            lambda *parts: pre_activation(*parts) - parts[0] + F.relu(parts[0]),
            "You sent x through a ReLU before adding it. On the free road nothing is "
            "cut.",
        ),
        Wrong(
            half_by_half,
            "You put a shortcut around each half. There is one, around both: x joins "
            "in once, at the end.",
        ),
        Wrong(
            half_by_half_once,
            "You added what the first half returns. The shortcut starts at the block's "
            "input.",
        ),
        Wrong(
            cut_in_place,
            "relu_, with its underscore, works in place. Where the norm hands on the "
            "very tensor that it was given, x itself is cut, and the shortcut carries "
            "what is left.",
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


def of_deviations(measure: Callable) -> Callable:
    """Return the answer that takes the right mean away, and measures wrongly."""
    return lambda gradient, lag: measure(gradient - gradient.mean(dim=0), lag)


def around_the_end(gradient: Tensor, lag: int) -> float:
    ahead = gradient.roll(lag, dims=0)
    return F.cosine_similarity(ahead, gradient, dim=1).mean().item()


def dot_products(gradient: Tensor, lag: int) -> float:
    return (gradient[lag:] * gradient[:-lag]).sum(dim=1).mean().item()


def products(gradient: Tensor, lag: int) -> float:
    return (gradient[lag:] * gradient[:-lag]).mean().item()


def in_one_vector(gradient: Tensor, lag: int) -> float:
    ahead, behind = gradient[lag:].flatten(), gradient[:-lag].flatten()
    return F.cosine_similarity(ahead, behind, dim=0).item()


def summed(gradient: Tensor, lag: int) -> float:
    return F.cosine_similarity(gradient[lag:], gradient[:-lag], dim=1).sum().item()


def sizes_alone(gradient: Tensor, lag: int) -> float:
    each = F.cosine_similarity(gradient[lag:], gradient[:-lag], dim=1)
    return each.abs().mean().item()


def slices_centred(gradient: Tensor, lag: int) -> float:
    ahead, behind = gradient[lag:], gradient[:-lag]
    ahead, behind = (part - part.mean(dim=0) for part in (ahead, behind))
    return F.cosine_similarity(ahead, behind, dim=1).mean().item()


def standardised(gradient: Tensor, lag: int) -> float:
    return not_centred((gradient - gradient.mean(dim=0)) / gradient.std(dim=0), lag)


def directions_centred(gradient: Tensor, lag: int) -> float:
    unit = F.normalize(gradient, dim=1)
    return not_centred(unit - unit.mean(dim=0), lag)


def mended_at_one_end(gradient: Tensor, lag: int) -> float:
    ahead, behind = gradient[lag:], gradient[: -lag - 1]
    return F.cosine_similarity(ahead, behind, dim=1).mean().item()


def mended_at_the_other(gradient: Tensor, lag: int) -> float:
    ahead, behind = gradient[lag + 1 :], gradient[:-lag]
    return F.cosine_similarity(ahead, behind, dim=1).mean().item()


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
        Wrong(
            lambda gradient, lag: not_centred(gradient - gradient.mean(), lag),
            "You took one number away from everything. The gradients share a whole "
            "mean gradient, a number for each pixel: dim=0.",
        ),
        Wrong(
            slices_centred,
            "Each half of the pairs lost a mean of its own. The mean gradient is that "
            "of *all* gradients: take it away before slicing.",
        ),
        Wrong(
            of_deviations(around_the_end),
            "Your pairs wrap around: the first gradients are compared with the last "
            "ones, which are far away. Only N - lag pairs are `lag` apart.",
        ),
        Wrong(
            around_the_end,
            "Two faults are in: the mean gradient was not removed, and the pairs wrap "
            "around, so the first gradients meet the last ones.",
        ),
        Wrong(
            of_deviations(dot_products),
            "Those are dot products: long gradients count more. A cosine divides by "
            "both lengths.",
        ),
        Wrong(
            of_deviations(products),
            "That is a mean of products of pixels, which grows with the gradients. A "
            "cosine is the dot product of two rows, divided by both lengths.",
        ),
        Wrong(
            of_deviations(in_one_vector),
            "You made one long vector of all rows, and took one cosine. Each pair has "
            "a cosine of its own; the answer is their mean.",
        ),
        Wrong(
            of_deviations(summed),
            "Those cosines are summed. Their mean is asked for: it stays between -1 "
            "and 1.",
        ),
        Wrong(
            of_deviations(sizes_alone),
            "You dropped the signs of the cosines. Gradients that point in opposite "
            "directions are not alike: they count below 0.",
        ),
        Wrong(
            standardised,
            "You also divided every pixel by its spread. Only the mean goes: a pixel "
            "with large changes is to count for more.",
        ),
        Wrong(
            directions_centred,
            "You made the gradients equally long before taking the mean. Subtract the "
            "mean of the gradients as they are; the cosine sees to the lengths.",
        ),
        Wrong(
            lambda gradient, lag: autocorrelation(gradient, 1),
            "Your pairs are always neighbours: `lag` is not used.",
        ),
        Wrong(
            mended_at_one_end,
            "The off by one is mended for the rows ahead and still there behind them: "
            "the two slices no longer have as many rows.",
        ),
        Wrong(
            mended_at_the_other,
            "The off by one is mended for the rows behind and still there ahead of "
            "them: the two slices no longer have as many rows.",
        ),
    ),
)


def of_lengths(count: Callable, start: int = 0, more: int = 1) -> Callable:
    """Return the answer with count(blocks, k) for each length k from `start`."""
    return lambda blocks: [count(blocks, k) for k in range(start, blocks + more)]


def all_are_whole(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """Every count is an int."""
    return next(filter(None, map(no_float, attempt(answer, case))), "")


PATHS = Exercise(
    of_lengths(math.comb),
    cases=lambda: [(2,), (3,), (9,), (0,)],
    hidden=by_seed(
        lambda draw: (draw.randint(4, 8),), lambda draw: (draw.randint(10, 14),)
    ),
    promises=(all_are_whole,),
    hints=(
        "Two blocks: skip both, take the first, take the second, take both. So how "
        "many of length 0, 1 and 2?",
        "1, 2, 1. With three blocks: 1, 3, 3, 1. A new block is skipped, or makes a "
        "path longer by one.",
        "The number of ways to choose k of all blocks: math.comb(blocks, k).",
    ),
    wrong=(
        Wrong(
            of_lengths(lambda blocks, k: 2**k),
            "2 ** k counts all paths through a network of k blocks. Here the paths "
            "of one network are sorted by how many of its blocks they go through; the "
            "entries add up to 2 ** blocks.",
        ),
        Wrong(
            lambda blocks: [1] * (blocks + 1),
            "There is more than one path of most lengths: of length 1 there is one "
            "through each block.",
        ),
        Wrong(
            of_lengths(math.comb, more=0),
            "The last entry is missing: one path goes through all blocks.",
        ),
        Wrong(
            of_lengths(math.comb, start=1),
            "The first entry is missing: one path skips every block.",
        ),
        Wrong(
            of_lengths(math.comb, start=1, more=0),
            "Both ends are missing: one path skips every block, and one goes through "
            "all of them.",
        ),
        Wrong(
            of_lengths(math.perm),
            "You counted orders, too: permutations. A path meets its blocks in the "
            "order in which they stand, so only *which* ones it takes is a choice.",
        ),
        Wrong(
            of_lengths(lambda blocks, k: math.comb(blocks, k) / 2**blocks),
            "Those are shares of all paths, which sum to 1. Asked for is how many: "
            "whole numbers.",
        ),
        Wrong(
            of_lengths(
                lambda blocks, k: sum(math.comb(blocks, j) for j in range(k + 1))
            ),
            "You counted the paths through *at most* k blocks. The entries add up to "
            "2 ** blocks only if each counts exactly k.",
        ),
        Wrong(
            of_lengths(lambda blocks, k: math.comb(blocks, k) * k),
            "You counted the blocks that the paths of each length go through, not the "
            "paths.",
        ),
        Wrong(
            of_lengths(lambda blocks, k: blocks * k),
            "That grows by the same number for each length. There is one way to take "
            "no block and one way to take them all; most paths lie in between.",
        ),
        Wrong(
            of_lengths(lambda blocks, k: blocks**k),
            "You let a path take the same block several times. It takes or skips each "
            "block once.",
        ),
        Wrong(
            lambda blocks: list(range(blocks + 1)),
            "Those are the lengths themselves. How many paths have each of them?",
        ),
        Wrong(
            lambda blocks: 2**blocks,
            "That is the number of all paths. Asked for is a list: how many of them "
            "go through 0, 1, … blocks.",
        ),
        Wrong(
            lambda blocks: [math.comb(blocks + 1, k) for k in range(blocks + 2)],
            "That is right for one block more: your list goes up to `blocks` + 1.",
        ),
    ),
)


def whole_layer(step: Tensor, weight: Tensor) -> Tensor:
    return step * weight.norm() / step.norm()


def size(x: Tensor, axes: tuple = (1, 2, 3), order: float = 2) -> Tensor:
    return torch.linalg.vector_norm(x, order, dim=axes, keepdim=True)


def sized(axes: tuple = (1, 2, 3), order: float = 2) -> Callable:
    """Return the answer that measures over other axes, or another length."""
    return lambda step, weight: (
        step * size(weight, axes, order) / size(step, axes, order)
    )


def squares_compared(step: Tensor, weight: Tensor) -> Tensor:
    return step * (size(weight) / size(step)) ** 2


def spreads_compared(step: Tensor, weight: Tensor) -> Tensor:
    spreads = [x.flatten(1).std(dim=1).view(-1, 1, 1, 1) for x in (weight, step)]
    return step * spreads[0] / spreads[1]


def sums_compared(step: Tensor, weight: Tensor) -> Tensor:
    sums = [x.sum(dim=(1, 2, 3), keepdim=True) for x in (weight, step)]
    return step * sums[0] / sums[1]


def along_the_last_axis(step: Tensor, weight: Tensor) -> Tensor:
    return step * (size(weight) / size(step)).flatten()


def some_step(draw: Draw) -> tuple:
    """Return two layers of filters, of equal shape."""
    shape = draw.randint(2, 6), draw.randint(2, 4), *(2 * [draw.choice((4, 5))])
    return noise(*shape, seed=draw.next_seed()), noise(*shape, seed=draw.next_seed())


NORMALISED_STEP = Exercise(
    filter_normalised,
    cases=lambda: [
        (
            torch.tensor([[[[3.0, 4.0]]], [[[0.0, 2.0]]]]),
            torch.tensor([[[[0.0, 10.0]]], [[[6.0, 8.0]]]]),
        ),
        (noise(4, 2, 3, 3), noise(4, 2, 3, 3, seed=1)),
    ],
    hidden=by_seed(some_step),
    hints=(
        "step[i] is one filter, (C, H, W). Its length is the root of its sum of "
        "squares; scale it to the length of weight[i].",
        "Measure over the last three axes only: dim=(1, 2, 3), with keepdim=True. "
        "`x.norm` takes two axes at most, torch.linalg.vector_norm any number.",
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
            lambda step, weight: step / size(step),
            "Every filter has length 1 now. It should be as long as the weight's.",
        ),
        Wrong(
            squares_compared,
            "You compared the sums of squares. A length is the root of that.",
        ),
        Wrong(
            lambda step, weight: step * size(weight),
            "You multiplied by the length of the weight's filter. The step's filter "
            "has a length of its own: divide by it first.",
        ),
        Wrong(
            lambda step, weight: step / size(weight),
            "You divided by the length of the weight's filter. That is the length "
            "which the step should have in the end; divide by the step's own.",
        ),
        Wrong(
            lambda step, weight: step * size(step) / size(weight),
            "The factor is upside down: a step that is too short gets shorter still.",
        ),
        Wrong(
            lambda step, weight: weight * size(step) / size(weight),
            "The roles are exchanged: you scaled the weight to the length of the step.",
        ),
        Wrong(
            lambda step, weight: weight / size(weight),
            "You made the *weight's* filters equally long. The step is to be scaled.",
        ),
        Wrong(
            lambda step, weight: weight + sized()(step, weight),
            "You have taken the step already. Asked for is the step alone, scaled.",
        ),
        Wrong(
            along_the_last_axis,
            "Your factors have the shape (O,), and broadcasting lines them up with the "
            "last axis, the columns. They belong to the first: (O, 1, 1, 1).",
        ),
        Wrong(
            sized(axes=(2, 3)),
            "You scaled the kernel of every input channel by itself. One filter is "
            "step[i], with all its input channels: it has one length.",
        ),
        Wrong(
            sized(axes=(1,)),
            "You measured over the input channels at each place of the kernel. One "
            "filter, step[i], is measured over channels *and* places.",
        ),
        Wrong(
            sized(axes=(0,)),
            "You measured over the filters (dim=0) at each place. One filter is "
            "step[i]; the length runs over the other axes.",
        ),
        Wrong(
            sized(axes=(0, 2, 3)),
            "You measured one length per *input* channel. A filter belongs to an "
            "output channel, the first axis: that one has to stay.",
        ),
        Wrong(
            sized(order=1),
            "You added up absolute values. The length is the root of the sum of "
            "squares.",
        ),
        Wrong(
            sized(order=math.inf),
            "You compared the largest entries. The length is the root of the sum of "
            "squares of all of them.",
        ),
        Wrong(
            spreads_compared,
            "You compared standard deviations: they leave out each filter's mean. The "
            "length is taken from 0.",
        ),
        Wrong(
            sums_compared,
            "You compared sums, in which signs cancel. The length is the root of the "
            "sum of *squares*.",
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
