"""The grammar draws what its formulas say, and knows its own probabilities."""

import math

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import grammar
from helpers.data.tasks.grammar import WORDS

GAPS = (0, 2, 4, 8, 16)
SETTINGS = [{}, {"stop": 0.4}, {"gaps": GAPS}, {"gaps": (3,)}]


def ids_of(text):
    return torch.tensor([WORDS.index(word) for word in text.split()])


def bits(probabilities):
    return -probabilities.log2().mean().item()


def test_the_words_are_all_different_and_the_period_is_the_first():
    assert len(set(WORDS)) == len(WORDS) == grammar.END == 33
    assert WORDS[0] == "."
    assert WORDS[grammar.NOUN + 8] == WORDS[grammar.NOUN] + "s"
    assert WORDS[grammar.VERB] == WORDS[grammar.VERB + 4] + "s"


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_stream_is_made_of_whole_sentences_that_agree(setting):
    sample = grammar.sentences(300, 1, **setting)
    assert len(sample) == 300
    assert sample.ids.dtype == sample.gaps.dtype == torch.long
    kinds = grammar.kinds_of(sample.ids)  # it raises where the grammar is broken
    assert kinds[0] == 1 and kinds[-1] == 0
    verbs, nouns = sample.verb_places(), sample.noun_places()
    assert (kinds[verbs] == 3).all() and (kinds[nouns] == 1).all()
    assert (kinds == 3).sum() == (kinds == 1).sum() == (sample.gaps >= 0).sum() == 300
    assert (sample.gaps[verbs] == verbs - nouns - 1).all()
    number = grammar.is_plural(sample.ids[nouns])
    assert (grammar.is_plural(sample.ids[verbs]) == number).all()


def test_every_word_is_as_frequent_as_it_should_be():
    sample = grammar.sentences(20_000, 2)
    share = torch.bincount(sample.ids, minlength=33) / 20_000
    assert share[0] == 1
    torch.testing.assert_close(
        share[1:17], torch.full((16,), 1 / 16), atol=6e-3, rtol=0
    )
    expected = torch.full((8,), 0.85 / 0.15 / 8)
    torch.testing.assert_close(share[17:25], expected, atol=3e-2, rtol=0)
    torch.testing.assert_close(share[25:], torch.full((8,), 1 / 8), atol=9e-3, rtol=0)


def test_gaps_are_geometric_or_those_that_were_asked_for():
    sample = grammar.sentences(20_000, 3)
    share = torch.bincount(sample.gaps[sample.verb_places()]) / 20_000
    for gap in range(10):
        assert share[gap] == pytest.approx(0.15 * 0.85**gap, abs=8e-3)
    sample = grammar.sentences(20_000, 3, gaps=GAPS)
    found, counts = sample.gaps[sample.verb_places()].unique(return_counts=True)
    assert tuple(found.tolist()) == GAPS
    assert (counts / 20_000 - 0.2).abs().max() < 0.01


def test_the_seed_alone_decides_and_no_other_generator_moves():
    state = torch.random.get_rng_state()
    first, second = grammar.sentences(50, 4), grammar.sentences(50, 4)
    assert torch.equal(first.ids, second.ids) and torch.equal(first.gaps, second.gaps)
    assert not torch.equal(first.ids[:50], grammar.sentences(50, 5).ids[:50])
    assert torch.equal(grammar.openings(9, 3, 4), grammar.openings(9, 3, 4))
    assert not torch.equal(grammar.openings(9, 3, 4), grammar.openings(9, 3, 5))
    assert torch.equal(state, torch.random.get_rng_state())


def test_openings_are_a_period_a_noun_and_fillers():
    ids = grammar.openings(4_000, 2, 0)
    assert ids.shape == (4_000, 4)
    assert (ids[:, 0] == grammar.PERIOD).all()
    assert ids[:, 1].unique().tolist() == list(range(1, 17))
    assert ids[:, 2:].unique().tolist() == list(range(17, 25))
    assert (ids[:, 2] == ids[:, 3]).float().mean() == pytest.approx(1 / 8, abs=0.02)
    assert grammar.openings(5, 0, 0).shape == (5, 2)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_formula_for_the_entropy_is_what_the_source_costs(setting):
    sample = grammar.sentences(4_000, 6, **setting)
    own = grammar.true_probabilities(sample.ids, **setting)
    assert bits(own) == pytest.approx(grammar.entropy(**setting), abs=0.015)


def test_entropy_by_hand():
    assert grammar.entropy(stop=0.5) == pytest.approx((4 + 2 + 3 + 2) / 4)
    assert grammar.entropy(gaps=(1,)) == pytest.approx((4 + 3 + 2) / 4)
    assert grammar.entropy(gaps=(0, 2)) == pytest.approx((4 + 1 + 3 + 2) / 4)
    assert grammar.entropy() == pytest.approx(3.12295, abs=1e-5)


def test_what_follows_by_hand():
    given = grammar.true_next_probabilities(ids_of("dog often barks . cats"))
    assert given.shape == (5, 33)
    verbs = [0.15 / 4] * 4 + [0] * 4
    torch.testing.assert_close(given[0, 25:], torch.tensor(verbs).double())
    torch.testing.assert_close(given[1], given[0])
    assert given[0, 17:25].tolist() == pytest.approx([0.85 / 8] * 8)
    assert given[2].tolist() == [1] + [0] * 32
    assert given[3, 1:17].tolist() == [1 / 16] * 16
    torch.testing.assert_close(given[4, 25:], torch.tensor(verbs[::-1]).double())


def test_what_follows_when_the_gaps_are_given():
    opening = ids_of("dog here here here")
    given = grammar.true_next_probabilities(opening, gaps=(0, 2))
    assert given[:, 25:29].sum(1).tolist() == pytest.approx([1 / 2, 0, 1, 1])
    assert given[:, 17:25].sum(1).tolist() == pytest.approx([1 / 2, 1, 0, 0])


@pytest.mark.parametrize("setting", SETTINGS)
def test_probabilities_are_complete_and_allow_what_was_drawn(setting):
    ids = grammar.sentences(500, 8, **setting).ids
    given = grammar.true_next_probabilities(ids, **setting)
    torch.testing.assert_close(given.sum(1), torch.ones(len(ids)).double())
    assert (given >= 0).all()
    own = grammar.true_probabilities(ids, **setting)
    assert own[0] == 1 / 16
    assert torch.equal(own[1:], given[torch.arange(len(ids) - 1), ids[1:]])
    assert (own > 0).all()


def test_a_verb_that_does_not_agree_is_impossible():
    assert grammar.true_probabilities(ids_of("dog bark ."))[1] == 0
    assert grammar.true_probabilities(ids_of("dog barks .")).tolist() == pytest.approx(
        [1 / 16, 0.15 / 4, 1]
    )


@pytest.mark.parametrize(
    ("text", "word"),
    [(". dog", "'.'"), ("dog cat", "'cat'"), ("dog barks often", "'often'")],
)
def test_a_stream_that_breaks_the_grammar_is_named(text, word):
    with pytest.raises(ValueError, match=f"{word} cannot stand"):
        grammar.true_next_probabilities(ids_of(text))


def test_the_source_loses_nothing_and_a_forgetful_one_a_bit_per_verb():
    sample = grammar.sentences(2_000, 9)
    true = grammar.true_next_probabilities(sample.ids)
    assert grammar.excess(true, sample.ids) == 0
    both = true[:, 25:29] + true[:, 29:]
    forgetful = torch.cat([true[:, :25], both / 2, both / 2], dim=1)
    in_gap = true[:, 17:25].sum(1) > 0  # there one of the two numbers is expected
    expected = 0.15 * in_gap.double().mean().item()
    assert grammar.excess(forgetful, sample.ids) == pytest.approx(expected)
    uniform = torch.full((len(sample.ids), 33), 1 / 33)
    nats = math.log(33) - torch.special.entr(true).sum(1).mean().item()
    lost = grammar.excess(uniform, sample.ids)
    assert lost == pytest.approx(nats / math.log(2), abs=1e-6)
    impossible = grammar.excess(true.flip(1), sample.ids)
    assert math.isfinite(impossible) and impossible > 10


def test_agreement_counts_verbs_by_their_gap():
    sample = grammar.sentences(2_000, 10, gaps=GAPS)
    true = grammar.true_next_probabilities(sample.ids, gaps=GAPS)
    assert grammar.agreement(true, sample) == {0: 1.0}
    assert grammar.agreement(true, sample, GAPS) == dict.fromkeys(GAPS, 1.0)
    wrong = true.clone()
    wrong[:, 25:] = true[:, 25:].roll(4, dims=1)
    far = sample.verb_places()[sample.gaps[sample.verb_places()] >= 4] - 1
    mixed = true.clone()
    mixed[far] = wrong[far]
    found = grammar.agreement(mixed, sample, (0, 3, 9, 99))
    assert found == {0: 1.0, 3: 0.0, 9: 0.0}
    assert grammar.agreement(mixed, sample, (4, 17)) == {4: 0.0}


def test_agreement_weighs_all_verbs_of_a_number_and_halves_a_tie():
    sample = grammar.Sentences(ids_of("dogs sleep ."), torch.tensor([-1, 0, -1]))
    given = torch.zeros(3, 33)
    assert grammar.agreement(given, sample) == {0: 0.5}
    given[0, 25], given[0, 29:] = 0.4, 0.15  # the likeliest verb is singular
    assert grammar.agreement(given, sample) == {0: 1.0}
    given[0, 26] = 0.3
    assert grammar.agreement(given, sample) == {0: 0.0}
    with pytest.raises(ValueError, match="do not rise"):
        grammar.agreement(given, sample, (4, 0))
    with pytest.raises(ValueError, match="2 rows for 3"):
        grammar.agreement(given[:2], sample)


def test_number_and_noun_of_words():
    found = grammar.is_plural(ids_of("dog frog dogs frogs barks waits bark wait"))
    assert found.tolist() == [False, False, True, True] * 2
    assert grammar.lexeme(ids_of("dog frog dogs frogs")).tolist() == [0, 7, 0, 7]
    for word in (".", "often"):
        with pytest.raises(ValueError, match="neither"):
            grammar.is_plural(ids_of(f"dog {word}"))
        with pytest.raises(ValueError, match="not a noun"):
            grammar.lexeme(ids_of(f"dog {word}"))
    with pytest.raises(ValueError, match="not a noun"):
        grammar.lexeme(ids_of("bark"))


def test_a_text_reads_like_one():
    assert grammar.text(ids_of("dogs often bark .")) == "dogs often bark ."


@pytest.mark.parametrize(
    "ask",
    [
        lambda: grammar.sentences(0, 0),
        lambda: grammar.sentences(5, 0, stop=0),
        lambda: grammar.sentences(5, 0, stop=1.0),
        lambda: grammar.sentences(5, 0, gaps=()),
        lambda: grammar.sentences(5, 0, gaps=(1, 1)),
        lambda: grammar.sentences(5, 0, gaps=(-1, 2)),
        lambda: grammar.sentences(5, 0, gaps=(0.5,)),
        lambda: grammar.openings(0, 1, 0),
        lambda: grammar.openings(5, -1, 0),
        lambda: grammar.entropy(stop=1),
        lambda: grammar.true_next_probabilities(ids_of("dog barks ."), stop=2),
    ],
)
def test_what_cannot_be_drawn_is_refused(ask):
    with pytest.raises(UserError, match=r"asked for|stop probability|gaps are"):
        ask()
