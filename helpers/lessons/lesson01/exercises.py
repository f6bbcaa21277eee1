"""Lesson 01, CNN receptive fields: references, hints and known wrong answers."""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed


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


def some_order(draw: Draw) -> tuple:
    B, C, H = draw.randint(1, 3), draw.randint(1, 3), draw.randint(2, 4)
    return numbers(B, C, H, 5, seed=draw.next_seed()), draw.order(5 * H)


REARRANGED = Exercise(
    taken_from,
    cases=lambda: [
        (torch.arange(8.0).view(2, 1, 2, 2), torch.tensor([1, 2, 3, 0])),
        (numbers(3, 2, 3, 3), torch.tensor([4, 0, 8, 1, 7, 2, 6, 3, 5])),
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
    ),
)


def same_padding(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) // 2


SAME_PADDING = Exercise(
    same_padding,
    cases=lambda: [(3, 1), (5, 1), (3, 2), (7, 2), (5, 3), (1, 1)],
    hidden=by_seed(lambda draw: (draw.randrange(9, 32, 2), draw.randint(2, 9))),
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
    ),
)


def convolve(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
    K = len(kernel)
    windows = picture.unfold(0, K, stride).unfold(1, K, stride)
    return (windows * kernel).sum(dim=(2, 3))


def window_not_moved(picture: Tensor, kernel: Tensor, stride: int) -> Tensor:
    rows, columns = convolve(picture, kernel, stride).shape
    return convolve(picture, kernel, 1)[:rows, :columns]


def some_window(stride: int) -> Callable[[Draw], tuple]:
    def case(draw: Draw) -> tuple:
        H, W, K = draw.randint(5, 7), draw.randint(8, 9), draw.choice((2, 3))
        picture = numbers(H, W, seed=draw.next_seed())
        return picture, numbers(K, K, seed=draw.next_seed()), stride

    return case


CONVOLVE = Exercise(
    convolve,
    cases=lambda: [
        (numbers(5, 5), numbers(3, 3, seed=1), 2),
        (numbers(7, 6, seed=2), numbers(2, 2, seed=3), 3),
        (numbers(4, 4, seed=4), numbers(3, 3, seed=5), 1),
    ],
    hidden=by_seed(*(some_window(stride) for stride in (1, 2, 3)), times=1),
    hints=(
        "The shape is right already. Which pixels does the window of out[1, 1] see?",
        "`row` and `column` count places of the output, not pixels of the picture.",
        "The window's corner is pixel (row * stride, column * stride).",
    ),
    wrong=(
        Wrong(
            window_not_moved,
            "Output (row, column) still reads the window at pixel (row, column): "
            "the stride shrank the result but never moved the window.",
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
    ),
)


LAYERS_NEEDED = Exercise(
    lambda: 14,
    hints=(
        "One layer sees 3 pixels, two see 5. Write down the next three.",
        "n layers see 2n + 1 pixels.",
        "Find the smallest n with 2n + 1 of at least 28.",
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


def some_layers(draw: Draw) -> tuple:
    """Return layers of which two strides multiply before others look."""
    strides = (2, 3, *draw.choices((1, 2, 3), k=draw.randint(1, 3)))
    return ([(draw.choice((3, 5, 7)), stride) for stride in strides],)


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
    ),
)


def pixels_seen(size: int, jump: int, start: float, index: int) -> tuple[int, int]:
    centre = start + index * jump
    return int(centre - (size - 1) / 2), int(centre + (size - 1) / 2)


def some_unit(draw: Draw) -> tuple:
    """Return a field whose first pixel is a whole number, as in a network."""
    size, first = draw.randint(4, 20), -draw.randint(0, 3)
    return size, draw.randint(2, 5), first + (size - 1) / 2, draw.randint(1, 9)


PIXELS_SEEN = Exercise(
    pixels_seen,
    cases=lambda: [(3, 1, 1.0, 0), (18, 4, 8.5, 3), (7, 2, 0.0, 1), (10, 4, 4.5, 2)],
    hidden=by_seed(some_unit),
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


def some_answers(draw: Draw) -> tuple:
    """Return predictions that are right, deceived by the mark, or neither."""
    kinds = [0] * draw.randint(3, 6) + [1] * draw.randint(1, 2) + [2]
    rows = [draw.sample(range(10), 3) for _ in kinds]
    predicted = [
        row[k] for row, k in zip(rows, draw.sample(kinds, len(kinds)), strict=True)
    ]
    labels, marks, _ = zip(*rows, strict=True)
    return torch.tensor(predicted), torch.tensor(labels), torch.tensor(marks)


AUDIT = Exercise(
    audit,
    cases=lambda: [
        (
            torch.tensor([3, 3, 7, 1, 5, 0, 2, 2]),
            torch.tensor([3, 4, 7, 1, 8, 0, 9, 4]),
            torch.tensor([8, 3, 2, 6, 5, 1, 3, 2]),
        ),
        (
            torch.tensor([1, 2, 3, 4]),
            torch.tensor([1, 0, 0, 0]),
            torch.tensor([5, 2, 3, 9]),
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
}
