"""Lesson 07, Pretraining: references, hints and known wrong answers."""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.lessons.lesson07.acceptability import log_probability
from helpers.lessons.lesson07.known_limit import excess_bits as excess_bits_reference
from helpers.lessons.lesson07.long_text import windows as windows_reference
from helpers.lessons.lesson07.span_draws import restored as restore_reference
from helpers.lessons.lesson07.workflow import best_span as best_span_reference
from helpers.lessons.lesson07.workflow import spread_labels as spread_labels_reference
from helpers.models.pretraining.objectives import IGNORED, mask_tokens
from helpers.models.pretraining.pairs import next_sentence_pairs
from helpers.page.attempts import attempt
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed, noise
from helpers.page.promises import gradients, no_float


def masks_case(
    rows: int, words: int, share: float, special: int = 0, seed: int = 0
) -> tuple:
    """Return ids, draws, random ids, special places, the mask's id and the share; the
    first `special` tokens of each row are none of the text, and would be chosen."""
    generator = torch.Generator().manual_seed(seed)
    shape = rows, words
    ids_bt = torch.randint(50, shape, generator=generator)
    random_bt = torch.randint(50, shape, generator=generator)
    random_bt[-1, -1] = ids_bt[-1, -1]  # a random token may be the original
    # In steps of a thousandth and half a one, so that no rounding decides.
    draw_bt = torch.randint(1000, shape, generator=generator) / 1000 + 5e-4
    if special < words:  # each fate at least once
        draw_bt[0, -1], draw_bt[-1, -1] = 0.975 * share, 0.85 * share
        draw_bt[0, -2] = share  # not below it
    special_bt = (torch.arange(words) < special).expand(shape).clone()
    draw_bt[special_bt] = 0.1 * share
    return ids_bt, draw_bt, random_bt, special_bt, 50, share


def some_masks(draw: Draw) -> tuple:
    """Return a case of other sizes and another share."""
    rows, words = draw.randint(2, 4), draw.randint(13, 19)
    share = draw.choice((0.2, 0.3, 0.4))
    return masks_case(rows, words, share, draw.randint(1, 2), draw.next_seed())


def masked_by(
    targets: Callable | None = None,
    inputs: Callable | None = None,
    may: bool = True,
) -> Callable:
    """Return an answer to 7.1 that takes its targets from targets(ids, inputs, chosen,
    draws, share), its inputs from inputs(ids, draws, random ids, mask, share)."""

    def answer(ids_bt, draw_bt, random_bt, special_bt, mask_id, share):
        given = mask_tokens(
            ids_bt, draw_bt, random_bt, special_bt & may, mask_id, share
        )
        chosen_bt = (draw_bt < share) & ~(special_bt & may)
        draw_bt = draw_bt.masked_fill(special_bt & may, 1.0)
        inputs_bt, targets_bt = given
        if inputs is not None:
            inputs_bt = inputs(ids_bt, draw_bt, random_bt, mask_id, share)
        if targets is not None:
            targets_bt = targets(ids_bt, inputs_bt, chosen_bt)
        return inputs_bt, targets_bt

    return answer


def only_changed(ids_bt, inputs_bt, chosen_bt):
    return ids_bt.masked_fill(inputs_bt == ids_bt, IGNORED)


def chosen_ignored(ids_bt, inputs_bt, chosen_bt):
    return ids_bt.masked_fill(chosen_bt, IGNORED)


def from_inputs(ids_bt, inputs_bt, chosen_bt):
    return inputs_bt.masked_fill(~chosen_bt, IGNORED)


def all_targets(ids_bt, inputs_bt, chosen_bt):
    return ids_bt.clone()


def zeros_elsewhere(ids_bt, inputs_bt, chosen_bt):
    return ids_bt.masked_fill(~chosen_bt, 0)


def minus_one(ids_bt, inputs_bt, chosen_bt):
    return ids_bt.masked_fill(~chosen_bt, -1)


def kept_ignored(ids_bt, draw_bt, random_bt, special_bt, mask_id, share):
    pair = mask_tokens(ids_bt, draw_bt, random_bt, special_bt, mask_id, share)
    return pair[0], pair[1].masked_fill(draw_bt >= 0.9 * share, IGNORED)


def up_to_share(ids_bt, draw_bt, random_bt, special_bt, mask_id, share):
    pair = mask_tokens(ids_bt, draw_bt, random_bt, special_bt, mask_id, share)
    return pair[0], torch.where((draw_bt == share) & ~special_bt, ids_bt, pair[1])


def special_hidden(ids_bt, draw_bt, random_bt, special_bt, mask_id, share):
    given = ids_bt, draw_bt, random_bt
    inputs_bt, _ = mask_tokens(*given, special_bt & False, mask_id, share)
    return inputs_bt, mask_tokens(*given, special_bt, mask_id, share)[1]


def usual_share(ids_bt, draw_bt, random_bt, special_bt, mask_id, share):
    return mask_tokens(ids_bt, draw_bt, random_bt, special_bt, mask_id)


def of_all(ids_bt, draw_bt, random_bt, mask_id, share):
    """The shares 0.8 and 0.1 taken of all tokens."""
    inputs_bt = torch.where(draw_bt < 0.9, random_bt, ids_bt)
    return inputs_bt.masked_fill(draw_bt < 0.8, mask_id)


def mask_overwritten(ids_bt, draw_bt, random_bt, mask_id, share):
    inputs_bt = ids_bt.masked_fill(draw_bt < 0.8 * share, mask_id)
    return torch.where(draw_bt < 0.9 * share, random_bt, inputs_bt)


def only_masks(ids_bt, draw_bt, random_bt, mask_id, share):
    return ids_bt.masked_fill(draw_bt < share, mask_id)


def none_kept(ids_bt, draw_bt, random_bt, mask_id, share):
    inputs_bt = torch.where(draw_bt < share, random_bt, ids_bt)
    return inputs_bt.masked_fill(draw_bt < 0.8 * share, mask_id)


MASKS = Exercise(
    mask_tokens,
    cases=lambda: [
        masks_case(2, 6, 0.5),
        masks_case(3, 12, 0.3, special=1, seed=1),
        masks_case(1, 20, 0.15, special=2, seed=2),
        masks_case(2, 5, 0.25, special=5, seed=3),
    ],
    hidden=by_seed(some_masks),
    hints=(
        "Three questions for each token: is it chosen; if so, what does the model see; "
        "what is its target? Only the first decides about the target.",
        "Let no special token be chosen: give it the draw 1 before you compare. Of the "
        "chosen, the draws below 0.8·share get the mask, from there to 0.9·share the "
        "random token, and the rest stay.",
        "draw = draw_bt.masked_fill(special_bt, 1.0); inputs = torch.where(draw < 0.9 "
        "* share, random_bt, ids_bt).masked_fill(draw < 0.8 * share, mask_id); targets "
        "= ids_bt.masked_fill(draw >= share, -100).",
    ),
    wrong=(
        Wrong(
            masked_by(only_changed),
            "A chosen token that was left as it is has no target in your answer. But a "
            "model that is never asked about words it sees need not look at them. Who "
            "decides about the target: the choice, or the change?",
        ),
        Wrong(
            masked_by(chosen_ignored),
            "Your targets are the wrong way round: the chosen tokens have -100, which "
            "the loss leaves out. Which tokens should it ask about?",
        ),
        Wrong(
            masked_by(from_inputs),
            "Your targets were read off after the change, so that the answer to a mask "
            "is the mask itself. Where does the right answer still stand?",
        ),
        Wrong(
            masked_by(all_targets),
            "Every token has a target. The loss would mostly reward copying what is in "
            "plain sight. What tells F.cross_entropy to leave a token out?",
        ),
        Wrong(
            masked_by(zeros_elsewhere),
            "Where nothing is asked you give 0 as the target. That is a word like any "
            "other, and the model would learn to say it. Which number is left out?",
        ),
        Wrong(
            kept_ignored,
            "A chosen token that stays as it is has no target in your answer, yet one "
            "that became a random token has. The choice alone decides: below which "
            "draw is a token chosen?",
        ),
        Wrong(
            masked_by(minus_one),
            "Where nothing is asked you give -1. F.cross_entropy leaves out -100 and "
            "no other number; at -1 it stops with an error.",
        ),
        Wrong(
            up_to_share,
            "A token whose draw equals `share` is chosen in your answer. Chosen are "
            "those *below* it: < or <=?",
        ),
        Wrong(
            special_hidden,
            "No special token is asked about in your answer, but some are hidden: "
            "`[CLS]` or `[SEP]` has become a mask. What is never chosen stays as it "
            "is in the inputs, too.",
        ),
        Wrong(
            usual_share,
            "You chose 15 % of the tokens, whatever `share` says. Which of your "
            "numbers should depend on it?",
        ),
        Wrong(
            masked_by(inputs=of_all),
            "You took 0.8 and 0.9 of all tokens. They are shares of the chosen ones: "
            "below which draw is a token masked when `share` is 0.5?",
        ),
        Wrong(
            masked_by(inputs=mask_overwritten),
            "No mask is left: the random tokens were put in after it, and below "
            "0.9·share lie the draws of the masked ones, too. Which of the two has to "
            "have the last word?",
        ),
        Wrong(
            masked_by(inputs=only_masks),
            "All chosen tokens are masked. A tenth of them should become the random "
            "token, and a tenth should stay: 0.8 and 0.9 are shares of the chosen "
            "ones. Which draws are these when `share` is 0.5?",
        ),
        Wrong(
            masked_by(inputs=none_kept),
            "No chosen token stays as it is: a fifth of them become random tokens. "
            "Where does the last tenth begin?",
        ),
        Wrong(
            masked_by(may=False),
            "You chose special tokens, too. They are in every text at the same place, "
            "so there is nothing to learn from guessing them. What does `special_bt` "
            "say?",
        ),
    ),
)


def sentinels_kept(inputs, targets, first):
    text = []
    for id in inputs:
        text += [id] * (id >= first) + restore_reference([id], targets, first)
    return text


def one_word_each(inputs, targets, first):
    after = {a: b for a, b in pairwise(targets) if a >= first}
    text = [after[id] if id >= first else id for id in inputs]
    return [id for id in text if id < first]


def appended(inputs, targets, first):
    return [id for id in [*inputs, *targets] if id < first]


def left_out(inputs, targets, first):
    return [id for id in inputs if id < first]


def above_first(inputs, targets, first):
    stretches, last = {}, None
    for id in targets:
        if id > first:
            stretches[id] = last = []
        elif last is not None:
            last.append(id)
    text = []
    for id in inputs:
        text += stretches[id] if id > first else [id]
    return text


def nested(inputs, targets, first):
    pieces = [restore_reference([id], targets, first) for id in inputs]
    return [
        piece if id >= first else id for id, piece in zip(inputs, pieces, strict=True)
    ]


def end_lost(inputs, targets, first):
    last = max((i for i, id in enumerate(inputs) if id >= first), default=-1)
    return restore_reference(inputs[: last + 1], targets, first)


def in_turn(inputs, targets, first):
    """Every sentinel gives way to all words of the targets that are left, one by "
    "one."""
    words = iter([id for id in targets if id < first])
    return [next(words) if id >= first else id for id in inputs]


def spans_case(
    words: int, stretches: tuple[tuple[int, int], ...], first: int, seed: int
) -> tuple:
    """Return inputs, targets and the first sentinel; each stretch, from and to, gets a
    sentinel of its own, also where two touch."""
    ids = torch.randint(first, (words,), generator=torch.Generator().manual_seed(seed))
    text, inputs, targets, at = ids.tolist(), [], [], 0
    for number, (begin, end) in enumerate(stretches):
        inputs += [*text[at:begin], first + number]
        targets += [first + number, *text[begin:end]]
        at = end
    return [*inputs, *text[at:]], [*targets, first + len(stretches)], first


def some_spans(draw: Draw) -> tuple:
    """Return a case of three stretches, two of which touch."""
    a, b, c, d = sorted(draw.sample(range(1, 16), 4))
    return spans_case(
        17, ((a, b), (b, c), (d, 16)), draw.randint(30, 60), draw.randint(1, 999)
    )


RESTORE = Exercise(
    restore_reference,
    cases=lambda: [
        spans_case(7, ((2, 4),), 40, 1),
        spans_case(9, ((0, 2), (4, 5), (6, 9)), 40, 2),
        spans_case(8, ((1, 3), (3, 6)), 100, 3),
        spans_case(4, ((0, 4),), 20, 4),
        spans_case(5, (), 20, 5),
    ],
    hidden=by_seed(some_spans),
    hints=(
        "The targets are a dictionary, written in a row: a sentinel, then what it "
        "stands for, then the next sentinel. Which structure in Python is that?",
        "Go through the targets and remember the last sentinel: `stretches[id] = []` "
        "when one comes, append to the last list otherwise. Then go through the "
        "inputs.",
        "for id in inputs: text += stretches[id] if id >= first else [id]",
    ),
    wrong=(
        Wrong(
            sentinels_kept,
            "The words are back, but the sentinels are still in the text. Were they in "
            "it before?",
        ),
        Wrong(
            one_word_each,
            "You give one word for each sentinel. A stretch may be longer: where in "
            "the targets does it end?",
        ),
        Wrong(
            in_turn,
            "Each sentinel took one word of the targets, in turn, and no stretch is "
            "longer in your text. Which words of the targets belong to which sentinel?",
        ),
        Wrong(
            appended,
            "All words are there, but the hidden ones stand at the end. What says "
            "where they belong?",
        ),
        Wrong(
            nested,
            "Each stretch is a list inside your list. The text is one flat list of "
            "ids: what does `+=` add to a list, what `append`?",
        ),
        Wrong(
            end_lost,
            "What stands behind the last sentinel of the inputs is missing from your "
            "text. Which part of the inputs is never copied?",
        ),
        Wrong(
            left_out,
            "What was hidden is missing from your text. Where do its words stand?",
        ),
        Wrong(
            above_first,
            "You took the first sentinel for a word. Sentinels are the ids from "
            "`first` on: is `first` itself one?",
        ),
    ),
)


def in_nats(logits_btv, limit_btv, targets_bt):
    return excess_bits_reference(logits_btv, limit_btv, targets_bt) * math.log(2)


def sign_turned(logits_btv, limit_btv, targets_bt):
    return -excess_bits_reference(logits_btv, limit_btv, targets_bt)


def of_all_places(logits_btv, limit_btv, targets_bt):
    share = (targets_bt != IGNORED).double().mean().item()
    return excess_bits_reference(logits_btv, limit_btv, targets_bt) * share


def logits_as_logs(logits_btv, limit_btv, targets_bt):
    asked_bt = targets_bt != IGNORED
    own_n1 = targets_bt[asked_bt][:, None]
    model_n1 = logits_btv[asked_bt].gather(1, own_n1)
    limit_n1 = limit_btv[asked_bt].gather(1, own_n1).log()
    return (limit_n1 - model_n1).mean().item() / math.log(2)


def loss_alone(logits_btv, limit_btv, targets_bt):
    return excess_bits_reference(logits_btv, torch.ones_like(limit_btv), targets_bt)


def logits_as_shares(logits_btv, limit_btv, targets_bt):
    asked_bt = targets_bt != IGNORED
    own_n1 = targets_bt[asked_bt][:, None]
    model_n1 = logits_btv[asked_bt].gather(1, own_n1).log()
    limit_n1 = limit_btv[asked_bt].gather(1, own_n1).log()
    return (limit_n1 - model_n1).mean().item() / math.log(2)


def limit_as_logits(logits_btv, limit_btv, targets_bt):
    return excess_bits_reference(logits_btv, limit_btv.softmax(dim=-1), targets_bt)


def all_summed(logits_btv, limit_btv, targets_bt):
    asked = (targets_bt != IGNORED).sum().item()
    return asked * excess_bits_reference(logits_btv, limit_btv, targets_bt)


def entropy_taken(logits_btv, limit_btv, targets_bt):
    p_nv = limit_btv[targets_bt != IGNORED]
    entropy = -p_nv.xlogy(p_nv).sum(dim=-1).mean().item() / math.log(2)
    return loss_alone(logits_btv, limit_btv, targets_bt) - entropy


def rows_first(logits_btv, limit_btv, targets_bt):
    rows = zip(logits_btv, limit_btv, targets_bt, strict=True)
    each = [excess_bits_reference(*(x[None] for x in row)) for row in rows]
    return sum(each) / len(each)


def of_last_row(logits_btv, limit_btv, targets_bt):
    """-100 read as an index from the end is clamped to 0: the ignored ones count."""
    word_bt1 = targets_bt.clamp(min=0)[..., None]
    model = logits_btv.log_softmax(dim=-1).gather(-1, word_bt1)
    limit = limit_btv.gather(-1, word_bt1).log()
    return (limit - model).mean().item() / math.log(2)


def excess_case(
    rows: int, words: int, symbols: int, more: int, asked: int, seed: int
) -> tuple:
    """Return logits, the limit's probabilities and targets: in the first row `asked`
    of them, in the others one."""
    logits_btv = 2 * noise(rows, words, symbols + more, seed=seed)
    limit_btv = (2 * noise(rows, words, symbols, seed=seed + 1)).softmax(dim=-1)
    generator = torch.Generator().manual_seed(seed)
    targets_bt = torch.randint(symbols, (rows, words), generator=generator)
    targets_bt[0, asked:] = IGNORED
    targets_bt[1:, :-1] = IGNORED
    return logits_btv, limit_btv.double(), targets_bt


def some_excess(draw: Draw) -> tuple:
    """Return a case of other sizes."""
    sizes = draw.randint(3, 5), draw.randint(6, 9), draw.randint(6, 12)
    return excess_case(*sizes, draw.randint(0, 2), draw.randint(2, 4), draw.next_seed())


EXCESS = Exercise(
    excess_bits_reference,
    cases=lambda: [
        excess_case(2, 4, 5, 0, 3, 1),
        excess_case(3, 6, 8, 1, 2, 2),
        excess_case(2, 3, 4, 1, 2, 3),
    ],
    hidden=by_seed(some_excess),
    hints=(
        "Excess is the model's loss minus the limit's, on the same targets. Which "
        "places have a target?",
        "Pick the places first: `asked = targets_bt != -100`, then `logits_btv[asked]` "
        "is (n, V). The model has logits, the limit probabilities: only one of them "
        "needs log_softmax. `gather` picks each target's entry.",
        "own = targets_bt[asked][:, None]; mean of limit_btv[asked].gather(1, "
        "own).log() minus logits_btv[asked].log_softmax(-1).gather(1, own); divided by "
        "math.log(2), and .item().",
    ),
    wrong=(
        Wrong(
            in_nats,
            "Right, but in nats. How many bits is one nat?",
        ),
        Wrong(
            of_all_places,
            "The sum is right, but you divide it by all places. How many of them were "
            "asked for a word?",
        ),
        Wrong(
            of_last_row,
            "The places without a target count in your mean, as if they asked for word "
            "0. What does -100 say about a place?",
        ),
        Wrong(
            sign_turned,
            "The sign is turned: a model that is worse than the limit should lose more "
            "than nothing. Which loss is taken from which?",
        ),
        Wrong(
            loss_alone,
            "That is the model's whole loss. What would the best possible one have "
            "lost on these words?",
        ),
        Wrong(
            logits_as_logs,
            "You took the logits for logarithms of probabilities. Do their "
            "exponentials sum to 1?",
        ),
        Wrong(
            logits_as_shares,
            "You took logarithms of logits, as if they were probabilities. Some are "
            "negative, and their logarithm is NaN. What makes probabilities of logits?",
        ),
        Wrong(
            limit_as_logits,
            "You put the limit through softmax. It holds probabilities already: what "
            "would softmax make of 1 and 0?",
        ),
        Wrong(
            all_summed,
            "You summed over the targets. Asked are the bits *per target*: divide by "
            "the number of places that have one.",
        ),
        Wrong(
            entropy_taken,
            "You took off the limit's entropy, which is what it loses on the mean of "
            "all words. What does it lose on the same words, those of the targets?",
        ),
        Wrong(
            rows_first,
            "You averaged each row, then the rows. A row with one target weighs as "
            "much as one with three: is each target worth the same?",
        ),
    ),
)


# ---------------------------------------------------------------- 7.4, a score


def of_words(logs_btv: Tensor, ids_bt: Tensor) -> Tensor:
    """Return what logs, one row for each word, give to these words: (B, T)."""
    return logs_btv.gather(2, ids_bt[..., None])[..., 0]


def next_logs(logits_btv: Tensor, ids_bt: Tensor) -> Tensor:
    """Return ln p of each word after the first: (B, T - 1)."""
    return of_words(logits_btv[:, :-1].log_softmax(dim=-1), ids_bt[:, 1:])


def scored(told: Callable[[Tensor], Tensor]):
    """Return the answer that makes one number of the logarithms, (B, T - 1)."""

    def answer(logits_btv: Tensor, ids_bt: Tensor) -> Tensor:
        return told(next_logs(logits_btv, ids_bt))

    return answer


def scored_at(logits_from: slice, ids_from: slice):
    """Return the answer that pairs logits and words of these places."""

    def answer(logits_btv: Tensor, ids_bt: Tensor) -> Tensor:
        logs_btv = logits_btv[:, logits_from].log_softmax(dim=-1)
        return of_words(logs_btv, ids_bt[:, ids_from]).sum(dim=1)

    return answer


def scored_by(logs: Callable[[Tensor], Tensor]):
    """Return the answer that sums what `logs` makes of the logits."""

    def answer(logits_btv: Tensor, ids_bt: Tensor) -> Tensor:
        return of_words(logs(logits_btv[:, :-1]), ids_bt[:, 1:]).sum(dim=1)

    return answer


def scored_by_roll(logits_btv: Tensor, ids_bt: Tensor) -> Tensor:
    logs_btv = logits_btv.log_softmax(dim=-1).roll(1, dims=1)
    return of_words(logs_btv, ids_bt).sum(dim=1)


def sentence_case(B: int, T: int, V: int, seed: int, scale: float = 1.0) -> tuple:
    """Return logits (B, T, V) and words (B, T), the first ones alike."""
    ids_bt = (noise(B, T, seed=seed + 1) * 1e4).long() % V
    return scale * noise(B, T, V, seed=seed), ids_bt


def some_sentences(draw: Draw) -> tuple:
    B, T, V = draw.randint(1, 4), draw.randint(4, 6), draw.randint(7, 9)
    return sentence_case(B, T, V, draw.next_seed(), draw.choice((1.0, 90.0)))


# The last case has logits so far apart that softmax alone rounds to 0.
SENTENCE_SCORE = Exercise(
    log_probability,
    cases=lambda: [
        (torch.zeros(1, 3, 4), torch.tensor([[0, 1, 2]])),
        sentence_case(3, 4, 6, 1),
        sentence_case(2, 5, 5, 2, 80.0),
    ],
    hidden=by_seed(some_sentences),
    hints=(
        "A sentence of T words has T - 1 predictions, since the first word is given. "
        "Which logits are about the second word?",
        "The probability of several words is a product, so its logarithm is a sum. "
        "log_softmax makes logarithms of probabilities from logits; gather picks those "
        "of the words that came.",
        "logits_btv[:, :-1].log_softmax(-1).gather(2, ids_bt[:, 1:, None]), then take "
        "its last axis away and sum over dim=1.",
    ),
    wrong=(
        Wrong(
            scored_at(slice(None), slice(None)),
            "Off by one: you asked the logits at place t about the word at t, which "
            "the model had just read. Which word are they about?",
        ),
        Wrong(
            scored_at(slice(1, None), slice(1, None)),
            "You left the first word out on both sides, so the logits at place t are "
            "still asked about the word at t. Which one should lose its last place "
            "instead of its first?",
        ),
        Wrong(
            scored_at(slice(None, -1), slice(None, -1)),
            "You left the last place out on both sides, so the first word, which is "
            "given, is scored, and the verb at the end is not. Which words do the "
            "logits at 0 to T - 2 speak about?",
        ),
        Wrong(
            scored(lambda logs: logs.mean(dim=1)),
            "You took the mean over the words. It compares sentences of different "
            "length; but the probability of all words is a product. What is its ln?",
        ),
        Wrong(
            scored(lambda logs: -logs.sum(dim=1)),
            "The sign: your score is a loss, large for an unlikely sentence. Is ln of "
            "a probability above or below 0?",
        ),
        Wrong(
            scored(lambda logs: logs[:, -1]),
            "You scored the last word alone. Asked is the probability of all words "
            "after the first.",
        ),
        Wrong(
            scored(lambda logs: logs[:, :-1].sum(dim=1)),
            "The last word is left out, where the verb may stand: one word too few. "
            "How many predictions does a sentence of T words have?",
        ),
        Wrong(
            scored(lambda logs: logs.sum(dim=1) / math.log(2)),
            "Right, but in bits. Asked is ln, the natural logarithm.",
        ),
        Wrong(
            scored_by(lambda logits: logits.softmax(dim=-1).log2()),
            "log2 counts bits; asked is ln, the natural logarithm. And after a softmax "
            "some are -inf: log_softmax never leaves the logarithms.",
        ),
        Wrong(
            scored_by_roll,
            "You scored the first word, too, by the logits of the last place: rolled "
            "round, they have come to the front. The first word is given.",
        ),
        Wrong(
            scored(lambda logs: logs),
            "You have the logarithms of the single words, (B, T - 1), and they are "
            "right. What makes one number for each sentence of them?",
        ),
        Wrong(
            scored(lambda logs: logs.sum()),
            "You summed over the batch, too: one number for all sentences. Over which "
            "axis do the words of one sentence stand?",
        ),
        Wrong(
            scored(lambda logs: logs.sum(dim=1).exp()),
            "This is the probability itself; asked is its logarithm. For a sentence of "
            "fifty words the probability is too small for a float.",
        ),
        Wrong(
            scored_by(lambda logits: logits),
            "You summed raw logits. Add 5 to all logits of a place: the probabilities "
            "stay, and your score grows. What makes probabilities of logits?",
        ),
        Wrong(
            scored_by(lambda logits: logits.softmax(dim=-1)),
            "You summed probabilities. The words of a sentence come one after the "
            "other, so their probabilities are multiplied; what is added?",
        ),
        Wrong(
            scored_by(lambda logits: logits.softmax(dim=-1).log()),
            "Right, until a probability rounds to 0 and its logarithm is -inf. "
            "log_softmax does both at once and never leaves the logarithms.",
        ),
        Wrong(
            scored_by(lambda logits: logits.log_softmax(dim=1)),
            "Your softmax runs over the places, dim=1, so the words of the vocabulary "
            "do not share one probability of 1. Over which axis do they stand?",
        ),
    ),
)

# ---------------------------------------------------------------- 7.5, fair pairs


def paired(moved: Callable[[list[str], list[list[str]]], list[str]]):
    """Return the answer whose made-up pairs have moved(seconds, documents) second."""

    def answer(documents: list[list[str]]) -> list[tuple[str, str, int]]:
        true = [pair for d in documents for pair in pairwise(d)]
        others = moved([second for _, second in true], documents)
        made_up = zip((first for first, _ in true), others, strict=False)
        return [(*pair, 0) for pair in true] + [(*pair, 1) for pair in made_up]

    return answer


def round_the_end(items: list[str], by: int) -> list[str]:
    """Return the items, each replaced by the one `by` places further on."""
    by %= len(items)
    return items[by:] + items[:by]


def most_pairs(documents: list[list[str]]) -> int:
    """Return how many pairs the longest document has."""
    return max(map(len, documents)) - 1


def openings_next(seconds: list[str], documents: list[list[str]]) -> list[str]:
    """Return for each pair the first sentence of the document after its own."""
    following = zip(documents, documents[1:] + documents[:1], strict=True)
    return [other[0] for own, other in following for _ in own[1:]]


def firsts_moved(seconds: list[str], documents: list[list[str]]) -> list[str]:
    """Return the first sentences of the pairs `most` places further on."""
    firsts = [sentence for document in documents for sentence in document[:-1]]
    return round_the_end(firsts, most_pairs(documents))


def pairs_moved(seconds: list[str], documents: list[list[str]]) -> list[tuple]:
    """Return the pairs themselves `most` places further on."""
    true = [pair for document in documents for pair in pairwise(document)]
    return round_the_end(true, most_pairs(documents))


def text_of(*lengths: int, start: int = 0) -> list[list[str]]:
    """Return documents of so many sentences, no two of which are alike."""
    names = iter(f"Sentence {number}." for number in range(start, start + sum(lengths)))
    return [[next(names) for _ in range(length)] for length in lengths]


def some_documents(draw: Draw) -> tuple:
    lengths = [draw.randint(2, 4) for _ in range(draw.randint(6, 8))]
    return (text_of(*lengths, start=draw.randint(10, 60)),)


FAIR_PAIRS = Exercise(
    next_sentence_pairs,
    cases=lambda: [
        (text_of(2, 3, 2),),
        (text_of(3, 2, 4, 2, 3, start=10),),
        (text_of(4, 4, 2, start=40),),
    ],
    hidden=by_seed(some_documents),
    hints=(
        "A document of three sentences has how many pairs? m is the largest such "
        "number.",
        "Moving a list m places, round its end, is two slices put together: what "
        "follows the first m, then the first m.",
        "seconds = [second for _, second in true], then moved = seconds[m:] + "
        "seconds[:m], with m the length of the longest document minus 1.",
    ),
    wrong=(
        Wrong(
            paired(openings_next),
            "Your made-up pairs still end in the opening of a document, and a true "
            "pair never does: the second sentence alone gives the label away. Which "
            "sentences can be second in a true pair?",
        ),
        Wrong(
            paired(lambda seconds, documents: round_the_end(seconds, 1)),
            "Moved by one place: where a document has two pairs or more, the made-up "
            "pair stays inside it, and may even be a true neighbour's. How far out of "
            "a document is far enough for every one?",
        ),
        Wrong(
            paired(lambda seconds, d: round_the_end(seconds, most_pairs(d) + 1)),
            "You moved by the number of sentences of the longest document, one place "
            "too far. These pairs are fair, too; but a document of n sentences has "
            "n - 1 pairs, and m counts pairs.",
        ),
        Wrong(
            paired(lambda seconds, d: round_the_end(seconds, -most_pairs(d))),
            "You moved the other way: each pair gets the sentence m places before. "
            "That is as fair; asked was m places further on.",
        ),
        Wrong(
            paired(lambda seconds, documents: seconds[most_pairs(documents) :]),
            "The last m true pairs have no made-up partner: you cut the list and did "
            "not go round the end, and `zip` says nothing. Then label 0 is more "
            "frequent than 1, and the last sentences are in true pairs alone.",
        ),
        Wrong(
            paired(lambda seconds, d: round_the_end(seconds, len(d[0]) - 1)),
            "You took the first document's pairs for m. If a later one is longer, "
            "some of its made-up pairs stay inside it. Which document decides?",
        ),
        Wrong(
            paired(lambda seconds, d: round_the_end(seconds, len(d))),
            "You moved by the number of documents. m is the most pairs that *one* "
            "document has.",
        ),
        Wrong(
            paired(pairs_moved),
            "You moved whole pairs, so a pair stands where a sentence belongs. Take "
            "the second sentence of each pair first, then move these.",
        ),
        Wrong(
            paired(firsts_moved),
            "You moved the first sentences of the pairs, not the second ones. Openings "
            "are among them, and no true pair ends in an opening: the leak is back.",
        ),
        Wrong(
            paired(lambda seconds, documents: seconds[::-1]),
            "Reversed, a pair near the middle meets its own document again. Moving "
            "all by the same number of places avoids that.",
        ),
        Wrong(
            paired(lambda seconds, documents: seconds),
            "Nothing has moved: each true pair comes back with label 1.",
        ),
    ),
)


# ---------------------------------------------------------------- 7.6 denoising_step


class Cleaner(nn.Linear):
    """A denoiser of one layer, shown by its size."""

    def __init__(self, pixels: int, seed: int = 0):
        super().__init__(pixels, pixels)
        self.weight.data = noise(pixels, pixels, seed=seed) / 2
        self.bias.data = noise(pixels, seed=seed + 1)

    def __repr__(self) -> str:
        return f"(a denoiser of {self.in_features} pixels)"


def denoising_step_reference(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean + noise), clean)


def denoising_step_case(n: int, pixels: int, seed: int = 0, sigma=0.5) -> tuple:
    """Return a denoiser, n clean pictures in 0..1 and noise."""
    clean = noise(n, pixels, seed=seed).sigmoid()
    return Cleaner(pixels, seed), clean, sigma * noise(n, pixels, seed=seed + 7)


def some_pictures(draw: Draw) -> tuple:
    sizes = draw.sample((2, 5, 6, 7, 9), 2)
    return denoising_step_case(*sizes, draw.next_seed(), draw.randint(2, 12) / 10)


def noisy_target(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean + noise), clean + noise)


def no_noise(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean), clean)


def noise_on_target(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean), clean + noise)


def noise_on_output(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean) + noise, clean)


def predicts_noise(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean + noise), noise)


def summed_pixels(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    gap = model(clean + noise) - clean
    return gap.square().sum(dim=1).mean()


def noise_clamped(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model((clean + noise).clamp(0, 1)), clean)


def own_noise_as_here(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean + 0.3 * torch.randn_like(clean)), clean)


def own_noise(model: nn.Module, clean: Tensor, noise: Tensor) -> Tensor:
    return F.mse_loss(model(clean + torch.randn_like(clean)), clean)


DENOISING_STEP = Exercise(
    denoising_step_reference,
    cases=lambda: [
        denoising_step_case(3, 4),
        denoising_step_case(1, 6, seed=1),
        denoising_step_case(8, 5, seed=2, sigma=0.1),
    ],
    hidden=by_seed(some_pictures),
    promises=(
        gradients(
            2,
            text="The value is right, but no gradient flows through your loss: with "
            "it, no weight could learn. What cuts it off: `no_grad`, `detach`?",
        ),
    ),
    hints=(
        "Two pictures take part in the loss. Which of them does the network get to "
        "see, and which should it find?",
        "`clean += noise` writes into the tensor itself: whoever holds it, holds a "
        "noisy picture from then on, the loss included. What does `clean + noise` do?",
        "return F.mse_loss(model(clean + noise), clean)",
    ),
    wrong=(
        Wrong(
            noisy_target,
            "Your target is as noisy as the input, so a network that copies has no "
            "loss at all. `clean += noise` does that unseen: it writes the noise into "
            "`clean` itself, for this loss and for every later epoch. Which picture "
            "should come out, and what makes a new tensor?",
            typed="return F.mse_loss(model(clean + noise), clean + noise)",
        ),
        Wrong(
            no_noise,
            "The network sees the clean picture: it learns to copy, and nothing has to "
            "be known about digits for that. Where does the noise go?",
        ),
        Wrong(
            noise_on_target,
            "You exchanged the two: the network sees the clean picture and is asked "
            "for the noise on it, which nobody can foresee. Which one is spoilt?",
        ),
        Wrong(
            noise_on_output,
            "The noise is added to the answer. The network never sees a noisy picture "
            "and has nothing to clean. Before which step does noise belong?",
        ),
        Wrong(
            predicts_noise,
            "Your network is asked for the noise. That can be done as well, but then "
            "its answer is no picture. With what does ‖x − g(f(x + noise))‖² compare?",
        ),
        Wrong(
            summed_pixels,
            "You sum over pixels before the mean. The best network is the same one; "
            "the number is larger by the number of pixels. Which mean was asked for?",
        ),
        Wrong(
            noise_clamped,
            "You clamp the noisy picture to 0..1. That is another noise than the one "
            "handed in, and less of it: the network sees clean + noise as it is.",
        ),
        Wrong(
            own_noise_as_here,
            "You draw noise of your own, of 0.3. The noise comes in as an input, with "
            "a strength of its own: use `noise`.",
        ),
        Wrong(
            own_noise,
            "You draw noise of your own, and the noise that was handed in, with its "
            "own strength, is not used. What is the third input for?",
        ),
    ),
)


# ---------------------------------------------------------------- labels of pieces


def spread_by(labelled: Callable, others: int = -100):
    """Return the answer that labels a token where labelled(word before, word, word
    after) is true, else gives it `others`."""

    def answer(labels_w: list, word_of_t: list) -> list:
        around = zip(
            [None, *word_of_t], word_of_t, [*word_of_t[1:], None], strict=False
        )
        return [labels_w[w] if labelled(a, w, b) else others for a, w, b in around]

    return answer


def spread_in_turn(labels_w: list, word_of_t: list) -> list:
    rest = iter(labels_w)
    return [-100 if word is None else next(rest, -100) for word in word_of_t]


def words_in_turn(labels_w: list, word_of_t: list) -> list:
    rest = iter(labels_w)
    before = [None, *word_of_t]
    return [
        -100 if word is None or word == last else next(rest)
        for last, word in zip(before, word_of_t, strict=False)
    ]


def labels_compared(labels_w: list, word_of_t: list) -> list:
    own = [None if word is None else labels_w[word] for word in word_of_t]
    pairs = zip([None, *own], own, strict=False)
    return [-100 if b is None or a == b else b for a, b in pairs]


def none_for_none(labels_w: list, word_of_t: list) -> list:
    labels = spread_labels_reference(labels_w, word_of_t)
    pairs = zip(labels, word_of_t, strict=True)
    return [None if word is None else label for label, word in pairs]


def later_pieces_zero(labels_w: list, word_of_t: list) -> list:
    labels = spread_labels_reference(labels_w, word_of_t)
    pairs = zip(labels, word_of_t, strict=True)
    return [0 if label == -100 and w is not None else label for label, w in pairs]


def some_pieces(draw: Draw) -> tuple[list, list]:
    """Return labels of words, and the words of tokens: the first and the last word are
    in several pieces, the second in none; the last two have the same label."""
    W = draw.randint(4, 7)
    labels = [draw.randint(1, 3) for _ in range(W)]
    labels[1], labels[-1] = labels[2] % 3 + 1, labels[-2]
    pieces = [3, 0, *(draw.randint(1, 3) for _ in range(W - 3)), 2]
    words = [word for word, n in enumerate(pieces) for _ in range(n)]
    return labels, [None, *words, None]


SPREAD_LABELS = Exercise(
    spread_labels_reference,
    cases=lambda: [
        ([1, 0, 2], [None, 0, 0, 1, 2, 2, 2, None]),
        ([3, 3, 1, 0], [None, 0, 1, 2, 2, 3, None, None]),
        ([2, 1], [0, 0, 1]),
        ([1, 2, 3], [None, 0, 0, 1, None]),  # cut: the last word is not read
        ([1, 0, 2], [None, 0, 2, 2, None]),  # word 1 has no piece
    ],
    hidden=by_seed(some_pieces),
    hints=(
        "Three sorts of tokens: none of the sentence, the first piece of a word, a "
        "later piece. Which of them should be counted in the loss?",
        "A later piece has the same word as the token before it. Remember that word; "
        "and note that 0 is a word, so ask `word is None`.",
        "new = word is not None and word != before; append labels_w[word] if new else "
        "-100; then before = word.",
    ),
    wrong=(
        Wrong(
            spread_by(lambda a, w, b: w is not None),
            "You label every piece of a word. A name in four pieces would then count "
            "four times in the loss, and could get four answers. Asked is the first "
            "piece only: how can you tell that a piece is a later one?",
        ),
        Wrong(
            spread_by(lambda a, w, b: w is not None and w != a, others=0),
            "The first pieces are right. But 0 means `other` here, so the head learns "
            "that every later piece is no name, and is paid for saying so of [CLS]. "
            "Which label does the cross-entropy leave out?",
        ),
        Wrong(
            spread_by(lambda a, w, b: bool(w) and w != a),
            "The sentence's first word has lost its label: word 0 counts as false. "
            "Ask `word is not None`.",
        ),
        Wrong(
            spread_by(lambda a, w, b: w is not None and w != b),
            "You label the last piece of each word. That would do, if the answers were "
            "read there too; the page reads them at the first piece. With which "
            "neighbour should a token be compared?",
        ),
        Wrong(
            spread_by(lambda a, w, b: w is not None and w != a, others=-1),
            "The first pieces are right. But you give -1 to the others, and the "
            "cross-entropy leaves out -100, no other number.",
        ),
        Wrong(
            none_for_none,
            "[CLS] and [SEP] have None for a label, and no tensor can hold that. They "
            "get -100, as later pieces do.",
        ),
        Wrong(
            later_pieces_zero,
            "Later pieces have 0 in your answer, the label of `other`: the head would "
            "learn that they are no names. They get -100, as [CLS] does.",
        ),
        Wrong(
            labels_compared,
            "Of two words next to each other with the same label, the second has lost "
            "its own. A later piece has the same *word* as the token before it, not "
            "the same label.",
        ),
        Wrong(
            words_in_turn,
            "You deal the labels out to the words in turn, and a word without any "
            "piece shifts all that follow. `word_of_t` says which word a piece belongs "
            "to: look its label up, and take none off the list.",
        ),
        Wrong(
            spread_in_turn,
            "You deal the labels out in turn, one for each token. But tokens are not "
            "words: after the first word in two pieces, all labels are shifted. What "
            "says which word a token belongs to?",
        ),
    ),
)

# ---------------------------------------------------------------- the best span


def whole_places(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """All places are ints, also where a float would have the same value."""
    got = attempt(answer, case)
    flat = [x for one in got for x in (one if isinstance(one, list | tuple) else [one])]
    return next(filter(None, map(no_float, flat)), "")


def summed(start_t: Tensor, end_t: Tensor) -> Tensor:
    return start_t[:, None] + end_t


def span_within(low: int = 0, more: int = -1, score: Callable = summed):
    """Return the answer whose ends stand `low` to longest + more after the start."""

    def answer(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
        scores_tt = score(start_t, end_t)
        allowed_tt = torch.ones_like(scores_tt).triu(low).tril(longest + more).bool()
        scores_tt = scores_tt.masked_fill(~allowed_tt, float("-inf"))
        return divmod(scores_tt.argmax().item(), len(end_t))

    return answer


def each_alone(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    return start_t.argmax().item(), end_t.argmax().item()


def start_first(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    first = start_t.argmax().item()
    return first, first + end_t[first : first + longest].argmax().item()


def last_behind_first(start_t: Tensor, end_t: Tensor, longest: int) -> tuple | None:
    both_tt = start_t[:, None] + end_t
    allowed = torch.ones_like(both_tt).triu(1).tril(longest - 1).nonzero().tolist()
    return tuple(max(allowed, key=lambda p: both_tt[p[0], p[1]], default=())) or None


def span_or_zero(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    first, last = best_span_reference(start_t, end_t, longest)
    return (first, last) if start_t[first] + end_t[last] > 0 else (0, 0)


def span_or_none(start_t: Tensor, end_t: Tensor, longest: int) -> tuple | None:
    first, last = best_span_reference(start_t, end_t, longest)
    return (first, last) if start_t[first] + end_t[last] > 0 else None


def zeros_forbidden(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    sums_tt = summed(start_t, end_t).triu().tril(longest - 1)
    return divmod(sums_tt.argmax().item(), len(end_t))


def stop_behind(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    first, last = best_span_reference(start_t, end_t, longest)
    return first, last + 1


def last_first(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    return best_span_reference(start_t, end_t, longest)[::-1]


def longest_of_page(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    return best_span_reference(start_t, end_t, 4)


def shares_summed(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    shares = start_t.softmax(dim=0), end_t.softmax(dim=0)
    return best_span_reference(*shares, longest)


def span_case(start: list, end: list, longest: int) -> tuple:
    return torch.tensor(start), torch.tensor(end), longest


def some_span(draw: Draw) -> tuple:
    """Return logits whose best start stands last, and whose best end near the front."""
    T = draw.randint(8, 12)
    start_t, end_t = (noise(T, seed=draw.next_seed()) for _ in range(2))
    start_t[T - 1] += 4
    end_t[1] += 4
    return start_t, end_t, draw.randint(2, 4)


def span_of_one(draw: Draw) -> tuple:
    """Return logits (T,) whose best answer starts and ends at one token."""
    start, end = noise(2, draw.randint(6, 9), seed=draw.next_seed())
    place = draw.randint(1, 4)
    start[place] += 9
    end[place] += 9
    return start, end, draw.randint(2, 4)


def span_too_long(draw: Draw) -> tuple:
    """Return logits (T,) whose best start and best end are a token too far apart."""
    start, end = noise(2, draw.randint(8, 11), seed=draw.next_seed())
    longest = draw.randint(2, 4)
    start[1] += 9
    end[1 + longest] += 9
    return start, end, longest


def span_of_doubts(draw: Draw) -> tuple:
    """Return logits (T,) below 0: the best answer is the least unlikely one."""
    start, end = -1 - noise(2, draw.randint(6, 9), seed=draw.next_seed()).abs()
    return start, end, draw.randint(2, 4)


def span_of_shares(draw: Draw) -> tuple:
    """Return logits (T,) whose best start has a rival: after softmax, the best end,
    far away, counts more."""
    start, end = noise(2, draw.randint(7, 9), seed=draw.next_seed()) / 20
    start[0] += 3
    start[1] += 6
    end[:-1] -= 1
    end[-1] += 4.5
    return start, end, draw.randint(2, 3)


BEST_SPAN = Exercise(
    best_span_reference,
    cases=lambda: [
        span_case([0.0, 2.0, 5.0, 1.0, 0.5], [4.5, 3.0, -1.0, 0.0, 1.5], 3),
        span_case([1.0, 0.0, 3.0, -2.0], [0.0, 1.0, 4.0, 3.5], 4),
        span_case([3.0, 0.5, 1.0, 0.0, 2.5, 0.0], [-1.0, 0.0, 0.5, 4.0, 0.0, 4.2], 3),
        span_case([-3.0, -5.0, -4.0], [-4.0, -2.5, -6.0], 2),
        span_case([0.5], [-1.0], 5),
        span_case([2.0, 6.0, 0.0, 0.0], [-3.0, -2.0, -1.5, 4.0], 2),
        span_case([4.0, 3.5, 0.4, 0.0], [0.0, 0.7, 1.0, 5.0], 1),
    ],
    hidden=by_seed(
        some_span, span_of_one, span_too_long, span_of_doubts, span_of_shares
    ),
    promises=(whole_places,),
    hints=(
        "An answer is a pair. Which pairs (first, last) are allowed? Write down those "
        "of three tokens with `longest` 2.",
        "Its score is the sum start_t[first] + end_t[last]. All of them at once: "
        "start_t[:, None] + end_t, with first as the row.",
        "Fill what torch.ones(T, T).triu().tril(longest - 1) does not allow with minus "
        "infinity; then divmod(scores_tt.argmax().item(), T).",
    ),
    wrong=(
        Wrong(
            each_alone,
            "You take the best start and the best end, each alone. So an answer may "
            "end before it starts. Choose the two together: the best pair of those "
            "that are allowed.",
        ),
        Wrong(
            span_within(more=10_000),
            "Your answers may be as long as they like. Asked are at most `longest` "
            "tokens, first and last included.",
        ),
        Wrong(
            start_first,
            "You fix the best start, and then look for an end. But a slightly worse "
            "start may have a much better end: compare the sums of whole pairs.",
        ),
        Wrong(
            span_within(low=1),
            "Your answers have two tokens or more. An answer of one token starts and "
            "ends at the same place: start ≤ end, not <.",
        ),
        Wrong(
            last_behind_first,
            "Your search begins one token behind the start, so no answer has a single "
            "token. First and last may be the same place: start ≤ end.",
        ),
        Wrong(
            span_within(more=0),
            "One too many: from `first` to `first + longest` there are longest + 1 "
            "tokens, since both ends belong to the answer.",
        ),
        Wrong(
            span_or_zero,
            "You keep (0, 0) where every sum is below 0. The best pair is the one with "
            "the largest sum, negative or not: with what should a search start?",
        ),
        Wrong(
            span_or_none,
            "Where every sum is below 0 your answer is None: the search begins with a "
            "best sum of 0. What is below any logit?",
        ),
        Wrong(
            zeros_forbidden,
            "What is not allowed has the sum 0 in your table, and 0 is more than a "
            "negative sum. `triu` and `tril` fill in 0; fill in what is below every "
            "logit.",
        ),
        Wrong(
            stop_behind,
            "Your second number is the place behind the answer, as in a slice. Asked "
            "is the last token itself: both ends are included.",
        ),
        Wrong(
            last_first,
            "The right pair in the wrong order: (last, first). Where the answer starts "
            "comes first.",
        ),
        Wrong(
            longest_of_page,
            "You allow 4 tokens, whatever `longest` says.",
        ),
        Wrong(
            shares_summed,
            "You summed probabilities: a softmax came first. Asked is the largest sum "
            "of logits, as they are; it belongs to the largest *product* of "
            "probabilities.",
        ),
        Wrong(
            span_within(score=lambda s, e: s[:, None] * e),
            "You multiply logits. Probabilities are multiplied; their logarithms, and "
            "so logits, are added. What is the product of two negative ones?",
        ),
        Wrong(
            span_within(score=lambda s, e: s + e[:, None]),
            "You have exchanged the two: in your table a row is an end, and what you "
            "return first is where the answer stops. Which index belongs to the start?",
        ),
    ),
)

# ---------------------------------------------------------------- windows


def windows_every(step: Callable, stop: Callable, end: Callable = min):
    """Return the answer with windows step(size, overlap) apart, below stop(n, size,
    overlap), that end at end(start + size, n)."""

    def answer(n: int, size: int, overlap: int) -> list:
        starts = range(0, stop(n, size, overlap), step(size, overlap))
        return [(start, end(start + size, n)) for start in starts]

    return answer


def apart(size: int, overlap: int) -> int:
    return size - overlap


def last_moved_back(n: int, size: int, overlap: int) -> list:
    found = windows_reference(n, size, overlap)
    return [*found[:-1], (max(0, n - size), n)]


def needed(n: int, size: int, overlap: int) -> int:
    return max(n - overlap, 1)


def some_windows(draw: Draw) -> tuple[int, int, int]:
    """Return a length that leaves a rest, a size, and an overlap below its half."""
    size = draw.randint(7, 9)
    overlap = draw.randint(1, 3)
    step = size - overlap
    return size + draw.randint(2, 4) * step + draw.randint(1, overlap), size, overlap


def windows_that_fit(draw: Draw) -> tuple[int, int, int]:
    """Return a length that whole windows cover exactly, their size and overlap."""
    size = draw.randint(7, 9)
    overlap = draw.randint(1, 3)
    return size + draw.randint(2, 4) * (size - overlap), size, overlap


def windows_of_little(draw: Draw) -> tuple[int, int, int]:
    """Return a length that is not above the overlap, a size and an overlap."""
    size, overlap = draw.randint(7, 9), draw.randint(4, 6)
    return draw.randint(2, overlap), size, overlap


def stops_included(n: int, size: int, overlap: int) -> list:
    return [(a, b - 1) for a, b in windows_reference(n, size, overlap)]


def lengths_given(n: int, size: int, overlap: int) -> list:
    return [(a, b - a) for a, b in windows_reference(n, size, overlap)]


def size_of_page(n: int, size: int, overlap: int) -> list:
    return windows_reference(n, 62, overlap)


WINDOWS = Exercise(
    windows_reference,
    cases=lambda: [
        (10, 4, 1),
        (11, 5, 2),
        (12, 5, 2),
        (3, 5, 2),
        (5, 5, 1),
        (9, 5, 1),
        (12, 8, 5),
        (1, 4, 3),
    ],
    hidden=by_seed(some_windows, windows_that_fit, windows_of_little),
    promises=(whole_places,),
    hints=(
        "How far is it from the start of one window to the next, if each window shares "
        "`overlap` tokens with the one before?",
        "A window is the last one when it reaches the end: start + size >= n. That one "
        "may be shorter. A text shorter than `size` has one window.",
        "Append (start, min(start + size, n)); return when start + size >= n; else "
        "start += size - overlap.",
    ),
    wrong=(
        Wrong(
            windows_every(apart, lambda n, s, o: n - s + 1),
            "You stop where a whole window no longer fits, so the end of the text is "
            "never read; and a text shorter than a window has none at all. May the "
            "last window be shorter?",
        ),
        Wrong(
            windows_every(apart, lambda n, s, o: n),
            "Your last window lies inside the one before: it reads nothing new, and "
            "counts the end of the text twice. When is the text covered?",
        ),
        Wrong(
            windows_every(lambda s, o: s, lambda n, s, o: n),
            "Your windows do not overlap: a sentence on a boundary is cut in two. How "
            "far apart must two starts be, so that `overlap` tokens are shared?",
        ),
        Wrong(
            windows_every(
                lambda s, o: o or 1, lambda n, s, o: max(n - s, 0) + (o or 1)
            ),
            "You step by the overlap. That is what two windows share; the step is what "
            "they do not share, size - overlap.",
        ),
        Wrong(
            windows_every(apart, needed, end=lambda stop, n: stop),
            "Your last window ends behind the text: from n on there are no tokens. "
            "Which is smaller, start + size or n?",
        ),
        Wrong(
            windows_every(apart, lambda n, s, o: n - o),
            "Right, but a text that is not longer than the overlap has no window at "
            "all. A short text has one, and is read whole.",
        ),
        Wrong(
            stops_included,
            "Your second number is the last token of a window. `stop` is not "
            "included: it is one further on, as in a slice.",
        ),
        Wrong(
            lengths_given,
            "You give each window's start and length. Asked is where it stops.",
        ),
        Wrong(
            size_of_page,
            "Your windows have 62 tokens, whatever `size` says.",
        ),
        Wrong(
            last_moved_back,
            "You move the last window back until it is full. Everything is covered, "
            "but the last two windows share more than `overlap` tokens. Here the last "
            "one is simply shorter.",
        ),
    ),
)


EXERCISES = {
    "7.1": MASKS,
    "7.2": RESTORE,
    "7.3": EXCESS,
    "7.4": SENTENCE_SCORE,
    "7.5": FAIR_PAIRS,
    "7.6": DENOISING_STEP,
    "7.7": SPREAD_LABELS,
    "7.8": BEST_SPAN,
    "7.9": WINDOWS,
}
