"""Answers handed in as students would: none is accepted that is wrong, most are named.

What counts as named was written down before the verdicts were seen; the answers of
`NN_second.toml` were written after the banks had been mended, and never seen by them.
"""

from collections import Counter

import pytest
from support.handed_in import asked_names, handed_in, outcome, verdict_on

ANSWERS = handed_in()
WRONG = [one for one in ANSWERS if not one.right]
NAMED = 0.75  # of the wrong answers, the share whose verdict shows the slip


@pytest.mark.parametrize("one", WRONG, ids=lambda one: one.name)
def test_a_wrong_answer_is_not_accepted_nor_taken_for_another(one):
    assert outcome(one) in ("named", "generic"), verdict_on(one).message


@pytest.mark.parametrize(
    "one", [one for one in ANSWERS if one.right], ids=lambda one: one.name
)
def test_an_unusual_right_answer_is_accepted(one):
    assert verdict_on(one).state == "correct", verdict_on(one).message


def test_most_verdicts_name_the_slip():
    counts = Counter(map(outcome, WRONG))
    assert counts["named"] >= NAMED * len(WRONG), counts


@pytest.mark.parametrize("id", asked_names())
def test_every_exercise_gets_three_wrong_answers_and_a_right_one(id):
    right = [one.right for one in ANSWERS if one.id == id]
    assert right.count(False) >= 3 and right.count(True) >= 1
