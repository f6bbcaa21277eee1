"""Lesson 05, Transformer blocks: references, hints and known wrong answers."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.lessons.lesson05.cost_formulas import gpt_parameters, layer_flops
from helpers.models.transformer.attention import MultiHeadAttention, attend, causal_mask
from helpers.models.transformer.kv_cache import rotate_after
from helpers.models.transformer.positions import rotate
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, Part, by_seed, noise


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


def rms_norm(x_btc: Tensor, weight_c: Tensor, bias_c: Tensor) -> Tensor:
    square_bt1 = x_btc.square().mean(dim=-1, keepdim=True)
    return x_btc / (square_bt1 + 1e-5).sqrt() * weight_c + bias_c


def some_positions(draw: Draw, spread: float = 1.0, mean: float = 2.0) -> tuple:
    B, T, C = draw.randint(1, 3), draw.randint(2, 4), draw.randint(5, 8)
    x_btc = spread * noise(B, T, C, seed=draw.next_seed()) + mean
    return x_btc, *(noise(C, seed=draw.next_seed()) for _ in range(2))


def an_even_position(draw: Draw) -> tuple:
    x_btc, *learned = some_positions(draw)
    x_btc[0, 0] = draw.randint(1, 9)
    return x_btc, *learned


def small_positions(draw: Draw) -> tuple:
    return some_positions(draw, spread=0.002, mean=0.0)


# T and C differ in each case, so that a forgotten `keepdim` stops with the same error;
# the numbers of the last are so small that it matters where eps stands.
LAYER_NORM = Exercise(
    layer_norm,
    cases=lambda: [
        (
            torch.tensor([[[1.0, 1.0, 3.0, 3.0], [5.0, 5.0, 5.0, 5.0]]]),
            torch.tensor([1.0, 2.0, 1.0, 2.0]),
            torch.tensor([0.0, 0.0, 10.0, 10.0]),
        ),
        (noise(2, 3, 6) + 2, noise(6, seed=1), noise(6, seed=2)),
        (0.002 * noise(2, 2, 5, seed=3), noise(5, seed=4), noise(5, seed=5)),
    ],
    hidden=by_seed(some_positions, an_even_position, small_positions, times=1),
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


# look, think, norm1, norm2: first to reckon with in one's head, then as in a block
SIMPLE_PARTS = (
    Part("look: 10 x", lambda x: 10 * x),
    Part("think: x²", torch.square),
    Part("norm1: x / 2", lambda x: x / 2),
    Part("norm2: x - 1", lambda x: x - 1),
)
REAL_PARTS = (
    Part("look: the mean so far", mean_so_far),
    Part("think: relu", torch.relu),
    Part("norm1: layer norm", plain_norm),
    Part("norm2: 2 · layer norm + 1", lambda x: 2 * plain_norm(x) + 1),
)


def before(x_btc: Tensor, part, norm) -> Tensor:
    return x_btc + part(norm(x_btc))


def carried(x_btc: Tensor, part, norm) -> Tensor:
    return norm(x_btc) + part(norm(x_btc))


def branches(first: Callable, second: Callable | None = None):
    """Return the block with two branches wired like this, or both like one."""

    def answer(x_btc: Tensor, look, think, norm1, norm2) -> Tensor:
        return (second or first)(first(x_btc, look, norm1), think, norm2)

    return answer


def parallel(x_btc: Tensor, look, think, norm1, norm2) -> Tensor:
    return x_btc + look(norm1(x_btc)) + think(norm2(x_btc))


def some_simple_parts(draw: Draw) -> tuple:
    x_btc = torch.tensor(draw.choices(range(2, 10), k=4)).view(1, 2, 2).float()
    a, b, c = draw.randint(2, 9), draw.randint(2, 4), draw.randint(1, 4)
    look, norm1 = (
        Part(f"look: {a} x", lambda x: a * x),
        Part(f"norm1: x / {b}", lambda x: x / b),
    )
    return x_btc, look, SIMPLE_PARTS[1], norm1, Part(f"norm2: x - {c}", lambda x: x - c)


def some_real_parts(draw: Draw) -> tuple:
    B, T, C = draw.randint(1, 3), draw.randint(2, 5), draw.randint(5, 7)
    return noise(B, T, C, seed=draw.next_seed()) + 1, *REAL_PARTS


PRE_NORM = Exercise(
    branches(before),
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
            branches(lambda x_btc, part, norm: part(norm(x_btc))),
            "Nothing goes past your branches: what `look` does not hand on is lost. To "
            "what should a branch be added?",
        ),
        Wrong(
            parallel,
            "Both branches read the x that came in, so `think` knows nothing of what "
            "`look` has found, though some models do this. Which x should it read?",
        ),
        Wrong(
            lambda x_btc, look, think, norm1, norm2: before(x_btc, look, norm1),
            "The first branch is right, and there your block ends: `think` is never "
            "asked. What comes after the look?",
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
            looks_replaced,
            "What the second look finds takes the place of y: the decoder forgets what "
            "it has written. To what should it be added?",
        ),
    ),
)


def prefix_mask(T: int, P: int) -> Tensor:
    return causal_mask(T) | (torch.arange(T) < P)


def some_prefix(draw: Draw) -> tuple[int, int]:
    T = draw.randint(7, 12)
    return T, draw.randint(2, T - 2)


PREFIX_MASK = Exercise(
    prefix_mask,
    cases=lambda: [(3, 2), (6, 3), (4, 1), (3, 3)],
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
            "Your feed-forward layer is as wide inside as outside, as in note 1's "
            "block. How wide is GPT-2's inside?",
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


def directions_rebuilt(gradient_oi: Tensor) -> Tensor:
    U, S, Vh = torch.linalg.svd(gradient_oi, full_matrices=False)
    return U @ S.diag() @ Vh


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
            directions_unturned,
            "torch.linalg.svd already returns V transposed (Vh), and you transposed it "
            "once more. Which of the two is multiplied from the right in U Σ Vᵀ?",
        ),
        Wrong(
            directions_rebuilt,
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
    lambda P, C: layer_flops(1, P + 1, C),
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
            lambda P, C: layer_flops(1, P + 1, C) // 2,
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
            "Your feed-forward layer is as wide inside as outside, as in note 1's "
            "block. How wide is it inside in this one?",
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
    "5.3": DECODER_LOOKS,
    "5.4": GPT_PARAMETERS,
    "5.5": PREFIX_MASK,
    "5.6": ALL_DIRECTIONS,
    "5.7": READ_NEW,
    "5.8": CACHED_FLOPS,
}
