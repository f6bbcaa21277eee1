"""Subject-verb agreement grammar of known entropy: NOUN FILLER^g VERB "."

The verb must agree with the noun, however many fillers stand between the two.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from helpers.core.errors import UserError

NOUNS = ("dog", "cat", "bird", "horse", "lion", "bear", "duck", "frog")
FILLERS = ("often", "here", "still", "now", "always", "also", "again", "there")
VERBS = ("bark", "sleep", "run", "wait")
WORDS = (
    ".",
    *NOUNS,
    *(noun + "s" for noun in NOUNS),
    *FILLERS,
    *(verb + "s" for verb in VERBS),
    *VERBS,
)
# Where each kind of word begins in WORDS; the singular stands before the plural.
PERIOD, NOUN, FILLER, VERB, END = 0, 1, 17, 25, 33
STOP = 0.15  # the chance that no more fillers follow


@dataclass(frozen=True, eq=False)
class Sentences:
    """A stream of whole sentences: ids (N,), indices into WORDS; gaps (N,): at a verb
    the number of fillers before it, elsewhere -1."""

    ids: Tensor
    gaps: Tensor

    def __len__(self) -> int:
        """Return the number of sentences."""
        return len(self.verb_places())

    def verb_places(self) -> Tensor:
        """Return where the verb of each sentence stands in the stream: (n,)."""
        return (self.gaps >= 0).nonzero()[:, 0]

    def noun_places(self) -> Tensor:
        """Return where the noun of each sentence stands in the stream: (n,)."""
        verbs = self.verb_places()
        return verbs - self.gaps[verbs] - 1


def sentences(
    n: int, seed: int, gaps: Sequence[int] | None = None, stop: float = STOP
) -> Sentences:
    """Return `n` sentences drawn with a generator of their own.

    Number a fair coin, noun, fillers and verb uniform; the gap g has the chance
    stop * (1 - stop)**g, or is uniform over `gaps` where they are given.
    Raises UserError for n < 1, for stop outside 0..1, and for gaps that are not
    different whole numbers from 0 on.
    """
    check_settings(n, gaps, stop)
    rng = np.random.default_rng(seed)
    drawn = rng.geometric(stop, n) - 1 if gaps is None else rng.choice(gaps, n)
    plural = rng.integers(2, size=n)
    verbs = np.cumsum(drawn + 3) - 2
    ids = rng.integers(FILLER, VERB, size=verbs[-1] + 2)
    ids[verbs - drawn - 1] = NOUN + 8 * plural + rng.integers(8, size=n)
    ids[verbs] = VERB + 4 * plural + rng.integers(4, size=n)
    ids[verbs + 1] = PERIOD
    marked = np.full(len(ids), -1)
    marked[verbs] = drawn
    return Sentences(torch.from_numpy(ids), torch.from_numpy(marked))


def openings(n: int, gap: int, seed: int) -> Tensor:
    """Return `n` sentences as far as their verb, ids (n, 2 + gap): a period that ends
    the sentence before, the noun, then `gap` fillers; all uniform.

    Raises UserError for n < 1 or gap < 0.
    """
    check_settings(n, (gap,), STOP)
    generator = torch.Generator().manual_seed(seed)
    period = torch.full((n, 1), PERIOD)
    noun = torch.randint(NOUN, FILLER, (n, 1), generator=generator)
    fillers = torch.randint(FILLER, VERB, (n, gap), generator=generator)
    return torch.cat([period, noun, fillers], dim=1)


def check_settings(n: int, gaps: Sequence[int] | None, stop: float) -> None:
    """Raise UserError unless these settings describe a source."""
    if n < 1:
        raise UserError(f"{n} sentences asked for; at least 1 is needed.")
    if not 0 < stop < 1:
        raise UserError(f"The stop probability is {stop}; it must be between 0 and 1.")
    if gaps is None:
        return
    whole = all(isinstance(gap, int) and gap >= 0 for gap in gaps)
    if not whole or not 0 < len(gaps) == len(set(gaps)):
        raise UserError(f"The gaps are {gaps}; give different whole numbers from 0 on.")


def text(ids: Tensor) -> str:
    """Return the words of ids (T,), separated by blanks."""
    return " ".join(WORDS[i] for i in ids.tolist())


def is_plural(ids: Tensor) -> Tensor:
    """Return which of these nouns and verbs are plural: bool, the shape of `ids`.
    Raises ValueError for a word that has no number."""
    noun, verb = (ids >= NOUN) & (ids < FILLER), (ids >= VERB) & (ids < END)
    if not (noun | verb).all():
        word = WORDS[ids[~(noun | verb)][0].item()]
        raise ValueError(f"{word!r} is neither singular nor plural")
    return torch.where(noun, ids >= NOUN + 8, ids >= VERB + 4)


def lexeme(ids: Tensor) -> Tensor:
    """Return which of the 8 NOUNS each noun is, in either number: 0 to 7, the shape
    of `ids`. Raises ValueError for another word."""
    if not ((ids >= NOUN) & (ids < FILLER)).all():
        raise ValueError("a word that is not a noun was asked for its noun")
    return (ids - NOUN) % 8


def entropy(stop: float = STOP, gaps: Sequence[int] | None = None) -> float:
    """Return the entropy of the source in bits per token: no model can do better.

    One of 16 nouns, the gap, 3 bits per filler, one of 4 verbs; the period is sure.
    Arguments and errors are those of `sentences`.
    """
    gap_bits, mean_gap = gap_law(stop, gaps)
    return (math.log2(16) + gap_bits + 3 * mean_gap + math.log2(4)) / (3 + mean_gap)


def gap_law(stop: float, gaps: Sequence[int] | None) -> tuple[float, float]:
    """Return (the entropy of the gap in bits, its mean)."""
    check_settings(1, gaps, stop)
    if gaps is not None:
        return math.log2(len(gaps)), sum(gaps) / len(gaps)
    coin = -stop * math.log2(stop) - (1 - stop) * math.log2(1 - stop)
    return coin / stop, (1 - stop) / stop  # one coin per word until it says stop


def true_next_probabilities(
    ids: Tensor, stop: float = STOP, gaps: Sequence[int] | None = None
) -> Tensor:
    """Return what the source gives to every word after each token of a stream (N,)
    that begins with a sentence: (N, 33), row i is about token i + 1.

    The settings are those the sentences were drawn with. Raises ValueError when the
    stream does not follow the grammar, UserError for impossible settings.
    """
    check_settings(1, gaps, stop)
    kinds = kinds_of(ids)
    places = torch.arange(len(ids))
    noun_at = torch.where(kinds == 1, places, 0).cummax(dim=0).values
    plural = is_plural(ids[noun_at])
    in_gap = (kinds == 1) | (kinds == 2)
    ending = in_gap * chance_to_end(places - noun_at, stop, gaps)
    going_on = in_gap * 1.0 - ending
    given = torch.zeros(len(ids), len(WORDS), dtype=torch.float64)
    given[:, PERIOD] = (kinds == 3).double()
    given[:, NOUN:FILLER] = (kinds == 0)[:, None] / 16
    given[:, FILLER:VERB] = (going_on / 8)[:, None]
    given[:, VERB : VERB + 4] = (ending * ~plural / 4)[:, None]
    given[:, VERB + 4 :] = (ending * plural / 4)[:, None]
    return given


def kinds_of(ids: Tensor) -> Tensor:
    """Return what each word of a stream is: 0 a period, 1 a noun, 2 a filler, 3 a
    verb: (N,). Raises ValueError unless they follow each other as in the grammar."""
    kinds = torch.bucketize(ids, torch.tensor([NOUN, FILLER, VERB]), right=True)
    begins = torch.cat([torch.tensor([0]), kinds[:-1]])
    allowed = torch.tensor([[0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [1, 0, 0, 0]])
    wrong = (allowed[begins, kinds] == 0).nonzero()
    if len(wrong):
        place = wrong[0].item()
        raise ValueError(f"{WORDS[ids[place]]!r} cannot stand at place {place}")
    return kinds


def chance_to_end(passed: Tensor, stop: float, gaps: Sequence[int] | None) -> Tensor:
    """Return the chance that the verb follows after `passed` fillers: float64 like
    `passed`; 1 where no longer gap is possible."""
    if gaps is None:
        return torch.full(passed.shape, stop, dtype=torch.float64)
    now = sum((passed == gap).double() for gap in gaps)
    still = sum((passed <= gap).double() for gap in gaps)
    return torch.where(still > 0, now / still.clamp(min=1), 1.0)


def true_probabilities(
    ids: Tensor, stop: float = STOP, gaps: Sequence[int] | None = None
) -> Tensor:
    """Return the probability that the source gives each token of a stream, (N,), as
    in `true_next_probabilities`; minus its mean logarithm is the source's own loss."""
    following = true_next_probabilities(ids, stop, gaps)
    own = following[:-1].gather(1, ids[1:, None])[:, 0]
    return torch.cat([torch.tensor([1 / 16], dtype=torch.float64), own])


def excess(
    probabilities_nv: Tensor,
    ids: Tensor,
    stop: float = STOP,
    gaps: Sequence[int] | None = None,
) -> float:
    """Return the bits per token that a model loses to the source.

    `probabilities_nv` (N, 33): row i is what the model gives to token i + 1. This is
    the mean divergence of the model from the source, so it is never negative and has
    nothing of the chance in which words a test happens to hold.
    """
    true = true_next_probabilities(ids, stop, gaps)
    given = probabilities_nv.double().clamp(min=1e-30)
    return (torch.special.xlogy(true, true / given).sum(1).mean() / math.log(2)).item()


def agreement(
    probabilities_nv: Tensor, sample: Sentences, edges: Sequence[int] = (0,)
) -> dict[int, float]:
    """Return edge -> share of verbs, 0 to 1, whose number the model gives the larger
    part of its probability, for gaps from this edge to below the next.

    `probabilities_nv` (N, 33): row i is what the model gives to token i + 1. Buckets
    without a verb are left out; half of a tie counts. Raises ValueError for edges
    that do not rise and for another number of rows.
    """
    if list(edges) != sorted(set(edges)):
        raise ValueError(f"the edges {edges} do not rise")
    if len(probabilities_nv) != len(sample.ids):
        raise ValueError(f"{len(probabilities_nv)} rows for {len(sample.ids)} tokens")
    verbs = sample.verb_places()
    before = probabilities_nv[verbs - 1].double()
    lead = before[:, VERB + 4 :].sum(1) - before[:, VERB : VERB + 4].sum(1)
    sign = torch.where(is_plural(sample.ids[verbs]), 1.0, -1.0)
    right = (torch.sign(lead) * sign + 1) / 2
    bucket = torch.bucketize(sample.gaps[verbs], torch.tensor(edges), right=True) - 1
    found = {edge: right[bucket == i] for i, edge in enumerate(edges)}
    return {edge: part.mean().item() for edge, part in found.items() if len(part)}
