"""Lesson 03, LSTM language modeling: references, hints and known wrong answers."""

import math
from collections.abc import Callable
from itertools import accumulate, chain, pairwise, permutations

import torch
from torch import Tensor

from helpers.models.language.bpe import merge
from helpers.page.attempts import attempt
from helpers.page.compare import same
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed, noise
from helpers.page.promises import gradients

PERPLEXITY = Exercise(
    lambda bits: 2.0**bits,
    cases=lambda: [(1.0,), (3.0,), (6.5,), (0.0,)],
    hidden=by_seed(lambda draw: (draw.randint(1, 6) + draw.randint(1, 15) / 16,)),
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
        Wrong(
            lambda bits: 2 * bits,
            "You doubled the bits. It is the number of choices that doubles, once for "
            "each bit: 1 bit is a choice of 2, 2 bits of 4, 3 bits of 8.",
        ),
        Wrong(
            lambda bits: math.exp(bits / math.log(2)),
            "That converts the wrong way. Nats were divided by ln 2 to become bits, so "
            "back to nats you multiply by ln 2, and only then does e fit. (With 2 as "
            "the base there is nothing to convert.)",
        ),
        Wrong(
            lambda bits: math.exp(-bits),
            "Two slips at once: bits go with 2, not with e; and with a minus you get a "
            "probability, below 1, where a number of choices is asked for.",
        ),
        Wrong(
            lambda bits: 10.0**bits,
            "You raised 10 to the bits. A bit is a choice between two: the base is 2.",
        ),
        Wrong(
            lambda bits: round(2**bits),
            "You rounded to a whole number of choices. A perplexity is an average and "
            "has a fraction; rounding would hide what small gains are worth.",
        ),
        Wrong(
            lambda bits: int(2**bits),
            "You cut the fraction off. A perplexity is an average, not a count of "
            "whole symbols: 6.5 bits are 90.5 choices.",
        ),
        Wrong(
            lambda bits: 2 ** math.ceil(bits),
            "You went up to the next whole number of bits. A loss is an average over "
            "many symbols; its fraction counts.",
        ),
        Wrong(
            lambda bits: 2**bits - 1,
            "You took one away. At 0 bits nothing is left to choose, and that is 1 "
            "possibility, not 0.",
        ),
        Wrong(
            lambda bits: math.log2(bits) if bits else -math.inf,
            "You took the logarithm of the bits, and they are one already. To get back "
            "to the number of choices, undo it: raise, do not take it again.",
        ),
        Wrong(
            lambda bits: bits,
            "Those are still the bits. Perplexity says the same as a number of "
            "choices: what turns 3 bits into 8?",
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


def last_merge_only(tokens: tuple, merges: list[tuple]) -> tuple:
    """Return what is left where every merge begins again from the characters."""
    return merge(tokens, merges[-1]) if merges else tokens


def until_nothing_changes(tokens: tuple, merges: list[tuple]) -> tuple:
    while (again := tokens_of(tokens, merges)) != tokens:
        tokens = again
    return tokens


def from_the_right(tokens: tuple, merges: list[tuple]) -> tuple:
    """Return the tokens where each merge takes its pairs from the right end."""
    for pair in merges:
        backward = tuple(token[::-1] for token in tokens[::-1])
        turned = tuple(token[::-1] for token in pair[::-1])
        tokens = tuple(token[::-1] for token in merge(backward, turned)[::-1])
    return tokens


def leftmost_known(tokens: tuple, merges: list[tuple]) -> tuple:
    """Return the tokens where, again and again, the first known pair is merged."""
    place = 0
    while place < len(tokens) - 1:
        if tokens[place : place + 2] in merges:
            tokens, place = merged_at(tokens, place), 0
        else:
            place += 1
    return tokens


def merged_at(tokens: tuple, place: int) -> tuple:
    joined = "".join(tokens[place : place + 2])
    return (*tokens[:place], joined, *tokens[place + 2 :])


def letters_only(tokens: tuple, merges: list[tuple]) -> tuple:
    """Return the tokens where no merge sees what an earlier one has made."""
    return tokens_of(tokens, [p for p in merges if len("".join(p)) == 2])


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


def late_merges(draw: Draw) -> tuple:
    """Return a word and merges that would make one token of it if replayed twice."""
    x, y, z = draw.sample("dlmoru", 3)
    return (x, y, z, *draw.choices((x, z), k=2)), [(x + y, z), (x, y)]


def doubled_letter(draw: Draw) -> tuple:
    """Return a word with a letter three or five times in a row, which is merged."""
    x, y = draw.sample("aelost", 2)
    return (y, *(x,) * draw.choice((3, 5)), y), [(x, x)]


def rival_merges(draw: Draw) -> tuple:
    """Return a word with "xyz" twice, and merges of which the first breaks it up."""
    x, y, z = draw.sample("aeinst", 3)
    between = draw.choices((x, y, z), k=draw.randint(1, 4))
    merges = [(y, z), (x, y), (x + y, z)]
    return (x, y, z, *between, x, y, z), merges


def joined_late(draw: Draw) -> tuple:
    """Return the same with a last merge that makes one token of "xyz"."""
    word, merges = rival_merges(draw)
    x, y, z = word[:3]
    return word, [*merges[:2], (x, y + z)]


TOKENS_OF = Exercise(
    tokens_of,
    cases=lambda: [
        (tuple("the"), [("t", "h"), ("th", "e")]),
        (tuple("banana"), [("a", "n"), ("b", "an"), ("an", "a")]),
        (tuple("abc"), [("b", "c"), ("a", "b"), ("ab", "c")]),
        (tuple("abc"), [("b", "c"), ("a", "b"), ("a", "bc")]),
        (tuple("the"), [("th", "e"), ("t", "h")]),
        (tuple("oooh"), [("o", "o")]),
        (tuple("xyz"), []),
    ],
    hidden=by_seed(
        *(some_word, rival_merges, joined_late, late_merges, doubled_letter), times=3
    ),
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
        Wrong(
            lambda tokens, merges: tokens,
            "The word came out unchanged, nothing was merged. `merge` leaves the word "
            "it is given alone and returns a new one: assign that to a name, and hand "
            "it to the next merge.",
        ),
        Wrong(
            last_merge_only,
            "Each merge started again from the single characters, so only the last one "
            "shows. It must go on with what the merge before it has made.",
        ),
        Wrong(
            lambda tokens, merges: next((merge(tokens, p) for p in merges), None),
            "You returned inside the loop: only the first merge was made, and without "
            "any merge nothing came back. Return after all of them.",
        ),
        Wrong(
            lambda tokens, merges: tokens_of(tokens, merges[:-1]),
            "The last merge is missing: the loop stops one short.",
        ),
        Wrong(
            until_nothing_changes,
            "You went through the merges again, until nothing changed. They are "
            "replayed once, in order: a pair that appears after its turn stays apart, "
            "as it did when the merges were learnt.",
        ),
        Wrong(
            leftmost_known,
            "You merged whichever known pair stands first in the word. What decides is "
            "the order of the merges: the first one goes through the whole word before "
            "the second begins.",
        ),
        Wrong(
            letters_only,
            "Only pairs of single characters were merged. Later merges join tokens "
            "that earlier ones have made: look for each pair in the current tokens, "
            "not in the word's characters.",
        ),
        Wrong(
            from_the_right,
            "Where a pair overlaps itself you merged from the right: 'ooo' became "
            "o, oo. `merge` goes from the left, and makes it oo, o.",
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
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (count - discount) / total
                if count > 0
                else discount * kinds * shorter / total
            ),
            "That is backing off: the shorter context is asked only where a symbol was "
            "never seen. Here it is interpolation: every symbol gets its share of what "
            "was taken, a seen one too, on top of its own count.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (count - discount) / total if count > 0 else shorter
            ),
            "You backed off: a seen symbol gets its count alone, an unseen one the "
            "whole of the shorter context's probability. Both parts are always added, "
            "and the second has a weight, D times the kinds, by n_c.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                count / total if count > 0 else shorter
            ),
            "You backed off without taking anything away: the seen symbols sum to 1 "
            "already, and the unseen ones come on top. Take D from every count first.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                max(count - discount, 0) / total + shorter
            ),
            "The shorter context's probability is added whole, without its weight. "
            "Only what was taken from the counts is there to share out; so yours sum "
            "to more than 1.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                max(count - discount, 0) / total + discount * kinds * shorter
            ),
            "What was taken is a number of counts. To become a share of probability it "
            "has to be divided by n_c too, as the first part is.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                max(count - discount, 0) + discount * kinds * shorter / total
            ),
            "Only the second part was divided by n_c. The first is still a count: look "
            "where the brackets end.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                max(count - discount, 0) / total
            ),
            "You took the discount and kept it: what was taken must be shared out "
            "again, or an unseen symbol still has probability 0.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (max(count - discount, 0) + discount * kinds) / total
            ),
            "You gave all that was taken to this one symbol. It gets its share of it: "
            "as much as the shorter context's probability says.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (max(count - discount, 0) + discount * kinds) / total * shorter
            ),
            "The shorter context's probability multiplies both parts. It belongs to "
            "the second alone: a symbol keeps its own count, whatever a shorter "
            "context says.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (max(count - discount, 0) + kinds * shorter) / total
            ),
            "You shared out a whole count for each kind of symbol. Only D was taken "
            "from each: so much, and no more, can be given back.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (max(count - 0.75, 0) + 0.75 * kinds * shorter) / total
            ),
            "You took D = 0.75, the number of the example, whatever `discount` is. "
            "Here each case has a discount of its own.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: max(
                (count - discount + discount * kinds * shorter) / total, 0
            ),
            "The max with 0 goes around the kept part alone. Around the whole sum it "
            "lets a negative count eat up what an unseen symbol is given.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (max(count - discount * kinds, 0) + discount * kinds * shorter) / total
            ),
            "From one symbol D is taken once. It adds up to D times the kinds over all "
            "symbols together, which is what the second part shares out.",
        ),
        Wrong(
            lambda count, total, kinds, discount, shorter: (
                (1 - discount * kinds / total) * count / total
                + discount * kinds * shorter / total
            ),
            "You scaled the counts down by a factor. Kneser and Ney subtract the same "
            "D from each count, so rare symbols lose a larger part of theirs.",
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


def lstm_cell_by(
    *, gates=torch.sigmoid, write=torch.tanh, show=torch.tanh, keep=None
) -> Callable:
    """Return the LSTM cell with other functions in some of its places.

    `keep(old cell, f, i, g)` gives the new one, from what the first two have made.
    """
    keep = keep or (lambda c_bh, f, i, g: f * c_bh + i * g)

    def answer(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
        i, f, g, o = z_bg.chunk(4, dim=1)
        c_bh = keep(c_bh, gates(f), gates(i), write(g))
        return gates(o) * show(c_bh), c_bh

    return answer


def lstm_cell_interleaved(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    return lstm_cell(torch.cat([z_bg[:, k::4] for k in range(4)], dim=1), c_bh)


def squashed_outside(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    c_bh = lstm_cell(z_bg, c_bh)[1]
    return (z_bg.chunk(4, dim=1)[3].sigmoid() * c_bh).tanh(), c_bh


def cell_squashed(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cell that keeps tanh(c), not c."""
    h_bh, c_bh = lstm_cell(z_bg, c_bh)
    return h_bh, c_bh.tanh()


def both_repairs_missing(z_bg: Tensor, c_bh: Tensor) -> tuple[Tensor, Tensor]:
    f, i, g, o = z_bg.chunk(4, dim=1)
    return lstm_cell_plain_candidate(torch.cat([i, f, g, o], dim=1), c_bh)


def misread_blocks() -> list[Wrong]:
    """Return the cell that takes the blocks in each order without a text of its own."""
    own = {"ifgo", "figo", "ifog", "fiog"}
    orders = ["".join(order) for order in permutations("ifgo")]
    return [
        Wrong(
            reordered(order),
            f"You read the four blocks as {', '.join(order)}. PyTorch stacks them in "
            "another order, i, f, g, o: input, forget, candidate, output.",
        )
        for order in orders
        if order not in own
    ]


def some_state(draw: Draw) -> tuple:
    B, H = draw.randint(1, 4), draw.randint(4, 6)
    z_bg = 2 * noise(B, 4 * H, seed=draw.next_seed())
    return z_bg, noise(B, H, seed=draw.next_seed())


def some_precise_state(draw: Draw) -> tuple:
    z_bg, c_bh = some_state(draw)
    return z_bg.double(), c_bh.double()


LSTM_CELL = Exercise(
    lstm_cell,
    cases=lambda: [
        (noise(1, 8), noise(1, 2, seed=1)),
        (2 * noise(3, 12, seed=2), noise(3, 3, seed=3)),
        (torch.zeros(2, 4), torch.ones(2, 1)),
        (2 * noise(2, 8, seed=4).double(), 3 * noise(2, 2, seed=5).double()),
    ],
    hidden=by_seed(some_state, some_precise_state),
    promises=(gradients(0, 1),),
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
            "order i, f, g, o: input, forget, candidate, output. And it is f that "
            "scales the old cell.",
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
        Wrong(
            lambda z_bg, c_bh: lstm_cell(z_bg, c_bh)[::-1],
            "You return (c, h). Both are right and stand in each other's place: (h, c) "
            "is asked for, as PyTorch returns them.",
        ),
        Wrong(
            lambda z_bg, c_bh: lstm_cell(z_bg, c_bh)[0],
            "You return h alone. The next step needs the new cell as well: return "
            "both, (h, c).",
        ),
        Wrong(
            lambda z_bg, c_bh: lstm_cell(z_bg, c_bh)[1],
            "You return the cell alone. What the network shows is h, made of the cell "
            "by the output gate: return both, (h, c).",
        ),
        Wrong(
            lambda z_bg, c_bh: torch.stack(lstm_cell(z_bg, c_bh)),
            "You stacked h and c into one tensor. Return the two of them, as a tuple.",
        ),
        Wrong(
            lambda z_bg, c_bh: torch.cat(lstm_cell(z_bg, c_bh), dim=1),
            "You joined h and c into one tensor. Return the two of them, as a tuple.",
        ),
        Wrong(
            lambda z_bg, c_bh: (*lstm_cell(z_bg, c_bh)[:1], c_bh),
            "The h is right, but you return the old cell with it. The next step starts "
            "from what you return, so it would have forgotten what was just written.",
        ),
        Wrong(
            both_repairs_missing,
            "Two slips at once: input and forget gate are swapped (PyTorch's order is "
            "i, f, g, o), and the candidate takes tanh, since it is no gate.",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: i * g),
            "The old cell is gone: c is only what was just written. The forget gate "
            "says how much of the old cell stays, and that is added.",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: c_bh + i * g),
            "The forget gate is not used: the old cell stays whole, whatever comes. "
            "(So it was in 1997, before it had a forget gate.)",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: f * c_bh + g),
            "The input gate is not used: the candidate is always written whole. The "
            "gate i says how much of it.",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: (1 - f) * c_bh + i * g),
            "Your forget gate works the wrong way round. In spite of its name it says "
            "how much of the old cell *stays*: f, not 1 - f.",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: f * c_bh + (1 - f) * g),
            "You write with 1 - f, as if keeping and writing shared one gate (so a GRU "
            "does it). An LSTM has an input gate of its own, i.",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: f * (c_bh + i * g)),
            "The forget gate also scales what is newly written. It is for the old cell "
            "alone: look where the brackets end.",
        ),
        Wrong(
            lstm_cell_by(keep=lambda c_bh, f, i, g: f * c_bh * i * g),
            "You multiplied the old and the new part. The point of the LSTM is that it "
            "*adds* to its cell.",
        ),
        Wrong(
            lstm_cell_by(write=lambda g: g),
            "The candidate is written as it came, without its tanh: it must stay "
            "between -1 and 1.",
        ),
        Wrong(
            lstm_cell_by(write=torch.relu),
            "The candidate went through a ReLU. It takes tanh: what is written must be "
            "able to be negative, and must stay small.",
        ),
        Wrong(
            lstm_cell_by(gates=torch.tanh),
            "The gates went through tanh. A gate says *how much*, from 0 to 1: that is "
            "sigmoid. Only the candidate takes tanh.",
        ),
        Wrong(
            lstm_cell_by(gates=lambda z: z),
            "The gates are used raw, without sigmoid. `z_bg` holds what goes into it: "
            "a gate has to lie between 0 and 1.",
        ),
        Wrong(
            lstm_cell_by(gates=lambda z: z, write=lambda g: g),
            "None of the four blocks was squashed. `z_bg` holds them as they are "
            "before sigmoid (the gates) and tanh (the candidate).",
        ),
        Wrong(
            lstm_cell_by(show=torch.sigmoid),
            "The cell leaves through a sigmoid, so h could never be negative. It is "
            "tanh(c) that the output gate lets out.",
        ),
        Wrong(
            squashed_outside,
            "You took the tanh of the product. First tanh(c), then the output gate.",
        ),
        Wrong(
            cell_squashed,
            "The c that you return went through tanh. Only h is made of tanh(c); the "
            "cell itself is kept as it is, or it would shrink at every step.",
        ),
        Wrong(
            lambda z_bg, c_bh: (
                lstm_cell(z_bg, c_bh)[1].tanh(),
                lstm_cell(z_bg, c_bh)[1],
            ),
            "The output gate is missing: h shows the whole cell. The gate o says how "
            "much of tanh(c) is shown.",
        ),
        Wrong(
            lstm_cell_interleaved,
            "You took every fourth column for a gate. The blocks stand side by side: "
            "first H columns of i, then H of f, and so on.",
        ),
        *misread_blocks(),
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


def biased_from(start: float, stop: float) -> Callable:
    """Return the answer that sets the bias from `start` to `stop`, in blocks."""

    def answer(bias_g: Tensor, value: float) -> Tensor:
        H = len(bias_g) // 4
        bias_g = bias_g.clone()
        bias_g[int(start * H) : int(stop * H)] = value
        return bias_g

    return answer


def interleaved_bias(bias_g: Tensor, value: float) -> Tensor:
    bias_g = bias_g.clone()
    bias_g[1::4] = value
    return bias_g


def one_bias(bias_g: Tensor, value: float) -> Tensor:
    bias_g = bias_g.clone()
    bias_g[len(bias_g) // 4] = value
    return bias_g


def some_bias(draw: Draw) -> tuple:
    return noise(4 * draw.randint(4, 7), seed=draw.next_seed()), draw.signed(1, 40)


FORGET_BIAS = Exercise(
    forget_bias,
    cases=lambda: [
        (noise(8), 1.0),
        (torch.zeros(12), 3.0),
        (noise(4, seed=1), -2.0),
        (noise(20, seed=2).double(), 0.5),
    ],
    hidden=by_seed(some_bias, lambda draw: (some_bias(draw)[0].double(), 0.0)),
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
            lambda bias_g, value: forget_bias(torch.zeros_like(bias_g), value),
            "The other blocks are 0 now. Change the second block and leave the rest.",
        ),
        Wrong(
            interleaved_bias,
            "You set every fourth number, as if the gates took turns. The four blocks "
            "stand one after the other, each in one piece of H numbers: set the whole "
            "second block.",
        ),
        Wrong(
            lambda bias_g, value: bias_g + forget_bias(torch.zeros_like(bias_g), value),
            "You added the value to the old bias of the forget gates. It is to be "
            "*set*: the value replaces what stood there.",
        ),
        Wrong(
            lambda bias_g, value: bias_g.clone(),
            "The bias came back unchanged. Assigning to a name that stands for a block "
            "only renames; to write into the copy itself, assign to a slice of it, or "
            "fill the block.",
        ),
        Wrong(
            lambda bias_g, value: bias_g + value,
            "You added the value to all four blocks. Only the forget gates' is to "
            "change, and there the value replaces the old one.",
        ),
        Wrong(
            one_bias,
            "Only one number was set, the first of the forget block. Each of the H "
            "units has a forget gate of its own, so H numbers are to be set.",
        ),
        Wrong(
            lambda bias_g, value: bias_g.new_full((len(bias_g) // 4,), value),
            "Only the forget block came back. Return the whole vector of 4H numbers, "
            "the other three blocks as they were.",
        ),
        Wrong(
            biased_from(1, 4),
            "You set everything from H to the end: forget gates, candidate and output "
            "gates. The forget block ends at 2H.",
        ),
        Wrong(
            biased_from(0, 2),
            "You set everything up to 2H, so the input gates as well. The forget block "
            "begins at H.",
        ),
        Wrong(
            biased_from(2, 4),
            "You set the second half. There are four blocks, so H is a quarter of the "
            "length, and the second of them runs from H to 2H.",
        ),
        Wrong(
            lambda bias_g, value: forget_bias(bias_g, torch.tensor(value).sigmoid()),
            "You set the gate's opening, the sigmoid of the value. The sigmoid comes "
            "later, when the gate is computed: what is set here is the bias itself.",
        ),
        Wrong(
            lambda bias_g, value: forget_bias(bias_g, -value),
            "The sign is turned. A forget gate is misnamed: a large bias opens it, and "
            "open means keep. Set the value as it is.",
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
        Wrong(
            lambda ids_bt: (ids_bt[:-1], ids_bt[1:]),
            "You shifted along the batch, axis 0: the targets come from another text. "
            "Time is axis 1.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, :-2], ids_bt[:, 2:]),
            "Each target is two places ahead of its input. The next symbol is one "
            "place on, and only one place is lost.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, :-1], ids_bt[:, -1]),
            "There is one target for each text, its last symbol. A language model is "
            "asked at *every* place: each input has a target of its own.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, :-1], ids_bt[:, -1:]),
            "Only the last symbol of each window is a target. Every place has one: the "
            "symbol that follows it.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt, ids_bt[:, 1:]),
            "The last input has no target: inputs are one longer than targets. Nothing "
            "is known to follow the window's last symbol, so it is no input.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, :-1], ids_bt),
            "The inputs are right. But the targets still begin with the window's first "
            "symbol, which nothing comes before.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt[:, 1:], ids_bt[:, 1:]),
            "Both were shifted: inputs and targets are the same symbols. Only the "
            "targets move one place on; the inputs begin at the beginning.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt, torch.nn.functional.pad(ids_bt[:, 1:], (0, 1))),
            "The last target is a 0 that you put there, and 0 is a symbol like any "
            "other: the model would learn it. Leave the last place out.",
        ),
        Wrong(
            lambda ids_bt: (ids_bt, ids_bt.roll(1, dims=1)),
            "You rolled the wrong way: each target is the symbol before, and the first "
            "one the window's last.",
        ),
        Wrong(
            lambda ids_bt: torch.stack([ids_bt[:, :-1], ids_bt[:, 1:]]),
            "The right ids, stacked into one tensor. Return the two of them, as a "
            "tuple.",
        ),
        Wrong(
            lambda ids_bt: ids_bt.chunk(2, dim=1),
            "You cut the window in two halves, one to read and one to guess. Every "
            "symbol but the first is a target, one place after its input.",
        ),
    ),
)


def start_weight(w: float, dtype=torch.float64) -> Tensor:
    """Return the one weight of the toy network, ready to be differentiated by."""
    return torch.tensor(float(w), dtype=dtype, requires_grad=True)


def stream_gradients(w: float, windows: list, carry=lambda h: h.detach()) -> list:
    w, h, gradients = start_weight(w), torch.zeros(()).double(), []
    for window in windows:
        h = carry(h)
        for x in window:
            h = torch.tanh(w * h + x)
        (gradient,) = torch.autograd.grad(h, w, retain_graph=True)
        gradients.append(gradient.item())
    return gradients


def run_windows(w: float, windows: list, gradient: Callable) -> list:
    """Return gradient(h's of a window, w) for each, h detached at every edge."""
    w, h, found = start_weight(w), torch.zeros(()).double(), []
    for window in windows:
        h, passed = h.detach(), []
        for x in window:
            h = torch.tanh(w * h + x)
            passed.append(h)
        found.append(gradient(passed, w))
    return found


def slope(h: Tensor, w: Tensor) -> float:
    return torch.autograd.grad(h, w, retain_graph=True)[0].item()


def in_single_precision(w: float, windows: list) -> list:
    w, h, gradients = start_weight(w, torch.float32), torch.zeros(()), []
    for window in windows:
        h = h.detach()
        for x in window:
            h = torch.tanh(w * h + x)
        gradients.append(slope(h, w))
    return gradients


def every_step(w: float, windows: list) -> list:
    """Return a gradient for each step of each window."""
    found = run_windows(w, windows, lambda hs, w: [slope(h, w) for h in hs])
    return list(chain.from_iterable(found))


def graph_freed(w: float, windows: list) -> list:
    """Go back through a graph that is not there any more, without any detach."""
    w, h, gradients = start_weight(w), torch.zeros(()).double(), []
    for window in windows:
        for x in window:
            h = torch.tanh(w * h + x)
        (gradient,) = torch.autograd.grad(h, w)
        gradients.append(gradient.item())
    return gradients


def detached_too_late(w: float, windows: list) -> list:
    """Detach the last h, too, before its gradient is taken."""
    return run_windows(w, windows, lambda hs, w: slope(hs[-1].detach(), w))


def detached_each_step(w: float, windows: list) -> list:
    w, h, gradients = start_weight(w), torch.zeros(()).double(), []
    for window in windows:
        for x in window:
            h = torch.tanh(w * h.detach() + x)
        gradients.append(slope(h, w))
    return gradients


def accumulated(gradients: Callable) -> Callable:
    """Return the answer whose gradients pile up from window to window."""

    def answer(w: float, windows: list) -> list:
        return list(accumulate(gradients(w, windows)))

    return answer


def some_windows(draw: Draw) -> tuple:
    lengths = [3, *(draw.randint(1, 3) for _ in range(draw.randint(1, 2))), 2]
    windows = [[draw.signed(1, 9) for _ in range(length)] for length in lengths]
    return draw.signed(3, 9), windows


STREAM_GRADIENTS = Exercise(
    stream_gradients,
    cases=lambda: [
        (0.5, [[1.0, -0.5], [0.3, 0.2]]),
        (0.9, [[0.5], [0.5], [0.5], [0.5]]),
        (-0.7, [[1.0, 0.1, 0.2], [0.4, -0.3]]),
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
        Wrong(
            accumulated(stream_gradients),
            "The gradients pile up: each number is the sum of all windows so far. "
            "`backward()` adds to w.grad, so clear it before each window "
            "(`w.grad = None`), or take torch.autograd.grad.",
        ),
        Wrong(
            graph_freed,
            "h was not detached, so the second window went back into the first, whose "
            'graph had been freed ("a second time", says the error). Do not keep the '
            "graph: cut it at the edge, with detach() before each window.",
        ),
        Wrong(
            detached_each_step,
            "You detached at every step, so only the last step of a window counts. "
            "The gradient stops at the window's *edge*: detach once, before its first "
            "step.",
        ),
        Wrong(
            in_single_precision,
            "The right gradients, to seven digits: you computed in float32. float64 is "
            "asked for, in w and in h.",
        ),
        Wrong(
            accumulated(lambda w, windows: stream_gradients(w, windows, lambda h: h)),
            "Two slips at once: h is not detached between windows, and w.grad is never "
            "cleared, so the gradients add up.",
        ),
        Wrong(
            accumulated(lambda w, xs: stream_gradients(w, xs, torch.zeros_like)),
            "Two slips at once: each window starts from h = 0, so the state is not "
            "carried; and w.grad is never cleared, so the gradients add up.",
        ),
        Wrong(
            accumulated(detached_each_step),
            "Two slips at once: you detached at every step, not at the window's edge "
            "alone; and w.grad is never cleared, so the gradients add up.",
        ),
        Wrong(
            detached_too_late,
            "You detached h after its steps, before its gradient was taken: nothing "
            "of w is left in it. Detach *before* the window's first step; the steps "
            "inside must be remembered.",
        ),
        Wrong(
            lambda w, windows: run_windows(w, windows, lambda hs, w: hs[-1].item()),
            "Those are the last states h. Asked for is how each changes with w: its "
            "derivative.",
        ),
        Wrong(
            lambda w, windows: run_windows(w, windows, lambda hs, w: slope(sum(hs), w)),
            "You differentiated the sum of a window's states. Only its last h is asked "
            "for.",
        ),
        Wrong(
            lambda w, windows: run_windows(w, windows, lambda hs, w: slope(hs[0], w)),
            "That is the derivative of each window's first h. Take all its steps "
            "before you differentiate.",
        ),
        Wrong(
            every_step,
            "There is a gradient for every step. One for each window is asked for, of "
            "its last h: append outside the inner loop.",
        ),
        Wrong(
            lambda w, windows: run_windows(w, windows, lambda hs, w: slope(hs[-1], w))[
                -1:
            ],
            "There is a gradient for the last window only. Each window gets one: "
            "append inside the loop over windows.",
        ),
        Wrong(
            lambda w, windows: run_windows(
                w, windows, lambda hs, w: slope(hs[-1], w) / len(hs)
            ),
            "You divided by the number of steps. Nothing is averaged here: asked for "
            "is the derivative of the last h itself.",
        ),
    ),
    tolerance=1e-9,
)


def kept_where(keeps: Callable) -> Callable:
    """Return the answer that keeps where keeps(sorted values, their sums, p), divided
    by their sum; the values are sorted by falling probability."""

    def answer(probabilities_v: Tensor, p: float) -> Tensor:
        values, indices = probabilities_v.sort(descending=True)
        kept = torch.where(keeps(values, values.cumsum(0), p), values, 0)
        return torch.zeros_like(kept).scatter(0, indices, kept / kept.sum())

    return answer


top_p = kept_where(lambda values, sums, p: sums - values < p)
top_p_short = kept_where(lambda values, sums, p: sums <= p)
top_p_shorter = kept_where(lambda values, sums, p: sums < p)


def top_p_raw(probabilities_v: Tensor, p: float) -> Tensor:
    return torch.where(top_p(probabilities_v, p) > 0, probabilities_v, 0)


def top_p_by_p(probabilities_v: Tensor, p: float) -> Tensor:
    return top_p_raw(probabilities_v, p) / p


def top_p_softmax(probabilities_v: Tensor, p: float) -> Tensor:
    kept = top_p_raw(probabilities_v, p)
    return torch.where(kept > 0, kept, -math.inf).softmax(0)


def top_p_sorted(probabilities_v: Tensor, p: float) -> Tensor:
    return top_p(probabilities_v, p).sort(descending=True).values


def top_p_wrong_way_back(probabilities_v: Tensor, p: float) -> Tensor:
    indices = probabilities_v.argsort(descending=True)
    return top_p_sorted(probabilities_v, p)[indices]


def top_p_unsorted(probabilities_v: Tensor, p: float) -> Tensor:
    before = probabilities_v.cumsum(0) - probabilities_v
    kept = torch.where(before < p, probabilities_v, 0)
    return kept / kept.sum()


def top_p_from_below(probabilities_v: Tensor, p: float) -> Tensor:
    values, indices = probabilities_v.sort()
    kept = torch.where(values.cumsum(0) - values < p, values, 0)
    return torch.zeros_like(kept).scatter(0, indices, kept / kept.sum())


def top_p_cut_short(probabilities_v: Tensor, p: float) -> Tensor:
    kept = top_p_sorted(probabilities_v, p)
    return kept[kept > 0]


def own_probability(threshold: Callable) -> Callable:
    """Return the answer that keeps each symbol with threshold(all, p) of its own."""

    def answer(probabilities_v: Tensor, p: float) -> Tensor:
        least = threshold(probabilities_v, p)
        kept = torch.where(probabilities_v >= least, probabilities_v, 0)
        return kept / kept.sum()

    return answer


def top_share_of_symbols(probabilities_v: Tensor, p: float) -> Tensor:
    best = probabilities_v.topk(max(1, int(p * len(probabilities_v))))
    kept = torch.zeros_like(probabilities_v).scatter(0, best.indices, best.values)
    return kept / kept.sum()


def fewest_of_equals(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """Of equally probable symbols no more are kept than it takes, no matter which."""
    twice_v = torch.cat([case[0], case[0]]) / 2
    largest = case[0].max().item()
    for p in (largest / 4, 3 * largest / 4):  # one of the two best is enough; or both
        got, right = (attempt(f, (twice_v, p)) for f in (answer, reference))
        tied = kept_with_ties(twice_v, right)
        if same(got, tied, tolerance) and not same(tied, right, tolerance):
            return (
                "The values are right while all are different. Of several equal "
                "probabilities you keep all as soon as you need one: top-p keeps the "
                "fewest that hold p together, so add them up one by one, ties too."
            )
    return ""


def kept_with_ties(probabilities_v: Tensor, kept_v: Tensor) -> Tensor:
    """Return what is kept if all stay that are as probable as the last one kept."""
    least = probabilities_v[kept_v > 0].min()
    kept_v = torch.where(probabilities_v >= least, probabilities_v, 0)
    return kept_v / kept_v.sum()


above_threshold = own_probability(lambda probabilities_v, p: 1 - p)


def some_shares(draw: Draw) -> tuple:
    """Return different probabilities, and a p that no sum of them equals."""
    counts = torch.tensor(draw.sample(range(1, 30), draw.randint(5, 8))).double()
    total = int(counts.sum())
    return counts / total, (draw.randrange(total // 4, total) + 0.5) / total


def exact_shares(draw: Draw) -> tuple:
    """Return probabilities, exact in binary, and a p that the best hold exactly."""
    counts = draw.sample(range(1, 12), draw.randint(3, 5))
    counts.append(64 - sum(counts))
    best = sorted(counts, reverse=True)[: draw.randint(1, len(counts) - 1)]
    order = draw.order(len(counts))
    return torch.tensor(counts).double()[order] / 64, sum(best) / 64


def everything(draw: Draw) -> tuple:
    return some_shares(draw)[0].float(), 1.0


TOP_P = Exercise(
    top_p,
    cases=lambda: [
        (torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64), 0.7),
        (torch.tensor([0.06, 0.6, 0.1, 0.24], dtype=torch.float64), 0.5),
        (torch.tensor([0.2, 0.2, 0.35, 0.25], dtype=torch.float64), 0.5),
        (torch.tensor([0.125, 0.5, 0.0625, 0.25, 0.0625]), 0.75),
        (torch.tensor([0.1, 0.4, 0.05, 0.3, 0.15]), 1.0),
    ],
    hidden=by_seed(some_shares, exact_shares, everything, times=3),
    promises=(fewest_of_equals,),
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
            top_p_shorter,
            "The token that reaches p is missing: as long as those before it hold less "
            "than p, it is needed.",
        ),
        Wrong(
            kept_where(lambda v, sums, p: (sums <= p) | (v.cumsum(0) == v)),
            "The first token is always kept, but where more are needed the one that "
            "crosses p is missing: together they hold less than p.",
        ),
        Wrong(
            kept_where(lambda values, sums, p: sums - values <= p),
            "One too many where the kept ones hold exactly p: that is enough. A token "
            "stays only if those before it hold *less* than p.",
        ),
        Wrong(
            kept_where(lambda values, sums, p: sums - values - values.roll(1) < p),
            "One too many: the token that crosses p is the last to stay, and you keep "
            "the one after it as well.",
        ),
        Wrong(
            top_p_sorted,
            "The values are in sorted order. Place v of the answer must be symbol v's "
            "own probability: bring them back to where they stood before the sort.",
        ),
        Wrong(
            top_p_wrong_way_back,
            "The values were taken back by the wrong permutation. The sort's indices "
            "say where each value *came from*: write to these places (scatter), do not "
            "read from them.",
        ),
        Wrong(
            top_p_unsorted,
            "You added up in the order of the vocabulary, without sorting. The fewest "
            "that hold p are the most probable ones: begin with the largest.",
        ),
        Wrong(
            top_p_from_below,
            "You began with the least probable: that is the tail, of which soup is "
            "made. Sort the largest first (descending=True).",
        ),
        Wrong(
            kept_where(lambda values, sums, p: sums - values >= p),
            "That is the tail, which top-p throws away. Keep the others.",
        ),
        Wrong(
            top_p_by_p,
            "You divided by p. What is kept mostly holds a little more than p: divide "
            "by its own sum.",
        ),
        Wrong(
            top_p_softmax,
            "You took a softmax of probabilities, which evens them out. They only have "
            "to sum to 1 again: divide what is kept by its sum.",
        ),
        Wrong(
            top_p_cut_short,
            "Only the kept ones came back, so nobody can tell which symbols they are. "
            "Return a probability for all V symbols, 0 for those that are dropped.",
        ),
        Wrong(
            lambda probabilities_v, p: top_p(probabilities_v, p) > 0,
            "That is which symbols stay, True or False. Asked for are their "
            "probabilities, made to sum to 1.",
        ),
        Wrong(
            lambda probabilities_v, p: probabilities_v,
            "All symbols are still there. Drop those that are not needed to reach p.",
        ),
        Wrong(
            top_share_of_symbols,
            "You kept a share p of the *symbols*. It is their probability that has to "
            "add up to p, however many it takes.",
        ),
        Wrong(
            own_probability(lambda probabilities_v, p: p),
            "You kept the tokens whose own probability is at least p. It is what the "
            "best ones hold *together* that must reach p.",
        ),
        Wrong(
            own_probability(lambda probabilities_v, p: p * probabilities_v.max()),
            "You compared each token with a part of the most probable one. Top-p adds "
            "up what the best ones hold together.",
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
