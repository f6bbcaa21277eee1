"""A unit that was built to keep the noun's number is found, and moved."""

import math

import pytest
import torch
from torch import nn

from helpers.data.tasks.grammar import (
    FILLER,
    NOUN,
    VERB,
    Sentences,
    openings,
    sentences,
)
from helpers.lessons.lesson03 import lstm_units
from helpers.lessons.lesson03.lstm_units import (
    memory_units,
    other_units,
    turning_place,
    verbs_turned,
)
from helpers.models.recurrent.lstm import LanguageModel

V = 33
SAYS = torch.full((V,), -1.0)  # the number of a noun: -1 singular, 1 plural
SAYS[NOUN + 8 : FILLER] = 1
FAR = sentences(40, seed=0, gaps=(8, 9))


def logit(share):
    """Return where a sigmoid gives this share."""
    return math.log(share / (1 - share))


def latch(kept=0.99, sign=1.0):
    """Return what each word tells a unit's gates, (4, V): a noun's number is stored,
    `kept` of it lives on at each filler, all else wipes it out."""
    told = torch.full((4, V), -20.0)  # input, forget, candidate, output
    told[0, NOUN:FILLER] = told[3] = 20
    told[1, FILLER:VERB] = logit(kept)
    told[2] = 20 * sign * SAYS
    return told


def idle(kept=0.999):
    """Return what each word tells a unit that keeps well and has nothing to keep."""
    told = latch(kept)
    told[2] = 0
    return told


@torch.no_grad()
def model_of(*units, sign=1.0):
    """Return a model of these units; the first one's output chooses the verb."""
    model = LanguageModel(V, nn.LSTM(V, len(units), batch_first=True))
    for weight in model.parameters():
        weight.zero_()
    model.embedding.weight.copy_(torch.eye(V))
    model.recurrent.weight_ih_l0.copy_(torch.stack(units, dim=1).reshape(-1, V))
    # The last singular and the first plural verb; but a filler is likelier than both.
    model.head.weight[VERB + 3 : VERB + 5, 0] = torch.tensor([-30.0, 30.0]) * sign
    model.head.bias[FILLER] = 60
    return model


# Found


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_latch_is_found_among_units_that_know_nothing(number):
    units = [idle(), idle()]
    units.insert(number, latch())
    found = memory_units(model_of(*units), FAR)
    assert (found.numbers, found.right) == ([number], [1.0])
    assert found.kept == pytest.approx([0.99], abs=1e-5)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_step_leads_from_singular_to_plural(sign):
    model = model_of(latch(0.8, -sign), latch(0.9, sign))
    found = memory_units(model, sentences(40, 0, gaps=(8,)))
    steps = [sign * 2 * 0.9**8, -sign * 2 * 0.8**8]
    assert found.steps == pytest.approx(steps, rel=1e-4)


@pytest.mark.parametrize(("kept", "number"), [((0.9, 0.99), 1), ((0.99, 0.9), 0)])
def test_of_two_that_know_the_one_that_keeps_more_is_chosen(kept, number):
    found = memory_units(model_of(*map(latch, kept)), FAR)
    assert found.numbers == [number, 1 - number]
    assert found.kept == pytest.approx([0.99, 0.9], abs=1e-5)


@pytest.mark.parametrize(("mistaken", "number"), [(1, 1), (3, 0)])
def test_knowing_as_well_is_within_a_hundredth(mistaken, number):
    sample = sentences(200, seed=0, gaps=(8,))
    nouns = sample.noun_places()
    plural = nouns[sample.ids[nouns] >= NOUN + 8]
    sample.ids[plural] = NOUN + 9
    sample.ids[plural[:mistaken]] = NOUN + 8  # the one that the second unit mistakes
    wrong = latch(0.999)
    wrong[2, NOUN + 8] *= -1
    found = memory_units(model_of(latch(0.9), wrong), sample)
    assert found.numbers[0] == number
    assert found.right[0] == pytest.approx(1 - number * mistaken / 200)
    assert len(found.numbers) == 1 + number


def test_what_is_kept_is_the_mean_over_the_fillers_alone():
    shares, unit = torch.linspace(0.6, 0.95, 8), latch()
    unit[1, FILLER:VERB] = torch.logit(shares)
    fillers = [i - FILLER for i in FAR.ids.tolist() if FILLER <= i < VERB]
    expected = shares[fillers].mean().item()
    found = memory_units(model_of(unit), FAR)
    assert found.kept == pytest.approx([expected], abs=1e-5)


def test_only_far_verbs_are_asked():
    near, far = sentences(200, 0, gaps=(1,)), sentences(40, 1, gaps=(8,))
    both = [torch.cat([near.ids, far.ids]), torch.cat([near.gaps, far.gaps])]
    unit = latch(0.5)
    unit[0, FILLER:VERB], unit[2, FILLER:VERB] = 0, torch.linspace(-0.5, 0.5, 8)
    model = model_of(unit)  # the fillers drown what it knew
    assert memory_units(model, Sentences(*both)).right[0] < 0.75
    with pytest.raises(ValueError, match="both a yes and a no"):
        memory_units(model, sentences(40, 0, gaps=(7,)))


def test_the_number_is_asked_before_the_verb_is_read():
    unit = idle()
    unit[0, VERB:] = 20
    unit[2, VERB:] = torch.tensor([-20.0] * 4 + [20.0] * 4)
    assert memory_units(model_of(unit), FAR).right[0] < 0.8


def test_the_trace_is_that_of_the_whole_sample():
    model = model_of(latch(), idle())
    trace, expected = (
        memory_units(model, FAR).trace,
        lstm_units.trace_gates(model, FAR.ids),
    )
    for name, value in vars(expected).items():
        assert torch.equal(getattr(trace, name), value)


# Moved


def test_units_beyond_those_asked_for_are_left_out():
    model = model_of(latch(0.9), latch(0.99), latch(0.95))
    assert memory_units(model, FAR, n=2).numbers == [1, 2]
    assert len(memory_units(model_of(*[latch()] * 5), FAR).numbers) == 3


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("n", "turned"), [(0, 0.0), (1, 1.0), (3, 1.0)])
def test_verbs_turn_when_the_unit_is_moved(sign, n, turned):
    model = model_of(latch(0.999, sign), sign=sign)
    assert verbs_turned(model, memory_units(model, FAR), n, seed=0) == turned


def test_the_units_are_moved_in_their_order():
    model = model_of(latch(0.9), latch(0.999))  # the verb hangs on the second to move
    units = memory_units(model, FAR)
    assert [verbs_turned(model, units, n, seed=0) for n in (1, 2)] == [0.0, 1.0]


def test_moving_another_unit_turns_nothing():
    unread = model_of(idle(), latch())
    model = model_of(latch(), latch())
    assert verbs_turned(model, memory_units(unread, FAR), 1, seed=0) == 0.0


def test_others_are_drawn_from_all_that_were_not_found_and_keep_the_steps():
    units = memory_units(model_of(latch(), idle(), latch(0.9), idle(), idle()), FAR)
    found = other_units(units, 40, seed=0)
    assert sorted(units.numbers) == [0, 2] and len(found) == 40
    assert {frozenset(other.numbers) for other in found} == {
        frozenset(pair) for pair in [(1, 3), (1, 4), (3, 4)]
    }
    assert all(other.steps == units.steps for other in found)
    assert not any(other.right or other.kept for other in found)


def test_others_turn_nothing_and_depend_on_the_seed_alone():
    model = model_of(latch(), *[idle()] * 9)
    units = memory_units(model, FAR)
    one, same, other = (
        [drawn.numbers for drawn in other_units(units, 8, seed)] for seed in (0, 0, 1)
    )
    assert one == same != other
    drawn = other_units(units, 3, seed=0)
    assert [verbs_turned(model, unit, 1, seed=0) for unit in drawn] == [0, 0, 0]


def test_a_cell_is_moved_to_where_it_stands_for_the_other_number():
    model, starts = model_of(latch(0.999)), []
    units = memory_units(model, FAR)
    model.register_forward_pre_hook(lambda _, given: starts.append(given[1:]))
    verbs_turned(model, units, 1, seed=0)
    (_, c), nouns = starts[1][0], openings(1_000, 10, seed=0)[:, 1]
    torch.testing.assert_close(c[0, :, 0], -SAYS[nouns], rtol=0, atol=0.02)


@pytest.mark.parametrize("seed", [0, 5])
def test_what_is_wrong_without_a_move_counts(seed):
    wrong = latch()
    wrong[2, NOUN] *= -1
    model = model_of(wrong)
    share = (openings(1_000, 10, seed)[:, 1] == NOUN).float().mean().item()
    unit = memory_units(model_of(latch()), FAR)
    assert verbs_turned(model, unit, 0, seed) == pytest.approx(share)


@pytest.mark.parametrize(("options", "lengths"), [({}, [7, 5]), ({"gap": 4}, [4, 2])])
def test_the_move_is_in_mid_sentence(options, lengths):
    model, read = model_of(latch()), []
    unit = memory_units(model, FAR)
    model.register_forward_pre_hook(lambda _, given: read.append(given[0]))
    verbs_turned(model, unit, 1, 3, **options)
    assert [len(part[0]) for part in read] == lengths
    expected = openings(1_000, sum(lengths) - 2, seed=3)
    assert torch.equal(torch.cat(read, dim=1), expected)


def test_the_verb_is_asked_for_after_the_last_word():
    model = model_of(latch())
    unit = memory_units(model, FAR)

    def spoil(layer, given, output):
        output[0][:, :-1].neg_()

    model.register_forward_hook(spoil)
    assert verbs_turned(model, unit, 0, seed=0) == 0.0


def test_the_model_stays_as_it_was():
    model = model_of(latch())
    before = [weight.clone() for weight in model.parameters()]
    verbs_turned(model, memory_units(model, FAR), 1, seed=0)
    assert all(map(torch.equal, before, model.parameters()))


# Shown


def stream(*stretches):
    """Return sentences of these (number, fillers), with the first noun and verb."""
    ids, gaps = [], []
    for plural, fillers in stretches:
        ids += [NOUN + 8 * plural, *[FILLER] * fillers, VERB + 4 * plural, 0]
        gaps += [-1] * (fillers + 1) + [fillers, -1]
    return Sentences(torch.tensor(ids), torch.tensor(gaps))


def test_the_sentence_shown_is_followed_by_one_of_the_other_number():
    sample = stream((0, 2), (0, 2), (1, 1), (1, 2), (0, 0), (1, 2), (0, 0))
    places = turning_place(sample, gap=2)
    # From the period before the second sentence to the word after the third's noun.
    assert places.tolist() == list(range(4, 12))
    assert turning_place(stream((1, 2), (0, 1)), gap=2).tolist() == list(range(7))


def test_where_no_sentence_turns_this_is_said():
    with pytest.raises(ValueError, match="no sentence of 2 fillers"):
        turning_place(stream((0, 2), (0, 1), (1, 2)), gap=2)
