"""Sentences by construction: labels and answers fit the words, sides share nothing."""

import pytest

from helpers.core.errors import UserError
from helpers.data.tasks.meetings import (
    ANSWERS,
    KINDS,
    NAMES,
    QUESTIONS,
    SIDES,
    TEMPLATES,
    TIMES,
    VERBS,
    asked,
    meetings,
    names_of,
    split,
)


@pytest.mark.parametrize("side", SIDES)
def test_labels_and_answers_fit_the_words(side):
    for one in meetings(side, 16, seed=3):
        assert one.words == split(one.text)
        assert len(one.kinds) == len(one.words)
        persons, places, times = (
            [w for w, kind in zip(one.words, one.kinds, strict=True) if kind == k]
            for k in (1, 2, 3)
        )
        assert len(set(persons)) == 2 and len(places) == 1
        assert set(persons + places) <= set(names_of(side, 3))
        assert " ".join(times) in TIMES[side]
        for question in one.questions:
            answer = one.words[question.first : question.last + 1]
            inside = one.kinds[question.first : question.last + 1]
            assert {KINDS[kind] for kind in inside} == {question.asks_for}
            assert " ".join(answer) not in question.text
            whole = {"person": 1, "place": 1, "time": len(times)}[question.asks_for]
            assert len(answer) == whole


@pytest.mark.parametrize("side", SIDES)
def test_a_question_asks_for_the_one_who_is_not_in_it(side):
    template, one = TEMPLATES[side][0], meetings(side, 1, seed=0)[0]
    order = [slot for slot in "abp" if f"{{{slot}}}" in template]
    names = [w for w, kind in zip(one.words, one.kinds, strict=True) if 0 < kind < 3]
    where = sorted(order, key=lambda slot: template.index(f"{{{slot}}}"))
    by_slot = dict(zip(where, names, strict=True))
    for (slot, _), question in zip(QUESTIONS[side], one.questions, strict=True):
        if slot in by_slot:
            assert one.words[question.first] == by_slot[slot]


def test_templates_come_in_turn_and_the_seed_draws():
    first, again, other = (meetings("train", 9, seed) for seed in (0, 0, 1))
    assert first == again and first != other
    assert first[0].text != first[8].text
    assert [m.text.startswith("On ") for m in first[:3]] == [False, True, False]


def test_the_sides_share_nothing():
    train, test = (set(names_of(side, 5)) for side in SIDES)
    assert not train & test and train | test == set(NAMES)
    assert len(train) == 2 * len(NAMES) // 3
    assert names_of("train", 5) != names_of("train", 6)
    for table in (TIMES, VERBS, TEMPLATES, QUESTIONS):
        assert not set(table["train"]) & set(table["test"])


def test_every_kind_is_asked_for_as_often_in_the_test():
    texts, wanted = asked(meetings("test", 5, 0))
    assert [wanted.count(place) for place in range(len(ANSWERS))] == [10, 10, 10]
    assert texts[0].startswith("Name the person") and wanted[:3] == [0, 0, 1]


@pytest.mark.parametrize(("side", "n"), [("validation", 3), ("train", 0)])
def test_what_there_is_not_is_said(side, n):
    with pytest.raises(UserError, match="sides are 'train' and 'test'"):
        meetings(side, n, 0)
