"""The limits are those of listing every window that a few words leave open."""

from itertools import product

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import grammar
from helpers.data.tasks import grammar_limits as limits

STOP = 0.4
# One word for each state: all words of a state are equally likely.
KINDS = {0: (0,), 1: range(1, 9), 2: range(9, 17), 3: range(17, 25)}
KINDS |= {4: range(25, 29), 5: range(29, 33)}


EMIT, STEP = limits.emissions().tolist(), limits.transitions(STOP).tolist()
BEGIN = limits.stationary(STOP).tolist()


def chance(row, path=()):
    """Return the probability of a window and the states so far, all the others listed,
    given these."""
    if len(path) == len(row):
        return 1.0
    before = STEP[path[-1]] if path else BEGIN
    word = row[len(path)]
    ways = [s for s in range(7) if before[s] * EMIT[s][word] > 0]
    return sum(before[s] * EMIT[s][word] * chance(row, (*path, s)) for s in ways)


def listed(row, place, seen):
    """Return what is said of the word at a place if only `seen` places are seen."""
    given = torch.zeros(33, dtype=torch.float64)
    open_places = [i for i in range(len(row)) if i not in seen]
    choices = [
        [(r[0], len(r)) for r in KINDS.values()] if i != place else
        [(w, 1) for w in range(33)]
        for i in open_places
    ]  # fmt: skip
    for words in product(*choices):
        full = list(row)
        weight = 1
        for i, (word, many) in zip(open_places, words, strict=True):
            full[i] = word
            weight *= many
        given[full[place]] += weight * chance(full)
    return given / given.sum()


ROWS = [[1, 17, 25, 0], [18, 26, 0, 9], [0, 3, 25, 0], [17, 17, 29, 0]]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("hidden", [(), (1,), (0, 2), (1, 2)])
def test_both_passes_agree_with_listing_all_windows(row, hidden):
    ids = torch.tensor([row])
    mask = torch.zeros(1, 4, dtype=torch.bool)
    mask[0, list(hidden)] = True
    left = limits.from_left(ids, mask, STOP)[0]
    both = limits.from_both_sides(ids, mask, STOP)[0]
    for place in (1, 2):
        seen = [i for i in range(4) if i not in hidden and i != place]
        torch.testing.assert_close(both[place], listed(row, place, seen))
        seen = [i for i in seen if i < place]
        torch.testing.assert_close(left[place], listed(row, place, seen))


def test_every_place_has_probabilities():
    ids = grammar.sentences(40, 1, stop=STOP).ids.unfold(0, 9, 5)
    hidden = torch.rand(ids.shape, generator=torch.Generator().manual_seed(1)) < 0.3
    for given in (limits.from_left(ids), limits.from_both_sides(ids, hidden, STOP)):
        assert given.dtype == torch.float64
        torch.testing.assert_close(given.sum(-1), torch.ones(ids.shape).double())


def test_nothing_depends_on_what_a_hidden_word_was():
    ids = grammar.sentences(20, 1, stop=STOP).ids[None, :30]
    hidden = torch.zeros_like(ids, dtype=torch.bool)
    hidden[0, 7:12] = True
    other = torch.where(hidden, 0, ids)
    for given in (limits.from_left, limits.from_both_sides):
        assert torch.equal(given(ids, hidden, STOP), given(other, hidden, STOP))


def test_next_words_are_those_that_the_grammar_itself_gives():
    ids = grammar.sentences(30, 2, stop=STOP).ids
    known = grammar.true_next_probabilities(ids, STOP)
    given = limits.from_left(torch.cat([torch.tensor([0]), ids])[None], stop=STOP)[0]
    torch.testing.assert_close(given[2:], known[:-1])


def test_the_states_are_as_frequent_as_in_a_long_text():
    share = limits.stationary(STOP)
    torch.testing.assert_close(share @ limits.transitions(STOP), share)
    torch.testing.assert_close(limits.emissions().sum(1), torch.ones(7).double())


def test_bits_are_of_the_word_that_stands_there():
    given = torch.tensor([[[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]])
    bits = limits.sure_bits(given, torch.tensor([[1, 0]]))
    assert bits.tolist() == [[2.0, 3.0]]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([[33, 1]], "ids 0 to 32"),
        ([[-1, 1]], "ids 0 to 32"),
        ([[1, 1]], "do not follow each other"),
        ([1, 17], "Windows"),
        ([[]], "Windows"),
    ],
)
def test_what_is_no_window_is_said(ids, said):
    with pytest.raises(UserError, match=said):
        limits.from_both_sides(torch.tensor(ids, dtype=torch.long))


def test_an_impossible_stop_is_said():
    with pytest.raises(UserError, match="stop"):
        limits.from_left(torch.tensor([[1]]), stop=1.0)
