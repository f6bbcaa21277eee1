"""Lesson 03, LSTM language modeling: references, hints and known wrong answers."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from helpers.models.language.bpe import merge
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed, noise

PERPLEXITY = Exercise(
    lambda bits: 2.0**bits,
    cases=lambda: [(1.0,), (3.0,), (6.5,), (0.0,)],
    hidden=by_seed(lambda draw: (draw.randint(11, 99) / 16,)),
    hints=(
        "A model that is torn between n equally likely symbols has perplexity n.",
        "Between 8 symbols it takes 3 bits to choose. What turns 3 into 8?",
        "Two to the power of the bits. With nats it would be e to that power.",
    ),
    wrong=(
        Wrong(
            math.exp,
            "You raised e to a number of bits. Nats go with e, bits go with 2: three "
            "bits are a choice among 2 ** 3 = 8 symbols, not among 20.",
        ),
        Wrong(
            lambda bits: 2.0**-bits,
            "That is the (geometric) mean probability of a symbol, 1/8 for three bits. "
            "Perplexity is the number of choices: its inverse.",
        ),
        Wrong(
            lambda bits: bits**2,
            "You squared the bits. Each further bit doubles the choices: 2 ** bits.",
            typed="return bits**2",
        ),
    ),
)


def tokens_of(tokens: tuple, merges: list[tuple]) -> tuple:
    for pair in merges:
        tokens = merge(tokens, pair)
    return tokens


def first_merge_only(tokens: tuple, pair: tuple) -> tuple:
    """Return the tokens with the first `pair` merged, and no other."""
    for i in range(len(tokens) - 1):
        if tokens[i : i + 2] == pair:
            return (*tokens[:i], "".join(pair), *tokens[i + 2 :])
    return tokens


def merged_once(tokens: tuple, merges: list[tuple]) -> tuple:
    for pair in merges:
        tokens = first_merge_only(tokens, pair)
    return tokens


def longest_first(tokens: tuple, merges: list[tuple]) -> tuple:
    word, found, place = "".join(tokens), [], 0
    known = {"".join(pair) for pair in merges} | set(word)
    while place < len(word):
        pieces = (word[place:end] for end in range(len(word), place, -1))
        found.append(next(piece for piece in pieces if piece in known))
        place += len(found[-1])
    return tuple(found)


def some_word(draw: Draw) -> tuple:
    """Return a word of few letters and merges that it meets; none overlaps itself."""
    word = tokens = tuple(draw.choices("abn", k=draw.randint(8, 12)))
    merges = []
    for _ in range(draw.randint(2, 4)):
        pairs = [(a, b) for a, b in pairwise(tokens) if a != b]
        merges += draw.choices(pairs, k=1) if pairs else []
        tokens = tokens_of(word, merges)
    return word, merges


def rival_merges(draw: Draw) -> tuple:
    """Return a word with "xyz" twice, and merges of which the first breaks it up."""
    x, y, z = draw.sample("aeinst", 3)
    between = draw.choices((x, y, z), k=draw.randint(1, 4))
    merges = [(y, z), (x, y), (x + y, z)]
    return (x, y, z, *between, x, y, z), merges


TOKENS_OF = Exercise(
    tokens_of,
    cases=lambda: [
        (tuple("the"), [("t", "h"), ("th", "e")]),
        (tuple("banana"), [("a", "n"), ("b", "an"), ("an", "a")]),
        (tuple("abc"), [("b", "c"), ("a", "b"), ("ab", "c")]),
        (tuple("xyz"), []),
    ],
    hidden=by_seed(some_word, rival_merges, times=3),
    hints=(
        "`merge(tokens, pair)`, from the cell above, makes one pair one token.",
        "The merges are rules with an order. Apply the first to the whole word, then "
        "the second to what came out.",
        "for pair in merges: tokens = merge(tokens, pair)",
    ),
    wrong=(
        Wrong(
            lambda tokens, merges: tokens_of(tokens, merges[::-1]),
            "You applied the merges from last to first. A late merge joins what early "
            "ones have made, so it finds nothing yet: keep the order of learning.",
        ),
        Wrong(
            longest_first,
            "You took the longest known piece from the left. Byte-pair encoding does "
            "not look for long pieces; it replays its merges in the order learnt.",
        ),
        Wrong(
            merged_once,
            "Each merge was applied at one place only. It joins its pair wherever the "
            "pair stands: 'banana' has 'an' twice.",
        ),
    ),
)


def kneser_ney(count, total, kinds, discount, shorter) -> float:
    return (max(count - discount, 0) + discount * kinds * shorter) / total


def some_counts(draw: Draw, count: int) -> tuple:
    total, kinds = draw.randint(12, 40), draw.randint(2, 6)
    return count, total, kinds, draw.randint(2, 9) / 10, draw.randint(1, 9) / 20


INTERPOLATE = Exercise(
    kneser_ney,
    cases=lambda: [
        (3, 4, 2, 0.75, 0.1),
        (0, 4, 2, 0.75, 0.1),
        (1, 10, 5, 0.5, 0.25),
        (7, 7, 1, 0.9, 0.0),
    ],
    hidden=by_seed(
        lambda draw: some_counts(draw, draw.randint(1, 6)),
        lambda draw: some_counts(draw, 0),  # a symbol that was never seen
    ),
    hints=(
        "Two parts: what is kept of the symbol's own count, and its share of what was "
        "taken from all the symbols together.",
        "From each of the `kinds` different symbols `discount` was taken: so much is "
        "there to share out, by the shorter context's probabilities.",
        "(max(count - discount, 0) + discount * kinds * shorter) / total",
    ),
    wrong=(
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (count - discount + discount * kinds * shorter) / total
            ),
            "A symbol that was never seen (count 0) has nothing to give: its kept part "
            "is max(count - discount, 0), not a negative number.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (max(count - discount, 0) + discount * shorter) / total
            ),
            "You shared out one discount. It was taken from every kind of symbol seen "
            "in this context, `kinds` times; so the probabilities sum to less than 1.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (count + discount * kinds * shorter) / total
            ),
            "Nothing was taken from the count itself, yet something is shared out: the "
            "probabilities sum to more than 1.",
        ),
    ),
)


def lstm_cell(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = z_bg.chunk(4, dim=1)
    c_bh = f.sigmoid() * c_bh + i.sigmoid() * g.tanh()
    return o.sigmoid() * c_bh.tanh(), c_bh


def reordered(order: str):
    """Return the LSTM cell that takes the four blocks to be in another order."""

    def answer(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
        blocks = dict(zip(order, z_bg.chunk(4, dim=1), strict=True))
        return lstm_cell(torch.cat([blocks[k] for k in "ifgo"], dim=1), c_bh)

    return answer


def lstm_cell_plain_candidate(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = z_bg.chunk(4, dim=1)
    c_bh = f.sigmoid() * c_bh + i.sigmoid() * g.sigmoid()
    return o.sigmoid() * c_bh.tanh(), c_bh


def lstm_cell_bare(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = z_bg.chunk(4, dim=1)
    c_bh = f.sigmoid() * c_bh + i.sigmoid() * g.tanh()
    return o.sigmoid() * c_bh, c_bh


def lstm_cell_old_output(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    o = z_bg.chunk(4, dim=1)[3]
    return o.sigmoid() * c_bh.tanh(), lstm_cell(z_bg, c_bh)[1]


def some_state(draw: Draw) -> tuple:
    B, H = draw.randint(1, 4), draw.randint(4, 6)
    z_bg = 2 * noise(B, 4 * H, seed=draw.next_seed())
    return z_bg, noise(B, H, seed=draw.next_seed())


LSTM_CELL = Exercise(
    lstm_cell,
    cases=lambda: [
        (noise(1, 8), noise(1, 2, seed=1)),
        (2 * noise(3, 12, seed=2), noise(3, 3, seed=3)),
        (torch.zeros(2, 4), torch.ones(2, 1)),
    ],
    hidden=by_seed(some_state),
    hints=(
        "Cut z into four blocks of H columns: z_bg.chunk(4, dim=1) gives i, f, g, o.",
        "Three of them are gates, so sigmoid; the candidate g is what is written, so "
        "tanh.",
        "c = f * c + i * g, and then h = o * tanh(c), with the new c.",
    ),
    wrong=(
        Wrong(
            reordered("figo"),
            "Input and forget gate are swapped. PyTorch stacks the four blocks in the "
            "order i, f, g, o: input, forget, candidate, output.",
        ),
        Wrong(
            reordered("ifog"),
            "Candidate and output gate are swapped. PyTorch stacks the four blocks in "
            "the order i, f, g, o: the candidate is the third, the output gate last.",
        ),
        Wrong(
            reordered("fiog"),
            "You read the blocks as f, i, o, g, as many books write them. PyTorch "
            "stacks them as i, f, g, o.",
        ),
        Wrong(
            lstm_cell_plain_candidate,
            "You took the sigmoid of all four blocks. The candidate is no gate: it is "
            "what gets written, and must be able to be negative. It takes tanh.",
        ),
        Wrong(
            lstm_cell_bare,
            "The cell left through the output gate without tanh. h = o * tanh(c).",
        ),
        Wrong(
            lstm_cell_old_output,
            "Your h comes from the old cell. First write the new c, then let it out.",
        ),
    ),
)


def forget_bias(bias_g: Tensor, value: float) -> Tensor:
    H = len(bias_g) // 4
    bias_g = bias_g.clone()
    bias_g[H : 2 * H] = value
    return bias_g


def biased_block(k: int):
    """Return the answer that sets the k-th of the four blocks."""

    def answer(bias_g: Tensor, value: float) -> Tensor:
        H = len(bias_g) // 4
        bias_g = bias_g.clone()
        bias_g[k * H : (k + 1) * H] = value
        return bias_g

    return answer


FORGET_BIAS = Exercise(
    forget_bias,
    cases=lambda: [
        (noise(8), 1.0),
        (torch.zeros(12), 3.0),
        (noise(4, seed=1), -2.0),
    ],
    hidden=by_seed(
        lambda draw: (
            noise(4 * draw.randint(4, 7), seed=draw.next_seed()),
            draw.signed(1, 40),
        )
    ),
    hints=(
        "The bias has four blocks of H numbers, in the order i, f, g, o.",
        "H is a quarter of its length. The forget gate's block is the second.",
        "bias_g = bias_g.clone(), then bias_g[H : 2 * H] = value, then return it.",
    ),
    wrong=(
        Wrong(
            biased_block(0),
            "That is the first block, the input gate: it now lets everything in, and "
            "keeps nothing longer. The forget gate is the second block.",
        ),
        Wrong(
            biased_block(2),
            "That is the third block, the candidate: every step now writes much the "
            "same. The forget gate is the second block.",
        ),
        Wrong(
            biased_block(3),
            "That is the last block, the output gate: the cell is now shown more, but "
            "not kept longer. The forget gate is the second block.",
        ),
        Wrong(
            lambda bias_g, value: torch.full_like(bias_g, value),
            "All four blocks changed. Only the forget gate's should: entries H to 2H.",
        ),
        Wrong(
            lambda bias_g, value: (
                forget_bias(bias_g, value) * (bias_g != bias_g)
                + forget_bias(torch.zeros_like(bias_g), value)
            ),
            "The other blocks are 0 now. Change the second block and leave the rest.",
        ),
    ),
)


def some_ids(draw: Draw) -> tuple:
    """Return a batch of ids (B, T), no symbol twice."""
    B, T = draw.randint(1, 4), draw.choice((3, 6, 7))
    return (draw.order(B * T).view(B, T),)


NEXT_SYMBOLS = Exercise(
    lambda ids_bt: (ids_bt[:, :-1], ids_bt[:, 1:]),
    cases=lambda: [
        (torch.arange(5)[None],),
        (torch.arange(12).view(3, 4) * 7 % 11,),
    ],
    hidden=by_seed(some_ids),
    hints=(
        "Each input's target is the symbol right after it.",
        "The last symbol has no next one, so it is no input; the first is no target.",
        "ids_bt[:, :-1] and ids_bt[:, 1:]",
    ),
    wrong=(
        Wrong(
            lambda ids_bt: (ids_bt, ids_bt),
            "The targets are the inputs themselves. The loss will fall to zero, and "
            "the model learns to copy what it sees: shift the targets by one.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, :-1], ids_bt[:, :-1]),
            "Inputs and targets have the right length but are the same: the targets "
            "must begin one symbol later.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, 1:], ids_bt[:, :-1]),
            "Shifted the wrong way: your model would be asked for the symbol before, "
            "which it has just read.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt, ids_bt.roll(-1, dims=1)),
            "The last target is the window's own first symbol, rolled round: nothing "
            "in the text says that it comes next. Leave that place out.",
        ),
    ),
)


def start_weight(w: float) -> Tensor:
    """Return the one weight of the toy network, ready to be differentiated by."""
    return torch.tensor(float(w), dtype=torch.float64, requires_grad=True)


def stream_gradients(w: float, windows: list, carry=lambda h: h.detach()) -> list:
    w, h, gradients = start_weight(w), torch.zeros(()).double(), []
    for window in windows:
        h = carry(h)
        for x in window:
            h = torch.tanh(w * h + x)
        (gradient,) = torch.autograd.grad(h, w, retain_graph=True)
        gradients.append(gradient.item())
    return gradients


def some_windows(draw: Draw) -> tuple:
    lengths = [draw.randint(1, 3) for _ in range(draw.randint(2, 4))]
    windows = [[draw.signed(1, 9) for _ in range(length)] for length in lengths]
    return draw.signed(3, 9), windows


STREAM_GRADIENTS = Exercise(
    stream_gradients,
    cases=lambda: [
        (0.5, [[1.0, -0.5], [0.3, 0.2]]),
        (0.9, [[0.5], [0.5], [0.5], [0.5]]),
        (-0.7, [[1.0, 0.1, 0.2]]),
    ],
    hidden=by_seed(some_windows),
    hints=(
        "The state goes on into the next window; the way back does not.",
        "Something has to happen to h between two windows, before its first step.",
        "h = h.detach(): the same number, without its history.",
    ),
    wrong=(
        Wrong(
            lambda w, windows: stream_gradients(w, windows, carry=lambda h: h),
            "The state is not detached: each gradient reaches back through all earlier "
            "windows, so work and memory grow with the text. Put h = h.detach() before "
            "each window.",
        ),
        Wrong(
            lambda w, windows: stream_gradients(w, windows, carry=torch.zeros_like),
            "Each window starts from zero: the state is lost, not carried. detach() "
            "keeps the number and drops only its history.",
        ),
    ),
    tolerance=1e-9,
)


def top_p(probabilities_v: Tensor, p: float) -> Tensor:
    values, indices = probabilities_v.sort(descending=True)
    kept = torch.where(values.cumsum(0) - values < p, values, 0)
    return torch.zeros_like(kept).scatter(0, indices, kept / kept.sum())


def top_p_short(probabilities_v: Tensor, p: float) -> Tensor:
    values, indices = probabilities_v.sort(descending=True)
    kept = torch.where(values.cumsum(0) <= p, values, 0)
    return torch.zeros_like(kept).scatter(0, indices, kept / kept.sum())


def top_p_raw(probabilities_v: Tensor, p: float) -> Tensor:
    return torch.where(top_p(probabilities_v, p) > 0, probabilities_v, 0)


def above_threshold(probabilities_v: Tensor, p: float) -> Tensor:
    kept = torch.where(probabilities_v >= 1 - p, probabilities_v, 0)
    return kept / kept.sum()


def some_shares(draw: Draw) -> tuple:
    """Return different probabilities, and a p that no sum of them equals."""
    counts = torch.tensor(draw.sample(range(1, 30), draw.randint(5, 8))).double()
    total = int(counts.sum())
    return counts / total, (draw.randrange(total // 4, total) + 0.5) / total


TOP_P = Exercise(
    top_p,
    cases=lambda: [
        (torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64), 0.7),
        (torch.tensor([0.06, 0.6, 0.1, 0.24], dtype=torch.float64), 0.5),
        (torch.tensor([0.2, 0.2, 0.35, 0.25], dtype=torch.float64), 0.99),
    ],
    hidden=by_seed(some_shares, times=3),
    hints=(
        "Sort the probabilities, the largest first, and add them up as you go.",
        "A token stays when those before it hold less than p: so the one that crosses "
        "p is still in.",
        "values, indices = probabilities_v.sort(descending=True); keep where "
        "values.cumsum(0) - values < p; divide by the sum; scatter back to indices.",
    ),
    wrong=(
        Wrong(
            top_p_short,
            "The token that crosses p is missing: yours hold less than the share p "
            "together. Where the first token alone has more than p, none is left.",
        ),
        Wrong(
            top_p_raw,
            "The right tokens, but they do not sum to 1: divide by what was kept.",
        ),
        Wrong(
            above_threshold,
            "You kept the tokens whose own probability is large. Top-p looks at what "
            "the best ones hold together, so the number of tokens varies.",
        ),
    ),
)


EXERCISES = {
    "3.1": TOKENS_OF,
    "3.2": PERPLEXITY,
    "3.3": INTERPOLATE,
    "3.4": LSTM_CELL,
    "3.5": FORGET_BIAS,
    "3.6": NEXT_SYMBOLS,
    "3.7": STREAM_GRADIENTS,
    "3.8": TOP_P,
}
