"""Lesson 05, Transformer blocks: references, hints and known wrong answers."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.lessons.lesson05.cost_formulas import (
    gpt_parameters,
    layer_flops,
    token_flops,
)
from helpers.models.optimizers.muon import orthogonalised
from helpers.models.transformer.attention import MultiHeadAttention, attend, causal_mask
from helpers.models.transformer.blocks import EncoderLayer
from helpers.models.transformer.kv_cache import rotate_after
from helpers.models.transformer.positions import rotate
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, Part, by_seed, noise
from helpers.page.promises import gradients, whole_number


def layer_norm(x_btc: Tensor, weight_c: Tensor, bias_c: Tensor) -> Tensor:
    return F.layer_norm(x_btc, weight_c.shape, weight_c, bias_c, eps=1e-5)


def normalised(dims=-1, correction=0, inside=1e-5, outside=0.0):
    """Return the norm over `dims`, with an epsilon inside and one outside the root."""

    def answer(x_btc: Tensor, weight_c: Tensor, bias_c: Tensor) -> Tensor:
        mean = x_btc.mean(dims, keepdim=True)
        variance = x_btc.var(dims, correction=correction, keepdim=True)
        spread = (variance + inside).sqrt() + outside
        return (x_btc - mean) / spread * weight_c + bias_c

    return answer


def normal(x_btc: Tensor, centred=True, power=0.5, total=torch.mean) -> Tensor:
    """Return x, less its mean or not, over a power of its variance, or of a total."""
    centred_btc = x_btc - x_btc.mean(dim=-1, keepdim=True)
    variance_bt1 = total(centred_btc.square(), dim=-1, keepdim=True)
    return (centred_btc if centred else x_btc) / (variance_bt1 + 1e-5) ** power


def learned_last(normal_btc: Callable, **options):
    """Return the answer that stretches and shifts what `normal_btc` makes of x."""

    def answer(x_btc: Tensor, weight_c: Tensor, bias_c: Tensor) -> Tensor:
        return normal_btc(x_btc, **options) * weight_c + bias_c

    return answer


def rms_norm(x_btc: Tensor, weight_c: Tensor, bias_c: Tensor) -> Tensor:
    square_bt1 = x_btc.square().mean(dim=-1, keepdim=True)
    return x_btc / (square_bt1 + 1e-5).sqrt() * weight_c + bias_c


def some_positions(draw: Draw, spread: float = 1.0, mean: float = 2.0) -> tuple:
    B, T, C = draw.randint(1, 3), draw.randint(2, 4), draw.randint(5, 8)
    x_btc = spread * noise(B, T, C, seed=draw.next_seed()) + mean
    return x_btc, *(noise(C, seed=draw.next_seed()) for _ in range(2))


def an_even_position(draw: Draw) -> tuple:
    x_btc, *learned = some_positions(draw)
    x_btc[0, 0] = draw.randint(1, 9) / 64
    return x_btc, *learned


def small_positions(draw: Draw) -> tuple:
    return some_positions(draw, spread=0.002, mean=0.0)


# T and C differ in each case, so that a forgotten `keepdim` stops with the same error;
# the numbers of the last are so small that it matters where eps stands. Equal numbers
# are small, too: divided by √eps, what a sum in another order rounds would be seen.
LAYER_NORM = Exercise(
    layer_norm,
    cases=lambda: [
        (
            torch.tensor([[[1.0, 1.0, 3.0, 3.0], [0.1, 0.1, 0.1, 0.1]]]),
            torch.tensor([1.0, 2.0, 1.0, 2.0]),
            torch.tensor([0.0, 0.0, 10.0, 10.0]),
        ),
        (noise(2, 3, 6) + 2, noise(6, seed=1), noise(6, seed=2)),
        (0.002 * noise(2, 2, 5, seed=3), noise(5, seed=4), noise(5, seed=5)),
    ],
    hidden=by_seed(some_positions, an_even_position, small_positions, times=1),
    promises=(gradients(0, 1, 2),),
    hints=(
        "Each position is normalised on its own, from its own C numbers. How many "
        "means are there for (B, T, C)?",
        "B · T means and as many variances, each over the last axis; keepdim=True "
        "keeps an axis of 1 there. And if all C numbers are equal?",
        "(x - mean) / (variance + 1e-5).sqrt() * weight_c + bias_c, the variance being "
        "the mean of the squares of x - mean.",
    ),
    wrong=(
        Wrong(
            normalised(dims=1),
            "You normalised each channel over the steps: the last word changes the "
            "first, so a language model sees ahead. Which axis is a position's own?",
        ),
        Wrong(
            normalised(dims=(0, 1)),
            "You normalised each channel over batch and steps, as batch norm does: "
            "texts change each other. Which numbers belong to one position?",
        ),
        Wrong(
            normalised(dims=(0, 1, 2)),
            "You took one mean and one variance for the whole batch. How many are "
            "there if each of the B · T positions has its own?",
        ),
        Wrong(
            normalised(correction=1),
            "Your variance divides by C - 1, as `var` and `std` do unless told "
            "otherwise (Bessel's correction). Are the C numbers a sample, or all?",
        ),
        Wrong(
            normalised(inside=0),
            "The position whose numbers are all equal becomes NaN: 0 divided by 0. "
            "What is the small eps for, and where does it stand?",
        ),
        Wrong(
            normalised(correction=1, inside=0, outside=1e-5),
            "You divided by std + eps. Two things differ: by what does `std` divide "
            "the squares, and should eps be added before or after the root?",
        ),
        Wrong(
            normalised(inside=0, outside=1e-5),
            "Your eps stands beside the root, added to the standard deviation; in the "
            "formula it is under the root. You see the difference where all numbers "
            "of a position are nearly the same.",
        ),
        Wrong(
            normalised(correction=1, inside=0),
            "Your variance divides by C - 1, and there is no eps: a position whose "
            "numbers are all equal becomes 0 / 0. Read the formula under the root once "
            "more.",
        ),
        Wrong(
            learned_last(normal, power=1),
            "You divided by the variance and forgot the square root. Stretch all "
            "numbers by 10: by how much does the variance grow, by how much the "
            "numbers?",
        ),
        Wrong(
            learned_last(normal, total=torch.sum),
            "Your variance is the sum of the squares, not their mean: the more "
            "channels a position has, the smaller its numbers become. By what is the "
            "sum divided?",
        ),
        Wrong(
            learned_last(normal, centred=False),
            "The variance is right, but what you divide by its root is x itself: the "
            "mean is still in it. What should the mean of a position be afterwards?",
        ),
        Wrong(
            lambda x_btc, weight_c, bias_c: (normal(x_btc) + bias_c) * weight_c,
            "You shifted first and stretched afterwards, so the bias is multiplied by "
            "the weight. In which order do γ and β stand in the formula?",
        ),
        Wrong(
            lambda x_btc, weight_c, bias_c: normal(x_btc) * bias_c + weight_c,
            "Weight and bias have changed places. Which of them stretches, and which "
            "one shifts?",
        ),
        Wrong(
            lambda x_btc, weight_c, bias_c: normal(x_btc) * weight_c,
            "Normed and stretched: right so far. But `bias_c` changes nothing.",
        ),
        Wrong(
            lambda x_btc, weight_c, bias_c: normal(x_btc) + bias_c,
            "Normed and shifted: right so far. But `weight_c` changes nothing.",
        ),
        Wrong(
            normalised(dims=(1, 2)),
            "You took one mean and one variance for each text, over its steps and "
            "channels: a text's last word changes its first. Which numbers belong to "
            "one position?",
        ),
        Wrong(
            rms_norm,
            "You took no mean away: that is RMSNorm, which many newer models use. What "
            "is the mean of a layer-normalised position, before weight and bias?",
        ),
        Wrong(
            lambda x_btc, weight_c, bias_c: F.layer_norm(x_btc, x_btc.shape[-1:]),
            "Mean 0 and variance 1: right so far. But `weight_c` and `bias_c` change "
            "nothing. What are they there for?",
        ),
        Wrong(
            lambda x_btc, weight_c, bias_c: x_btc - x_btc.mean(dim=-1),
            "Your means have the shape (B, T), and shapes are lined up from the right: "
            "steps meet channels. What keeps the axis that `mean` takes away?",
        ),
    ),
)


def mean_so_far(x_btc: Tensor) -> Tensor:
    return x_btc.cumsum(dim=1) / torch.arange(1, x_btc.shape[1] + 1)[:, None]


def plain_norm(x_btc: Tensor) -> Tensor:
    return F.layer_norm(x_btc, x_btc.shape[-1:])


def stretched_norm(x_btc: Tensor) -> Tensor:
    return 2 * plain_norm(x_btc) + 1


def times(a: float, x: Tensor) -> Tensor:
    return a * x


def over(b: float, x: Tensor) -> Tensor:
    return x / b


def less(c: float, x: Tensor) -> Tensor:
    return x - c


# look, think, norm1, norm2: first to reckon with in one's head, then as in a block
SIMPLE_PARTS = (
    Part("look: 10 x", partial(times, 10)),
    Part("think: x²", torch.square),
    Part("norm1: x / 2", partial(over, 2)),
    Part("norm2: x - 1", partial(less, 1)),
)
REAL_PARTS = (
    Part("look: the mean so far", mean_so_far),
    Part("think: relu", torch.relu),
    Part("norm1: layer norm", plain_norm),
    Part("norm2: 2 · layer norm + 1", stretched_norm),
)


def before(x_btc: Tensor, part, norm) -> Tensor:
    return x_btc + part(norm(x_btc))


def carried(x_btc: Tensor, part, norm) -> Tensor:
    return norm(x_btc) + part(norm(x_btc))


def only(x_btc: Tensor, part, norm) -> Tensor:
    return part(norm(x_btc))


def branches(first: Callable, second: Callable | None = None):
    """Return the block with two branches wired like this, or both like one."""

    def answer(x_btc: Tensor, look, think, norm1, norm2) -> Tensor:
        return (second or first)(first(x_btc, look, norm1), think, norm2)

    return answer


def parallel(x_btc: Tensor, look, think, norm1, norm2) -> Tensor:
    return x_btc + look(norm1(x_btc)) + think(norm2(x_btc))


def second_from_the_start(x_btc: Tensor, look, think, norm1, norm2) -> Tensor:
    return x_btc + only(before(x_btc, look, norm1), think, norm2)


pre_norm = branches(before)


def some_simple_parts(draw: Draw) -> tuple:
    x_btc = torch.tensor(draw.choices(range(2, 10), k=4)).view(1, 2, 2).float()
    a, b, c = draw.randint(2, 9), draw.randint(2, 4), draw.randint(1, 4)
    look, norm1 = (
        Part(f"look: {a} x", partial(times, a)),
        Part(f"norm1: x / {b}", partial(over, b)),
    )
    norm2 = Part(f"norm2: x - {c}", partial(less, c))
    return x_btc, look, SIMPLE_PARTS[1], norm1, norm2


def some_real_parts(draw: Draw) -> tuple:
    B, T, C = draw.randint(1, 3), draw.randint(2, 5), draw.randint(5, 7)
    return noise(B, T, C, seed=draw.next_seed()) + 1, *REAL_PARTS


PRE_NORM = Exercise(
    pre_norm,
    cases=lambda: [
        (torch.tensor([[[2.0, 6.0]]]), *SIMPLE_PARTS),
        (noise(2, 3, 4) + 1, *REAL_PARTS),
    ],
    hidden=by_seed(some_simple_parts, some_real_parts),
    hints=(
        "Follow the sum that runs through the block. Which x should it hold: the one "
        "that came in, or the normalised one?",
        "A norm belongs to a branch, before `look` or `think`. What came in goes by "
        "outside, untouched, and the branch is added to it.",
        "x_btc = x_btc + look(norm1(x_btc)), and the same again with think and norm2.",
    ),
    wrong=(
        Wrong(
            branches(carried),
            "You carry on the normalised x, so no plain way leads from the last block "
            "back to the first: each norm stands in it. To what is a branch added?",
        ),
        Wrong(
            branches(before, carried),
            "The first branch is right. In the second, the normalised x is still what "
            "is carried on. To what did you add the first branch?",
        ),
        Wrong(
            branches(lambda x_btc, part, norm: norm(x_btc + part(x_btc))),
            "You normalised after the sum: post-norm, as in the paper of 2017. Every "
            "norm is in the gradient's way. Where is it in the branch alone?",
        ),
        Wrong(
            branches(lambda x_btc, part, norm: x_btc + norm(part(x_btc))),
            "Your norms are in the branches, but at their ends: `look` and `think` get "
            "x as large as it has grown. Which comes first?",
        ),
        Wrong(
            branches(only),
            "Nothing goes past your branches: what `look` does not hand on is lost. To "
            "what should a branch be added?",
        ),
        Wrong(
            parallel,
            "Both branches read the x that came in, so `think` knows nothing of what "
            "`look` has found, though some models do this. Which x should it read?",
        ),
        Wrong(
            branches(carried, before),
            "The second branch is right. In the first, the normalised x is still what "
            "is carried on. To what should `look` be added?",
        ),
        Wrong(
            branches(before, only),
            "The first branch is added, the second takes the place of the sum: all "
            "that came before `think` is lost, except what it hands on. To what should "
            "it be added?",
        ),
        Wrong(
            branches(only, before),
            "The second branch is added, the first takes the place of x: the word "
            "itself is lost, except for what `look` hands on. To what should it be "
            "added?",
        ),
        Wrong(
            lambda x, look, think, norm1, norm2: norm2(
                pre_norm(x, look, think, norm1, norm2)
            ),
            "The block is right, and then you norm its sum once more: what goes on to "
            "the next block should come by untouched. Where do norms belong?",
        ),
        Wrong(
            lambda x, look, think, norm1, norm2: (
                x + only(only(x, look, norm1), think, norm2)
            ),
            "One residual goes past both parts: what `look` found reaches the sum only "
            "through `think`, which gets nothing else. How many additions has a block?",
        ),
        Wrong(
            lambda x, look, think, norm1, norm2: (
                before(x, look, norm1) + only(only(x, look, norm1), think, norm2)
            ),
            "`think` gets the note of `look` alone, without the word in whose margin "
            "it stands. Which x should the second branch read?",
        ),
        Wrong(
            second_from_the_start,
            "`think` has heard what `look` found, but you add it to the x that came "
            "in, so the note of `look` itself is lost. What does the residual hold "
            "when the second branch begins?",
        ),
        Wrong(
            branches(lambda x_btc, part, norm: x_btc + part(x_btc)),
            "Both sums are right, but no norm is asked: each part gets x as large as "
            "it has grown. What should a branch begin with?",
        ),
        Wrong(
            branches(before, lambda x_btc, part, norm: x_btc + part(x_btc)),
            "The first branch is right. In the second nothing is normed: `think` gets "
            "the sum as large as it has grown. What is norm2 for?",
        ),
        Wrong(
            lambda x, look, think, norm1, norm2: pre_norm(x, look, think, norm1, norm1),
            "You used norm1 twice. Each branch has a norm of its own, with its own "
            "weight and bias.",
        ),
        Wrong(
            lambda x, look, think, norm1, norm2: pre_norm(x, look, think, norm2, norm1),
            "The two norms have changed places: norm1 belongs to `look`, norm2 to "
            "`think`.",
        ),
        Wrong(
            lambda x, look, think, norm1, norm2: pre_norm(x, think, look, norm1, norm2),
            "Your block thinks before it looks. The wiring is right; which part comes "
            "first?",
        ),
        Wrong(
            lambda x_btc, look, think, norm1, norm2: before(x_btc, look, norm1),
            "The first branch is right, and there your block ends: `think` is never "
            "asked. What comes after the look?",
        ),
    ),
)


class Layer(EncoderLayer):
    """A block of four channels and two heads with weights from a seed, shown in one
    line."""

    def __init__(self, seed: int, inner: int, norm_first: bool, activation=torch.relu):
        super().__init__(4, 2, inner, norm_first, activation)
        self.inner = inner
        for i, weight in enumerate(self.requires_grad_(False).parameters()):
            weight.copy_(noise(*weight.shape, seed=seed + i))

    def forward(self, *given):
        raise RuntimeError("what `layer` itself computes is what you are to write")

    def __repr__(self) -> str:
        norm = "first" if self.norm_first else "last"
        activation = self.activation.__name__
        return f"a block of 4 channels (inner: {self.inner}, {activation}, norm {norm})"


# what the parts of a block do, as a block that has them all is given
def looked(layer: EncoderLayer, may_see: Tensor | None) -> Callable:
    return lambda x_btc: layer.self_attn(x_btc, may_see=may_see)[0]


def block_of(wiring: Callable, seen: Callable | None = None, think=None):
    """Return the block whose branches are wired as `wiring`(layer) says: as a function
    (x, part, norm); `seen` makes another mask of the one that is given."""

    def answer(layer: EncoderLayer, x_btc: Tensor, may_see: Tensor | None = None):
        look = looked(layer, seen(may_see) if seen else may_see)
        parts = look, partial(think, layer) if think else layer.feed_forward
        one = wiring(layer)
        one = one if isinstance(one, tuple) else (one, one)
        x_btc = one[0](x_btc, parts[0], layer.norm1)
        return one[1](x_btc, parts[1], layer.norm2)

    return answer


def after(x_btc: Tensor, part, norm) -> Tensor:
    return norm(x_btc + part(x_btc))


def ordered(layer: EncoderLayer) -> Callable:
    return before if layer.norm_first else after


def block_with_relu(layer: EncoderLayer, x_btc: Tensor) -> Tensor:
    return layer.linear2(layer.linear1(x_btc).relu())


def block_in_parallel(layer, x_btc, may_see=None):
    if not layer.norm_first:
        x_btc = layer.norm1(x_btc + looked(layer, may_see)(x_btc))
        return layer.norm2(x_btc + layer.feed_forward(x_btc))
    note_btc = looked(layer, may_see)(layer.norm1(x_btc))
    return x_btc + note_btc + layer.feed_forward(layer.norm2(x_btc))


def block_of_pairs(layer, x_btc, may_see=None):
    x_btc = layer.norm1(x_btc) if layer.norm_first else x_btc
    return x_btc + layer.self_attn(x_btc, may_see=may_see)


def block_with_one_norm(layer, x_btc, may_see=None):
    one = ordered(layer)
    x_btc = one(x_btc, looked(layer, may_see), layer.norm1)
    return one(x_btc, layer.feed_forward, layer.norm1)


def some_layers(norm_first: bool, activation: Callable) -> Callable:
    """Return how to draw a case with such a block: (block, x, mask)."""

    def drawn(draw: Draw) -> tuple:
        B, T = draw.randint(1, 3), draw.randint(4, 6)
        layer = Layer(draw.randint(50, 999), draw.randint(5, 9), norm_first, activation)
        x_btc = 2 * noise(B, T, 4, seed=draw.next_seed()) + 1
        return layer, x_btc, causal_mask(T)

    return drawn


# the mask is no symmetric one, and no row of it is empty when it is turned over
BLOCK = Exercise(
    EncoderLayer.forward,
    cases=lambda: [
        (Layer(0, 8, True), 2 * noise(2, 3, 4) + 1, causal_mask(3)),
        (Layer(20, 6, False), 2 * noise(1, 3, 4, seed=1) + 1, causal_mask(3)),
        (Layer(40, 5, True, F.gelu), 2 * noise(2, 5, 4, seed=2) + 1, None),
    ],
    hidden=by_seed(
        some_layers(True, torch.relu),
        some_layers(False, torch.relu),
        some_layers(True, F.gelu),
        times=1,
    ),
    promises=(gradients(1),),
    tolerance=1e-4,  # sums in another order
    hints=(
        "Two branches in a row: one looks, one thinks. Write the norm-first block "
        "alone, as in 5.2, with the parts of `layer` in place of the functions.",
        "Thinking is linear1, then the activation, then linear2. Looking is "
        "`layer.self_attn(…, may_see=may_see)[0]`. With the norm last, each norm goes "
        "over a whole sum.",
        "First: x + look(norm1(x)), then x + think(norm2(x)). Last: norm1(x + "
        "look(x)), then norm2(x + think(x)). `layer.norm_first` says which.",
    ),
    wrong=(
        Wrong(
            block_of(lambda layer: before),
            "Your block always norms first. Some blocks want their norms last: "
            "`layer.norm_first` says which, and it changes nothing here.",
        ),
        Wrong(
            block_of(lambda layer: after),
            "Your block always norms last, as in 2017. `layer.norm_first` says which "
            "order is wanted, and it changes nothing here.",
        ),
        Wrong(
            block_of(lambda layer: after if layer.norm_first else before),
            "Both orders are there, the wrong way round: which of them is meant when "
            "`layer.norm_first` is True?",
        ),
        Wrong(
            block_of(ordered, seen=lambda may_see: None),
            "`may_see` changes nothing: your block looks everywhere, also ahead. Who "
            "has to be told of the mask?",
        ),
        Wrong(
            block_of(
                ordered, seen=lambda may_see: None if may_see is None else ~may_see
            ),
            "You turned the mask over before handing it on. torch.nn wants True where "
            "a look is forbidden; what does True mean to our attention?",
        ),
        Wrong(
            block_of(lambda layer: carried if layer.norm_first else after),
            "With the norm first, you carry on the normalised x: each norm then stands "
            "on the main road. To what is a branch added?",
        ),
        Wrong(
            block_of(
                lambda layer: (before, carried) if layer.norm_first else (after, after)
            ),
            "With the norm first, the second branch still carries on the normalised x. "
            "To what did you add the first branch?",
        ),
        Wrong(
            block_of(
                lambda layer: (carried, before) if layer.norm_first else (after, after)
            ),
            "With the norm first, the first branch carries on the normalised x. To "
            "what should the look be added?",
        ),
        Wrong(
            block_of(
                lambda layer: (
                    before
                    if layer.norm_first
                    else lambda x_btc, part, norm: x_btc + norm(part(x_btc))
                )
            ),
            "With the norm last, you norm what a branch returns, and then add. The "
            "formula has the whole sum inside the norm.",
        ),
        Wrong(
            block_of(
                lambda layer: (
                    only
                    if layer.norm_first
                    else lambda x_btc, part, norm: norm(part(x_btc))
                )
            ),
            "Nothing goes past your branches: what attention does not hand on is lost. "
            "Where are the two residuals?",
        ),
        Wrong(
            block_of(
                lambda layer: (
                    (before, only)
                    if layer.norm_first
                    else (after, lambda x_btc, part, norm: norm(part(x_btc)))
                )
            ),
            "The look is added; the thinking takes the place of all there was. To what "
            "should the feed-forward network's result be added?",
        ),
        Wrong(
            block_of(
                lambda layer: (
                    (only, before)
                    if layer.norm_first
                    else (lambda x_btc, part, norm: norm(part(x_btc)), after)
                )
            ),
            "The thinking is added; the look takes the place of the word itself. To "
            "what should attention's answer be added?",
        ),
        Wrong(
            block_of(lambda layer: (before, after) if layer.norm_first else after),
            "With the norm first, your first branch is right; over the second sum you "
            "norm, as in the other order. What stands on the main road then?",
        ),
        Wrong(
            block_in_parallel,
            "With the norm first, your network thinks about the x that came in, not "
            "about what the look has added. Which x should the second norm get?",
        ),
        Wrong(
            block_of(
                ordered, think=lambda layer, x_btc: layer.linear2(layer.linear1(x_btc))
            ),
            "There is no activation between linear1 and linear2, and two linear maps "
            "in a row are one. What is `layer.activation` for?",
        ),
        Wrong(
            block_of(ordered, think=block_with_relu),
            "Your activation is always a ReLU. Other blocks have another one: GPT "
            "and BERT use GELU. Which one does this `layer` hold?",
        ),
        Wrong(
            block_of(
                ordered,
                think=lambda layer, x_btc: layer.activation(
                    layer.linear2(layer.linear1(x_btc))
                ),
            ),
            "Your activation comes after the second map: the network could add hardly "
            "anything negative, and its two maps are one. Where does it stand in "
            "FFN(x)?",
        ),
        Wrong(
            block_of(
                ordered,
                think=lambda layer, x_btc: layer.activation(layer.feed_forward(x_btc)),
            ),
            "There is one activation too many, after linear2: what the network adds "
            "could hardly be negative. How many are there in FFN(x)?",
        ),
        Wrong(
            block_with_one_norm,
            "You used norm1 twice. Each branch has a norm of its own, with its own "
            "weight and bias.",
        ),
        Wrong(
            block_of(lambda layer: lambda x_btc, part, norm: x_btc + part(x_btc)),
            "Both sums are right, but no norm is asked. Where do norm1 and norm2 stand "
            "in the two formulas?",
        ),
        Wrong(
            lambda layer, x_btc, may_see=None: ordered(layer)(
                x_btc, looked(layer, may_see), layer.norm1
            ),
            "Your block looks, and there it ends. What is the second half of a block?",
        ),
        Wrong(
            lambda layer, x_btc, may_see=None: ordered(layer)(
                x_btc, layer.feed_forward, layer.norm2
            ),
            "Your block thinks without having looked: no position knows of any other. "
            "What is the first half of a block?",
        ),
        Wrong(
            block_of_pairs,
            "`layer.self_attn` returns two things, what it read and the weights, and "
            "only one of them can be added.",
        ),
    ),
)


class Attention(MultiHeadAttention):
    """Two heads on four channels with weights from a seed, shown in one line."""

    def __init__(self, seed: int):
        super().__init__(channels=4, n_heads=2)
        for weight in self.requires_grad_(False).parameters():
            weight.copy_(noise(*weight.shape, seed=seed))

    def __repr__(self) -> str:
        return "MultiHeadAttention(4, 2)"


def ahead_hidden(y_btc: Tensor):
    return y_btc, None, causal_mask(y_btc.shape[1])


def looks(second: Callable, first: Callable = ahead_hidden):
    """Return the decoder that calls `look` with first(y), and `across` with second(y,
    read, real): each gives who asks, who answers, and the mask."""

    def answer(y_btc: Tensor, read_bsc: Tensor, look, across, real_bs: Tensor):
        y_btc = y_btc + look(*first(y_btc))[0]
        return y_btc + across(*second(y_btc, read_bsc, real_bs))[0]

    return answer


decoder_looks = looks(lambda y, read, real: (y, read, real[:, None]))


def looks_in_parallel(y_btc, read_bsc, look, across, real_bs):
    around_btc = look(*ahead_hidden(y_btc))[0]
    return y_btc + around_btc + across(y_btc, read_bsc, real_bs[:, None])[0]


def looks_turned_round(y_btc, read_bsc, look, across, real_bs):
    y_btc = y_btc + across(y_btc, read_bsc, real_bs[:, None])[0]
    return y_btc + look(*ahead_hidden(y_btc))[0]


def looks_never_added(y_btc, read_bsc, look, across, real_bs):
    y_btc = look(*ahead_hidden(y_btc))[0]
    return across(y_btc, read_bsc, real_bs[:, None])[0]


def first_look_replaced(y_btc, read_bsc, look, across, real_bs):
    y_btc = look(*ahead_hidden(y_btc))[0]
    return y_btc + across(y_btc, read_bsc, real_bs[:, None])[0]


def source_asked_first_alone(y_btc, read_bsc, look, across, real_bs):
    return y_btc + across(y_btc, read_bsc, real_bs[:, None])[0]


def looks_replaced(y_btc, read_bsc, look, across, real_bs):
    y_btc = y_btc + look(*ahead_hidden(y_btc))[0]
    return across(y_btc, read_bsc, real_bs[:, None])[0]


def some_texts(draw: Draw, T: int, S: int | None = None) -> tuple:
    """Return targets and sources, as long as those if S is None, and the layers."""
    B, S = draw.randint(2, 4), S or T
    lengths = [S - 1, *(draw.randint(1, S) for _ in range(B - 1))]
    y_btc, read_bsc = (noise(B, n, 4, seed=draw.next_seed()) for n in (T, S))
    layers = Attention(draw.next_seed()), Attention(draw.next_seed())
    return y_btc, read_bsc, *layers, torch.arange(S) < torch.tensor(lengths)[:, None]


# S = T at first, so that a wrong source or mask may fit, and then not.
DECODER_LOOKS = Exercise(
    decoder_looks,
    cases=lambda: [
        (
            *(noise(2, 3, 4), noise(2, 3, 4, seed=1), Attention(2), Attention(3)),
            torch.tensor([[True, True, False], [True, False, False]]),
        ),
        (
            *(noise(3, 2, 4), noise(3, 4, 4, seed=1), Attention(4), Attention(5)),
            torch.arange(4) < torch.tensor([[3], [1], [4]]),
        ),
    ],
    hidden=by_seed(
        lambda draw: some_texts(draw, draw.randint(4, 6)),
        lambda draw: some_texts(draw, *draw.sample(range(2, 7), 2)),
        times=1,
    ),
    hints=(
        "Two looks, one after the other, each added to what came in. For each of them: "
        "who asks, who answers, and what may be seen?",
        "The decoder may not look ahead in its own text. The source is there as a "
        "whole, but its padding is no text; that mask needs an axis for the queries.",
        "y = y + look(y, may_see=causal_mask(T))[0], then y + across(y, "
        "source_bsc=read_bsc, may_see=real_bs[:, None])[0]",
    ),
    wrong=(
        Wrong(
            looks(lambda y, read, real: (y, read, real[:, None]), lambda y: (y,)),
            "Your decoder may look ahead in its own text: in training it would read "
            "the word that it is to write. Which mask goes with the first look?",
        ),
        Wrong(
            looks(lambda y, read, real: (y,)),
            "Your second look reads the target again: `read_bsc` changes nothing. Who "
            "answers if a layer is given x alone?",
        ),
        Wrong(
            looks(lambda y, read, real: (y, y, real[:, None])),
            "Your second look has the source's mask but reads the target: for other "
            "lengths it does not even fit. From where should keys and values come?",
        ),
        Wrong(
            looks(lambda y, read, real: (read, y, real[:, None])),
            "In your second look the source asks and the target answers. Which of the "
            "two wants to know something, and so gives the queries?",
        ),
        Wrong(
            looks(lambda y, read, real: (y, read)),
            "Your decoder looks at padding: `real_bs` changes nothing. What may the "
            "second look see?",
        ),
        Wrong(
            looks(lambda y, read, real: (y, read, ~real[:, None])),
            "Your decoder looks at the padding alone: the mask is turned over. In "
            "torch.nn's key_padding_mask True means hidden. What does it mean here?",
        ),
        Wrong(
            looks(lambda y, read, real: (y, read, real)),
            "Your mask is (B, S), but one of two axes is taken for (T, S): texts are "
            "mistaken for queries. Which axis is missing, and where?",
        ),
        Wrong(
            looks(lambda y, read, real: (y, read, causal_mask(y.shape[1]))),
            "You hid the source's later words, and not its padding. Yet the last word "
            "read may have to be written first. What is there to hide in a source?",
        ),
        Wrong(
            looks(lambda y, read, real: (y, read, real[:, :, None])),
            "Your mask is (B, S, 1): the new axis stands behind the source's, so it "
            "hides queries, not keys. Rows are queries: where does their axis belong?",
        ),
        Wrong(
            lambda y, read, look, across, real: y + look(*ahead_hidden(y)),
            "A look returns two things, what it read and the weights, and only one of "
            "them can be added to y.",
        ),
        Wrong(
            looks_in_parallel,
            "Both looks start from the y that came in: the second has not heard what "
            "the first one found. Which y should ask the source?",
        ),
        Wrong(
            looks_never_added,
            "Neither look is added: each one's answer takes the place of y, and the "
            "word itself is lost. Where are the two residuals?",
        ),
        Wrong(
            first_look_replaced,
            "What the first look finds takes the place of y: the decoder forgets the "
            "word that stood there. To what should it be added?",
        ),
        Wrong(
            looks_turned_round,
            "Your decoder asks the source before it has looked at its own text. In "
            "which order do a decoder's three things come?",
        ),
        Wrong(
            source_asked_first_alone,
            "There is only one look, at the source: no word of the target knows of "
            "those before it. What does a decoder do first?",
        ),
        Wrong(
            lambda y, read, look, across, real: y + look(*ahead_hidden(y))[0],
            "There is only one look, at the target itself: `read_bsc` changes nothing. "
            "What does a decoder do next?",
        ),
        Wrong(
            looks(
                lambda y, read, real: (y, read, real[:, None]),
                lambda y: (y, None, causal_mask(y.shape[1]).mT),
            ),
            "Your causal mask is the wrong way round: each word sees itself and what "
            "comes later, and nothing of the past. Are queries rows or columns?",
        ),
        Wrong(
            looks(
                lambda y, read, real: (y, read, real[:, None]),
                lambda y: (y, None, ~causal_mask(y.shape[1])),
            ),
            "In the first look the causal mask is turned over: each word sees only "
            "what comes later. What does True mean to our attention?",
        ),
        Wrong(
            looks_replaced,
            "What the second look finds takes the place of y: the decoder forgets what "
            "it has written. To what should it be added?",
        ),
    ),
)


def prefix_mask(T: int, P: int) -> Tensor:
    return causal_mask(T) | (torch.arange(T) < P)


def prefix_square(T: int, P: int) -> Tensor:
    return (torch.arange(T) < P)[:, None] & (torch.arange(T) < P)


def two_squares(T: int, P: int) -> Tensor:
    return causal_mask(T) & ((torch.arange(T) < P)[:, None] == (torch.arange(T) < P))


def some_prefix(draw: Draw) -> tuple[int, int]:
    T = draw.randint(7, 12)
    return T, draw.randint(2, T - 2)


PREFIX_MASK = Exercise(
    prefix_mask,
    cases=lambda: [(3, 2), (6, 3), (4, 1), (3, 3), (4, 0)],
    hidden=by_seed(some_prefix),
    hints=(
        "Draw it for T = 4 and P = 2: a row for each query, a column for each key. It "
        "is the causal triangle and a little more. What is added?",
        "A square: among the first P tokens all is allowed. The rows below are right "
        "already.",
        "may_see = causal_mask(T), then may_see[:P, :P] = True",
    ),
    wrong=(
        Wrong(
            lambda T, P: causal_mask(T),
            "That is the plain causal mask; P changes nothing. The prefix is given as "
            "a whole: may its first token see its second?",
            typed="return causal_mask(T)",
        ),
        Wrong(
            lambda T, P: causal_mask(T) | (torch.arange(T) < P)[:, None],
            "Your first P rows see everything, also what is still to be written, and "
            "would hand it on to all others. Which columns belong to the prefix?",
        ),
        Wrong(
            lambda T, P: prefix_mask(T, P + 1),
            "Your prefix is one too long: the first token to be written is seen too "
            "early. Counting begins at 0. Where does the prefix end?",
        ),
        Wrong(
            lambda T, P: prefix_mask(T, P - 1),
            "Your prefix is one too short: its last token is hidden from those before "
            "it. Counting begins at 0. Where does the prefix end?",
        ),
        Wrong(
            lambda T, P: two_squares(T, P) | prefix_square(T, P),
            "Two squares that know nothing of each other: the later tokens do not see "
            "the prefix, though they are to go on from it. What may the last row see?",
        ),
        Wrong(
            prefix_square,
            "Your first P tokens see each other, and all later ones nothing, not even "
            "themselves. What may a token see that is still to be written?",
        ),
        Wrong(
            lambda T, P: prefix_square(T, P) | causal_mask(T).mT,
            "Your triangle is the wrong way round: the later tokens see what is still "
            "to be written, and not what was. Are queries rows or columns?",
        ),
        Wrong(
            lambda T, P: prefix_square(T, P) | causal_mask(T).tril(-1),
            "Behind the prefix, your tokens see what came before and not themselves. "
            "What stands on the diagonal of a causal mask?",
        ),
        Wrong(
            lambda T, P: (torch.arange(T) < P).expand(T, T),
            "Every row of yours sees the prefix, and nothing else: what is written "
            "after it is hidden, even from itself. What does the causal mask allow?",
        ),
        Wrong(
            lambda T, P: torch.ones(T, T, dtype=torch.bool),
            "Everybody sees everything: that is BERT's mask. Who may see a token that "
            "is still to be written?",
        ),
        Wrong(
            lambda T, P: causal_mask(T) | (torch.arange(T) >= T - P),
            "Your prefix stands at the end: the last P tokens are seen by all. Where "
            "does the given text stand?",
        ),
        Wrong(
            lambda T, P: (torch.arange(T) < P) | torch.eye(T, dtype=torch.bool),
            "Your later tokens see the prefix and themselves, but nothing of what was "
            "written in between. What else may the last row see?",
        ),
        Wrong(
            lambda T, P: ~prefix_mask(T, P),
            "Every place is right, but your True means hidden, as in the mask of "
            "torch.nn.MultiheadAttention. What does True mean to `attend`?",
        ),
    ),
)


def with_block(block: Callable[[int], int]):
    """Return the answer that counts everything rightly but the blocks."""

    def answer(V: int, C: int, layers: int, longest: int) -> int:
        return gpt_parameters(V, C, 0, longest) + layers * block(C)

    return answer


GPT_PARAMETERS = Exercise(
    gpt_parameters,
    promises=(whole_number,),
    cases=lambda: [(10, 4, 2, 8), (100, 16, 3, 32), (50257, 768, 12, 1024)],
    hidden=by_seed(
        lambda draw: (
            draw.randint(200, 9000),
            8 * draw.randint(3, 40),
            draw.randint(4, 11),
            draw.randint(40, 900),
        )
    ),
    hints=(
        "Go through the model from below: tokens, positions, the blocks, the last "
        "norm, the head. What does each of them learn?",
        "A block has four matrices of C · C, one from C to 4C and one back, each with "
        "its bias, and two norms of 2C. A tied head learns nothing of its own.",
        "(V + longest) * C + layers * (12 * C**2 + 13 * C) + 2 * C",
    ),
    wrong=(
        Wrong(
            with_block(lambda C: 12 * C**2 + 4 * C),
            "Matrices and norms are right, but your linear layers have no biases. How "
            "many does a layer have that gives n numbers?",
        ),
        Wrong(
            with_block(lambda C: 16 * C**2 + 19 * C),
            "Your blocks are those of the translator's decoder, with a second look and "
            "a third norm. A GPT is called decoder-only, but it has no source to look "
            "at. Which layer is it made of?",
        ),
        Wrong(
            with_block(lambda C: 12 * C**2 + 11 * C),
            "You are 2C short in each block: one norm. How often is x normed in a "
            "block that looks and thinks?",
        ),
        Wrong(
            with_block(lambda C: 12 * C**2 + 9 * C),
            "You are 4C short in each block. Three things have 4C numbers: the biases "
            "of attention's four maps, the bias inside the FFN, and two norms. Which "
            "of them is missing?",
        ),
        Wrong(
            with_block(lambda C: 12 * C**2 + 8 * C),
            "You are 5C short in each block: the biases of the FFN. How many has a map "
            "that gives 4C numbers, and how many the one back?",
        ),
        Wrong(
            with_block(lambda C: 12 * C**2 + 12 * C),
            "You are C short in each block. The first map of the FFN has a bias of 4C; "
            "what about the one that goes back, and the one that joins the heads?",
        ),
        Wrong(
            with_block(lambda C: 12 * C**2),
            "Your blocks are matrices only, 12 C². What else do their maps learn, and "
            "what the two norms?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, layers, longest) - C,
            "You are C short, and the blocks are complete. The last norm stretches "
            "*and* shifts: how many numbers is that?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(0, C, layers) - 2 * C,
            "You counted the blocks alone. What comes below them, and what above?",
        ),
        Wrong(
            with_block(lambda C: 11 * C**2 + 12 * C),
            "Your attention has three maps: queries, keys, values. What joins the "
            "heads again before they are added?",
        ),
        Wrong(
            with_block(lambda C: 8 * C**2 + 12 * C),
            "You counted one matrix of the FFN. It widens to 4C; how does it come back "
            "to C?",
        ),
        Wrong(
            with_block(lambda C: 4 * C**2 + 8 * C),
            "Your blocks look, and do not think. What do the two maps of the "
            "feed-forward network learn?",
        ),
        Wrong(
            lambda V, C, layers, longest: (
                (V + longest + 2) * C + layers * (12 * C**2 + 11 * C) - C
            ),
            "Your norms learn one number per channel. They stretch *and* shift: how "
            "many is that?",
        ),
        Wrong(
            lambda V, C, layers, longest: (
                gpt_parameters(V, C, layers, longest) + 2 * (layers - 1) * C
            ),
            "You counted a last norm for every block. How many are there after the "
            "last one?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, layers) + longest,
            "You counted one number for each position. A position is added to a "
            "token's vector: how long must it be?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, layers, longest) + V,
            "You are V too high: your head has a bias. What does a tied head learn of "
            "its own?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(0, C, layers, longest),
            "`V` changes nothing in your count. What turns a token into a vector?",
        ),
        Wrong(
            lambda V, C, layers, longest: (V + longest + 12 * layers * C) * C,
            "You counted the matrices only: the rule of thumb, 12 C² per block, and "
            "nearly right for large C. What else is learned that is no matrix?",
        ),
        Wrong(
            lambda V, C, layers, longest: (V + longest + layers * (12 * C + 9)) * C,
            "There are no norms in your count. How many are in a block, how many come "
            "after the last one, and how many numbers does each learn?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, layers, longest) - 2 * C,
            "You are 2C short, one norm, and the blocks are complete. What stands "
            "between the last of them and the head?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, layers, longest) + V * C,
            "You are V · C too high: the tokens' vectors are counted twice. What does "
            "it mean that the head is tied?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, layers),
            "`longest` changes nothing in your count. GPT-2 learns a vector for each "
            "position, as for each token. How many numbers are that?",
        ),
        Wrong(
            with_block(lambda C: 6 * C**2 + 10 * C),
            "Your feed-forward layer is as wide inside as outside, as in step "
            "3's narrow block. How wide is GPT-2's inside?",
        ),
        Wrong(
            lambda V, C, layers, longest: gpt_parameters(V, C, 1, longest),
            "You counted one block, whatever `layers` is. Do blocks share weights?",
        ),
    ),
)


def all_directions(gradient_oi: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(gradient_oi, full_matrices=False)
    return U @ Vh


def directions_unturned(gradient_oi: Tensor) -> Tensor:
    U, _, Vh = torch.linalg.svd(gradient_oi, full_matrices=False)
    return U @ Vh.mT


def with_strengths(new: Callable):
    """Return the answer with new(S) in the place of the singular values S."""

    def answer(gradient_oi: Tensor) -> Tensor:
        U, S, Vh = torch.linalg.svd(gradient_oi, full_matrices=False)
        return U @ new(S).diag() @ Vh

    return answer


def directions_by_qr(gradient_oi: Tensor) -> Tensor:
    if gradient_oi.shape[0] >= gradient_oi.shape[1]:
        return torch.linalg.qr(gradient_oi)[0]
    return torch.linalg.qr(gradient_oi.mT)[0].mT


def some_gradient(draw: Draw) -> tuple[Tensor]:
    """Return a matrix of which no direction is weak: its answer is exact."""
    O, I = draw.sample(range(2, 7), 2)
    strengths = torch.linspace(0.5, 3, min(O, I))
    left = all_directions(noise(O, len(strengths), seed=draw.next_seed()))
    right = all_directions(noise(len(strengths), I, seed=draw.next_seed()))
    return (left * strengths @ right,)


ALL_DIRECTIONS = Exercise(
    all_directions,
    cases=lambda: [
        (torch.tensor([[3.0, 0.0], [0.0, 0.5]]),),
        (torch.tensor([[0.0, 2.0], [-1.0, 0.0]]),),
        (noise(4, 3),),
        (noise(2, 3, seed=1),),
    ],
    hidden=by_seed(some_gradient),
    hints=(
        "Take a matrix that only stretches: 3 along one axis, 0.5 along the other. "
        "What is left of it when both stretch by 1?",
        "torch.linalg.svd(gradient_oi, full_matrices=False) returns U, the singular "
        "values, and the transpose of V.",
        "Multiply U and that transpose, and leave the singular values out.",
    ),
    wrong=(
        Wrong(
            orthogonalised,
            "That is Muon's polynomial: it brings the singular values near 1, as four "
            "products do it quickly. Here they are to be 1 exactly, by the "
            "decomposition itself.",
        ),
        Wrong(
            directions_unturned,
            "torch.linalg.svd already returns V transposed (Vh), and you transposed it "
            "once more. Which of the two is multiplied from the right in U Σ Vᵀ?",
        ),
        Wrong(
            with_strengths(lambda S: S),
            "You multiplied the singular values back in, so you returned the gradient "
            "itself. What should stand in the place of Σ?",
        ),
        Wrong(
            lambda g: g / g.norm(),
            "You divided the whole matrix by one number: the strong directions are "
            "still as much stronger than the weak ones. Can one number change a ratio?",
        ),
        Wrong(
            lambda g: g / torch.linalg.matrix_norm(g, 2),
            "The largest singular value is 1 now, all others are still smaller. Which "
            "directions should move less than the first?",
        ),
        Wrong(
            lambda g: g.sign(),
            "That is the sign of each number, nearly what Adam does: it treats the "
            "matrix as a bag of numbers. Where do the directions come in?",
        ),
        Wrong(
            directions_by_qr,
            "That is the Q of a QR decomposition: its columns are independent and of "
            "length 1, but they are not the gradient's own directions. Which "
            "decomposition leaves those as they are?",
        ),
        Wrong(
            with_strengths(lambda S: 1 / S),
            "You divided by the singular values twice: the weak directions are the "
            "strong ones now. What is left of Σ if it is taken out once?",
        ),
        Wrong(
            with_strengths(torch.sqrt),
            "You took the root of the singular values: the directions are closer to "
            "each other, and not yet equally strong. What should stand in Σ?",
        ),
        Wrong(
            with_strengths(lambda S: S.clamp(max=1)),
            "You cut the strong directions down to 1; the weak ones are still weak. "
            "Which singular values are to be 1?",
        ),
        Wrong(
            lambda g: F.normalize(g, dim=0),
            "Each column has length 1 now. But columns may point nearly the same way, "
            "and then they are one strong direction. What makes them independent?",
        ),
        Wrong(
            lambda g: F.normalize(g, dim=-1),
            "Each row has length 1 now. But rows may point nearly the same way, and "
            "then they are one strong direction. What makes them independent?",
        ),
    ),
)


def read_at(places: Callable[[int], tuple[int, int]]):
    """Return the answer that has query and key at `places(P)`."""

    def answer(q, k, v, keys, values):
        q_place, k_place = places(keys.shape[2])
        keys = torch.cat([keys, rotate_after(k, k_place)], dim=2)
        values = torch.cat([values, v], dim=2)
        return attend(rotate_after(q, q_place), keys, values)[0], keys, values

    return answer


read_new = read_at(lambda P: (P, P))


def read_in_front(*case: Tensor):
    read, *kept = read_new(*case)
    return read, *(both.roll(1, dims=2) for both in kept)


def read_all_turned(q, k, v, keys, values):
    P = keys.shape[2]
    keys, values = torch.cat([keys, k], dim=2), torch.cat([values, v], dim=2)
    keys = rotate_after(keys, P)
    return attend(rotate_after(q, P), keys, values)[0], keys, values


def read_itself_only(q, k, v, keys, values):
    return v, *read_new(q, k, v, keys, values)[1:]


def read_past_only(q, k, v, keys, values):
    read = attend(rotate_after(q, keys.shape[2]), keys, values)[0]
    return read, *read_new(q, k, v, keys, values)[1:]


def small_tokens() -> tuple[Tensor, ...]:
    """Return query, key and value of a token, and the keys and values of two."""
    q, k, v = torch.tensor([[1.0, 2.0], [2.0, 0.0], [4.0, 8.0]]).view(3, 1, 1, 1, 2)
    keys = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    return q, k, v, keys, torch.tensor([[[[1.0, 2.0], [3.0, -1.0]]]])


def some_tokens(draw: Draw) -> tuple[Tensor, ...]:
    B, N, P, D = (
        *(draw.randint(1, 3) for _ in "BN"),
        draw.randint(2, 8),
        draw.choice((4, 6)),
    )
    new = (noise(B, N, 1, D, seed=draw.next_seed()) for _ in range(3))
    return *new, *(noise(B, N, P, D, seed=draw.next_seed()) for _ in range(2))


READ_NEW = Exercise(
    read_new,
    cases=lambda: [
        small_tokens(),
        (
            *(noise(2, 3, 1, 4, seed=i) for i in range(3)),
            *(noise(2, 3, 5, 4, seed=i) for i in (3, 4)),
        ),
    ],
    hidden=by_seed(some_tokens),
    hints=(
        "P tokens are kept, at positions 0 to P - 1. Where does the new one stand, and "
        "which of its three vectors have to know?",
        "Turn query and key, join the new key and value to the kept ones along the "
        "steps, and only then attend: a token sees itself.",
        "rotate_after(q, P) and rotate_after(k, P); torch.cat([keys, k], dim=2), the "
        "same for the values; attend(q, keys, values)[0]",
    ),
    wrong=(
        Wrong(
            read_at(lambda P: (P - 1, P - 1)),
            "Your new token stands where the last kept one stands. P kept tokens hold "
            "the positions from 0 on. Which is the first free one?",
        ),
        Wrong(
            read_at(lambda P: (P + 1, P + 1)),
            "Your new token leaves a place empty. P kept tokens hold the positions "
            "from 0 on. Which is the first free one?",
        ),
        Wrong(
            read_at(lambda P: (0, 0)),
            "Query and key are not turned, or as at position 0, which is the same: the "
            "new token takes itself for the first. Where does it stand?",
        ),
        Wrong(
            read_at(lambda P: (P, 0)),
            "Your query knows where it stands, the new key does not, and that is how "
            "it is kept for all tokens to come. What was done to the kept keys?",
        ),
        Wrong(
            read_at(lambda P: (0, P)),
            "The new key knows where it stands, your query does not: it asks as if it "
            "were the first token. Which of the two are rotated?",
        ),
        Wrong(
            lambda q, k, v, *kept: (
                read_new(q, k, v, *kept)[0],
                *read_at(lambda P: (P, 0))(q, k, v, *kept)[1:],
            ),
            "What the token reads is right, but you keep its key as it was before the "
            "rotation. The next token will meet it in the cache; what was done to "
            "those that are there?",
        ),
        Wrong(
            lambda q, k, v, *kept: read_new(
                q, k, rotate_after(v, kept[0].shape[2]), *kept
            ),
            "You rotated the value, too. A position decides who looks at whom, not "
            "what is read there. Which two vectors meet in a score?",
        ),
        Wrong(
            read_all_turned,
            "You rotated the kept keys once more, by P places: they were turned when "
            "they were new. What is left to turn?",
        ),
        Wrong(
            read_in_front,
            "What the token reads is right, as a mean knows no order. But you kept the "
            "new key and value in front of the old. Where would you look for token 0?",
        ),
        Wrong(
            read_past_only,
            "Your token reads the past alone, not itself. What stands on the diagonal "
            "of a causal mask, and so which keys should it meet?",
        ),
        Wrong(
            read_itself_only,
            "Your token reads itself alone: nothing of what is kept is looked at. "
            "Which keys and values should it meet?",
        ),
        Wrong(
            lambda *case: tuple(read_new(*case)[i] for i in (0, 2, 1)),
            "What the token reads is right. Keys and values have changed places in "
            "what you return: in which order are they asked for?",
        ),
        Wrong(
            lambda q, k, v, keys, values: read_new(q, k, v, rotate(keys), values),
            "You turned the kept keys once more: they were turned when they were new. "
            "What is left to turn?",
        ),
        Wrong(
            lambda *case: (read_new(*case)[0], *case[3:]),
            "What the token reads is right, but you return what was kept before: the "
            "next token will not know of this one. What should be kept now?",
        ),
    ),
    tolerance=1e-4,  # angles in float32 are that exact
)


CACHED_FLOPS = Exercise(
    token_flops,
    promises=(whole_number,),
    cases=lambda: [(3, 4), (0, 8), (1023, 768)],
    hidden=by_seed(lambda draw: tuple(draw.sample(range(9, 700), 2))),
    hints=(
        "Two kinds of products: the token with each weight of the block, and the token "
        "with what it looks at. Which of them grows with P?",
        "A block's matrices have 12 C² weights, and each meets the token once. Then "
        "come P + 1 keys and P + 1 values, each of C channels.",
        "2 * 12 * C**2 + 2 * 2 * (P + 1) * C",
    ),
    wrong=(
        Wrong(
            lambda P, C: layer_flops(P + 1, P + 1, C),
            "You sent all P + 1 tokens through the block: the price without kept keys "
            "and values. How many tokens are new?",
        ),
        Wrong(
            lambda P, C: token_flops(P, C) // 2,
            "Exactly half: you counted a multiply-add once. Of how many operations "
            "does it consist?",
        ),
        Wrong(
            lambda P, C: 8 * C**2 + 4 * (P + 1) * C,
            "Attention is complete, but a block does more than look. What do the two "
            "matrices of its feed-forward layer cost?",
        ),
        Wrong(
            lambda P, C: layer_flops(1, P, C),
            "You let the token look at the P before it. Does it see itself?",
        ),
        Wrong(
            lambda P, C: 24 * C**2 + 4 * (P + 1) ** 2 * C,
            "The weights are right, but your scores are those of all tokens with all "
            "others. How many rows of that table are new?",
        ),
        Wrong(
            lambda P, C: 12 * C**2 + 4 * (P + 1) * C,
            "The looks are right, the weights cost half of what they should. Is each "
            "multiply-add counted twice there, too, and is the feed-forward network 4C "
            "wide inside?",
        ),
        Wrong(
            lambda P, C: 24 * C**2 + 2 * (P + 1) * C,
            "The weights are right, the looks cost half of what they should. The query "
            "meets each key, and then each value is weighed: two products, and each of "
            "them of multiply-adds.",
        ),
        Wrong(
            lambda P, C: 12 * C**2 + 2 * P * C,
            "Two things: a multiply-add is two operations, and the token sees itself "
            "as well as the P before it.",
        ),
        Wrong(
            lambda P, C: 24 * C**2 * (P + 1) + 4 * (P + 1) * C,
            "The looks are those of one token, the weights those of all P + 1. Which "
            "tokens go through the maps, if keys and values are kept?",
        ),
        Wrong(
            lambda P, C: 4 * (P + 1) * C,
            "You counted the looks alone. The new token meets the block's weights, "
            "too: how many are there?",
        ),
        Wrong(
            lambda P, C: 24 * C**2 + 4 * (P + 1),
            "Your looks cost 4 operations per position. A score is a product of two "
            "vectors, and a value is one: how long are they?",
        ),
        Wrong(
            lambda P, C: 24 * C**2,
            "`P` changes nothing in your count. Keeping keys and values saves "
            "computing them; does it save looking at them?",
        ),
        Wrong(
            lambda P, C: 16 * C**2 + 4 * (P + 1) * C,
            "8C² are missing: attention's own four maps, or half of the feed-forward "
            "network. Which of them does the new token not need?",
        ),
        Wrong(
            lambda P, C: 22 * C**2 + 4 * (P + 1) * C,
            "You are one matrix of C · C short. Queries, keys, values: and what joins "
            "the heads again?",
        ),
        Wrong(
            lambda P, C: 20 * C**2 + 4 * (P + 1) * C,
            "You are two matrices of C · C short. The key and the value of the new "
            "token are not kept yet: what do they cost?",
        ),
        Wrong(
            lambda P, C: 12 * C**2 + 13 * C,
            "Those are the block's parameters. Each weight meets the token once: how "
            "many operations is that? And what does it look at?",
        ),
        Wrong(
            lambda P, C: 24 * C**2 + 26 * C + 4 * (P + 1) * C,
            "You counted biases and norms as well. Only the matrix products are asked "
            "for.",
        ),
        Wrong(
            lambda P, C: 24 * C**2 + 4 * P * C**2 + 4 * (P + 1) * C,
            "You computed the P earlier keys and values again. What was kept?",
        ),
    ),
)


EXERCISES = {
    "5.1": LAYER_NORM,
    "5.2": PRE_NORM,
    "5.9": BLOCK,
    "5.3": DECODER_LOOKS,
    "5.4": GPT_PARAMETERS,
    "5.5": PREFIX_MASK,
    "5.6": ALL_DIRECTIONS,
    "5.7": READ_NEW,
    "5.8": CACHED_FLOPS,
}
