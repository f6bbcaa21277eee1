"""Exercises: `check` answers at once, `hint` gives the next of three hints.

The reference solutions, the cases, the hints and the known wrong answers of a lesson
stand in `helpers/answers/lessonNN.py`. This module only compares.
"""

import ast
import copy
import importlib
import inspect
import os
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from helpers.compare import describe, first_difference, same
from helpers.errors import UserError

HINTS = 3


class ExerciseFailed(AssertionError):
    """An exercise that had to be right (worked edition, grading) is not."""


@dataclass(frozen=True)
class Wrong:
    """A known wrong answer: what it computes, and the misconception behind it."""

    answer: Callable
    message: str


@dataclass(frozen=True)
class Exercise:
    """One exercise: the reference, the inputs to try, the hints, the wrong answers.

    `reference` takes the arguments of a case. An exercise that asks for a value
    instead of a function has the single case `()`, and a `reference` without arguments.
    """

    reference: Callable
    hints: tuple[str, str, str]
    wrong: tuple[Wrong, ...]
    cases: Callable[[], list[tuple]] = field(default=lambda: [()])
    tolerance: float = 1e-5


@dataclass(frozen=True)
class Verdict:
    """What `check` found: state is "correct", "not attempted" or "wrong"."""

    state: str
    message: str


_settings = {"raise": False}
_hints_given: dict[str, int] = {}


def raise_when_wrong() -> None:
    """Let `check` raise unless an exercise is solved: the worked edition's rule."""
    _settings["raise"] = True


def must_be_right() -> bool:
    """True in the worked edition and while nbgrader grades, which gives full points
    to every cell that does not raise."""
    grading = os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate")
    return _settings["raise"] or grading


def check(id: str, answer: Any, graded: bool = True) -> None:
    """Print the verdict on `answer`, a function or a value.

    Raises ExerciseFailed for anything but a correct answer where `must_be_right`;
    `graded=False`, for showing a verdict, never raises.
    """
    verdict = judge_answer(find(id), answer)
    mark = {"correct": "✓", "not attempted": "○", "wrong": "✗"}[verdict.state]
    text = f"{mark} {id}  {verdict.message}"
    print(text)
    if graded and verdict.state != "correct" and must_be_right():
        raise ExerciseFailed(text)


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
    name = f"helpers.answers.lesson{lesson.zfill(2)}"
    try:
        bank = importlib.import_module(name).EXERCISES
    except ModuleNotFoundError as error:
        if error.name != name:  # the bank exists, one of its own imports does not
            raise
        text = f"There is no exercise {id!r}: lesson {lesson} has none."
        raise UserError(text) from None
    if id not in bank:
        known = ", ".join(bank)
        raise UserError(f"There is no exercise {id!r}; lesson {lesson} has {known}.")
    return bank[id]


def judge_answer(exercise: Exercise, answer: Any) -> Verdict:
    """Return the verdict on a function or a value, without printing."""
    if untouched(answer):
        return Verdict("not attempted", "not attempted yet")
    with apart():
        cases = list(exercise.cases())
        expected = [call(exercise.reference, case) for case in cases]
        got = [attempt(answer, case) for case in cases]
        for case, g, e in zip(cases, got, expected, strict=True):
            if not same(g, e, exercise.tolerance):
                known = misconception(exercise, cases, got)
                message = wrong_message(case, e, g, known, exercise.tolerance)
                return Verdict("wrong", message)
    return Verdict("correct", "correct")


def untouched(answer: Any) -> bool:
    """True for `...`, and where a body still has the stub's bare `...`: a function,
    or a class of which any method is a stub, or that defines nothing."""
    if answer is ... or not callable(answer):
        return answer is ...
    if isinstance(answer, type):  # of a class in a notebook there is no source
        methods = [m for m in vars(answer).values() if inspect.isfunction(m)]
        empty = not methods and all(name.startswith("__") for name in vars(answer))
        return empty or any(map(untouched, methods))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError):  # a lambda, a built-in: no stub
        return False
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is ...
        for node in ast.walk(tree)
    )


@contextmanager
def apart() -> Iterator[None]:
    """Keep judging from moving the page's random numbers, and warnings off stderr,
    which nbgrader counts as a failure."""
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class Raised:
    """What came back from an answer that stopped with an error."""

    error: str


def call(function: Callable, case: tuple) -> Any:
    """Return what `function` gives for a copy of the case, which it may change.

    Every call starts from the same random numbers.
    """
    torch.default_generator.manual_seed(0)
    return function(*copy.deepcopy(case))


def attempt(answer: Any, case: tuple) -> Any:
    """Return what an answer, function or value, gives for a case, or its error."""
    if not callable(answer):
        return answer
    try:
        return call(answer, case)
    except Exception as error:
        return Raised(f"{type(error).__name__}: {error}")


def misconception(exercise: Exercise, cases: list[tuple], got: list) -> str | None:
    """Return the message of the known wrong answer that gives `got` on every case,
    or None."""
    for wrong in exercise.wrong:
        pairs = zip(got, cases, strict=True)
        if all(same(g, attempt(wrong.answer, c), exercise.tolerance) for g, c in pairs):
            return wrong.message
    return None


def wrong_message(
    case: tuple, expected: Any, got: Any, known: str | None, tolerance: float
) -> str:
    """Return input, expected and received, headed by the misconception if known."""
    stopped = isinstance(got, Raised)
    head = "Not yet: the result differs from the reference."
    head = known or (f"Your code stopped with {got.error}" if stopped else head)
    lines = [head]
    if case:
        lines.append(f"for        {', '.join(map(describe, case))}")
    lines.append(f"expected   {describe(expected)}")
    lines.append(f"received   {got.error if stopped else describe(got)}")
    if different := first_difference(got, expected, tolerance):
        lines.append(f"compared   {different}")
    return "\n   ".join(lines)
