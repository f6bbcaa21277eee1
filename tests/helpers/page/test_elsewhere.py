"""Probes run where the answer is: here, or in another process, asked as seldom as
possible."""

import pytest

from helpers.page.attempts import attempt
from helpers.page.elsewhere import Elsewhere, Failed
from helpers.page.inputs import takes
from helpers.page.kinds import kind
from helpers.page.promises import first_changed


class Process:
    """Another process, in which an answer is; it remembers what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __call__(self, questions):
        self.asked.append([(q.probe.__name__, q.case, *q.more) for q in questions])
        return [q.probe(self.answer, q.case, *q.more) for q in questions]


@pytest.fixture
def process():
    """Return a process whose answer takes an element off its input."""
    return Process(lambda values: values.pop())


def test_a_probe_runs_where_the_answer_is(process):
    there = Elsewhere("a function", "f", process)
    case = ([1, 2],)
    assert attempt(there, case) == attempt(process.answer, case) == 2
    assert first_changed(there, case, ()) == 0
    assert first_changed(there, case, (0,)) is None
    assert process.asked == [
        [("attempt", case)],
        [("first_changed", case, ())],
        [("first_changed", case, (0,))],
    ]


def test_it_is_asked_once_and_for_all_cases_together(process):
    there = Elsewhere("a function", "f", process)
    cases, alone = [([1],), ([2],)], ([1],)
    there.expect(cases, (takes,), (first_changed, (0,)))
    assert [attempt(there, case) for case in cases] == [1, 2]
    assert [takes(there, case) for case in cases] == ["", ""]
    assert first_changed(there, cases[1], (0,)) is None
    assert attempt(there, alone) == 1
    first, second = process.asked
    assert first == [
        *[("attempt", case) for case in cases],
        *[("takes", case) for case in cases],
        *[("first_changed", case, (0,)) for case in cases],
    ]
    assert second == [("attempt", alone)]
    first_changed(there, cases[0], ())
    assert process.asked[2] == [("first_changed", case, ()) for case in cases]


def test_a_probe_that_failed_there_is_an_error_here():
    there = Elsewhere("a function", "f", lambda asked: [Failed("no")] * len(asked))
    with pytest.raises(RuntimeError, match=r"^no$"):
        attempt(there, ([1],))


def test_nothing_but_probes_reaches_it():
    there = Elsewhere("a class (Net)", "Net", None)
    assert callable(there) and kind(there) == "a class (Net)" and repr(there) == "Net"
    with pytest.raises(RuntimeError, match="only probes"):
        there(1)
