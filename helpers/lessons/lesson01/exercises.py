"""Lesson 01, CNN receptive fields: references, hints and known wrong answers."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.page.attempts import attempt
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed
from helpers.page.promises import gradients, in_parts, whole_number


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Return small whole numbers: a learner can check them by hand."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-4, 5, shape, generator=generator).float()


def taken_from(images: Tensor, order: Tensor) -> Tensor:
    return images.flatten(2)[:, :, order].view_as(images)


def put_to(images: Tensor, order: Tensor) -> Tensor:
    return taken_from(images, order.argsort())


def pictures_moved(images: Tensor, order: Tensor) -> Tensor:
    return images[order % len(images)][: len(images)]


def rows_moved(images: Tensor, order: Tensor) -> Tensor:
    return images[:, :, order % images.shape[2]][:, :, : images.shape[2]]


def columns_moved(images: Tensor, order: Tensor) -> Tensor:
    W = images.shape[3]
    return images[:, :, :, order % W][:, :, :, :W]


def column_by_column(images: Tensor, order: Tensor) -> Tensor:
    return taken_from(images.mT.contiguous(), order).mT


def some_order(draw: Draw) -> tuple:
    B, C, H = draw.randint(1, 3), draw.randint(1, 3), draw.randint(2, 4)
    return numbers(B, C, H, 5, seed=draw.next_seed()), draw.order(5 * H)


REARRANGED = Exercise(
    taken_from,
    cases=lambda: [
        (torch.arange(8.0).view(2, 1, 2, 2), torch.tensor([1, 2, 3, 0])),
        (numbers(3, 2, 2, 5), torch.tensor([4, 0, 8, 1, 7, 9, 2, 6, 3, 5])),
    ],
    hidden=by_seed(some_order),
    hints=(
        "Pixels are counted row by row. Which shape makes them one row?",
        "`images_bchw.flatten(2)` is (B, C, H * W). Index its last axis with `order`.",
        "Index, then give the result its old shape back: `.view_as(images_bchw)`.",
    ),
    wrong=(
        Wrong(
            put_to,
            "You sent pixel i *to* place order[i]; asked was to take it *from* there. "
            "The two undo each other: yours is the inverse rearrangement.",
        ),
        Wrong(
            pictures_moved,
            "You rearranged the pictures of the batch. Their pixels should move; "
            "picture 0 should still be made of picture 0.",
        ),
        Wrong(
            rows_moved,
            "You moved whole rows. `order` counts single pixels, 0 to H * W - 1.",
        ),
        Wrong(
            columns_moved,
            "You moved whole columns: the index went to the last axis as it stands. "
            "`order` counts single pixels, 0 to H * W - 1.",
        ),
        Wrong(
            column_by_column,
            "You counted the pixels column by column. Here they are counted row by "
            "row, as you read: after the first pixel comes the one to its right.",
        ),
        Wrong(
            lambda images, order: images,
            "Nothing has moved. Indexing makes a new tensor and leaves the old one as "
            "it was: the new one has to be kept and returned.",
        ),
        Wrong(
            lambda images, order: taken_from(taken_from(images, order), order),
            "Rearranged twice: pixel i comes from pixel order[order[i]].",
        ),
    ),
)


def same_padding(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) // 2


SAME_PADDING = Exercise(
    same_padding,
    cases=lambda: [(3, 1), (5, 1), (3, 2), (7, 2), (5, 3), (1, 1)],
    hidden=by_seed(lambda draw: (draw.randrange(9, 32, 2), draw.randint(3, 9))),
    promises=(whole_number,),
    hints=(
        "How many places does a window lose on a picture without padding?",
        "A window spans dilation * (kernel - 1) + 1 pixels, so that many minus one "
        "places are lost in all.",
        "Padding adds its pixels on both sides: half of dilation * (kernel - 1).",
    ),
    wrong=(
        Wrong(
            lambda kernel, dilation: kernel // 2,
            "Right for dilation 1. A dilated kernel spans more pixels, so the picture "
            "loses more places, and needs more padding.",
            typed="return kernel // 2",
        ),
        Wrong(
            lambda kernel, dilation: dilation * (kernel - 1),
            "That is all the padding the picture needs, but it is added on *each* "
            "side: you get twice as much.",
        ),
        Wrong(
            lambda kernel, dilation: dilation * kernel // 2,
            "A window of K cells has K - 1 gaps between them. Dilation stretches the "
            "gaps, not the cells.",
        ),
        Wrong(
            lambda kernel, dilation: (kernel - 1) // 2 + dilation - 1,
            "You added the dilation. It stretches every one of the K - 1 gaps, so it "
            "multiplies them.",
        ),
        Wrong(
            lambda kernel, dilation: kernel // 2 + dilation,
            "You added the dilation to half the kernel: too much even at dilation 1. "
            "Dilation multiplies each of the K - 1 gaps.",
        ),
        Wrong(
            lambda kernel, dilation: (kernel + dilation) // 2,
            "Kernel and dilation are added here. The reach of a dilated window is a "
            "product: K - 1 gaps, each as long as the dilation.",
        ),
        Wrong(
            lambda kernel, dilation: (dilation * (kernel - 1) - 1) // 2,
            "One too few: you carried the -1 of the formula along. It cancels against "
            "the + 1 behind the division when the size is to stay as it is.",
        ),
        Wrong(
            lambda kernel, dilation: dilation * (kernel - 1) // 2 + 1,
            "One too many: the picture grows by two. The + 1 of the formula cancels "
            "against its -1 when the size is to stay as it is.",
        ),
        Wrong(
            lambda kernel, dilation: dilation,
            "Right for kernels of 3 only. A larger kernel reaches further to each "
            "side, and needs more padding.",
        ),
        Wrong(
            lambda kernel, dilation: kernel - 1,
            "Neither halved nor dilated: that is what a plain window loses on both "
            "sides together.",
        ),
        Wrong(
            lambda kernel, dilation: -(dilation * (kernel - 1)) // 2,
            "The sign is wrong: padding makes up for what the window loses, so it "
            "adds pixels.",
        ),
        Wrong(
            lambda kernel, dilation: (dilation * kernel - 1) // 2,
            "You let the window span dilation times kernel pixels. It spans fewer: "
            "behind its last cell there is no gap.",
        ),
        Wrong(
            lambda kernel, dilation: dilation * (kernel - 1) + 1,
            "That is how many pixels the window spans. It loses one place fewer, and "
            "the padding of *one* side is asked for.",
        ),
    ),
)


def convolve(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
    K = len(kernel)
    windows = picture.unfold(0, K, stride).unfold(1, K, stride)
    return (windows * kernel).sum(dim=(2, 3))


def window_not_moved(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
    rows, columns = convolve(picture, kernel, stride).shape
    return convolve(picture, kernel, 1)[:rows, :columns]


def from_corners(rows: Callable, columns: Callable) -> Callable:
    """Return a convolution whose windows have their corners at other pixels."""

    def convolved(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
        H, W = convolve(picture, kernel, stride).shape
        everywhere = convolve(picture, kernel, 1)
        top, left = (f(torch.arange(n), stride) for f, n in ((rows, H), (columns, W)))
        return everywhere[top][:, left]

    return convolved


def moved(place: Tensor, stride: int) -> Tensor:
    return place * stride


def not_moved(place: Tensor, stride: int) -> Tensor:
    return place


def added(place: Tensor, stride: int) -> Tensor:
    return place + stride


def cells_spread(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
    H, W = convolve(picture, kernel, stride).shape
    spread = picture[None, None], kernel[None, None]
    return F.conv2d(*spread, dilation=stride)[0, 0, :H, :W]


def matrix_product(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
    K = len(kernel)
    windows = picture.unfold(0, K, stride).unfold(1, K, stride)
    return (windows @ kernel).sum(dim=(2, 3))


def returned_early(rows: int, columns: int | None) -> Callable:
    """Return a convolution that ends after so many places: the rest stays zero."""

    def convolved(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
        out = convolve(picture, kernel, stride)
        early = torch.zeros_like(out)
        early[:rows, :columns] = out[:rows, :columns]
        return early

    return convolved


def some_window(stride: int, wide: bool) -> Callable[[Draw], tuple]:
    def case(draw: Draw) -> tuple:
        H, W, K = draw.randint(9, 11), draw.randint(13, 15), draw.choice((2, 3))
        picture = numbers(H, W, seed=draw.next_seed())
        kernel = numbers(K, K, seed=draw.next_seed())
        return picture if wide else picture.T.contiguous(), kernel, stride

    return case


CONVOLVE = Exercise(
    convolve,
    cases=lambda: [
        (numbers(6, 9), numbers(2, 2, seed=1), 2),
        (numbers(9, 7, seed=2), numbers(3, 3, seed=3), 2),
        (numbers(11, 8, seed=4), numbers(2, 2, seed=5), 3),
    ],
    hidden=by_seed(
        *(some_window(stride, stride != 2) for stride in (1, 2, 3)), times=1
    ),
    hints=(
        "The shape is right already. Which pixels does the window of out[1, 1] see?",
        "`row` and `column` count places of the output, not pixels of the picture.",
        "The window's corner is pixel (row * stride, column * stride).",
    ),
    wrong=(
        Wrong(
            window_not_moved,
            "Output (row, column) still reads the window that starts at pixel "
            "(row, column): the stride shrank the result but never moved the window.",
        ),
        Wrong(
            lambda picture, kernel, stride: convolve(
                picture, kernel.flip(0, 1), stride
            ),
            "Your kernel is turned around. That is the convolution of mathematics; "
            "deep learning slides the kernel as it is.",
        ),
        Wrong(
            lambda picture, kernel, stride: convolve(picture, kernel, 1),
            "Every place was visited. With stride s only every s-th one is kept.",
        ),
        Wrong(
            from_corners(moved, not_moved),
            "The window strides down the rows only; along the columns it still moves "
            "pixel by pixel. The stride holds on both axes.",
        ),
        Wrong(
            from_corners(not_moved, moved),
            "The window strides along the columns only; down the rows it still moves "
            "pixel by pixel. The stride holds on both axes.",
        ),
        Wrong(
            from_corners(added, added),
            "The stride is added once, so all windows are pushed along together and "
            "stay neighbours. Window i starts i strides from the edge.",
        ),
        Wrong(
            cells_spread,
            "You spread the cells *inside* the window: that is dilation. Stride leaves "
            "the window whole and moves it further.",
        ),
        Wrong(
            matrix_product,
            "That is a matrix product of window and kernel. Each pixel meets one "
            "number of the kernel, the one at its own place: multiply with `*`.",
        ),
        Wrong(
            lambda picture, kernel, stride: convolve(picture, kernel.T, stride),
            "Your kernel is transposed: its rows met the columns of the window.",
        ),
        Wrong(
            lambda picture, kernel, stride: (
                convolve(picture, kernel, stride) / kernel.numel()
            ),
            "You took the mean over the window. A convolution adds up: a kernel that "
            "should average says so in its own numbers.",
        ),
        Wrong(
            lambda picture, kernel, stride: convolve(
                picture, torch.ones_like(kernel), stride
            ),
            "That sums up the window alone: the numbers of the kernel are never used.",
        ),
        Wrong(
            returned_early(1, 1),
            "Only the first place is filled. Does the `return` stand inside the inner "
            "loop?",
        ),
        Wrong(
            returned_early(1, None),
            "Only the first row is filled. Does the `return` stand inside the outer "
            "loop?",
        ),
    ),
)


def no_function(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The answer is a number, and no function that returns it."""
    if answer is reference:
        return ""
    return "A number is asked for; that is a function. Hand in what it returns."


LAYERS_NEEDED = Exercise(
    lambda: 14,
    promises=(no_function,),
    hints=(
        "One layer sees 3 pixels, two see 5. Write down the next three.",
        "L layers see 2L + 1 pixels.",
        "Find the smallest L with 2L + 1 of at least 28.",
    ),
    wrong=(
        Wrong(
            lambda: 13,
            "Thirteen layers see 27 pixels: one column is still missing.",
        ),
        Wrong(
            lambda: 10,
            "Each layer after the first adds 2 pixels, not 3: neighbouring windows "
            "overlap in all but the outermost ones.",
        ),
        Wrong(
            lambda: 9,
            "Each layer after the first adds 2 pixels, not 3: neighbouring windows "
            "overlap in all but the outermost ones. (And 9 * 3 is only 27.)",
        ),
        Wrong(
            lambda: 27,
            "You let each layer add one pixel. A window of 3 reaches one further on "
            "*both* sides: each layer adds two pixels, and yours see far too many.",
        ),
        Wrong(
            lambda: 13.5,
            "There is no half a layer. You need the smallest *whole* number whose "
            "field covers every column.",
        ),
        Wrong(
            lambda: 12.5,
            "There is no half a layer, and the first one was forgotten: it sees 3 "
            "pixels, and those that you counted come after it.",
        ),
        Wrong(
            lambda: 12,
            "Twelve layers see 25 pixels. Did you count only the layers after the "
            "first, or round down?",
        ),
        Wrong(
            lambda: 29,
            "29 is a field in pixels. The question is how many layers it takes to "
            "reach one of at least 28.",
        ),
        Wrong(
            lambda: 28,
            "28 is the number of columns. Each layer adds more than one of them to "
            "what a unit sees, so fewer layers do.",
        ),
        Wrong(
            lambda: 26,
            "You counted one pixel for each layer after the first. A window of 3 "
            "reaches one further on both sides: two pixels a layer.",
        ),
        Wrong(
            lambda: 15,
            "Enough, but not the fewest: one of the fields before that covers the 28 "
            "columns already.",
        ),
        Wrong(
            lambda: 5,
            "You let the field double from layer to layer. Without stride every layer "
            "adds the same number of pixels.",
        ),
        Wrong(
            lambda: 4,
            "You let the field triple from layer to layer. Neighbouring windows "
            "overlap, and without stride every layer adds the same two pixels.",
        ),
    ),
)


def field_size(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
    return size


def jump_too_early(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        size += (kernel - 1) * jump
    return size


def last_stride_only(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump = stride
    return size


def strides_summed(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump += stride
    return size


def strides_counted_from_one(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump += stride - 1
    return size


def whole_kernels(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += kernel * jump
        jump *= stride
    return size


def own_stride_only(layers: list) -> int:
    return 1 + sum((kernel - 1) * stride for kernel, stride in layers)


def all_strides_at_once(layers: list) -> int:
    return 1 + sum(kernel - 1 for kernel, _ in layers) * last_jump(layers)


def last_jump(layers: list) -> int:
    jump = 1
    for _, stride in layers:
        jump *= stride
    return jump


def first_stride_lost(layers: list) -> int:
    (kernel, _), *rest = layers
    return field_size([(kernel, 1), *rest])


def one_side(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) // 2 * jump
        jump *= stride
    return size


def one_less_outside(layers: list) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:
        size += kernel * jump - 1
        jump *= stride
    return size


def size_times_stride(layers: list) -> int:
    size = 1
    for kernel, stride in layers:
        size = size * stride + kernel - 1
    return size


def size_and_step_times_stride(layers: list) -> int:
    size = 1
    for kernel, stride in layers:
        size = (size + kernel - 1) * stride
    return size


def some_layers(draw: Draw) -> tuple:
    """Return layers of which two strides multiply before others look, the last kernel
    larger than the first."""
    strides = (3, 2, *draw.choices((1, 2, 3), k=draw.randint(1, 3)))
    kernels = (3, *draw.choices((3, 5, 7), k=len(strides) - 2), 9)
    return (list(zip(kernels, strides, strict=True)),)


FIELD_SIZE = Exercise(
    field_size,
    cases=lambda: [
        ([(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)],),
        ([(7, 2), (3, 2), (3, 1), (3, 1)],),
        ([(5, 1)],),
    ],
    hidden=by_seed(some_layers, times=3),
    hints=(
        "Try one layer with stride 2 by hand: how far does its own window reach?",
        "A layer's stride spreads the units that the *next* layer looks at.",
        "Let the size grow first, with the jump as it is; multiply the jump after.",
    ),
    wrong=(
        Wrong(
            jump_too_early,
            "The jump is multiplied before the size grows, so a layer's stride widens "
            "its own window. It should widen those of the layers after it.",
        ),
        Wrong(
            lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers),
            "This ignores the strides. After a stride of 2, a step to the next unit "
            "is a step of two pixels.",
        ),
        Wrong(
            last_stride_only,
            "The jump is replaced by the last stride. Strides multiply: two of 2 put "
            "neighbouring units 4 pixels apart.",
        ),
        Wrong(
            lambda layers: field_size(layers) - 1,
            "Always one pixel too small: the size starts from 0. Before any layer, a "
            "unit is a pixel, and sees itself.",
        ),
        Wrong(
            lambda layers: field_size(layers[:1]),
            "That is the field of the first layer alone. Does the `return` stand "
            "inside the loop?",
        ),
        Wrong(
            lambda layers: field_size(layers[:-1]),
            "The last layer is missing: it looks, too, with the jump of all those "
            "before it.",
        ),
        Wrong(
            strides_summed,
            "The strides are added up in the jump. They multiply: after two strides "
            "of 2, neighbouring units stand 4 pixels apart, and after three, 8.",
        ),
        Wrong(
            strides_counted_from_one,
            "The jump grows by what each stride adds to 1. Strides multiply: two of 3 "
            "put neighbouring units 9 pixels apart.",
        ),
        Wrong(
            whole_kernels,
            "Each layer adds its whole kernel. A window of K cells has one cell where "
            "the field was already: it adds K - 1 steps.",
        ),
        Wrong(
            own_stride_only,
            "Each window is widened by its layer's own stride. What spreads the units "
            "it looks at are the strides of all layers *before* it.",
        ),
        Wrong(
            all_strides_at_once,
            "All windows are widened by all strides. A layer is widened only by the "
            "strides before it; the first looks at single pixels.",
        ),
        Wrong(
            lambda layers: field_size(layers[::-1]),
            "The layers were taken in the wrong direction. Begin at the picture: its "
            "layer is the first in the list, and its stride widens all later ones.",
        ),
        Wrong(
            first_stride_lost,
            "The stride of the first layer is lost. All later layers look at units "
            "that it has spread apart.",
        ),
        Wrong(
            one_side,
            "A window of K reaches (K - 1) / 2 to *each* side. You let the field grow "
            "on one side only.",
        ),
        Wrong(
            last_jump,
            "That is the jump: how far neighbouring units stand apart. Asked is the "
            "size, how many pixels one of them sees.",
        ),
        Wrong(
            one_less_outside,
            "The 1 was taken from the pixels, not from the kernel. A window of K cells "
            "makes K - 1 steps, each as long as the jump.",
        ),
        Wrong(
            size_times_stride,
            "You multiplied the size by the stride. A stride leaves what one unit sees "
            "as it is: it spreads the units, for the layers that follow.",
        ),
        Wrong(
            size_and_step_times_stride,
            "You multiplied the size, with the layer's own step, by the stride. A "
            "stride spreads the units for the layers that follow; what one of them "
            "sees stays as it is.",
        ),
    ),
)


def pixels_seen(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    centre = start + index * jump
    return int(centre - (size - 1) / 2), int(centre + (size - 1) / 2)


def around(centre: float, low: float, high: float) -> tuple[int, int]:
    return int(centre - low), int(centre + high)


def halves(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    return around(start + index * jump, size / 2, size / 2)


def whole_halves(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    return around(int(start) + index * jump, size // 2, size // 2)


def rounded_reach(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    return around(int(start) + index * jump, (size - 1) // 2, (size - 1) // 2)


def half_a_pixel_left(size: int, jump: int, start: float, index: int) -> tuple:
    return around(start + index * jump, (size - 1) // 2, (size - 1) // 2)


def past_the_end(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    first, last = pixels_seen(size, jump, start, index)
    return first, last + 1


def clipped(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    first, last = pixels_seen(size, jump, start, index)
    return max(first, 0), last


def moved_inside(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    first, last = pixels_seen(size, jump, start, index)
    return max(first, 0), max(first, 0) + last - first


def first_and_size(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    return pixels_seen(size, jump, start, index)[0], size


def spread_reach(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    reach = (size - 1) / 2 * jump
    return around(start + index * jump, reach, reach)


def whole_numbers(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """All numbers of the answer are ints, also where floats would have the values."""
    floats = [x for x in in_parts(attempt(answer, case)) if isinstance(x, float)]
    if not floats:
        return ""
    return (
        f"{floats[0]} has the right value and is a float; whole numbers are asked for, "
        "since pixels are counted. `int` makes them."
    )


def some_unit(draw: Draw) -> tuple:
    """Return a field whose first pixel is a whole number, as in a network."""
    size, first = draw.randint(4, 20), -draw.randint(0, 3)
    return size, draw.randint(2, 5), first + (size - 1) / 2, draw.randint(1, 9)


def border_unit(draw: Draw) -> tuple:
    """Return a unit with a field of even size that begins outside the picture."""
    size, jump = draw.randrange(14, 24, 2), draw.randint(2, 5)
    return size, jump, (size - 1) / 2 - jump - draw.randint(1, 3), 1


PIXELS_SEEN = Exercise(
    pixels_seen,
    cases=lambda: [
        (3, 1, 1.0, 0),
        (18, 4, 8.5, 3),
        (7, 2, 0.0, 1),
        (10, 4, 4.5, 2),
        (6, 2, -0.5, 1),
    ],
    hidden=by_seed(some_unit, border_unit),
    promises=(whole_numbers,),
    hints=(
        "Where is the centre of unit `index`? Units are `jump` pixels apart.",
        "centre = start + index * jump. A field of 3 pixels reaches 1 to each side.",
        "A field of `size` pixels reaches (size - 1) / 2 to each side of its centre.",
    ),
    wrong=(
        Wrong(
            lambda size, jump, start, index: (index * size, (index + 1) * size - 1),
            "These fields lie side by side. Neighbouring units overlap: they are "
            "`jump` pixels apart and see `size`.",
        ),
        Wrong(
            lambda size, jump, start, index: pixels_seen(size, 1, start, index),
            "The units are `jump` pixels apart, not one.",
        ),
        Wrong(
            lambda size, jump, start, index: (
                int(start + index * jump),
                int(start + index * jump) + size - 1,
            ),
            "`start` is the *centre* of unit 0, and you used it as the first pixel.",
        ),
        Wrong(
            halves,
            "You went half of `size` to each side. The centre is itself one of the "
            "pixels (or lies between two), so a field of `size` pixels spans "
            "size - 1 steps: yours is one pixel too wide.",
        ),
        Wrong(
            whole_halves,
            "You went size // 2 to each side, which makes fields of even size one "
            "pixel too wide. A field of `size` pixels spans size - 1 steps, and half "
            "of them may end in half a pixel.",
        ),
        Wrong(
            lambda size, jump, start, index: (
                start + index * jump - size / 2,
                start + index * jump + size / 2,
            ),
            "Those are the outer *edges* of the field, half of `size` to each side. "
            "The pixels themselves lie half a pixel further in: from the first to the "
            "last it is size - 1 steps.",
        ),
        Wrong(
            rounded_reach,
            "Right for odd sizes. The centre of a field of even size lies between two "
            "pixels, at half a pixel; rounding centre and reach separately loses one.",
        ),
        Wrong(
            half_a_pixel_left,
            "Right for odd sizes. For even ones, (size - 1) // 2 drops the half pixel "
            "that the centre has as well: halve first, and round at the very end.",
        ),
        Wrong(
            past_the_end,
            "`last` is one too far: the end of a slice, exclusive. Asked is the last "
            "pixel that the unit still sees.",
        ),
        Wrong(
            clipped,
            "You clipped the field at the border of the picture. The rule knows no "
            "border: below 0 lie pixels of the padding, and they count here.",
        ),
        Wrong(
            moved_inside,
            "You pushed the field into the picture. It may begin below 0: there the "
            "unit sees padding.",
        ),
        Wrong(
            lambda size, jump, start, index: pixels_seen(size, jump, 0.0, index),
            "`start` is ignored: you took pixel 0 for the centre of unit 0. Padding "
            "and earlier layers decide where the first unit looks.",
        ),
        Wrong(
            lambda size, jump, start, index: (index * jump, index * jump + size - 1),
            "`start` is ignored: your unit 0 begins at pixel 0, whatever the padding. "
            "`start` says where its centre is.",
        ),
        Wrong(
            lambda size, jump, start, index: pixels_seen(
                size, 1, (start + index) * jump, 0
            ),
            "You multiplied `start` by the jump too. It is already in pixels; only "
            "`index` counts units.",
        ),
        Wrong(
            lambda size, jump, start, index: pixels_seen(size, jump, start, index - 1),
            "One unit too far to the left: units are counted from 0, and unit 0 "
            "stands at `start` itself.",
        ),
        Wrong(
            lambda size, jump, start, index: pixels_seen(size, jump, start, index + 1),
            "One unit too far to the right: unit 0 stands at `start` itself.",
        ),
        Wrong(
            lambda size, jump, start, index: around(
                start + index * jump, size - 1, size - 1
            ),
            "You went the whole size - 1 to each side, so your field is about twice "
            "as wide as `size` says. The centre has half of it on either side.",
        ),
        Wrong(
            lambda size, jump, start, index: pixels_seen(size, jump, start, index)[
                ::-1
            ],
            "Both pixels are right; their order is not. First comes first.",
        ),
        Wrong(
            first_and_size,
            "Your second number is how many pixels there are. Asked is where the last "
            "one lies.",
        ),
        Wrong(
            spread_reach,
            "You stretched the field by the jump. `size` is in pixels already; the "
            "jump only says how far apart two units look.",
        ),
    ),
)


def bell_width(weight: Tensor) -> Tensor:
    place = torch.arange(len(weight), dtype=weight.dtype)
    share = weight / weight.sum()
    centre = (share * place).sum()
    return (share * (place - centre) ** 2).sum().sqrt()


def around_zero(weight: Tensor) -> Tensor:
    place = torch.arange(len(weight), dtype=weight.dtype)
    return (weight / weight.sum() * place**2).sum().sqrt()


def shares_left_out(weight: Tensor) -> Tensor:
    place = torch.arange(len(weight), dtype=weight.dtype)
    centre = (weight * place).sum()
    return (weight * (place - centre) ** 2).sum().sqrt()


def spread_around(
    weight: Tensor, centre: Callable[[Tensor], Tensor], share: Tensor | None = None
) -> Tensor:
    """Return the root of the weighted mean square distance from another centre."""
    place = torch.arange(len(weight), dtype=weight.dtype)
    share = weight / weight.sum() if share is None else share
    return (share * (place - centre(weight)) ** 2).sum().sqrt()


def weighted_mean(weight: Tensor) -> Tensor:
    return (weight * torch.arange(len(weight))).sum() / weight.sum()


def middle(weight: Tensor) -> float:
    return (len(weight) - 1) / 2


def mean_distance(weight: Tensor) -> Tensor:
    place = torch.arange(len(weight), dtype=weight.dtype)
    return (weight / weight.sum() * (place - weighted_mean(weight)).abs()).sum()


def mean_not_squared(weight: Tensor) -> Tensor:
    centre = weighted_mean(weight)
    return (around_zero(weight) ** 2 - centre).sqrt()


BELL_WIDTH = Exercise(
    bell_width,
    cases=lambda: [
        (torch.tensor([1.0, 2.0, 3.0, 2.0, 1.0]),),
        (torch.tensor([0.0, 0.0, 1.0, 0.0, 4.0, 3.0]),),
    ],
    hidden=by_seed(
        lambda draw: (1 + numbers(draw.randint(4, 9), seed=draw.next_seed()).abs(),)
    ),
    hints=(
        "Divide by the sum first: then the weights are shares of one whole.",
        "The centre is the weighted mean of the places 0, 1, 2, …",
        "Weighted mean of the squared distances from the centre, then the root.",
    ),
    wrong=(
        Wrong(
            lambda weight: bell_width(weight) ** 2,
            "That is the variance, in square pixels. The width is its root.",
        ),
        Wrong(
            around_zero,
            "You measured distances from place 0. The bell stands around its centre, "
            "the weighted mean of the places.",
        ),
        Wrong(
            lambda weight: weight.std(),
            "That is the spread of the weights themselves. Asked is the spread of the "
            "places, each place counted as much as its weight.",
        ),
        Wrong(
            shares_left_out,
            "The weights were not divided by their sum. Only when they sum to 1 are "
            "they shares, and a sum with them a mean.",
        ),
        Wrong(
            lambda weight: spread_around(weight, weighted_mean, weight),
            "The centre is right; the squared distances were added up with the raw "
            "weights. A mean needs shares there too: divide by the sum.",
        ),
        Wrong(
            lambda weight: spread_around(
                weight, lambda w: weighted_mean(w) * w.sum(), weight / weight.sum()
            ),
            "The centre was taken with the raw weights, which sum to more than 1, and "
            "lies far outside. Divide by the sum there too.",
        ),
        Wrong(
            lambda weight: (weight / weight.sum()).std(),
            "That is the standard deviation of the weights, divided by their sum. "
            "Asked is the one of the places 0 to W - 1: how far they lie from their "
            "centre.",
        ),
        Wrong(
            lambda weight: torch.arange(len(weight)).float().std(),
            "That is the spread of the places, each counted alike. A place should "
            "count as much as its weight.",
        ),
        Wrong(
            lambda weight: torch.arange(len(weight)).float().std(correction=0),
            "All places count alike here, and the weights are never used. Each place "
            "should count as much as its weight.",
        ),
        Wrong(
            lambda weight: spread_around(weight, middle),
            "You measured from the middle of the row. A lopsided bell has its centre "
            "elsewhere: at the weighted mean of the places.",
        ),
        Wrong(
            lambda weight: spread_around(weight, torch.argmax),
            "You measured from the highest weight. A lopsided bell has its centre "
            "elsewhere: at the weighted mean of the places.",
        ),
        Wrong(
            lambda weight: bell_width(weight.softmax(dim=0)),
            "Softmax makes the weights sum to 1 and changes what they say: a weight "
            "twice as large no longer counts twice. Divide by their sum.",
        ),
        Wrong(
            lambda weight: spread_around(weight, weighted_mean, weight / len(weight)),
            "You divided by how many weights there are. Shares come from dividing by "
            "the *sum* of the weights.",
        ),
        Wrong(
            lambda weight: spread_around(weight, weighted_mean, weight / weight.max()),
            "The weights were divided by the largest one. Shares sum to 1: divide by "
            "the sum.",
        ),
        Wrong(
            mean_distance,
            "That is the mean distance from the centre. A standard deviation squares "
            "the distances before the mean, and takes the root after it.",
        ),
        Wrong(
            mean_not_squared,
            "From the mean of the squares you took the mean, not its *square*.",
        ),
        Wrong(
            weighted_mean,
            "That is the centre of the bell: where it stands, not how wide it is.",
        ),
        Wrong(
            lambda weight: bell_width(weight**2),
            "You squared the weights. They are weights already, as they stand; what "
            "is squared are the distances.",
        ),
        Wrong(
            lambda weight: (
                bell_width(weight) * (len(weight) / (len(weight) - 1)) ** 0.5
            ),
            "You divided by W - 1 somewhere, as for a sample. The weights are the "
            "whole, no sample of it: their shares sum to 1 and need no correction.",
        ),
    ),
)


def audit(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple[float, float]:
    def share(a: Tensor, b: Tensor) -> float:
        return (a == b).float().mean().item()

    return share(predicted, labels), share(predicted, marks)


def among_mistakes(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    right, _ = audit(predicted, labels, marks)
    missed = predicted != labels
    return right, (predicted[missed] == marks[missed]).float().mean().item()


def says_and_is_wrong(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    right, _ = audit(predicted, labels, marks)
    fooled = (predicted == marks) & (predicted != labels)
    return right, fooled.float().mean().item()


def among_lies(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    lie = marks != labels
    return audit(predicted[lie], labels[lie], marks[lie])


def deceived_among_lies(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    right, _ = audit(predicted, labels, marks)
    return right, among_lies(predicted, labels, marks)[1]


def among_right(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    right, _ = audit(predicted, labels, marks)
    hit = predicted == labels
    return right, audit(predicted[hit], labels[hit], marks[hit])[1]


def right_and_says(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    right, _ = audit(predicted, labels, marks)
    both = (predicted == marks) & (predicted == labels)
    return right, both.float().mean().item()


def per_mistake(predicted: Tensor, labels: Tensor, marks: Tensor) -> tuple:
    right, deceived = audit(predicted, labels, marks)
    return right, deceived / (1 - right)


def some_answers(draw: Draw) -> tuple:
    """Return predictions, labels and marks: right, deceived or neither where the mark
    lies; and where it tells the truth, more often believed than not."""
    lying = [(0, 1, 0)] * draw.randint(6, 8) + [(0, 1, 1)] * draw.randint(2, 3)
    telling = [(0, 0, 0)] * draw.randint(3, 4) + [(0, 0, 2)]
    kinds = [*lying, (0, 1, 2), *telling]
    triples = []
    for places in draw.sample(kinds, len(kinds)):
        digits = draw.sample(range(10), 3)
        triples.append([digits[k] for k in places])
    labels, marks, predicted = torch.tensor(triples).T.contiguous()
    return predicted, labels, marks


AUDIT = Exercise(
    audit,
    cases=lambda: [
        (
            torch.tensor([3, 3, 7, 1, 5, 0, 2, 2]),
            torch.tensor([3, 4, 7, 1, 8, 0, 9, 4]),
            torch.tensor([8, 3, 2, 6, 5, 1, 9, 2]),
        ),
        (
            torch.tensor([1, 2, 3, 4, 6, 7, 8, 9]),
            torch.tensor([1, 2, 0, 0, 6, 5, 8, 9]),
            torch.tensor([5, 1, 3, 9, 6, 1, 4, 0]),
        ),
    ],
    hidden=by_seed(some_answers),
    hints=(
        "Two comparisons: with the labels, and with what the marks say.",
        "`(predicted == labels)` is a tensor of booleans; its mean needs `.float()`.",
        "`.item()` turns a tensor of one number into a float. Do it twice.",
    ),
    wrong=(
        Wrong(
            lambda predicted, labels, marks: audit(predicted, labels, marks)[::-1],
            "Both numbers are right; their order is not. First right, then deceived.",
        ),
        Wrong(
            among_mistakes,
            "The second number was taken among the mistakes only. As a share of all "
            "pictures, the two can be compared and added.",
        ),
        Wrong(
            lambda predicted, labels, marks: (
                audit(predicted, labels, marks)[0],
                1 - audit(predicted, labels, marks)[0],
            ),
            "Not every mistake follows the mark. Compare the predictions with the "
            "marks.",
        ),
        Wrong(
            says_and_is_wrong,
            "You counted only where the network is wrong too. Where the mark tells "
            "the truth and the network says so, it says what the mark says as well: "
            "all pictures count.",
        ),
        Wrong(
            lambda predicted, labels, marks: (
                audit(predicted, labels, marks)[0],
                audit(labels, marks, marks)[0],
            ),
            "Your second number compares labels with marks: how often the mark tells "
            "the truth. What the network says is not asked there at all.",
        ),
        Wrong(
            deceived_among_lies,
            "The second number was taken only where the mark lies. Both are shares of "
            "all pictures, so that they can be compared.",
        ),
        Wrong(
            among_lies,
            "Both numbers were taken only where the mark lies. Asked are shares of "
            "all pictures.",
        ),
        Wrong(
            among_right,
            "The second number was taken among the right answers only. It is a share "
            "of all pictures.",
        ),
        Wrong(
            lambda predicted, labels, marks: (
                audit(predicted, labels, marks)[0],
                1 - audit(predicted, labels, marks)[1],
            ),
            "Your second number is how often the network says something *else* than "
            "the mark.",
        ),
        Wrong(
            lambda predicted, labels, marks: (
                1 - audit(predicted, labels, marks)[0],
                audit(predicted, labels, marks)[1],
            ),
            "Your first number is the share of mistakes; asked is the share that is "
            "right.",
        ),
        Wrong(
            right_and_says,
            "You counted only where the network is right as well. What it says is "
            "compared with the mark, whatever the label.",
        ),
        Wrong(
            per_mistake,
            "You divided by the number of mistakes. The second number, too, is a "
            "share of all pictures.",
        ),
        Wrong(
            lambda predicted, labels, marks: tuple(
                100 * share for share in audit(predicted, labels, marks)
            ),
            "Those are per cent, 100 times the shares. A share lies between 0 and 1.",
        ),
        Wrong(
            lambda predicted, labels, marks: tuple(
                len(labels) * share for share in audit(predicted, labels, marks)
            ),
            "You counted the pictures. A share is that count divided by how many "
            "pictures there are.",
        ),
    ),
)


def convolve_batch(
    x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int, dilation: int
) -> Tensor:
    return F.conv2d(x, weight, bias, stride, padding, dilation)


def with_weight(change: Callable[[Tensor], Tensor]) -> Callable:
    """Return the convolution with another weight."""
    return lambda x, weight, *rest: convolve_batch(x, change(weight), *rest)


def with_bias(change: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """Return the convolution with another bias, made of bias and weight."""

    def convolved(x: Tensor, weight: Tensor, bias: Tensor, *rest: int) -> Tensor:
        return convolve_batch(x, weight, change(bias, weight), *rest)

    return convolved


def padded(sides: tuple[int, int, int, int], mode: str = "constant") -> Callable:
    """Return the convolution with so many times the padding on each side."""

    def convolved(x, weight, bias, stride, padding, dilation):
        x = F.pad(x, tuple(side * padding for side in sides), mode=mode)
        return convolve_batch(x, weight, bias, stride, 0, dilation)

    return convolved


def taken_at_once(x, weight, bias, stride, padding, dilation):
    H, W = convolve_batch(x, weight, bias, stride, padding, dilation).shape[2:]
    return convolve_batch(x, weight, bias, 1, padding, dilation)[:, :, :H, :W]


def cells_together(x, weight, bias, stride, padding, dilation):
    H, W = convolve_batch(x, weight, bias, stride, padding, dilation).shape[2:]
    return convolve_batch(x, weight, bias, stride, padding, 1)[:, :, :H, :W]


def first_channel(x, weight, *rest):
    return convolve_batch(x[:, :1], weight[:, :1], *rest)


def cells_first(weight: Tensor) -> Tensor:
    """Return the weight as it is met where cells come before channels."""
    O, C, K, _ = weight.shape
    return weight.reshape(O, K * K, C).mT.reshape(O, C, K, K)


def some_batch(draw: Draw) -> tuple:
    """Return a batch and settings of which each one matters."""
    C, O, K = draw.randint(2, 3), draw.randint(2, 4), draw.choice((2, 3))
    shapes = (2, C, draw.randint(9, 11), draw.randint(12, 14)), (O, C, K, K), (O,)
    seeds = [draw.next_seed() for _ in shapes]
    inputs = (numbers(*s, seed=n) for s, n in zip(shapes, seeds, strict=True))
    x, weight, bias = (tensor.double() for tensor in inputs)
    return x, weight, bias + 0.5, draw.randint(2, 3), draw.randint(1, 2), 2


def one_by_one(draw: Draw) -> tuple:
    """Return a single picture for a kernel of 1."""
    x = numbers(1, 3, 5, 8, seed=draw.next_seed())
    weight = numbers(2, 3, 1, 1, seed=draw.next_seed())
    return x, weight, torch.tensor([0.5, -1.5]), 1, 0, 1


CONVOLVE_BATCH = Exercise(
    convolve_batch,
    cases=lambda: [
        (
            *(numbers(2, 2, 6, 9), numbers(3, 2, 2, 2, seed=1)),
            *(torch.tensor([0.5, -1.5, 2]), 2, 1, 1),
        ),
        (
            *(numbers(1, 3, 11, 8, seed=2), numbers(2, 3, 3, 3, seed=3)),
            *(torch.tensor([1.5, -0.5]), 1, 2, 2),
        ),
        (
            numbers(2, 2, 10, 9, seed=4).double().mT,
            numbers(4, 2, 3, 3, seed=5).double(),
            *(torch.tensor([0.5, 1, -2.5, 3]).double(), 3, 0, 1),
        ),
        (
            *(numbers(1, 2, 7, 4, seed=6), numbers(3, 2, 1, 1, seed=7)),
            *(torch.tensor([0.5, -1.5, 2]), 2, 2, 2),
        ),
    ],
    hidden=by_seed(some_batch, one_by_one),
    promises=(gradients(0, 1, 2),),
    hints=(
        "Pad first: `F.pad(x_bchw, (padding,) * 4)`. Then ask which pixels cell (i, j) "
        "of the kernel sees, over all places of the window.",
        "Cell (i, j) sees rows i * dilation, i * dilation + stride, …: a slice with a "
        "step, H' of them. Likewise for the columns.",
        "For each cell, `torch.einsum('bchw,oc->bohw', seen, weight_ockk[:, :, i, j])` "
        "sums over the channels. Add up all cells, and `bias_o[:, None, None]`.",
    ),
    wrong=(
        Wrong(
            with_bias(lambda bias, weight: 0 * bias),
            "The bias is missing: each output channel adds its own number, once, to "
            "every place.",
        ),
        Wrong(
            with_weight(lambda weight: weight.flip(2, 3)),
            "Your kernels are turned around. That is the convolution of mathematics; "
            "deep learning slides the kernel as it is.",
        ),
        Wrong(
            taken_at_once,
            "The shape is right, but the windows are neighbours: the stride shrank "
            "the result and never moved the window.",
        ),
        Wrong(
            cells_together,
            "The shape is right, but the cells of the window stand side by side: the "
            "dilation shrank the result and never spread them.",
        ),
        Wrong(
            first_channel,
            "Only the first input channel is looked at. Each output channel has "
            "numbers for every input channel, and adds them all up.",
        ),
        Wrong(
            lambda x, weight, *rest: convolve_batch(
                x.sum(dim=1, keepdim=True), weight[:, :1], *rest
            ),
            "All input channels meet the same numbers, those of the first one. Each "
            "input channel has a kernel of its own.",
        ),
        Wrong(
            with_weight(lambda weight: weight[:1].expand_as(weight)),
            "All output channels use the kernel of the first. Each has its own; only "
            "the bias tells yours apart.",
        ),
        Wrong(
            with_weight(lambda weight: weight.mT),
            "Your kernels are transposed: their rows met the columns of the window.",
        ),
        Wrong(
            with_weight(cells_first),
            "Pixels and weights were flattened in different orders: here the cells "
            "came first, there the channels. In the weight the channels do.",
        ),
        Wrong(
            with_weight(lambda weight: weight / weight.shape[1]),
            "You took the mean over the input channels. Their products are added up.",
        ),
        Wrong(
            with_weight(lambda weight: weight / weight[0, 0].numel()),
            "You took the mean over the cells of the window. Products are added up.",
        ),
        Wrong(
            with_weight(lambda weight: weight / weight[0].numel()),
            "You took the mean over channels and cells. A dot product is a sum.",
        ),
        Wrong(
            with_bias(lambda bias, weight: -bias),
            "The bias is subtracted. It is added, to every place of its channel.",
        ),
        Wrong(
            with_bias(lambda bias, weight: bias * weight.shape[1]),
            "The bias is added once for every input channel. It belongs to the output "
            "channel: once, after the sum.",
        ),
        Wrong(
            with_bias(lambda bias, weight: bias * weight.shape[2] ** 2),
            "The bias is added once for every cell of the window. It comes once, "
            "after the sum.",
        ),
        Wrong(
            padded((0, 2, 0, 2)),
            "All padding went to the right and the bottom. Half of it belongs to the "
            "left and the top: `padding` on *every* side.",
        ),
        Wrong(
            padded((2, 0, 2, 0)),
            "All padding went to the left and the top. `padding` pixels belong on "
            "*every* side.",
        ),
        Wrong(
            padded((1, 1, 1, 1), mode="replicate"),
            "The padding repeats the pixels of the rim. Here it is made of zeros.",
        ),
        Wrong(
            padded((1, 1, 1, 1), mode="reflect"),
            "The padding mirrors the picture. Here it is made of zeros.",
        ),
    ),
)


EXERCISES = {
    "1.1": REARRANGED,
    "1.2": SAME_PADDING,
    "1.3": CONVOLVE,
    "1.4": LAYERS_NEEDED,
    "1.5": FIELD_SIZE,
    "1.6": PIXELS_SEEN,
    "1.7": BELL_WIDTH,
    "1.8": AUDIT,
    "1.9": CONVOLVE_BATCH,
}
