"""Lesson 04, attention: references, hints and known wrong answers."""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.models.transformer.attention import (
    attend,
    causal_mask,
    masked_softmax,
    padding_mask,
    split_heads,
)
from helpers.models.transformer.positions import frequencies, rotate, sinusoidal
from helpers.page.attempts import attempt
from helpers.page.compare import same
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed, noise
from helpers.page.promises import gradients


def exact_in_float64(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """For inputs in float64 the answer is right to rounding: so the page compares."""
    got, expected = attempt(answer, case), attempt(reference, case)
    if expected.dtype != torch.float64 or same(got, expected, 1e-12):
        return ""
    return (
        "The values are right to some digits only: in float64 they are off by "
        f"{(got - expected).abs().max().item():.1g}. Is something small added, or is "
        "there a step in float32?"
    )


WEIGHTS = Exercise(
    lambda scores_qk: scores_qk.softmax(dim=-1),
    cases=lambda: [
        (torch.tensor([[1.0, 0.0, 2.0], [3.0, -1.0, 0.0]]),),
        (torch.zeros(3, 2),),
        (2 * noise(2, 4),),
    ],
    hidden=by_seed(
        lambda draw: (
            2 * noise(draw.randint(2, 5), draw.randint(3, 6), seed=draw.next_seed()),
        )
    ),
    hints=(
        "One row belongs to one query. How should the numbers of a row add up?",
        "Make every score positive with exp, then share out: divide by the row's sum.",
        "scores_qk.softmax(dim=-1): the last axis holds the keys.",
    ),
    wrong=(
        Wrong(
            lambda scores_qk: scores_qk.softmax(dim=-2),
            "Your columns sum to 1, your rows do not: the queries compete for a key. "
            'Ask "where does this query look?": one row is one query, and its weights '
            "share one pie.",
            typed="return scores_qk.softmax(dim=-2)",
        ),
        Wrong(
            lambda scores_qk: scores_qk.exp(),
            "You took exp and stopped: all weights are positive, but a row has no "
            "fixed sum, so a mean weighted by it would grow with the scores. What must "
            "each row be divided by?",
        ),
        Wrong(
            lambda scores_qk: scores_qk / scores_qk.sum(dim=-1, keepdim=True),
            "You divided the scores by their sum, without exp: a negative score gives "
            "a negative weight, and a row that sums to 0 gives none at all. What makes "
            "any number positive and keeps the order?",
        ),
        Wrong(
            lambda scores_qk: scores_qk.sigmoid(),
            "With sigmoid each weight is set without a look at the others, so a row "
            "can sum to anything. Do the keys of a row compete? More for one has to "
            "mean less for the rest.",
        ),
        Wrong(
            lambda scores_qk: scores_qk.flatten().softmax(dim=0).view_as(scores_qk),
            "Your softmax runs over the whole table: all weights together sum to 1, so "
            "the queries take from each other. Every query has a full share of its own "
            "to give away. What does each row sum to?",
        ),
        Wrong(
            lambda scores_qk: (scores_qk / scores_qk.shape[-1] ** 0.5).softmax(dim=-1),
            "You divided the scores by the root of their number before the softmax, so "
            "your weights are too even. Here the scores are taken as they are; what "
            "they may have to be divided by comes in step 2, and it is not how many "
            "keys there are.",
        ),
        Wrong(
            lambda scores_qk: (scores_qk - scores_qk.amax(-1, keepdim=True)).exp(),
            "You took the largest score off and then exp: the best key of every row "
            "has the weight 1, and the others add to that. It is a good start against "
            "overflow. What is still missing for shares of one whole?",
        ),
        Wrong(
            lambda scores_qk: (-scores_qk).softmax(dim=-1),
            "Your rows sum to 1, but the least similar key gets the most weight: the "
            "scores have changed their sign on the way. Should a higher score mean "
            "more or less?",
        ),
        Wrong(
            lambda scores_qk: scores_qk.log_softmax(dim=-1),
            "These are the logarithms of the weights: none is above 0, and no row sums "
            "to 1. A loss likes them; for a weighted mean you need the weights "
            "themselves.",
        ),
        Wrong(
            lambda scores_qk: (
                scores_qk == scores_qk.amax(dim=-1, keepdim=True)
            ).float(),
            "You gave everything to the best key. That is the Python dictionary again, "
            "a yes or no without a gradient. Every key should get a share, a larger "
            "one for a higher score.",
        ),
        Wrong(
            lambda scores_qk: scores_qk.abs() / scores_qk.abs().sum(-1, keepdim=True),
            "You shared out the sizes of the scores, without their signs: so a very "
            "negative score, the worst match, gets as much as a very good one. Which "
            "function makes any number positive and keeps the order?",
        ),
        Wrong(
            lambda scores_qk: scores_qk.softmax(dim=-1).softmax(dim=-1),
            "You took the softmax twice. The first one had made the weights; the "
            "second took them for scores, all between 0 and 1, and so made them "
            "nearly even.",
        ),
        Wrong(
            lambda scores_qk: scores_qk.relu() / scores_qk.relu().sum(-1, keepdim=True),
            "You cut the negative scores off and shared out the rest. Now all bad keys "
            "get exactly 0, with no gradient to win any weight back, and a row without "
            "a positive score is 0 divided by 0. Which function makes any number "
            "positive and keeps the order?",
        ),
    ),
)


def scaled_scores(q_bntd: Tensor, k_bntd: Tensor) -> Tensor:
    return q_bntd @ k_bntd.mT / q_bntd.shape[-1] ** 0.5


def divided_by(divisor):
    """Return the answer that divides the scores by `divisor(N, T, D)`."""

    def answer(q_bntd: Tensor, k_bntd: Tensor) -> Tensor:
        return q_bntd @ k_bntd.mT / divisor(*q_bntd.shape[1:])

    return answer


def small_queries_and_keys() -> tuple[Tensor, Tensor]:
    """Return two heads of three queries and three keys, each of width 2."""
    q_bntd = torch.tensor([[[[1, 0], [0, 2], [1, 1]], [[3, 0], [2, 1], [0, 1]]]])
    k_bntd = torch.tensor([[[[2, 1], [0, 1], [1, 0]], [[2, 2], [1, 1], [1, -1]]]])
    return q_bntd.float(), k_bntd.float()


def in_float64(case: tuple) -> tuple:
    """Return the case with its numbers in float64."""
    return tuple(x.double() if x.is_floating_point() else x for x in case)


def some_heads(draw: Draw) -> tuple[Tensor, Tensor]:
    shape = draw.randint(1, 2), draw.randint(2, 3), *draw.sample(range(2, 7), 2)
    return noise(*shape, seed=draw.next_seed()), noise(*shape, seed=draw.next_seed())


SCALED_SCORES = Exercise(
    scaled_scores,
    cases=lambda: [
        small_queries_and_keys(),
        (noise(1, 2, 3, 4), noise(1, 2, 3, 4, seed=1)),
        (noise(2, 4, 7, 5, seed=2), noise(2, 4, 7, 5, seed=3)),
        (noise(1, 2, 5, 3).double(), noise(1, 2, 5, 3, seed=1).double()),
    ],
    hidden=by_seed(some_heads, lambda draw: in_float64(some_heads(draw))),
    hints=(
        "A score is one query times one key, summed over the D channels of a head.",
        "q @ k.mT takes every query with every key. A sum of D products of spread 1 "
        "has the spread √D.",
        "q_bntd @ k_bntd.mT / q_bntd.shape[-1] ** 0.5",
    ),
    wrong=(
        Wrong(
            divided_by(lambda N, T, D: 1),
            "The dot products are right, but nothing divides them. The wider the head, "
            "the larger they get, and softmax ends up on one key. How large is a sum "
            "of D products of spread 1?",
        ),
        Wrong(
            divided_by(lambda N, T, D: D),
            "You divided by D. The variance of the sum is D, its spread only √D: so "
            "your scores shrink as heads get wider, and the weights become all alike. "
            "(√D taken off queries *and* keys is D as well.)",
        ),
        Wrong(
            divided_by(lambda N, T, D: (N * D) ** 0.5),
            "You divided by √(N·D), from the width of the whole model. How many "
            "products does one score add up? Only those of its own head: D.",
        ),
        Wrong(
            divided_by(lambda N, T, D: T**0.5),
            "You divided by √T, from the number of keys. A score meets one key only, "
            "however many there are. Over which axis does the dot product sum?",
        ),
        Wrong(
            lambda q_bntd, k_bntd: scaled_scores(k_bntd, q_bntd),
            "Your scores are transposed: a row of yours belongs to a key, and softmax "
            "along it would let the queries compete. Rows ask, columns answer: which "
            "of the two comes first in the product?",
        ),
        Wrong(
            lambda q_bntd, k_bntd: scaled_scores(q_bntd, k_bntd).softmax(dim=-1),
            "You went on to the weights: each of your rows sums to 1. Scores are what "
            "goes into the softmax, and they may be negative. A mask, for one, has to "
            "come in between.",
        ),
        Wrong(
            lambda q_bntd, k_bntd: q_bntd.mT @ k_bntd / q_bntd.shape[-1] ** 0.5,
            "You multiplied over the steps, so channels meet channels: (D, D) for each "
            "head. A score is one query times one key, summed over its D channels. "
            "Which of the two has to be turned?",
        ),
        Wrong(
            divided_by(lambda N, T, D: D**-0.5),
            "You multiplied by √D. The sums are already larger in wider heads, by just "
            "this factor; now they grow twice as fast. Which way round should it go?",
        ),
        Wrong(
            divided_by(lambda N, T, D: N**0.5),
            "You divided by √N, from the number of heads. Each head looks on its own, "
            "and none of its scores depends on how many others there are. How many "
            "products does one score add up?",
        ),
        Wrong(
            lambda q_bntd, k_bntd: (
                torch.nn.functional.normalize(q_bntd, dim=-1)
                @ torch.nn.functional.normalize(k_bntd, dim=-1).mT
            ),
            "You divided by the lengths of the vectors: that is the cosine, never "
            "above 1. A query may well be long, to be more certain. Only the width of "
            "a head is to be balanced, the same for all of its queries.",
        ),
        Wrong(
            lambda q_bntd, k_bntd: (q_bntd @ k_bntd.mT) / (q_bntd @ k_bntd.mT).std(),
            "You divided by the spread measured in these very scores. So every score "
            "depends on all others, those of other sentences too. For numbers of size "
            "1 theory knows the spread, from D alone.",
        ),
    ),
    promises=(gradients(0, 1),),
)


def weights_masked_late(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
    return scores_qk.softmax(dim=-1) * may_see_qk


def weights_filled(value: float):
    """Return the answer that gives every hidden key the score `value`."""

    def answer(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
        return scores_qk.masked_fill(~may_see_qk, value).softmax(dim=-1)

    return answer


def weights_zero_scores(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
    sees_q1 = may_see_qk.any(dim=-1, keepdim=True)
    return weights_filled(0.0)(scores_qk, may_see_qk) * sees_q1


def mask(*rows: str) -> Tensor:
    """Return the mask drawn in the rows: x where a query may look."""
    return torch.tensor([[sign == "x" for sign in row] for row in rows])


def weights_down(after: Callable):
    """Return the answer whose softmax runs down the columns; then `after`."""

    def answer(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
        shown_qk = scores_qk.masked_fill(~may_see_qk, float("-inf"))
        return after(shown_qk.softmax(dim=-2))

    return answer


def weights_of_all(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
    shown_qk = scores_qk.masked_fill(~may_see_qk, float("-inf"))
    return shown_qk.flatten().softmax(dim=0).view_as(scores_qk)


def weights_lowered(amount: float):
    """Return the answer that takes `amount` off the scores of hidden keys."""

    def answer(scores_qk: Tensor, may_see_qk: Tensor) -> Tensor:
        lowered_qk = scores_qk - amount * (~may_see_qk).to(scores_qk)
        return lowered_qk.softmax(dim=-1)

    return answer


def exact_zeros(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """A hidden key gets no weight at all, not even a tiny one."""
    weights_qk, (_, may_see_qk) = attempt(answer, case), case
    leak = weights_qk[~may_see_qk].abs().max().item()
    if leak == 0:
        return ""
    return (
        f"Nearly: a hidden key still gets a weight of {leak:.1g}. However small, that "
        "is a leak, and training looks for whatever helps. Which score does exp turn "
        "into exactly 0?"
    )


def no_nan_gradient(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The gradient is that of the reference; for NaN it is said where it arises."""
    text = gradients(0)(answer, reference, case, tolerance)
    if "NaN" not in text:
        return text
    return (
        "The weights are right, but the gradient to the scores is NaN, and one step "
        "later so is every weight of the network. Somewhere on the way a row was NaN; "
        "that you mended the result does not mend the way back. Either no gradient may "
        "reach a hidden score, or the NaN must never arise."
    )


def some_mask(draw: Draw, blind: bool) -> tuple[Tensor, Tensor]:
    """Return scores and a mask; with `blind`, one query may look nowhere."""
    Q, K = draw.randint(2, 4), draw.randint(3, 6)
    sees = torch.zeros(Q, K, dtype=torch.bool)
    for sees_k in sees:
        sees_k[draw.sample(range(K), draw.randint(1, K - 1))] = True
    if blind:
        sees[draw.randrange(Q)] = False
    return noise(Q, K, seed=draw.next_seed()), sees


# No query of these may look everywhere: so a mask turned over leaves no blind row,
# and its answer is the same whether the code provides for blind rows or not.
MASKED_WEIGHTS = Exercise(
    masked_softmax,
    cases=lambda: [
        (torch.tensor([[2.0, 1.0, 3.0], [1.0, -1.0, 2.0]]), mask("xx.", "..x")),
        (noise(3, 4), mask("x...", "xx..", "xxx.")),
        (torch.tensor([[1.0, 2.0], [3.0, 1.0]]), mask("x.", "..")),
        (noise(3, 5, seed=1).double(), mask("x.x..", ".....", ".xxx.")),
    ],
    hidden=by_seed(
        lambda draw: some_mask(draw, blind=False),
        lambda draw: some_mask(draw, blind=True),
        lambda draw: in_float64(some_mask(draw, blind=True)),
    ),
    hints=(
        "Hidden keys must be gone before the rest share the weight among themselves.",
        "For which score is exp(score) exactly 0? And what becomes of a row in which "
        "every score is that one?",
        'scores_qk.masked_fill(~may_see_qk, float("-inf")).softmax(dim=-1), and then '
        "masked_fill with 0 the rows where ~may_see_qk.any(dim=-1, keepdim=True).",
    ),
    wrong=(
        Wrong(
            weights_masked_late,
            "You masked after the softmax: the hidden keys have already taken their "
            "share, so a row sums to less than 1. When must they leave, for the others "
            "to get all of it?",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: masked_softmax(scores_qk, ~may_see_qk),
            "The mask is turned over: your queries look exactly where they may not. "
            "Here True means may be looked at; in torch.nn.MultiheadAttention's mask "
            "it means the opposite. What does True mean to the function you call?",
        ),
        Wrong(
            weights_filled(0.0),
            "You gave the hidden keys the score 0. But e to the 0 is 1, so they still "
            "get weight, even in the row that may look nowhere. Which score does exp "
            "turn into 0?",
        ),
        Wrong(
            weights_zero_scores,
            "The row that may look nowhere is right. In the others the hidden keys "
            "have the score 0, and e to the 0 is 1: they still get weight. Which score "
            "does exp turn into 0?",
        ),
        Wrong(
            weights_filled(float("-inf")),
            "All rows are right but the one that may look nowhere: there it is 0 "
            "divided by 0, NaN, and NaN spreads through all that comes after. What "
            "should such a query read?",
        ),
        Wrong(
            weights_filled(-1e9),
            "All rows are right but the one that may look nowhere. There all scores "
            "are the same large negative number, and softmax sees only differences: it "
            "spreads the weight evenly over what is hidden.",
        ),
        Wrong(
            weights_lowered(1e9),
            "All rows are right but the one that may look nowhere. There the same "
            "large number was taken off every score, and softmax sees only "
            "differences: what is hidden gets all the weight. What should such a "
            "query read?",
        ),
        Wrong(
            weights_lowered(1e4),
            "All rows are right but the one that may look nowhere. There 10,000 was "
            "taken off every score alike, and softmax sees only differences: the row "
            "is as if nothing were hidden. What should such a query read?",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: (
                weights_filled(0.0)(scores_qk, may_see_qk) * may_see_qk
            ),
            "Nothing hidden gets weight, but a row sums to less than 1: with the score "
            "0 the hidden keys took their share, since e to the 0 is 1, and then you "
            "threw it away. With which score do they take none?",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: torch.full_like(scores_qk, torch.nan),
            "Every weight is NaN. Was -inf multiplied by the mask? 0 times infinity is "
            "no number. Put -inf where it belongs with masked_fill or torch.where. (Or "
            "is it +inf? Then softmax meets infinity minus infinity.)",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: scores_qk.exp() * may_see_qk,
            "You took exp and masked, and stopped there: hidden keys are out, but what "
            "is left of a row has no fixed sum. By what must the visible ones of a row "
            "be divided?",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: (scores_qk + may_see_qk).softmax(dim=-1),
            "You added the mask to the scores: True counts as 1, so what may be seen "
            "has its score raised by 1, and what is hidden keeps its own. How far down "
            "must a score go for its weight to be 0?",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: scores_qk.softmax(dim=-1),
            "`may_see_qk` changes nothing in your result: every key gets its share, "
            "hidden or not. Which scores must not take part?",
        ),
        Wrong(
            lambda scores_qk, may_see_qk: scores_qk.masked_fill(
                ~may_see_qk, float("-inf")
            ),
            "These are scores, with -inf for the hidden keys: a good place to be, one "
            "step before the end. What makes weights of them? And what becomes of the "
            "row that may look nowhere?",
        ),
        Wrong(
            weights_down(lambda weights_qk: weights_qk),
            "Your softmax runs down the columns: the queries share out a key. One row "
            "is one query, and what it may see has to sum to 1. (A key that nobody "
            "sees has become NaN, too.)",
        ),
        Wrong(
            weights_down(lambda weights_qk: weights_qk.nan_to_num(0.0)),
            "The mask is right, but the softmax runs down the columns: the queries "
            "share out a key. One row is one query; over which axis do its keys lie?",
        ),
        Wrong(
            weights_of_all,
            "Your softmax runs over the whole table: all queries together have one "
            "weight of 1 to give away. Each row that sees anything has its own.",
        ),
    ),
    promises=(exact_zeros, no_nan_gradient, exact_in_float64),
)


def may_see(lengths_b: Tensor, T: int) -> Tensor:
    return causal_mask(T) & padding_mask(lengths_b, T)


def may_see_or(lengths_b: Tensor, T: int) -> Tensor:
    return causal_mask(T) | padding_mask(lengths_b, T)


def may_see_causal(lengths_b: Tensor, T: int) -> Tensor:
    return causal_mask(T).expand(len(lengths_b), T, T)


def may_see_padding(lengths_b: Tensor, T: int) -> Tensor:
    return padding_mask(lengths_b, T).expand(len(lengths_b), T, T)


def may_see_before(lengths_b: Tensor, T: int) -> Tensor:
    return causal_mask(T).tril(-1) & padding_mask(lengths_b, T)


def may_see_ahead(lengths_b: Tensor, T: int) -> Tensor:
    return causal_mask(T).mT & padding_mask(lengths_b, T)


def may_see_queries(lengths_b: Tensor, T: int) -> Tensor:
    return causal_mask(T) & padding_mask(lengths_b, T).mT


def some_lengths(draw: Draw) -> tuple[Tensor, int]:
    T = draw.randint(4, 8)
    padded = draw.randint(1, T - 1)
    others = [draw.randint(1, T) for _ in range(draw.randint(1, 4))]
    return torch.tensor([padded, *others]), T


MAY_SEE = Exercise(
    may_see,
    cases=lambda: [
        (torch.tensor([2]), 3),
        (torch.tensor([3, 1, 5, 2]), 5),
    ],
    hidden=by_seed(some_lengths),
    hints=(
        "There are two rules, and a key has to pass both: it is not later than the "
        "query, and it is no padding.",
        "The first is a triangle (T, T). The second depends on the key's place j and "
        "on the length of row b; give it an axis of 1 for the queries.",
        "causal_mask(T) & (torch.arange(T) < lengths_b[:, None, None])",
    ),
    wrong=(
        Wrong(
            may_see_or,
            "You joined the two rules with OR: to pass one is enough, so real symbols "
            "are seen too early, and padding too. May a key be looked at that breaks "
            "either rule?",
        ),
        Wrong(
            may_see_causal,
            "Nobody looks ahead: good. But `lengths_b` changes nothing, so late "
            "queries look at padding. Which keys of row b are real?",
        ),
        Wrong(
            may_see_padding,
            "Padding is hidden: good. But every query sees all real keys, those after "
            "it too, and a language model would be shown the answer. What may query i "
            "see of key j?",
        ),
        Wrong(
            lambda lengths_b, T: causal_mask(T),
            "One triangle (T, T) for the whole batch: nobody looks ahead, but the rows "
            "differ in length, and `lengths_b` changes nothing. Which keys of row b "
            "are real?",
        ),
        Wrong(
            padding_mask,
            "You return one row of keys for all queries, (B, 1, T): padding is hidden, "
            "but each query would see the keys after it too. What may query i see of "
            "key j?",
        ),
        Wrong(
            may_see_before,
            "No place can look at itself: your diagonal is False, and the first query "
            "sees nothing at all. What stands at a place is its input, not its answer; "
            "it may be seen.",
        ),
        Wrong(
            may_see_ahead,
            "Your triangle is the other one: each place sees itself and what comes "
            "after. Rows are queries. How many keys may the first row see?",
        ),
        Wrong(
            may_see_queries,
            "You hid the queries past the length: their rows are all False. It is the "
            "keys that are looked at. Which columns of row b hold padding?",
        ),
        Wrong(
            lambda lengths_b, T: ~may_see(lengths_b, T),
            "Both rules are right, but your True means hidden, as in the mask of "
            "torch.nn.MultiheadAttention. Here, as in scaled_dot_product_attention, "
            "True means may be looked at.",
        ),
        Wrong(
            lambda lengths_b, T: may_see(lengths_b + 1, T),
            "One place of padding is still seen. Counting begins at 0: in a row of "
            "length 2, which place is the last real one?",
        ),
        Wrong(
            lambda lengths_b, T: may_see(lengths_b - 1, T),
            "The last real token is hidden along with the padding. Counting begins at "
            "0: a row of length 2 has tokens at places 0 and 1, and both are real.",
        ),
        Wrong(
            lambda lengths_b, T: ~causal_mask(T) & padding_mask(lengths_b, T),
            "Your triangle holds what comes *after* the query, the future. That is how "
            "a mask of what is hidden is often made, triu(1); here True means may be "
            "looked at. How many keys may the first row see?",
        ),
        Wrong(
            lambda lengths_b, T: (
                torch.ones(T, T, dtype=torch.bool).tril(1) & padding_mask(lengths_b, T)
            ),
            "Each query sees one key too many: the next one, the very token that is to "
            "be predicted. On which diagonal does the triangle end?",
        ),
        Wrong(
            lambda lengths_b, T: causal_mask(T) & ~padding_mask(lengths_b, T),
            "The triangle is right, but the other rule is turned over: your queries "
            "see the padding and not the tokens. On which side of `lengths_b` are the "
            "real places?",
        ),
        Wrong(
            lambda lengths_b, T: (
                causal_mask(T) & padding_mask(lengths_b, T).flip(dims=(-1,))
            ),
            "You hid the first places of a row. Here the tokens come first and the "
            "padding fills up the end: which places j of a row of length 2 are real?",
        ),
    ),
)


def heads_cut_across_time(x_btc: Tensor, n_heads: int) -> Tensor:
    B, T, C = x_btc.shape
    return x_btc.reshape(B, n_heads, T, C // n_heads)


def heads_interleaved(x_btc: Tensor, n_heads: int) -> Tensor:
    B, T, C = x_btc.shape
    return x_btc.reshape(B, T, C // n_heads, n_heads).permute(0, 3, 1, 2)


def heads_after_time(x_btc: Tensor, n_heads: int) -> Tensor:
    return split_heads(x_btc, n_heads).transpose(1, 2)


def some_channels(draw: Draw) -> tuple[Tensor, int]:
    """Return a batch (B, T, C), no number in it twice, and how many heads."""
    B, T, N, D = draw.randint(1, 3), draw.randint(3, 5), *draw.sample((2, 3, 4), 2)
    return draw.order(B * T * N * D).float().view(B, T, N * D), N


SPLIT_HEADS = Exercise(
    split_heads,
    cases=lambda: [
        (torch.arange(12.0).view(1, 3, 4), 2),
        (torch.arange(24.0).view(2, 2, 6), 2),
        (torch.arange(24.0).view(2, 2, 6), 3),
    ],
    hidden=by_seed(some_channels),
    hints=(
        "Every head gets a slice of the channels, at all times. Which number should "
        "stand first in head 1?",
        "reshape cuts or joins neighbouring axes and moves nothing. Only the channels "
        "are to be cut; then the axes have to change places.",
        "x_btc.reshape(B, T, n_heads, C // n_heads).transpose(1, 2)",
    ),
    wrong=(
        Wrong(
            heads_cut_across_time,
            "The shape is right, the contents are not: reshape went through the "
            "numbers in order, so the first head took the earliest times, with all "
            "their channels. Which axis is to be cut? Cut that one alone, then swap.",
        ),
        Wrong(
            heads_interleaved,
            "Head n got the channels n, n + N, n + 2N, and so on. Ours are slices: "
            "head 0 has the first D channels. When one axis is cut into N and D, which "
            "has to come first for neighbours to stay together?",
        ),
        Wrong(
            heads_after_time,
            "The channels are cut rightly, but the shape is (B, T, N, D). The last two "
            "axes are what attention multiplies: as it stands, heads would look at "
            "heads. Which two should be last?",
        ),
        Wrong(
            lambda x_btc, n_heads: x_btc.mT.reshape(
                len(x_btc), n_heads, x_btc.shape[1], -1
            ),
            "Each head has its own channels, but within it the steps are jumbled: they "
            "came as (D, T), and reshape read on in that order instead of turning "
            "them. reshape moves nothing; which call makes two axes change places?",
        ),
        Wrong(
            lambda x_btc, n_heads: torch.stack(x_btc.chunk(n_heads, dim=-1)),
            "The heads are cut rightly, but they stand in front of the batch: "
            "(N, B, T, D). The batch comes first, and then the heads of each sentence. "
            "At which axis should they be stacked?",
        ),
        Wrong(
            lambda x_btc, n_heads: split_heads(x_btc, n_heads).mT,
            "The heads are cut rightly, but the last two axes are (D, T): channels "
            "would look at channels. In q @ k.mT the rows are steps. Which axis comes "
            "last?",
        ),
        Wrong(
            lambda x_btc, n_heads: split_heads(x_btc, x_btc.shape[-1] // n_heads),
            "You made D heads of width N: the two sizes are exchanged. `n_heads` says "
            "how many heads there are; their width is what remains of C.",
        ),
        Wrong(
            lambda x_btc, n_heads: split_heads(x_btc, n_heads).flip(dims=(1,)),
            "The slices are right, in reverse order: your head 0 has the last "
            "channels. Head n has channels n*D to (n+1)*D.",
        ),
    ),
    promises=(gradients(0),),
)


def attend_in_order(x_tc: Tensor, p_tc: Tensor) -> Tensor:
    z_tc = x_tc + p_tc
    return attend(z_tc, z_tc, z_tc)[0]


def unscaled_in_order(x_tc: Tensor, p_tc: Tensor) -> Tensor:
    z_tc = x_tc + p_tc
    return (z_tc @ z_tc.mT).softmax(dim=-1) @ z_tc


def attended_by(z_tc, divisor, dim=-1, values_tc=None):
    """Return what z reads of the values, by default its own, with scores divided by
    `divisor(T, C)` and the softmax over `dim`."""
    weights_tt = (z_tc @ z_tc.mT / divisor(*z_tc.shape)).softmax(dim=dim)
    return weights_tt @ (z_tc if values_tc is None else values_tc)


def some_words(draw: Draw) -> tuple[Tensor, Tensor]:
    shape = draw.randint(2, 6), draw.randint(3, 6)
    return noise(*shape, seed=draw.next_seed()), noise(*shape, seed=draw.next_seed())


ATTEND_IN_ORDER = Exercise(
    attend_in_order,
    cases=lambda: [
        (
            torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0]]),
            torch.tensor([[0.0, 1.0], [1.0, 0.5], [0.5, -0.5]]),
        ),
        (noise(4, 6), sinusoidal(4, 6)),
    ],
    hidden=by_seed(some_words),
    hints=(
        "What has to know of the order: the weights, what is read, or both?",
        "Add the positions once, at the very start. From there on nothing knows that "
        "x and p were ever apart.",
        "z = x_tc + p_tc; then (z @ z.mT / C**0.5).softmax(dim=-1) @ z",
    ),
    wrong=(
        Wrong(
            lambda x_tc, p_tc: attend(x_tc, x_tc, x_tc + p_tc)[0],
            "Only the values know their positions. The weights come from x alone: two "
            "equal words get equal weights, wherever they stand. What are queries and "
            "keys made of?",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(x_tc + p_tc, x_tc + p_tc, x_tc)[0],
            "The weights know the order, but what they fetch is x without its "
            "position. Here one sum is all three: query, key and value.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(x_tc, x_tc, x_tc)[0] + p_tc,
            "You added the positions to the result, when all the looking was over: "
            "the weights know nothing of order. At which step is it decided who looks "
            "where? Add them before it.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(x_tc, x_tc, x_tc)[0],
            "`p_tc` changes nothing in your result. Without positions attention reads "
            "a bag of words: shuffle the rows of x, and the results are the same, "
            "shuffled likewise.",
        ),
        Wrong(
            unscaled_in_order,
            "The positions stand where they should. Now the scores: they are not yet "
            "divided by √C, so the weights are too sharp.",
        ),
        Wrong(
            lambda x_tc, p_tc: attended_by(x_tc + p_tc, lambda T, C: C**0.5, dim=0),
            "The positions stand where they should, but your softmax runs down the "
            "columns: the queries share out a key. One row is one query, and its "
            "weights sum to 1.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(x_tc + p_tc, x_tc, x_tc)[0],
            "Only the queries know where they stand. They can ask for a place, and no "
            "key says that it is there. Here one sum is query, key and value alike.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(x_tc, x_tc + p_tc, x_tc + p_tc)[0],
            "Your queries are bare words: they do not know where they stand, so they "
            "cannot ask for a place relative to their own. One sum is query, key and "
            "value alike.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend_in_order(x_tc, p_tc) + p_tc,
            "Up to the mean all is right. Then you added the positions a second time: "
            "the values have brought theirs along already.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend_in_order(x_tc, p_tc) + x_tc,
            "Up to the mean all is right. Then you added the words once more: such a "
            "shortcut belongs around a layer (lesson 05), and only the layer is asked "
            "for.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend_in_order(x_tc, p_tc) + x_tc + p_tc,
            "Up to the mean all is right. Then you added its input, word and position: "
            "such a shortcut belongs around a layer (lesson 05), and only the layer is "
            "asked for.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(*(3 * [x_tc + p_tc]), causal_mask(len(x_tc)))[0],
            "Your words see only themselves and what is before. No mask is asked for: "
            "it is the positions that are to tell the order, and each word may look "
            "everywhere.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(*(3 * [x_tc * p_tc]))[0],
            "You multiplied words by positions: where a sine is 0, the word is lost. "
            "The sinusoidal way is to add them.",
        ),
        Wrong(
            lambda x_tc, p_tc: attend(*(3 * [x_tc + p_tc]))[1],
            "These are the weights (T, T): where each word looks. Asked for is what it "
            "reads there, the mean of the values.",
        ),
        Wrong(
            lambda x_tc, p_tc: attended_by(x_tc + p_tc, lambda T, C: C),
            "The positions stand where they should. But the scores are divided by C, "
            "and their spread is only √C: the weights are too even.",
        ),
        Wrong(
            lambda x_tc, p_tc: attended_by(x_tc + p_tc, lambda T, C: T**0.5),
            "The positions stand where they should. But the scores are divided by √T, "
            "from the number of words. How many products does one score add up?",
        ),
        Wrong(
            lambda x_tc, p_tc: (
                attended_by(x_tc + p_tc, lambda T, C: C**0.5, values_tc=x_tc) + p_tc
            ),
            "The weights are right, but the values get their positions too late: each "
            "word adds its *own* place to the mean, not those of the words it read. "
            "Add them before.",
        ),
    ),
)


def rotate_from(x_td: Tensor, start: int) -> Tensor:
    before_td = x_td.new_zeros(start, x_td.shape[1])
    return rotate(torch.cat([before_td, x_td]))[start:]


def turned(x_td: Tensor, places_t: Tensor) -> Tensor:
    """Return the rows turned as rows that stand at these places."""
    return turned_by(x_td, places_t[:, None] * frequencies(x_td.shape[1]))


def turned_by(x_td: Tensor, angles_tf: Tensor) -> Tensor:
    """Return the rows with each pair of neighbours turned by its angle."""
    pairs_tf = torch.view_as_complex(x_td.reshape(len(x_td), -1, 2))
    turn_tf = torch.polar(torch.ones_like(angles_tf), angles_tf)
    return torch.view_as_real(pairs_tf * turn_tf).flatten(1).to(x_td)


def rotated_back(x_td: Tensor, start: int) -> Tensor:
    return turned(x_td, -torch.arange(start, start + len(x_td)))


def rotated_alike(x_td: Tensor, start: int) -> Tensor:
    return turned(x_td, torch.full((len(x_td),), start))


def rotated_halves(x_td: Tensor, start: int) -> Tensor:
    T, D = x_td.shape
    neighbours_td = x_td.view(T, 2, D // 2).mT.flatten(1)  # i and i + D/2 side by side
    turned_td = rotate_from(neighbours_td, start)
    return turned_td.view(T, D // 2, 2).mT.flatten(1)


def rotated_with(x_td: Tensor, start: int, even: Callable, odd: Callable) -> Tensor:
    """Return the rows with other formulas for the pairs: of even and odd channels,
    cosine and sine."""
    places_t = torch.arange(start, start + len(x_td))
    angles_tf = places_t[:, None] * frequencies(x_td.shape[1])
    given = x_td[:, 0::2], x_td[:, 1::2], angles_tf.cos(), angles_tf.sin()
    return torch.stack([even(*given), odd(*given)], dim=-1).flatten(1).to(x_td)


def rotated_one_angle(x_td: Tensor, start: int) -> Tensor:
    angles_tf = torch.arange(len(x_td))[:, None] * frequencies(x_td.shape[1])
    return turned_by(x_td, angles_tf + start)


def rotated_side_by_side(x_td: Tensor, start: int) -> Tensor:
    turned_td = rotate_from(x_td, start)
    return torch.cat([turned_td[:, 0::2], turned_td[:, 1::2]], dim=-1)


def rotated_after(x_td: Tensor, start: int) -> Tensor:
    return rotate(torch.cat([x_td, x_td.new_zeros(start, x_td.shape[1])]))[start:]


def rotated_first(x_td: Tensor, start: int) -> Tensor:
    before_td = x_td.new_zeros(start, x_td.shape[1])
    return rotate(torch.cat([before_td, x_td]))[: len(x_td)]


def some_rows(draw: Draw) -> tuple[Tensor, int]:
    T, D = draw.randint(2, 5), draw.choice((4, 6, 8))
    return noise(T, D, seed=draw.next_seed()), draw.randint(1, 40)


ROTATE_FROM = Exercise(
    rotate_from,
    cases=lambda: [
        (torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 2.0, 0.0, 2.0]]), 2),
        (noise(3, 6), 7),
        (noise(1, 8, seed=1), 30),
        (noise(4, 4, seed=2), 0),
        (noise(5, 4, seed=3), 2),
    ],
    hidden=by_seed(some_rows),
    hints=(
        "`rotate` turns row t by t times the frequencies. Here row t stands at "
        "another place. At which?",
        "At start + t. Write `rotate` anew with other positions; or let it see "
        "`start` rows before yours, and cut them off again.",
        "In `rotate`, torch.arange(start, start + T) instead of torch.arange(T). Or "
        "rotate(torch.cat([torch.zeros(start, D), x_td]))[start:]",
    ),
    wrong=(
        Wrong(
            lambda x_td, start: rotate(x_td),
            "Your first row is turned as position 0, whatever `start` is. A new token "
            "would take itself for the beginning of the text, while its cached keys "
            "stand further on. Where does row t stand?",
        ),
        Wrong(
            rotated_back,
            "The angles are right, the direction is not: you turned by minus the "
            "position. Among themselves such rows would agree, but not with keys that "
            "`rotate` has turned. Look at the sign before sin.",
        ),
        Wrong(
            rotated_halves,
            "You paired channel i with i + D/2. That is a known convention too, but "
            "our `rotate` pairs neighbours, 2i and 2i + 1, and keys turned by one do "
            "not fit queries turned by the other.",
        ),
        Wrong(
            rotated_alike,
            "All your rows are turned alike, by `start`. That is right for the first; "
            "the next one stands one place further on. Which position has row t?",
        ),
        Wrong(
            lambda x_td, start: rotate_from(x_td, start + 1),
            "Your rows stand one place too far on. If `start` tokens are cached, they "
            "hold positions 0 to start - 1. Which is the first free one?",
        ),
        Wrong(
            rotated_one_angle,
            "You added `start` to the angles, as radians, so all hands are moved "
            "equally far. An angle is frequency times position: `start` is a number of "
            "places, and slow hands turn little in them. Where must it be added?",
        ),
        Wrong(
            lambda x_td, start: turned(x_td, start * torch.arange(len(x_td))),
            "You multiplied the positions by `start`: your first row stands at 0 "
            "again, and the others are `start` places apart. They are to be "
            "neighbours, only further on.",
        ),
        Wrong(
            lambda x_td, start: turned(x_td, start - torch.arange(len(x_td))),
            "Your first row is right, but the next one stands one place *before* it. "
            "Do positions in a text rise or fall from row to row?",
        ),
        Wrong(
            lambda x_td, start: turned(
                x_td, torch.arange(start - 1, start - 1 + len(x_td))
            ),
            "Your rows stand one place too early. `start` is the position of the first "
            "row itself, counted from 0.",
        ),
        Wrong(
            rotated_side_by_side,
            "Each number is right, and half of them are in the wrong place: you put "
            "all even channels first and then all odd ones. A pair has to stay side by "
            "side, as `rotate` leaves it.",
        ),
        Wrong(
            rotated_after,
            "The zeros stand behind your rows and not before them, so your rows are "
            "turned as positions 0, 1, and so on, and then partly cut off. What has to "
            "come first for a row to stand further on?",
        ),
        Wrong(
            rotated_first,
            "You put something before your rows, and then returned that instead of "
            "them. Which end is to be cut off again?",
        ),
        Wrong(
            lambda x_td, start: rotated_with(
                x_td,
                start,
                lambda e, o, cos, sin: e * cos + o * sin,
                lambda e, o, cos, sin: e * sin + o * cos,
            ),
            "Nothing is subtracted in your formulas: so a pair is not turned, it "
            "changes its length. A rotation has one minus; look where `rotate` has it.",
        ),
        Wrong(
            lambda x_td, start: rotated_with(
                x_td,
                start,
                lambda e, o, cos, sin: e * sin - o * cos,
                lambda e, o, cos, sin: e * cos + o * sin,
            ),
            "Sine and cosine are exchanged. At angle 0 nothing may change: which of "
            "the two is 1 there?",
        ),
        Wrong(
            lambda x_td, start: (
                x_td + sinusoidal(start + len(x_td), x_td.shape[1])[start:]
            ),
            "You added the sinusoidal pattern of these positions. Rotary adds nothing: "
            "it turns each pair of channels by its angle.",
        ),
    ),
    tolerance=1e-4,  # angles in float32 are that exact
)


def look_back(h_bh: Tensor, read_bsh: Tensor, sharpness: float = 1.0) -> Tensor:
    scores_bs = torch.einsum("bh,bsh->bs", h_bh, read_bsh)
    weights_bs = (sharpness * scores_bs).softmax(dim=1)
    return torch.einsum("bs,bsh->bh", weights_bs, read_bsh)


def look_back_over_batch(h_bh: Tensor, read_bsh: Tensor) -> Tensor:
    weights_bs = torch.einsum("bh,bsh->bs", h_bh, read_bsh).softmax(dim=0)
    return torch.einsum("bs,bsh->bh", weights_bs, read_bsh)


def look_back_hard(h_bh: Tensor, read_bsh: Tensor) -> Tensor:
    best_b = torch.einsum("bh,bsh->bs", h_bh, read_bsh).argmax(dim=1)
    return read_bsh[torch.arange(len(h_bh)), best_b]


def look_back_each_number(h_bh: Tensor, read_bsh: Tensor) -> Tensor:
    weights_bsh = (h_bh[:, None] * read_bsh).softmax(dim=1)
    return (weights_bsh * read_bsh).sum(dim=1)


def look_back_squeezed(h_bh: Tensor, read_bsh: Tensor) -> Tensor:
    found_bh = look_back(h_bh, read_bsh)
    return found_bh.squeeze() if len(h_bh) == 1 else found_bh


def look_back_shares(h_bh: Tensor, read_bsh: Tensor) -> Tensor:
    scores_bs = torch.einsum("bh,bsh->bs", h_bh, read_bsh)
    shares_bs = scores_bs / scores_bs.sum(dim=1, keepdim=True)
    return torch.einsum("bs,bsh->bh", shares_bs, read_bsh)


def some_source(draw: Draw) -> tuple[Tensor, Tensor]:
    B, S, H = draw.randint(2, 4), draw.randint(2, 6), draw.randint(2, 6)
    return noise(B, H, seed=draw.next_seed()), noise(B, S, H, seed=draw.next_seed())


def one_source(draw: Draw) -> tuple[Tensor, Tensor]:
    S, H = draw.randint(2, 6), draw.randint(2, 6)
    return noise(1, H, seed=draw.next_seed()), noise(1, S, H, seed=draw.next_seed())


LOOK_BACK = Exercise(
    look_back,
    cases=lambda: [
        (
            torch.tensor([[1.0, 0.0], [0.0, 2.0]]),
            torch.tensor([[[2.0, 1], [0, 1], [1, 0]], [[1.0, 0], [0, 1], [3, -1]]]),
        ),
        (noise(3, 4), noise(3, 5, 4, seed=1)),
        (noise(1, 3, seed=2), noise(1, 4, 3, seed=3)),
    ],
    hidden=by_seed(some_source, one_source),
    hints=(
        "Three steps: a score for each source place, weights out of the scores, a "
        "mean with these weights.",
        "The score of place s is the dot product of h and read_bsh[:, s], summed over "
        "H. The weights of one row sum to 1 over the source places.",
        'torch.einsum("bh,bsh->bs", h_bh, read_bsh).softmax(dim=1) are the weights; '
        'torch.einsum("bs,bsh->bh", weights_bs, read_bsh) is the mean.',
    ),
    wrong=(
        Wrong(
            lambda h_bh, read_bsh: read_bsh.mean(dim=1),
            "You took the plain mean of the source. It is the same whatever the "
            "decoder is about to write. How does h say what it is looking for?",
        ),
        Wrong(
            lambda h_bh, read_bsh: read_bsh[:, -1],
            "You returned the encoder's last state: that is the bottleneck again, the "
            "whole source in one vector. Attention is there to reach the other states.",
        ),
        Wrong(
            look_back_over_batch,
            "Your softmax runs over the batch: sentences that have nothing to do with "
            "each other share one pie. For one row b, what should sum to 1?",
        ),
        Wrong(
            lambda h_bh, read_bsh: look_back(h_bh, read_bsh, read_bsh.shape[2] ** -0.5),
            "You divided the scores by √H, as the Transformer does. Luong's dot "
            "product, which this decoder uses, is not scaled.",
        ),
        Wrong(
            look_back_hard,
            "You fetched the best place alone. A choice like this has no gradient, so "
            "h could not learn to look elsewhere. Let each place count by its weight.",
        ),
        Wrong(
            look_back_squeezed,
            "Right for several strings; but a batch of one has lost its first axis. "
            "`squeeze()` removes every axis of size 1, the batch's too: tell it which "
            "one you mean.",
        ),
        Wrong(
            lambda h_bh, read_bsh: read_bsh.sum(dim=1),
            "You summed the states of the source, each with weight 1, whatever h asks. "
            "Did the softmax run over an axis of length one? Then each weight is e to "
            "something over itself. Over the S places they have to sum to 1.",
        ),
        Wrong(
            lambda h_bh, read_bsh: torch.einsum("bh,bsh->bs", h_bh, read_bsh).softmax(
                dim=1
            ),
            "These are the weights (B, S): where each string looks. Asked for is what "
            "it finds there, the mean of the states by these weights.",
        ),
        Wrong(
            lambda h_bh, read_bsh: torch.einsum("bh,bsh->bs", h_bh, read_bsh),
            "These are the scores (B, S), how well each place fits. Two steps are "
            "left: weights out of the scores, and a mean of the states by them.",
        ),
        Wrong(
            lambda h_bh, read_bsh: torch.einsum(
                "bh,bsk,bsh->bk", h_bh, read_bsh, read_bsh
            ),
            "You weighted the states by their scores, without a softmax: a score can "
            "be negative, and the scores of a string have no fixed sum. What makes "
            "shares of them?",
        ),
        Wrong(
            look_back_shares,
            "You divided the scores by their sum, without exp: a negative score gives "
            "a negative weight, and a sum near 0 gives huge ones. What makes any "
            "number positive and keeps the order?",
        ),
        Wrong(
            look_back_each_number,
            "Each of the H numbers chooses its own places in your version: the "
            "products of h and a state were not summed before the softmax. A place "
            "has one score. Over which axis is a dot product summed?",
        ),
        Wrong(
            lambda h_bh, read_bsh: h_bh + look_back(h_bh, read_bsh),
            "What h finds is right; then you added h itself. The page mixes the two "
            "afterwards, in `mix`; here only what is found is asked for.",
        ),
        Wrong(
            lambda h_bh, read_bsh: torch.cat([h_bh, look_back(h_bh, read_bsh)], dim=-1),
            "What h finds is right, but you joined h to it, (B, 2H). The page does so "
            "afterwards, before `mix`; here only what is found is asked for.",
        ),
        Wrong(
            lambda h_bh, read_bsh: look_back(h_bh, read_bsh, -1.0),
            "You look where h fits worst: the scores have the wrong sign on their way "
            "into the softmax.",
        ),
        Wrong(
            lambda h_bh, read_bsh: (h_bh @ read_bsh.mT).softmax(dim=-1) @ read_bsh,
            "Every state asks every string: your scores are (B, B, S). State b belongs "
            "to string b alone. Give h an axis of 1 for its one step, or let einsum "
            "keep the b of both together.",
        ),
    ),
)


def attention_flops(T: int, C: int) -> int:
    return 8 * T * C**2 + 4 * T**2 * C


ATTENTION_FLOPS = Exercise(
    attention_flops,
    cases=lambda: [(4, 8), (100, 64), (2048, 512), (1, 16)],
    hidden=by_seed(lambda draw: tuple(draw.sample(range(17, 400), 2))),
    hints=(
        "Which matrix products does the layer make? Of (m, k) and (k, n) each takes "
        "2·m·k·n FLOPs.",
        "Four projections: queries, keys, values, output. And two products with "
        "T · T weights: the scores, and the values weighted by them.",
        "Each projection 2·T·C·C. Scores 2·T·T·C for all heads together, since "
        "N · D = C, and weighted values the same.",
    ),
    wrong=(
        Wrong(
            lambda T, C: 4 * T**2 * C,
            "Scores and weighted values are right, but where do queries, keys and "
            "values come from? The projections cost as well, and in short texts they "
            "cost most.",
        ),
        Wrong(
            lambda T, C: 8 * T * C**2 + 2 * T**2 * C,
            "One of the two T · T products is missing. There are the scores; and what "
            "are the weights used for after that?",
        ),
        Wrong(
            lambda T, C: attention_flops(T, C) // 2,
            "Exactly half: you counted a multiply-add once. It is a multiplication "
            "and an addition, two FLOPs.",
        ),
        Wrong(
            lambda T, C: 8 * T * C**2 + 4 * 4 * T**2 * C,
            "You took the T · T part times the number of heads. But each head has only "
            "C / N channels: N heads of that width cost as much as one of width C.",
        ),
        Wrong(
            lambda T, C: 6 * T * C**2 + 4 * T**2 * C,
            "You counted three projections: queries, keys, values. What happens to the "
            "heads once they stand side by side again?",
        ),
        Wrong(
            lambda T, C: 8 * T * C**2,
            "The four maps are right, but nobody has looked at anything yet: where are "
            "the scores, and the means of the values? They are the quadratic part.",
        ),
        Wrong(
            lambda T, C: 8 * T**2 * C + 4 * T * C**2,
            "T and C are exchanged. A map turns C numbers into C numbers, once for "
            "each of T words: which of the two is squared there? And which is squared "
            "where every word meets every word?",
        ),
        Wrong(
            lambda T, C: 4 * T * C**2 + 4 * T**2 * C,
            "The T · T part is right, but in the maps you counted a multiply-add once, "
            "and in the scores twice. It is two operations everywhere.",
        ),
        Wrong(
            lambda T, C: 8 * T * C**2 + 4 * 4 * T**2 * 32,
            "Your T · T part takes N = 4 and D = 32 from the experiment above, so it "
            "is the same for every C. The function has to hold for any layer: what is "
            "N · D, whatever N is?",
        ),
        Wrong(
            lambda T, C: 4 * 4 * T**2 * 32,
            "That is the experiment above, N = 4 heads of D = 32, whatever C is, and "
            "without the maps. What is N · D in a layer of C channels? And what do the "
            "four maps cost?",
        ),
        Wrong(
            lambda T, C: 2 * T * C**2 + 4 * T**2 * C,
            "You counted one of the maps. How many C × C maps does the layer have, "
            "with queries, keys, values, and what comes out at the end?",
        ),
        Wrong(
            lambda T, C: 8 * C**2 + 4 * T**2 * C,
            "You counted each map for one word. Every one of the T words goes through "
            "all four.",
        ),
        Wrong(
            lambda T, C: 8 * T * C + 4 * T**2 * C,
            "Your maps cost C per word, as if they were vectors. A C × C map makes C "
            "numbers, and each of them is a sum of C products.",
        ),
        Wrong(
            lambda T, C: 8 * T * C**2 + 4 * T * C,
            "Your scores are T · C products: one for each word. But each of the T "
            "queries meets every one of the T keys.",
        ),
        Wrong(
            lambda T, C: 24 * T * C**2 + 4 * T**2 * C,
            "You counted the feed-forward part of a Transformer block as well. It "
            "comes in lesson 05; the attention layer has its four C × C maps and no "
            "more.",
        ),
        Wrong(
            lambda T, C: 6 * T * C**2 + 2 * T**2 * C,
            "Three maps and one product of T · T. The layer has a fourth map, at its "
            "end; and after the scores the weights have work to do.",
        ),
    ),
)


EXERCISES = {
    "4.1": WEIGHTS,
    "4.2": SCALED_SCORES,
    "4.3": MASKED_WEIGHTS,
    "4.4": MAY_SEE,
    "4.5": SPLIT_HEADS,
    "4.6": ATTEND_IN_ORDER,
    "4.7": ROTATE_FROM,
    "4.8": LOOK_BACK,
    "4.9": ATTENTION_FLOPS,
}
