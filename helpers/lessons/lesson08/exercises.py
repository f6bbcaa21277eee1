"""Lesson 08, A Real Language Model: references, hints and known wrong answers."""

import math
from collections.abc import Callable
from functools import partial
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.analysis.residual_stream import lens_nats as lens_nats_reference
from helpers.checkpoints.library_llama import rows_in_halves
from helpers.lessons.lesson08.induction import induction_scores as scores_reference
from helpers.lessons.lesson08.llama_parts import rms_norm as rms_norm_reference
from helpers.lessons.lesson08.llama_parts import (
    write_greedily as write_greedily_reference,
)
from helpers.lessons.lesson08.windows import window_mask as window_mask_reference
from helpers.models.llama.gguf import ALIGNMENT, decode_q4_1, tensor_place
from helpers.page.attempts import attempt
from helpers.page.elsewhere import probe
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, Part, by_seed, noise
from helpers.page.inputs import call, own
from helpers.page.promises import gradients, inputs_unchanged, no_float


def some_blocks(n: int, seed: int, wide: bool = False) -> tuple:
    """Return n blocks of Q4_1, (N, 20) uint8, of any digits, with steps and minima that
    16 bits do not hold exactly; `wide`: cut out of a wider table."""
    draw = torch.Generator().manual_seed(seed)
    digits_nb = torch.randint(256, (n, 16), generator=draw, dtype=torch.uint8)
    step_n1 = 0.01 + 0.3 * torch.rand(n, 1, generator=draw)
    least_n1 = -8 * step_n1 - torch.rand(n, 1, generator=draw)
    scales_n2 = torch.cat([step_n1, least_n1], dim=1).half()
    blocks_nb = torch.cat([scales_n2.view(torch.uint8), digits_nb], dim=1)
    if not wide:
        return (blocks_nb,)
    return (torch.nn.functional.pad(blocks_nb, (4, 8), value=7)[:, 4:24],)


def parts(blocks_nb: Tensor, kind=torch.float16) -> tuple[Tensor, Tensor, Tensor]:
    """Return step (N, 1), minimum (N, 1) and digits (N, 32) of blocks."""
    scales_n2 = blocks_nb[:, :4].view(kind)
    digits_nd = torch.cat([blocks_nb[:, 4:] & 15, blocks_nb[:, 4:] >> 4], dim=1)
    return scales_n2[:, :1], scales_n2[:, 1:], digits_nd


def decoded_as(formula: Callable, kind=torch.float16) -> Callable:
    """Return the answer that makes formula(step, minimum, digits) of each block."""

    def answer(blocks_nb):
        step_n1, least_n1, digits_nd = parts(blocks_nb, kind)
        return formula(step_n1.float(), least_n1.float(), digits_nd.float())

    return answer


def neighbours(blocks_nb):
    step_n1, least_n1, _ = parts(blocks_nb)
    pairs = torch.stack([blocks_nb[:, 4:] & 15, blocks_nb[:, 4:] >> 4], dim=2)
    return pairs.flatten(1) * step_n1.float() + least_n1.float()


def in_half(blocks_nb):
    step_n1, least_n1, digits_nd = parts(blocks_nb)
    return (digits_nd * step_n1 + least_n1).float()


def left_half(blocks_nb):
    step_n1, least_n1, digits_nd = parts(blocks_nb)
    return digits_nd * step_n1 + least_n1


def bytes_reversed(blocks_nb):
    scales_n4 = blocks_nb[:, [1, 0, 3, 2]]
    return decode_q4_1(torch.cat([scales_n4, blocks_nb[:, 4:]], dim=1))


def in_one_row(blocks_nb):
    return decode_q4_1(blocks_nb).flatten()


def whole_bytes(blocks_nb):
    step_n1, least_n1, _ = parts(blocks_nb)
    return blocks_nb[:, 4:] * step_n1.float() + least_n1.float()


def upper_not_shifted(blocks_nb):
    step_n1, least_n1, _ = parts(blocks_nb)
    digits_nd = torch.cat([blocks_nb[:, 4:] & 15, blocks_nb[:, 4:] & 240], dim=1)
    return digits_nd * step_n1.float() + least_n1.float()


def first_for_all(blocks_nb):
    step_n1, least_n1, digits_nd = parts(blocks_nb)
    return digits_nd * step_n1[:1].float() + least_n1[:1].float()


DECODE = Exercise(
    decode_q4_1,
    cases=lambda: [
        some_blocks(1, 0),
        some_blocks(3, 1),
        some_blocks(5, 2, wide=True),
        some_blocks(20, 3),
    ],
    hidden=by_seed(
        lambda draw: some_blocks(draw.randint(6, 40), draw.next_seed()),
        lambda draw: some_blocks(draw.randint(2, 9), draw.next_seed(), wide=True),
    ),
    hints=(
        "Three parts: bytes 0 and 1 are the step, bytes 2 and 3 the minimum, the other "
        "16 hold two digits each. Which operation keeps the lower 4 bits of a byte? "
        "Which moves the upper 4 down?",
        "blocks[:, :4].view(torch.float16) reads four bytes as two numbers, (N, 2); "
        ".float() before you compute. All 16 lower digits come before "
        "all 16 upper ones.",
        "digits = torch.cat([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], dim=1); the "
        "answer is digits * step + minimum, where step and minimum are (N, 1).",
    ),
    wrong=(
        Wrong(
            neighbours,
            "Right numbers, wrong places: you took the two digits of a byte for "
            "neighbours. Byte i holds digit i and digit i + 16, so all lower halves "
            "come first. With your order the model would have every matrix shuffled.",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: digits.roll(16, 1) * d + m),
            "The two halves of each block are exchanged: digit i stands in the *lower* "
            "4 bits of byte i. What does `& 15` keep?",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: digits * d - m),
            "You subtract the minimum. Other formats (Q4_K) store it with its sign "
            "turned; here digit 0 *is* the minimum. What should your answer be there?",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: (digits - 8) * d),
            "That is Q4_0: its digits are centred at 8 and it has no minimum. Q4_1 has "
            "one of its own for each block. Where do you use bytes 2 and 3?",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: (digits - 8) * d + m),
            "You took 8 off each digit, as in Q4_0, and added the minimum too. The "
            "smallest digit is 0. Which number should it become?",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: digits * m + d),
            "Step and minimum are exchanged. The step comes first, in bytes 0 and 1; "
            "it is the one that is never negative.",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: digits * d),
            "Your numbers begin at 0 in every block: the minimum, bytes 2 and 3, is "
            "missing. Weights have both signs. Where would yours come from?",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: digits * d + m, torch.bfloat16),
            "Bytes 0 to 3 were read as bfloat16: as many bits as float16, otherwise "
            "divided between exponent and fraction. The file has torch.float16.",
        ),
        Wrong(
            decoded_as(lambda d, m, digits: digits * d + m, torch.int16),
            "Bytes 0 to 3 were read as whole numbers of 16 bits. They are numbers with "
            "a point, torch.float16. `.view(dtype)` reads the same bits anew.",
        ),
        Wrong(
            in_half,
            "You computed in 16 bits: product and sum were rounded to 11 binary "
            "places. Turn step and minimum into float32 first; the bits then are "
            "those of every other program that reads the file.",
        ),
        Wrong(
            left_half,
            "Your numbers are float16, and so was the arithmetic. Turn step and "
            "minimum into float32 before the product.",
        ),
        Wrong(
            bytes_reversed,
            "You read the two bytes of each float16 in the wrong order. GGUF is "
            "little-endian: the lower byte comes first, as in this machine's memory.",
        ),
        Wrong(
            upper_not_shifted,
            "The upper digits are 16 times too large: `& 240` keeps the upper four "
            "bits where they are. What moves them down?",
        ),
        Wrong(
            whole_bytes,
            "You made one number of each byte, 16 in a block. A byte holds two digits "
            "of 4 bits. How do you get at each of them?",
        ),
        Wrong(
            in_one_row,
            "Right numbers in one long row. Asked is a row of 32 for each block.",
        ),
        Wrong(
            first_for_all,
            "You used the first block's step and minimum for all of them. Each block "
            "has its own. Which slice keeps one for every row?",
        ),
    ),
)


def some_place(draw: Draw, padding: int | None = None) -> tuple:
    """Return a header, a start, a shape and a block of other numbers; `padding`: how
    many bytes the header lacks to a multiple of 32."""
    padding = draw.randint(1, 31) if padding is None else padding
    numbers, size = draw.choice(((32, 20), (32, 34), (1, 4), (32, 18)))
    shape = draw.randint(2, 9), 32 * draw.randint(2, 9)
    header = 32 * draw.randint(3, 900) - padding
    return header, 32 * draw.randint(1, 900), shape, (numbers, size)


def some_vector(draw: Draw) -> tuple:
    """Return a header and a start that are no multiples of 32, a shape of one axis."""
    header, start = (32 * draw.randint(3, 900) - draw.randint(1, 31) for _ in "hs")
    return header, start, (draw.randint(2, 9),), (1, 4)


def aligned(header: int) -> int:
    """Return where the data begins."""
    return -(-header // ALIGNMENT) * ALIGNMENT


def placed_by(begin: Callable | None = None, length: Callable | None = None):
    """Return the answer with begin(header) for the data's first byte, and length(shape,
    numbers, size) for how many bytes a tensor has."""

    def answer(header, start, shape, block):
        first = (begin or aligned)(header) + start
        count = length or (lambda shape, n, size: prod(shape) // n * size)
        return first, first + count(shape, *block)

    return answer


def begin_and_length(header, start, shape, block):
    begin, end = tensor_place(header, start, shape, block)
    return begin, end - begin


def not_from_the_data(header, start, shape, block):
    begin, end = tensor_place(header, start, shape, block)
    return begin - aligned(header), end - aligned(header)


def rounded_together(header, start, shape, block):
    begin, end = tensor_place(header, start, shape, block)
    first = aligned(header + start)
    return first, first + end - begin


def last_byte(header, start, shape, block):
    begin, end = tensor_place(header, start, shape, block)
    return begin, end - 1


def whole_bytes_only(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """Both places are ints, also where a float would have the same value."""
    return next(filter(None, map(no_float, attempt(answer, case))), "")


PLACE = Exercise(
    tensor_place,
    promises=(whole_bytes_only,),
    cases=lambda: [
        (1_785_640, 30_083_328, (576, 1_536), (32, 20)),
        (96, 0, (7,), (1, 4)),  # the header ends where the data may begin
        (97, 64, (3, 64), (32, 34)),
        (1_000, 320, (2, 5, 32), (32, 20)),
        (70, 12, (9,), (1, 4)),
    ],
    hidden=by_seed(some_place, lambda draw: some_place(draw, 0), some_vector),
    hints=(
        "Two questions: at which byte does the data begin, and how many blocks has the "
        "tensor? `start` is counted from the data's first byte.",
        "The data begins at the header's length rounded *up* to a multiple of 32; a "
        "header of 96 bytes needs no padding. Blocks: all numbers of the tensor, "
        "divided by the numbers of a block.",
        "begin = -(-header // 32) * 32 + start, and end = begin + math.prod(shape) // "
        "numbers * size, where numbers, size = block.",
    ),
    wrong=(
        Wrong(
            placed_by(lambda header: header),
            "You begin right after the header. The data begins at the next multiple of "
            "32, so there may be up to 31 bytes of padding. How many after 97 bytes?",
        ),
        Wrong(
            placed_by(lambda header: header + 32 - header % 32),
            "You always add padding, 32 bytes of it where none is needed: a header of "
            "96 bytes ends on a multiple of 32. What is the next multiple then?",
        ),
        Wrong(
            placed_by(lambda header: header // 32 * 32),
            "You rounded the header's length down: the tensor would begin inside the "
            "header. The data begins at the next multiple of 32.",
        ),
        Wrong(
            placed_by(length=lambda shape, numbers, size: prod(shape)),
            "You counted numbers, and asked is for bytes. A block of `numbers` numbers "
            "has `size` bytes. How many blocks are there?",
        ),
        Wrong(
            placed_by(length=lambda shape, numbers, size: prod(shape) * size),
            "You gave `size` bytes to every number. That is the size of a block, and a "
            "block has `numbers` numbers.",
        ),
        Wrong(
            placed_by(length=lambda shape, numbers, size: prod(shape) // numbers),
            "You counted blocks, and asked is for bytes: a block has `size` of them.",
        ),
        Wrong(
            placed_by(length=lambda shape, numbers, size: 4 * prod(shape)),
            "Four bytes a number is what float32 takes. In the file a block of "
            "`numbers` numbers has `size` bytes.",
        ),
        Wrong(
            placed_by(length=lambda shape, numbers, size: shape[-1] // numbers * size),
            "That is one row. A tensor has as many numbers as the product of its whole "
            "shape says.",
        ),
        Wrong(
            placed_by(
                length=lambda shape, n, size: prod(shape[1:]) * (shape[0] // n) * size
            ),
            "You cut blocks along the first axis. They lie along the last one, where "
            "neighbours in memory are; a shape (3, 64) has 2 blocks in each of 3 rows.",
        ),
        Wrong(
            begin_and_length,
            "You return where the tensor begins and how *many* bytes it has. Asked is "
            "where it ends: raw[begin:end] should be its bytes.",
        ),
        Wrong(
            not_from_the_data,
            "You count from the data's first byte. Asked are places in the file, which "
            "has its header in front.",
        ),
        Wrong(
            rounded_together,
            "You rounded the sum of header and start. Only the header is rounded up; "
            "`start` is counted from there. What comes of header 70 and start 12?",
        ),
        Wrong(
            last_byte,
            "Your end is the last byte. raw[begin:end] leaves `end` out. How many "
            "bytes does your slice have?",
        ),
        Wrong(
            placed_by(
                length=lambda shape, numbers, size: prod(shape) // size * numbers
            ),
            "The pair `block` is exchanged: it holds the numbers first, then the "
            "bytes. By which of them do you divide?",
        ),
        Wrong(
            placed_by(length=lambda shape, numbers, size: prod(shape) // 32 * 20),
            "You wrote in the block of Q4_1, 32 numbers in 20 bytes. Other types have "
            "other blocks. Where do you use `block`?",
        ),
    ),
)


# ---------------------------------------------------------------- 8.3 rms_norm


def rms_norm_case(B: int, T: int, C: int, eps: float, seed: int = 0) -> tuple:
    """Return numbers whose mean is not 0, weights, and ε, large enough to show."""
    x_btc = 2 * noise(B, T, C, seed=seed) + 1
    return x_btc, noise(C, seed=seed + 1), eps


def some_rms_norm(draw: Draw) -> tuple:
    """Return a case of other sizes."""
    B, T, C = draw.randint(1, 3), draw.randint(2, 5), draw.randint(6, 11)
    return rms_norm_case(B, T, C, draw.choice((0.2, 0.7, 2.0)), draw.next_seed())


def rms_norm_over(dim) -> Callable:
    """Return the answer that takes the mean square over other axes."""

    def answer(x_btc, weight_c, eps):
        square = x_btc.square().mean(dim=dim, keepdim=True)
        return x_btc / (square + eps).sqrt() * weight_c

    return answer


def mean_subtracted(x_btc, weight_c, eps):
    return rms_norm_reference(x_btc - x_btc.mean(-1, keepdim=True), weight_c, eps)


def eps_outside(x_btc, weight_c, eps):
    return x_btc / (x_btc.square().mean(-1, keepdim=True).sqrt() + eps) * weight_c


def by_deviation(unbiased: bool) -> Callable:
    """Return the answer that divides by the standard deviation."""

    def answer(x_btc, weight_c, eps):
        variance = x_btc.var(-1, keepdim=True, unbiased=unbiased)
        return x_btc / (variance + eps).sqrt() * weight_c

    return answer


def eps_left_out(x_btc, weight_c, eps):
    return rms_norm_reference(x_btc, weight_c, 0.0)


def sum_of_squares(x_btc, weight_c, eps):
    return x_btc / (x_btc.square().sum(-1, keepdim=True) + eps).sqrt() * weight_c


def root_forgotten(x_btc, weight_c, eps):
    return x_btc / (x_btc.square().mean(-1, keepdim=True) + eps) * weight_c


def mean_of_sizes(x_btc, weight_c, eps):
    return x_btc / (x_btc.abs().mean(-1, keepdim=True) + eps) * weight_c


def weights_left_out(x_btc, weight_c, eps):
    return rms_norm_reference(x_btc, torch.ones_like(weight_c), eps)


def weights_from_one(x_btc, weight_c, eps):
    return rms_norm_reference(x_btc, 1 + weight_c, eps)


RMS_NORM = Exercise(
    rms_norm_reference,
    cases=lambda: [
        rms_norm_case(2, 3, 5, 0.5),
        rms_norm_case(1, 1, 4, 1e-5, seed=3),
        (noise(2, 2, 7).double() - 3, noise(7).double(), 1.5),
    ],
    hidden=by_seed(some_rms_norm),
    promises=(inputs_unchanged(), gradients(0, 1)),
    hints=(
        "Read RMS from its end: square, then mean, then root. Over which axis do the "
        "channels of one position lie?",
        "`x_btc.square().mean(dim=-1, keepdim=True)` is the mean square (B, T, 1). ε "
        "is added to it before the root.",
        "return x_btc / (x_btc.square().mean(dim=-1, keepdim=True) + eps).sqrt() * "
        "weight_c",
    ),
    wrong=(
        Wrong(
            mean_subtracted,
            "You subtract the mean, as layer norm does. RMSNorm leaves it in: add 10 "
            "to every channel, and the result must change. What is squared here?",
        ),
        Wrong(
            eps_outside,
            "You add ε after the root. It belongs under it, to the mean square: a root "
            "of 0 has no gradient, and ε is there to keep it away from 0.",
        ),
        Wrong(
            by_deviation(False),
            "You divide by the standard deviation, which measures from the mean. RMS "
            "measures from 0: square the numbers themselves.",
        ),
        Wrong(
            by_deviation(True),
            "You divide by the standard deviation, which measures from the mean, with "
            "C - 1. RMS measures from 0: the mean of the squares themselves.",
        ),
        Wrong(
            sum_of_squares,
            "You divide by the root of the *sum* of squares, the length. RMS has "
            "their mean, so that a vector of ones stays one, however many channels "
            "there are.",
        ),
        Wrong(
            eps_left_out,
            "ε is left out, or is not the one given as `eps`. It is small on the page "
            "and large in this case: without it a position of zeros would become 0 / "
            "0.",
        ),
        Wrong(
            root_forgotten,
            "The root is missing: you divide by the mean square. Ten times the vector "
            "would then become a tenth of the result.",
        ),
        Wrong(
            mean_of_sizes,
            "You take the mean of the absolute values. Square first, then the mean, "
            "then the root: large channels count for more that way.",
        ),
        Wrong(
            rms_norm_over(1),
            "You take the mean over the positions, dim=1. Each position is normed by "
            "itself, over its own channels: the last axis.",
        ),
        Wrong(
            rms_norm_over((1, 2)),
            "You take one mean over positions and channels together. Each position has "
            "an RMS of its own.",
        ),
        Wrong(
            rms_norm_over((0, 1, 2)),
            "You take one RMS for the whole batch. Each position has its own. Over "
            "which axis is the mean?",
        ),
        Wrong(
            weights_left_out,
            "The norm is right, and `weight_c` is not used. Each channel is stretched "
            "by its own weight at the end.",
        ),
        Wrong(
            weights_from_one,
            "You stretch by 1 + weight. Some models (Gemma) store weights like that; a "
            "Llama's file has the factor itself.",
        ),
    ),
)

# ---------------------------------------------------------------- 8.4 pairs_to_halves


def rows_case(n_heads: int, head: int, C: int, seed: int = 0) -> tuple:
    """Return rows of some heads; with 4 of them in a head, there and back are one."""
    return noise(n_heads * head, C, seed=seed), n_heads


def some_rows(draw: Draw) -> tuple:
    """Return a case of other sizes, each axis divisible by 2 and by the heads."""
    n_heads = draw.choice((2, 3))
    head, C = draw.choice((6, 8, 10)), n_heads * draw.choice((4, 8))
    return rows_case(n_heads, head, C, draw.next_seed())


def halves_to_pairs(rows_oc, n_heads):
    O, C = rows_oc.shape
    halves = rows_oc.reshape(n_heads, 2, O // n_heads // 2, C)
    return halves.transpose(1, 2).reshape(O, C)


def across_heads(rows_oc, n_heads):
    return rows_in_halves(rows_oc.contiguous(), 1)


def columns_moved(rows_oc, n_heads):
    return rows_in_halves(rows_oc.T.contiguous(), n_heads).T


def columns_across(rows_oc, n_heads):
    return rows_in_halves(rows_oc.T.contiguous(), 1).T


def second_first(rows_oc, n_heads):
    return (
        rows_oc.reshape(n_heads, -1, 2, rows_oc.shape[1])
        .flip(2)
        .transpose(1, 2)
        .reshape(rows_oc.shape)
    )


def left_as_it_is(rows_oc, n_heads):
    return rows_oc


def heads_inside(rows_oc, n_heads):
    """The heads' number taken for the channels of one."""
    O, C = rows_oc.shape
    return (
        rows_oc.reshape(O // n_heads // 2, 2, n_heads, C).transpose(0, 1).reshape(O, C)
    )


def halves_across(rows_oc, n_heads):
    """The first halves of all heads, then the second ones."""
    O, C = rows_oc.shape
    return (
        rows_oc.reshape(n_heads * (O // n_heads // 2), 2, C)
        .transpose(0, 1)
        .reshape(O, C)
    )


def heads_of_n_rows(rows_oc, n_heads):
    heads = rows_oc.split(n_heads)
    return torch.cat([half for head in heads for half in (head[::2], head[1::2])])


def kept_in_heads(rows_oc, n_heads):
    rows_in_order = rows_in_halves(rows_oc.contiguous(), n_heads)
    return rows_in_order.reshape(n_heads, -1, rows_oc.shape[1])


ROWS = Exercise(
    rows_in_halves,
    cases=lambda: [
        rows_case(2, 6, 8),
        rows_case(1, 8, 6, seed=1),
        (torch.arange(180.0, dtype=torch.float64).reshape(30, 6), 3),
        rows_case(3, 4, 6, seed=2),
    ],
    hidden=by_seed(some_rows),
    promises=(inputs_unchanged(), gradients(0)),
    hints=(
        "Which rows belong to one head, and how many pairs does it have? Move rows "
        "within a head only.",
        "Reshape to (heads, pairs, 2, C). The two in the middle should change places: "
        "first of the pair or second, then which pair.",
        "pairs = rows_oc.reshape(n_heads, O // n_heads // 2, 2, C), then "
        "pairs.transpose(1, 2).reshape(O, C).",
    ),
    wrong=(
        Wrong(
            across_heads,
            "You move rows across heads: the second head's first rows end up in the "
            "first head. Each head keeps its own rows; cut into heads first.",
        ),
        Wrong(
            halves_to_pairs,
            "That is the way back, the inverse: it makes pairs of halves. Try six rows "
            "by hand: 0, 1, 2, 3, 4, 5 should become 0, 2, 4, 1, 3, 5.",
        ),
        Wrong(
            columns_moved,
            "You move columns. A column belongs to a channel of the input; what turns "
            "is the output, and each of its channels is a row.",
        ),
        Wrong(
            columns_across,
            "You move columns, all heads at once. What turns is the output, and each "
            "of its channels is a row.",
        ),
        Wrong(
            second_first,
            "The second rows of the pairs stand in front of the first ones. Then every "
            "pair would turn backwards.",
        ),
        Wrong(
            heads_inside,
            "You cut the rows as if the heads changed from row to row. All rows of the "
            "first head come first: the axis of heads is the outermost.",
        ),
        Wrong(
            heads_of_n_rows,
            "You took `n_heads` for the size of a head. It says how many heads there "
            "are. How many rows has each?",
        ),
        Wrong(
            kept_in_heads,
            "The rows are in order, but your result has an axis of heads. The layer "
            "wants (O, C) again.",
        ),
        Wrong(
            left_as_it_is,
            "The rows are as they were. This is the order of the file, which fits our "
            "`turn_pairs`, not transformers'.",
        ),
    ),
)

# ---------------------------------------------------------------- 8.5 write_greedily


class Teller(nn.Module):
    """A model whose next token depends on all that it was fed, in order. It counts the
    positions that it reads."""

    def __init__(self, symbols: int, seed: int):
        super().__init__()
        self.symbols, self.seed, self.read = symbols, seed, 0
        self.logits_sv = noise(97, symbols, seed=seed)

    def forward(self, ids_bt: Tensor, past: list | None = None):
        if not isinstance(ids_bt, Tensor) or ids_bt.dim() != 2:
            raise ValueError("the model wants ids of shape (1, T), a batch of one text")
        state, states = past[0] if past else 0, []
        for id in ids_bt[0].tolist():
            state = (31 * state + id + 7) % 97
            states.append(state)
        self.read += len(states)
        return self.logits_sv[states][None], [state]

    def __repr__(self) -> str:
        return f"(a model of {self.symbols} tokens)"


def teller_case(symbols: int, length: int, most: int, seed: int, stop: int | None):
    """Return a model, a prompt, the token that it writes as number `stop` as the end
    (None: one that it does not write), and `most`."""
    model, g = Teller(symbols, seed), torch.Generator().manual_seed(seed)
    ids_t = torch.randint(symbols, (length,), generator=g)
    written = write_greedily_reference(model, ids_t, symbols, most)
    model.read = 0
    fresh = [i for i, id in enumerate(written) if id not in written[:i]]
    place = next((i for i in fresh if i >= (stop or 0)), fresh[-1])
    end = symbols if stop is None else written[place]
    return model, ids_t, end, most


def some_teller(draw: Draw) -> tuple:
    """Return a case of another model, which stops early."""
    symbols, length = draw.randint(19, 29), draw.randint(2, 6)
    return teller_case(symbols, length, 12, draw.next_seed(), draw.randint(0, 4))


def some_endless(draw: Draw) -> tuple:
    """Return a case of another model, which does not stop."""
    symbols, length = draw.randint(19, 29), draw.randint(2, 6)
    return teller_case(symbols, length, draw.randint(4, 9), draw.next_seed(), None)


def some_silent(draw: Draw) -> tuple:
    """Return a case in which nothing may be written."""
    symbols = draw.randint(19, 29)
    ids_t = torch.tensor([draw.randrange(symbols)])
    return Teller(symbols, draw.next_seed()), ids_t, symbols, 0


@probe
def positions_read(answer: Callable, case: tuple) -> int:
    """Return how many positions an answer has the model read."""
    given = own(case)
    call(answer, given, copied=False)
    return given[0].read


def each_once(answer: Callable, reference: Callable, case: tuple, tolerance) -> str:
    """The model reads each position once."""
    got, needed = positions_read(answer, case), positions_read(reference, case)
    if got <= needed + 1:
        return ""
    return (
        f"The tokens are right, but the model read {got} positions where {needed} are "
        "enough: each should be read once. Hand `past` on, and feed only the new token."
    )


def teller_answer(
    pick: Callable = lambda logits_btv: logits_btv[0, -1].argmax().item(),
    again: bool = False,
    more: int = 0,
    keep_end: bool = False,
    stop: bool = True,
    prompt: bool = False,
    forget: bool = False,
) -> Callable:
    """Return an answer to 8.5 with these slips."""

    def answer(model, ids_t, end, most):
        written, past, new_bt = [], None, ids_t[None]
        for _ in range(most + more):
            logits_btv, past = model(new_bt, None if forget else past)
            id = pick(logits_btv)
            if id == end and stop:
                if keep_end:
                    written.append(id)
                break
            written.append(id)
            ids = ids_t.tolist() + written if again else [id]
            new_bt = torch.tensor([ids])
        return ids_t.tolist() + written if prompt else written

    return answer


def end_skipped(model, ids_t, end, most):
    return [i for i in teller_answer(stop=False)(model, ids_t, end, most) if i != end]


def one_tensor(model, ids_t, end, most):
    return torch.tensor(write_greedily_reference(model, ids_t, end, most))


def only_last_fed(model, ids_t, end, most):
    return write_greedily_reference(model, ids_t[-1:], end, most)


def one_at_least(model, ids_t, end, most):
    return write_greedily_reference(model, ids_t, end, max(most, 1))


WRITE = Exercise(
    write_greedily_reference,
    may_change=(0,),
    cases=lambda: [
        teller_case(23, 4, 12, seed=1, stop=3),
        teller_case(17, 3, 6, seed=2, stop=None),
        teller_case(19, 1, 8, seed=3, stop=0),
        (Teller(19, seed=4), torch.tensor([5]), 19, 0),
    ],
    hidden=by_seed(some_teller, some_endless, some_silent),
    promises=(each_once, inputs_unchanged(0)),
    hints=(
        "One round: feed, look at the logits of the *last* position, take the largest, "
        "stop or keep it. What is fed in the next round?",
        "Begin with past = None and new = ids_t[None]. After a round new is only the "
        "token just chosen, of shape (1, 1), and past what the model returned.",
        "while len(written) < most: logits, past = model(new, past); id = "
        "logits[0, -1].argmax().item(); if id == end: break; written.append(id); "
        "new = torch.tensor([[id]])",
    ),
    wrong=(
        Wrong(
            teller_answer(again=True),
            "You feed the whole text again although `past` holds it: the model reads "
            "it twice, one copy behind the other. After the first round feed the new "
            "token alone.",
        ),
        Wrong(
            teller_answer(forget=True),
            "You feed the new token alone and do not hand `past` on, so the model has "
            "forgotten what stood before it.",
        ),
        Wrong(
            teller_answer(stop=False),
            "You never stop at `end`. The model writes it like any other token; what "
            "stops is your loop.",
        ),
        Wrong(
            teller_answer(keep_end=True),
            "You return the end token as well. It tells you to stop, and is no part of "
            "the text.",
        ),
        Wrong(
            teller_answer(prompt=True),
            "You return the prompt as well. Asked is what the model has added.",
        ),
        Wrong(
            teller_answer(more=1),
            "You write one token more than `most`.",
        ),
        Wrong(
            teller_answer(more=-1),
            "You write one token fewer than `most`: the one from the prompt's own "
            "logits counts, too.",
        ),
        Wrong(
            teller_answer(pick=lambda logits: logits[0, 0].argmax().item()),
            "You look at the logits of the *first* position. They say what follows the "
            "prompt's first token; the last position's say what follows the prompt.",
        ),
        Wrong(
            teller_answer(pick=lambda logits: logits[0].argmax(dim=0)[-1].item()),
            "Your argmax runs over the positions (dim=0), so it says where a token is "
            "likely, not which one. Take the last position, then the largest of its V.",
        ),
        Wrong(
            teller_answer(pick=lambda logits: logits[0, -1].argmin().item()),
            "You take the least probable token, argmin.",
        ),
        Wrong(
            end_skipped,
            "You leave the end token out and write on behind it. At the end token the "
            "loop has to stop.",
        ),
        Wrong(
            only_last_fed,
            "You feed only the prompt's last token. In the first round there is no "
            "`past`, so the model has to read the whole prompt.",
        ),
        Wrong(
            one_tensor,
            "The ids are right, but you return a tensor. Asked is a list of numbers.",
        ),
        Wrong(
            one_at_least,
            "With `most` = 0 you still write one token. When do you compare the length "
            "with `most`: before or after you append?",
        ),
    ),
)


def bits_per_character_reference(nats_t: Tensor, text: str, first: str):
    return nats_t.sum() / math.log(2) / (len(text) - len(first))


def in_bytes(nats_t: Tensor, text: str, first: str):
    n = len(text.encode()) - len(first.encode())
    return nats_t.sum() / math.log(2) / n


def over_length(length: Callable[[str, str], int]) -> Callable:
    """Return the answer that divides by length(text, first)."""

    def answer(nats_t: Tensor, text: str, first: str):
        return nats_t.sum() / math.log(2) / length(text, first)

    return answer


SIGNS = "abcdefghi .,éüß中文字🙂"


def some_text(draw: Draw, firsts: tuple = ("\n", "\n\n", "The", "é")) -> tuple:
    """Return the nats of some tokens, a text of some times as many signs, at least one
    not in ASCII, and its first token, which comes twice."""
    n = draw.randint(5, 12)
    signs = [draw.choice(SIGNS) for _ in range(n * draw.randint(2, 3))]
    first = draw.choice(firsts)
    text = 2 * first + " " + "".join(signs) + "ü\n"
    return noise(n, seed=draw.next_seed()).abs(), text, first


BITS = Exercise(
    bits_per_character_reference,
    cases=lambda: [
        (torch.tensor([3.0, 0.5, 2.5, 1.0]), "\nthe old ferry", "\n"),
        (torch.tensor([4.0, 1.5, 6.0]), "Zürich, abends", "Z"),
        (torch.tensor([9.0]), "\n\n中文", "\n\n"),
        (torch.tensor([2.0, 7.0, 1.0]), "\n\nho hum \n", "\n"),
    ],
    hidden=by_seed(some_text, lambda draw: some_text(draw, ("\n\n", "The"))),
    hints=(
        "What does the whole text cost, all tokens together? And for how many of its "
        "characters has that been paid?",
        "A nat is 1 / ln 2 bits. The first token was given, not predicted: its "
        "characters do not count.",
        "nats_t.sum() / math.log(2) / (len(text) - len(first))",
    ),
    wrong=(
        Wrong(
            lambda nats_t, text, first: nats_t.mean() / math.log(2),
            "Those are bits per token: you took the mean over the tokens. A token is "
            "as long as its tokenizer likes. What do all tokens cost together, and how "
            "many characters did that buy?",
            typed="return nats_t.mean() / math.log(2)",
        ),
        Wrong(
            lambda nats_t, text, first: nats_t.sum() / (len(text) - len(first)),
            "Those are nats per character. One nat is 1 / ln 2 = 1.44 bits.",
        ),
        Wrong(
            lambda nats_t, text, first: nats_t.sum() / math.log(2) / len(text),
            "You divide by all characters of the text, those of the first token among "
            "them. But nobody paid for that token: it was given, and `nats_t` has no "
            "entry for it.",
        ),
        Wrong(
            in_bytes,
            "You divide by bytes, not by characters. In ASCII they are the same; an ü "
            "has two bytes in UTF-8, a Chinese character three.",
        ),
        Wrong(
            lambda nats_t, text, first: (
                nats_t.sum() * math.log(2) / (len(text) - len(first))
            ),
            "You multiplied by ln 2. A nat is more than a bit, 1.44 of them, so the "
            "number of bits must be the larger one.",
        ),
        Wrong(
            lambda nats_t, text, first: (
                nats_t.sum() / math.log(2) / (len(text.split()) or 1)
            ),
            "Those are bits per word: you counted words, not characters.",
        ),
        Wrong(
            lambda nats_t, text, first: (
                nats_t[1:].sum() / math.log(2) / (len(text) - len(first))
            ),
            "You left out the first entry of `nats_t`. It belongs to the second token "
            "already: the first one has no entry that could be left out.",
        ),
        Wrong(
            lambda nats_t, text, first: (
                nats_t.mean() / math.log(2) / (len(text) - len(first))
            ),
            "You took the mean over the tokens and then divided by the characters as "
            "well: that is divided twice. The sum is what the text costs.",
        ),
        Wrong(
            over_length(lambda text, first: len(text.replace(first, ""))),
            "You removed `first` wherever it occurs. Only once was it given, at the "
            "beginning; later ones were predicted and paid for. How many go?",
        ),
        Wrong(
            over_length(lambda text, first: len(text[len(first) :].strip())),
            "You stripped white space. Spaces and newlines are characters, and were "
            "paid for. Which ones may you leave out?",
        ),
        Wrong(
            over_length(lambda text, first: len(text.lstrip(first))),
            "`lstrip` takes away a *set of characters*, as often as they come: two "
            "newlines where one was the first token. Which method removes it once?",
        ),
        Wrong(
            over_length(lambda text, first: len(text) - 1),
            "You leave out 1 character. The first token may have more. How long is it?",
        ),
    ),
)


def label_scores_reference(logits_btv, ids_bt, prompt, lengths):
    chances_btv = logits_btv.log_softmax(dim=-1)
    scores = []
    for row, n in enumerate(lengths):
        places = range(prompt, prompt + n)
        said = [chances_btv[row, t - 1, ids_bt[row, t]] for t in places]
        scores.append(sum(said))
    return torch.stack(scores)


def shifted_scores(logits_btv, ids_bt, prompt, lengths):
    """Return scores that read the prediction made after a token as the one for it."""
    chances_btv = logits_btv.log_softmax(dim=-1)
    said_bt = chances_btv.gather(-1, ids_bt[..., None])[..., 0]
    ends = [prompt + n for n in lengths]
    sums = [said_bt[row, prompt:end].sum() for row, end in enumerate(ends)]
    return torch.stack(sums)


def with_the_prompt(logits_btv, ids_bt, prompt, lengths):
    return label_scores_reference(
        logits_btv, ids_bt, 1, [prompt + n - 1 for n in lengths]
    )


def with_filling(logits_btv, ids_bt, prompt, lengths):
    n = ids_bt.shape[1] - prompt
    return label_scores_reference(logits_btv, ids_bt, prompt, [n] * len(lengths))


def raw_logits(logits_btv, ids_bt, prompt, lengths):
    rows = range(len(lengths))
    return torch.stack(
        [
            sum(
                logits_btv[r, t - 1, ids_bt[r, t]]
                for t in range(prompt, prompt + lengths[r])
            )
            for r in rows
        ]
    )


def chances_as(chances: Callable[[Tensor], Tensor]) -> Callable:
    """Return the answer that adds up the labels' entries in chances(logits)."""

    def answer(logits_btv, ids_bt, prompt, lengths):
        return raw_logits(chances(logits_btv), ids_bt, prompt, lengths)

    return answer


def first_token_alone(logits_btv, ids_bt, prompt, lengths):
    return label_scores_reference(logits_btv, ids_bt, prompt, [1] * len(lengths))


def some_labels(draw: Draw) -> tuple:
    """Return logits and ids of two to five labels after a prompt, filled up with 0."""
    B, V, prompt = draw.randint(2, 5), draw.randint(6, 11), draw.randint(2, 6)
    lengths = [draw.randint(1, 4) for _ in range(B)]
    lengths[draw.randrange(B)] = 4
    return labels_after(B, V, prompt, lengths, draw.next_seed())


def labels_after(B: int, V: int, prompt: int, lengths: list[int], seed: int) -> tuple:
    """Return a case: the same prompt in every row, labels of the lengths, filling."""
    T = prompt + max(lengths)
    generator = torch.Generator().manual_seed(seed)
    ids_bt = torch.randint(1, V, (B, T), generator=generator)
    ids_bt[:, :prompt] = ids_bt[0, :prompt]
    for row, n in enumerate(lengths):
        ids_bt[row, prompt + n :] = 0
    return 3 * noise(B, T, V, seed=seed), ids_bt, prompt, lengths


SCORES = Exercise(
    label_scores_reference,
    cases=lambda: [
        labels_after(3, 7, 4, [1, 3, 2], 1),
        labels_after(2, 9, 2, [2, 2], 2),
        labels_after(4, 6, 5, [3, 1, 1, 2], 3),
    ],
    hidden=by_seed(some_labels),
    hints=(
        "The logits at position t speak about the token at t + 1. So where are those "
        "that speak about a label's first token?",
        "log_softmax over the symbols, then pick the entry of each label token, from "
        "the position before it. Which positions does row b have?",
        "Sum over t from prompt to prompt + lengths[b] - 1 of "
        "log_probability[b, t - 1, ids_bt[b, t]].",
    ),
    wrong=(
        Wrong(
            shifted_scores,
            "You are off by one position. The logits at t are what the model says "
            "*after* reading token t, about the one at t + 1. A label's first token "
            "was predicted at the last position of the prompt.",
        ),
        Wrong(
            lambda logits_btv, ids_bt, prompt, lengths: (
                label_scores_reference(logits_btv, ids_bt, prompt, lengths)
                / torch.tensor(lengths)
            ),
            "You took the mean over a label's tokens. Probabilities of tokens "
            "multiply, so logarithms add up: the score of a label is the sum. (The "
            "mean prefers long labels whose end is easy to guess.)",
        ),
        Wrong(
            with_the_prompt,
            "Your sums include the prompt's tokens. They are the same in every row and "
            "say nothing about a label: count from position `prompt` on.",
        ),
        Wrong(
            with_filling,
            "Your sums include what fills up the shorter rows. Row b ends after "
            "`lengths[b]` tokens of its label.",
        ),
        Wrong(
            lambda *case: -label_scores_reference(*case),
            "Those are nats, where less is better. A score is asked for: the log-"
            "likelihood itself, negative, and highest for the best label. With yours, "
            "argmax picks the worst.",
        ),
        Wrong(
            raw_logits,
            "You added up logits. They are no probabilities yet: each position has a "
            "sum of its own to be divided by, which log_softmax does.",
        ),
        Wrong(
            first_token_alone,
            "You scored the first token of each label alone. Two labels may begin with "
            "the same token, and the rest costs something, too.",
        ),
        Wrong(
            chances_as(lambda logits_btv: logits_btv.softmax(dim=-1)),
            "You added up probabilities. Those of several tokens multiply; what adds "
            "up is their logarithms. Where is the logarithm?",
        ),
        Wrong(
            chances_as(lambda logits_btv: logits_btv[:, :-1].log_softmax(dim=1)),
            "Your softmax runs over the positions. What has to sum to 1 are the V "
            "tokens at one position. Which axis is that?",
        ),
        Wrong(
            lambda *case: label_scores_reference(*case).exp(),
            "Those are probabilities. The log-likelihood is asked for: products of "
            "small numbers soon become 0 in a computer, sums of logarithms do not.",
        ),
        Wrong(
            lambda *case: label_scores_reference(*case).argmax(),
            "That is the number of the best label. The scores of all labels are asked "
            "for, (B,): whoever calibrates them needs every one.",
        ),
    ),
)


def causal_weights(
    texts: int, heads: int, n: int, seed: int = 0, dtype=torch.float32
) -> tuple:
    """Return the weights of some causal heads on texts of 2 n tokens, and n."""
    scores = 2 * noise(texts, heads, 2 * n, 2 * n, seed=seed)
    later = torch.ones(2 * n, 2 * n, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, float("-inf")).softmax(dim=-1).to(dtype), n


def some_weights(draw: Draw) -> tuple:
    """Return a case of other sizes."""
    sizes = draw.randint(2, 4), draw.randint(6, 8), draw.randint(9, 12)
    return causal_weights(*sizes, draw.next_seed())


def on_key(offset: int):
    """Return the answer that scores the key `offset` after the earlier copy."""

    def answer(weights_bntt: Tensor, n: int) -> Tensor:
        second_n = torch.arange(n, 2 * n)
        return weights_bntt[:, :, second_n, second_n - n + offset].mean(dim=(0, 2))

    return answer


def scores_by_diagonal(weights_bntt: Tensor, n: int) -> Tensor:
    return weights_bntt.diagonal(1 - n, dim1=2, dim2=3).mean(dim=(0, 2))


def scores_of_all_positions(weights_bntt: Tensor, n: int) -> Tensor:
    return scores_reference(weights_bntt, n) / 2


def scores_transposed(weights_bntt: Tensor, n: int) -> Tensor:
    return scores_reference(weights_bntt.mT, n)


def scores_over_heads(weights_bntt: Tensor, n: int) -> Tensor:
    return scores_reference(weights_bntt, n).mean()


def scores_of_texts(weights_bntt: Tensor, n: int) -> Tensor:
    return torch.stack([scores_reference(w_ntt[None], n) for w_ntt in weights_bntt])


def scores_of_places(weights_bntt: Tensor, n: int) -> Tensor:
    second_n = torch.arange(n, 2 * n)
    return weights_bntt[:, :, second_n, second_n - n + 1].mean(dim=0)


def scores_summed(weights_bntt: Tensor, n: int) -> Tensor:
    return scores_reference(weights_bntt, n) * n


def first_query_left_out(weights_bntt: Tensor, n: int) -> Tensor:
    later = torch.arange(n + 1, 2 * n)
    return weights_bntt[:, :, later, later - n - 1].mean(dim=(0, 2))


INDUCTION_SCORES = Exercise(
    scores_reference,
    cases=lambda: [
        causal_weights(2, 3, 4),
        causal_weights(1, 5, 3, seed=1),
        causal_weights(3, 2, 5, seed=2, dtype=torch.float64),
    ],
    hidden=by_seed(some_weights),
    hints=(
        "Take one position of the second half, t. Where does its earlier copy stand, "
        "and where the token after that? Only this one key counts for it.",
        "With second_n = torch.arange(n, 2 * n) as queries, the keys are second_n - n "
        "+ 1. Indexing the last two axes with both gives one weight for each query.",
        "weights_bntt[:, :, second_n, second_n - n + 1] is (B, N, n); the mean over "
        "its axes 0 and 2 is left.",
    ),
    wrong=(
        Wrong(
            on_key(0),
            "You score the weight on the earlier copy itself. It only says what the "
            "current token is; to continue, a head must read one further. Which key "
            "stands after the copy?",
        ),
        Wrong(
            scores_by_diagonal,
            "Your diagonal has n + 1 entries: it begins with the last token of the "
            "first half, at position n - 1, looking at key 0. Which queries have an "
            "earlier copy?",
        ),
        Wrong(
            scores_of_all_positions,
            "Your scores are half as large: you divide by all 2 n positions, but the "
            "first half has no earlier copy and cannot be asked. How many queries are?",
        ),
        Wrong(
            scores_over_heads,
            "You give one number for the layer. But most heads do other things, and "
            "their mean would hide the one that copies. Asked is one score for each "
            "head: over which axes should the mean run?",
        ),
        Wrong(
            scores_transposed,
            "Your rows are keys. A causal head gives nothing to what comes later, so "
            "all you read are zeros. Weights are queries by keys: which index "
            "comes first, the later or the earlier position?",
        ),
        Wrong(
            lambda weights_bntt, n: scores_reference(weights_bntt[:1], n),
            "You read the first text alone. The mean runs over all texts of the batch. "
            "Which axis are they on?",
        ),
        Wrong(
            scores_of_texts,
            "You give one score for each text, (B, N). Asked is the mean over the "
            "texts as well, (N,). Which axis is left to average?",
        ),
        Wrong(
            scores_of_places,
            "You give one score for each position, (N, n). Asked is the mean over them "
            "as well, (N,).",
        ),
        Wrong(
            scores_summed,
            "You sum over the positions. A weight's mean lies between 0 and 1 and does "
            "not grow with the length: what do you divide by?",
        ),
        Wrong(
            on_key(-1),
            "You score the token *before* the earlier copy. It was read already; what "
            "follows is asked. In which direction do you move by one?",
        ),
        Wrong(
            first_query_left_out,
            "You score the token *before* the earlier copy, so the first query has "
            "none and is left out. What follows the copy is asked. Which key is that?",
        ),
    ),
)


def stretched(x_btc: Tensor, by: float) -> Tensor:
    """A norm: the channels divided by their root mean square, and then stretched."""
    x_btc = x_btc * x_btc.square().mean(dim=-1, keepdim=True).rsqrt()
    return x_btc * by * torch.linspace(0.5, 1.5, x_btc.shape[-1])


def lens_case(B: int, T: int, C: int, V: int, by: float = 1.0, seed: int = 0) -> tuple:
    """Return states, a norm, a table and the ids of texts."""
    norm = Part(f"(norm: RMS, then times {by:g} * (0.5 to 1.5))", norm_by(by))
    ids_bt = torch.randint(V, (B, T), generator=torch.Generator().manual_seed(seed))
    return 3 * noise(B, T, C, seed=seed), norm, noise(V, C, seed=seed + 1), ids_bt


def norm_by(by: float) -> Callable[[Tensor], Tensor]:
    return partial(stretched, by=by)


def some_lens(draw: Draw) -> tuple:
    """Return a case in which no two sizes are equal."""
    B, T, C, V = draw.sample((2, 3, 4, 5, 6, 7), 4)
    return lens_case(B, T, C, V, draw.choice((0.5, 2.0)), draw.next_seed())


def lens_by(change: Callable) -> Callable:
    """Return an answer to 8.9 from change(states, norm, table, ids): the logits, the
    targets, both (B, n, …), and how the losses (B, n) become the result."""

    def answer(x_btc, norm, table_vc, ids_bt):
        logits_bnv, targets_bn, end = change(x_btc, norm, table_vc, ids_bt)
        return end(F.cross_entropy(logits_bnv.mT, targets_bn, reduction="none"))

    return answer


def each(nats_bn: Tensor) -> Tensor:
    return nats_bn.mean(dim=1)


def per_token(nats_bn: Tensor) -> Tensor:
    return nats_bn


def all_texts(nats_bn: Tensor) -> Tensor:
    return nats_bn.mean()


def summed(nats_bn: Tensor) -> Tensor:
    return nats_bn.sum(dim=1)


def per_place(nats_bn: Tensor) -> Tensor:
    return nats_bn.mean(dim=0)


def negative(nats_bn: Tensor) -> Tensor:
    return -nats_bn.mean(dim=1)


def in_bits(nats_bn: Tensor) -> Tensor:
    return nats_bn.mean(dim=1) / torch.tensor(2.0).log()


def over_all_tokens(nats_bn: Tensor) -> Tensor:
    return nats_bn.sum(dim=1) / (nats_bn.shape[1] + 1)


def ended(end: Callable[[Tensor], Tensor]) -> Callable:
    """Return the answer that is right up to what it makes of the losses."""
    return lens_by(lambda x, norm, W, i: (norm(x)[:, :-1] @ W.T, i[:, 1:], end))


def table_turned(x_btc, norm, table_vc, ids_bt):
    return norm(x_btc) @ table_vc


LENS = Exercise(
    lens_nats_reference,
    cases=lambda: [
        lens_case(2, 4, 3, 5),
        lens_case(1, 6, 4, 3, by=2.0, seed=2),
        lens_case(3, 2, 5, 7, by=0.5, seed=4),
    ],
    hidden=by_seed(some_lens),
    hints=(
        "The state at token t is asked for token t + 1. How many states of a text have "
        "a next token, and which of its tokens are never asked for?",
        "First the norm, then a product with every row of the table: logits (B, T, V). "
        "Leave out the last state and the first token; take cross-entropies without a "
        "mean.",
        "logits = F.linear(norm(x_btc), table_vc)[:, :-1]; then "
        'F.cross_entropy(logits.mT, ids_bt[:, 1:], reduction="none").mean(dim=1)',
    ),
    wrong=(
        Wrong(
            lens_by(lambda x, norm, W, i: (x[:, :-1] @ W.T, i[:, 1:], each)),
            "You read the states without the final norm. The head only ever saw what "
            "that norm hands it. What does `norm(x_btc)` change?",
        ),
        Wrong(
            lens_by(lambda x, norm, W, i: (norm(x) @ W.T, i, each)),
            "You ask each state for its own token, which it has just read. A language "
            "model is asked for the next one. Which tokens are targets?",
        ),
        Wrong(
            ended(all_texts),
            "That is one number for all texts; each text should have its own. Over "
            "which axis is the mean?",
        ),
        Wrong(
            lens_by(lambda x, norm, W, i: (norm(x)[:, 1:] @ W.T, i[:, :-1], each)),
            "You ask each state for the token before it: the shift goes the wrong way. "
            "Which token has the state at 0 not seen yet?",
        ),
        Wrong(
            lens_by(lambda x, norm, W, i: (norm(x[:, :-1] @ W.T), i[:, 1:], each)),
            "Your norm comes after the table, on V logits. It works on C channels. "
            "What should it be given?",
        ),
        Wrong(
            ended(over_all_tokens),
            "You divide by T, but only T - 1 states have a next token. How many losses "
            "did you add?",
        ),
        Wrong(
            lens_by(lambda x, norm, W, i: (norm(x) @ W.T, i.roll(-1, 1), each)),
            "`roll` makes the first token follow the last. The last state has no next "
            "token here. How many losses are left?",
        ),
        Wrong(
            lens_by(
                lambda x, n, W, i: ((n(x)[:, :-1] @ W.T).softmax(-1), i[:, 1:], each)
            ),
            "You took a softmax and then cross-entropy, which takes one itself: that "
            "is twice. Which of the two wants logits?",
        ),
        Wrong(
            ended(per_token),
            "That is a loss for every token; each text should have one number. What is "
            "still to be done along the tokens?",
        ),
        Wrong(
            ended(summed),
            "You added the losses of a text. Longer texts would seem harder. Which "
            "mean is asked for?",
        ),
        Wrong(
            ended(per_place),
            "Your mean runs over the texts and leaves one number per place. Over which "
            "axis do the tokens of one text lie?",
        ),
        Wrong(
            ended(negative),
            "The sign is wrong: a loss is minus the logarithm of the probability. Can "
            "a loss be below 0?",
        ),
        Wrong(
            ended(in_bits),
            "Those are bits, the logarithm to base 2. Which unit is asked for?",
        ),
        Wrong(
            table_turned,
            "The table is (V, C): a row for each token. A state has C channels and "
            "meets every row. Which side of the product has to be turned over?",
        ),
    ),
)


def window_by(rule: Callable[[Tensor, Tensor, int, int], Tensor]) -> Callable:
    """Return an answer to 8.10: rule(queries (T, 1), keys (T,), w, s) as a mask."""

    def answer(T: int, w: int, s: int) -> Tensor:
        return rule(torch.arange(T)[:, None], torch.arange(T), w, s)

    return answer


def some_window(draw: Draw) -> tuple[int, int, int]:
    T = draw.randint(7, 12)
    return T, draw.randint(2, T - 4), draw.randint(2, 3)


WINDOW = Exercise(
    window_mask_reference,
    cases=lambda: [(6, 3, 1), (7, 2, 2), (4, 1, 3), (5, 9, 1), (5, 2, 0), (1, 1, 1)],
    hidden=by_seed(some_window),
    hints=(
        "Draw it for T = 6, w = 3, s = 1: a row for each query, a column for each key. "
        "It is a band along the diagonal and one column. Where does the column begin?",
        "How far back does a query look at a key? That is i - j, a table made by "
        "`torch.arange(T)[:, None] - torch.arange(T)`. Three conditions decide.",
        "(back >= 0) & ((back < w) | (torch.arange(T) < s))",
    ),
    wrong=(
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j <= w) | (j < s))),
            "Your window is one too wide: with w = 1 a token should see itself alone. "
            "Does a window of w count the token itself?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: ((i >= j) & (i - j < w)) | (j < s)),
            "Your first tokens are seen by queries before them: with s = 2, token 0 "
            "sees token 1, the future. Which condition holds for every key?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & (i - j < w)),
            "That is the window alone; s changes nothing. Which keys stay in view "
            "however far away they are?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: ((i - j).abs() < w) | ((j < s) & (i >= j))),
            "Your window reaches ahead as far as back, so a token sees what it is to "
            "predict: the future. Which sign may i - j have?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (j >= i) & ((j - i < w) | (i < s))),
            "The mask is turned over: rows for columns. Each row is one query. What "
            "may the first row see?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j < w) | (j <= s))),
            "You keep one token too many: with s = 0 nothing is kept. Counting begins "
            "at 0. Which numbers do the first s tokens have?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j < w) | (i < s))),
            "You let the first s queries see more; but they see everything before them "
            "anyhow. It is the first s keys that stay in view. Which axis are they on?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j < w - s) | (j < s))),
            "You took the kept tokens out of the window, which is now s too short. The "
            "window has w tokens, and the first s come on top.",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j < w - 1) | (j < s))),
            "Your window is one too short: with w = 1 a token should see itself. Does "
            "a window of w count the token itself?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j >= w) | (j < s))),
            "Your tokens see what is far away, and not what is near. On which side of "
            "w is the window?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i - j < w) | (j == 0))),
            "You keep token 0 alone, whatever s is. Which tokens stay in view for s = "
            "2, and which for s = 0?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & (i - j < w) & (j < s)),
            "You ask for both: in the window *and* among the first. One of them is "
            "enough to be seen. Which sign joins them?",
        ),
        Wrong(
            window_by(lambda i, j, w, s: (i >= j) & ((i // w == j // w) | (j < s))),
            "You cut the text into blocks of w. A window slides: each token sees the w "
            "tokens that end with it. What does token w see?",
        ),
        Wrong(
            lambda T, w, s: ~window_mask_reference(T, w, s),
            "Every place is right, but your True means hidden. In this course True "
            "means: may look.",
        ),
    ),
)


EXERCISES = {
    "8.1": DECODE,
    "8.2": PLACE,
    "8.3": RMS_NORM,
    "8.4": ROWS,
    "8.5": WRITE,
    "8.6": BITS,
    "8.7": SCORES,
    "8.8": INDUCTION_SCORES,
    "8.9": LENS,
    "8.10": WINDOW,
}
