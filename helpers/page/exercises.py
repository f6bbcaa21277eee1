"""Exercises: `check` answers at once, `hint` gives the next of three hints.

The reference solutions, the cases, the hints and the known wrong answers of a lesson
stand in `helpers/lessons/lessonNN/exercises.py`. This module only compares.

An answer can be made to fit the visible cases alone. A graded cell therefore also calls
`check` with `hidden`, a seed that only the teacher knows: further cases are drawn.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from helpers.core.errors import UserError
from helpers.core.run import being_graded
from helpers.core.signs import BY_STATE
from helpers.page.attempts import apart, attempt, untouched
from helpers.page.compare import same
from helpers.page.elsewhere import Elsewhere
from helpers.page.inputs import call, takes
from helpers.page.kinds import kind, kind_difference
from helpers.page.promises import (
    Promise,
    changed_input,
    first_changed,
    gradients_left_on,
    inputs_unchanged,
    leaves_gradients_on,
)
from helpers.page.relations import relation
from helpers.page.verdicts import (
    ON_HIDDEN,
    ON_VISIBLE,
    Raised,
    Verdict,
    Wording,
    details,
    headline,
    in_a_line,
    wrapped,
)

HINTS = 3


class ExerciseFailed(AssertionError):
    """An exercise that had to be right (worked edition, grading) is not."""


@dataclass(frozen=True)
class Wrong:
    """A known wrong answer: what it computes, and the misconception behind it.

    `typed`: the same as code in place of the stub's `...`, for one answer a lesson that
    is short enough to be typed in a browser.
    """

    answer: Callable
    message: str
    typed: str = ""


@dataclass(frozen=True)
class Exercise:
    """One exercise: the reference, the inputs to try, the hints, the wrong answers.

    `reference` takes the arguments of a case. An exercise that asks for a value
    instead of a function has the single case `()`, and a `reference` without arguments.
    `hidden` returns, for a seed, cases of the same kind with other values and shapes;
    None for an exercise that asks for a value. `promises`: what holds beside the values
    (`helpers.page.promises`). `may_change`: the places of the inputs that the
    answer is meant to change.
    """

    reference: Callable
    hints: tuple[str, str, str]
    wrong: tuple[Wrong, ...]
    cases: Callable[[], list[tuple]] = field(default=lambda: [()])
    tolerance: float = 1e-5
    hidden: Callable[[int], list[tuple]] | None = None
    promises: tuple[Promise, ...] = ()
    may_change: tuple[int, ...] = ()


_settings = {"raise": False}
_hints_given: dict[str, int] = {}
_listeners: dict[Any, Callable[[str, str], None]] = {}


def raise_when_wrong() -> None:
    """Let `check` raise unless an exercise is solved: the worked edition's rule."""
    _settings["raise"] = True


def must_be_right() -> bool:
    """True in the worked edition and while nbgrader grades, which gives full points
    to every cell that does not raise."""
    return _settings["raise"] or being_graded()


def check(id: str, answer: Any, graded: bool = True, hidden: int | None = None) -> None:
    """Print the verdict on `answer`, a function or a value.

    `hidden`, a seed: the answer is also tried on the cases drawn with it, if the
    exercise has any. Raises ExerciseFailed for anything but a correct answer where
    `must_be_right`; `graded=False`, for showing a verdict, never raises.
    """
    verdict = judge_answer(find(id), answer, hidden)
    text = said(id, verdict)
    print(wrapped(text))
    if graded and hidden is None:
        tell_listeners(id, verdict.state)
    if graded and verdict.state != "correct" and must_be_right():
        raise ExerciseFailed(text)


def said(id: str, verdict: Verdict) -> str:
    """Return a verdict with the exercise and its sign in front."""
    return f"{BY_STATE[verdict.state]} {id}  {verdict.message}"


def listen(tell: Callable[[str, str], None]) -> None:
    """Let `check` call tell(id, state) after each verdict that counts: neither one that
    is only shown, nor one on hidden cases.

    A function takes the place of an earlier one of the same module and name, so the
    cell that registers it may run again. Its errors cost a line and no verdict.
    """
    name = getattr(tell, "__qualname__", tell)
    _listeners[getattr(tell, "__module__", None), name] = tell


def tell_listeners(id: str, state: str) -> None:
    """Tell every listener of a verdict; print a line for one that fails."""
    for tell in list(_listeners.values()):
        try:
            with apart():
                tell(id, state)
        except Exception as error:
            print(f"(this verdict was not kept: {in_a_line(error)})")


def hint(id: str) -> None:
    """Print the next of the three hints; after the third, start again."""
    exercise = find(id)
    given = _hints_given.get(id, 0) % HINTS
    _hints_given[id] = given + 1
    print(f"Hint {given + 1} of {HINTS} for {id}: {exercise.hints[given]}")


def find(id: str) -> Exercise:
    """Return exercise "1.2" from the bank of lesson 1.

    Raises UserError when there is no such exercise.
    """
    lesson = str(id).partition(".")[0]
    room = f"helpers.lessons.lesson{lesson.zfill(2)}"
    try:
        bank = importlib.import_module(f"{room}.exercises").EXERCISES
    except ModuleNotFoundError as error:
        if error.name not in (
            room,
            f"{room}.exercises",
        ):  # the bank exists, one of its own imports does not
            raise
        text = f"There is no exercise {id!r}: lesson {lesson} has none."
        raise UserError(text) from None
    if id not in bank:
        known = ", ".join(bank)
        raise UserError(f"There is no exercise {id!r}; lesson {lesson} has {known}.")
    return bank[id]


def judge_answer(exercise: Exercise, answer: Any, hidden: int | None = None) -> Verdict:
    """Return the verdict on a function or a value, without printing: on the visible
    cases, then, given a seed, on the hidden ones."""
    if untouched(answer):
        return Verdict("not attempted", "not attempted yet")
    with apart():
        cases = announced(exercise.cases(), answer, exercise)
        if text := not_called(answer, cases[0]):
            return Verdict("wrong", text)
        verdict = judge_cases(exercise, answer, cases)
        if verdict.state == "correct" and hidden is not None and exercise.hidden:
            others = announced(exercise.hidden(hidden), answer, exercise)
            return judge_cases(exercise, answer, others, ON_HIDDEN)
    return verdict


def announced(cases: list[tuple], answer: Any, exercise: Exercise) -> list[tuple]:
    """Return the cases; an answer in another process is told what it will be asked."""
    if isinstance(answer, Elsewhere):
        changed = first_changed, exercise.may_change
        answer.expect(cases, (takes,), (attempt,), changed, (leaves_gradients_on,))
    return cases


def not_called(answer: Any, case: tuple) -> str:
    """Return what is wrong with an answer that cannot be called as asked, or ""."""
    if case and not callable(answer):
        return (
            f"A function is asked for; that is {kind(answer)}. Hand in the function's "
            "name alone, without calling it."
        )
    if not case and callable(answer):
        return (
            ""
            if not takes(answer, ())
            else f"A value is asked for; that is {kind(answer)}."
        )
    return takes(answer, case) if case else ""


def judge_cases(
    exercise: Exercise, answer: Any, cases: list[tuple], wording: Wording = ON_VISIBLE
) -> Verdict:
    """Return the verdict on an attempt at these cases, in this wording: on its values,
    then on what the exercise promises beside them."""
    expected = [call(exercise.reference, case) for case in cases]
    got = [attempt(answer, case) for case in cases]
    for case, g, e in zip(cases, got, expected, strict=True):
        if not same(g, e, exercise.tolerance):
            known = misconception(exercise, cases, got) or ""
            found = kind_difference(g, e) or input_found(exercise, answer, case)
            found = found or values_found(exercise, got, expected)
            lines = [
                headline(wording, known, found, g),
                *details(case, e, g, exercise.tolerance),
            ]
            return Verdict("wrong", "\n   ".join(lines))
    for case in cases:
        if text := broken_promise(exercise, answer, case):
            return Verdict("wrong", wording.before + text)
    return Verdict("correct", wording.right)


def input_found(exercise: Exercise, answer: Any, case: tuple) -> str:
    """Return which input was changed by an answer that ran to its end, or ""."""
    return changed_input(answer, case, exercise.may_change) if callable(answer) else ""


def values_found(exercise: Exercise, got: list, expected: list) -> str:
    """Return how wrong values relate to the right ones, or ""; nothing of a value that
    is asked for, since that would give it away."""
    pairs = list(zip(got, expected, strict=True))
    if exercise.cases() == [()] or any(kind_difference(*pair) for pair in pairs):
        return ""
    return relation(pairs, exercise.tolerance)


def broken_promise(exercise: Exercise, answer: Any, case: tuple) -> str:
    """Return the first promise beside its values that an answer breaks, or ""."""
    if not callable(answer):
        return ""
    always = inputs_unchanged(*exercise.may_change), gradients_left_on
    for promise in (*always, *exercise.promises):
        text = promise(answer, exercise.reference, case, exercise.tolerance)
        if text:
            return text
    return ""


def misconception(exercise: Exercise, cases: list[tuple], got: list) -> str | None:
    """Return the message of the known wrong answer that gives `got` on every case,
    or None."""
    for wrong in exercise.wrong:
        pairs = ((g, attempt(wrong.answer, c)) for g, c in zip(got, cases, strict=True))
        if all(same_outcome(*pair, exercise.tolerance) for pair in pairs):
            return wrong.message
    return None


def same_outcome(got: Any, known: Any, tolerance: float) -> bool:
    """True for the same result, or for the same error wherever it arose."""
    if isinstance(got, Raised) or isinstance(known, Raised):
        return type(got) is type(known) and got == known
    return same(got, known, tolerance)


def go_on_with(id: str, answer: Any, reference: Any) -> Any:
    """Return `answer` where it is right, else `reference`, and say in a line which of
    them the page goes on with."""
    state = judge_answer(find(id), answer).state
    version = "your own version" if state == "correct" else "the reference"
    print(f"{BY_STATE[state]} {id}  the page goes on with {version}")
    return answer if state == "correct" else reference
