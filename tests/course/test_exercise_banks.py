"""The banks of exercises: every hint, every reference, every known wrong answer.

Says nothing while there are neither banks nor notebooks; from the first on, each
exercise must stand in a bank and be checked by a notebook of the same lesson.
"""

import ast
import dataclasses
import importlib
import json
import random
from functools import cache
from itertools import combinations

import numpy as np
import pytest
import torch
from support.judged import verdict_on_wrong
from torch import nn

from helpers.core.files import ROOT
from helpers.page.attempts import apart, attempt
from helpers.page.compare import same
from helpers.page.exercises import HINTS, Wrong, judge_answer
from helpers.page.inputs import call


def read_banks(folder):
    """Return {lesson number: exercises by id} of the banks in the lessons' rooms."""
    numbers = [path.parent.name[6:] for path in folder.glob("lesson*/exercises.py")]
    modules = {n: f"helpers.lessons.lesson{n}.exercises" for n in sorted(numbers)}
    return {
        int(n): importlib.import_module(name).EXERCISES for n, name in modules.items()
    }


def checked_ids(notebook):
    """Return the ids that the code cells of a notebook pass to `check`."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    calls = [
        node
        for source in sources
        for node in ast.walk(ast.parse(without_magics(source)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
    ]
    return [call.args[0].value for call in calls]


def without_magics(source):
    """Return a cell without the lines that only IPython understands."""
    lines = source.split("\n")
    return "\n".join(s for s in lines if not s.lstrip().startswith(("%", "!")))


def complaints(banks, checked):
    """Return what does not match between the banks and the notebooks' checks.

    `banks`: exercises by lesson; `checked`: ids by lesson.
    """
    found = []
    for lesson in sorted(banks.keys() | checked.keys()):
        known, asked = set(banks.get(lesson, ())), set(checked.get(lesson, ()))
        found += [f"lesson {lesson}: {id} is in no bank" for id in asked - known]
        found += [f"lesson {lesson}: {id} is never checked" for id in known - asked]
        wrong = {id for id in known | asked if id.partition(".")[0] != str(lesson)}
        found += [f"lesson {lesson}: {id} has another lesson's number" for id in wrong]
    return sorted(found)


BANKS = read_banks(ROOT / "helpers" / "lessons")
EXERCISES = {id: exercise for bank in BANKS.values() for id, exercise in bank.items()}
WRONG = [(id, i) for id, e in EXERCISES.items() for i in range(len(e.wrong))]
HIDDEN = [id for id, exercise in EXERCISES.items() if exercise.hidden]
SEEDS = range(3)


def test_banks_and_notebooks_have_the_same_exercises():
    notebooks = (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")
    checked = {int(path.name[:2]): checked_ids(path) for path in notebooks}
    assert complaints(BANKS, checked) == []
    assert len(EXERCISES) == sum(map(len, BANKS.values()))


@pytest.mark.parametrize("id", EXERCISES)
def test_an_exercise_is_complete(id):
    exercise = EXERCISES[id]
    assert len({hint.strip() for hint in exercise.hints} - {""}) == HINTS
    assert len(exercise.hints) == HINTS
    messages = [wrong.message.strip() for wrong in exercise.wrong]
    assert len(messages) >= 2
    assert len(set(messages) - {""}) == len(messages)
    assert exercise.cases()


@pytest.mark.parametrize("id", EXERCISES)
def test_the_reference_is_correct_and_the_stub_not_attempted(id):
    exercise = EXERCISES[id]
    verdict = judge_answer(exercise, exercise.reference)
    assert verdict.state == "correct", verdict.message
    assert judge_answer(exercise, ...).state == "not attempted"


@pytest.mark.parametrize(("id", "number"), WRONG)
def test_a_known_wrong_answer_is_caught_by_its_own_message(id, number):
    wrong: Wrong = EXERCISES[id].wrong[number]
    verdict = verdict_on_wrong(EXERCISES[id], number)
    assert verdict.state == "wrong"
    assert verdict.message.startswith(wrong.message)


def alike(a, b):
    """Return whether two inputs are the same: of networks, weights and modes."""
    if isinstance(a, nn.Module) and isinstance(b, nn.Module):
        modes = [[layer.training for layer in net.modules()] for net in (a, b)]
        learn = [[p.requires_grad for p in net.parameters()] for net in (a, b)]
        states = [dict(net.state_dict()) for net in (a, b)]
        return all(same(*pair, tolerance=0) for pair in (modes, learn, states))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return same(a, b, tolerance=0) or (callable(a) and repr(a) == repr(b))


@cache
def drawn(id, seed):
    """Return the hidden cases and their results; nobody may change them."""
    with apart():
        cases = EXERCISES[id].hidden(seed)
        return tuple(cases), [call(EXERCISES[id].reference, case) for case in cases]


def is_wrong(exercise, results, expected):
    pairs = zip(results, expected, strict=True)
    return not all(same(got, right, exercise.tolerance) for got, right in pairs)


@pytest.mark.parametrize("id", EXERCISES)
def test_an_exercise_hides_cases_unless_it_asks_for_a_value(id):
    exercise = EXERCISES[id]
    assert (exercise.hidden is None) == (exercise.cases() == [()])


@pytest.mark.parametrize("id", HIDDEN)
def test_hidden_cases_are_others_for_each_seed_and_the_same_for_one(id):
    visible, by_seed = EXERCISES[id].cases(), [drawn(id, seed)[0] for seed in SEEDS]
    for cases in by_seed:
        assert len(cases) >= 2
        assert not any(alike(new, old) for new in cases for old in visible)
    assert not any(alike(a, b) for a, b in combinations(by_seed, 2))
    with apart():  # wherever the page's random numbers stand
        torch.rand(7)
        assert alike(by_seed[0], drawn.__wrapped__(id, 0)[0])


def state_of_the_page(exercise):
    """Return what the page's generators draw next, and the visible cases."""
    states = torch.random.get_rng_state(), random.getstate(), np.random.get_state()
    with apart():
        return *states, *exercise.cases()


@pytest.mark.parametrize("id", HIDDEN)
def test_the_reference_is_correct_on_hidden_cases_and_nothing_moves(id):
    exercise = EXERCISES[id]
    before = state_of_the_page(exercise)
    for seed in (0, -1, 2**40):
        verdict = judge_answer(exercise, exercise.reference, seed)
        assert verdict.message == "correct on other inputs too"
    assert alike(before, state_of_the_page(exercise))
    assert judge_answer(exercise, ..., 0).state == "not attempted"


@pytest.mark.parametrize("id", HIDDEN)
def test_a_known_wrong_answer_is_wrong_on_hidden_cases_alone(id):
    exercise = EXERCISES[id]
    for seed in SEEDS:
        cases, expected = drawn(id, seed)
        for wrong in exercise.wrong:
            with apart():
                results = [attempt(wrong.answer, case) for case in cases]
            assert is_wrong(exercise, results, expected), (seed, wrong.message)


def remembering(exercise, others):
    """Return the answer that is right for the visible cases, and else others()."""
    with apart():
        visible = exercise.cases()

    def answer(*given):
        seen = any(alike(given, case) for case in visible)
        return exercise.reference(*given) if seen else others()

    return answer


def give_up():
    raise KeyError("not in my table")


@pytest.mark.parametrize("id", HIDDEN)
def test_who_remembers_the_visible_cases_fails_on_hidden_ones(id):
    exercise = dataclasses.replace(EXERCISES[id], wrong=())
    with apart():
        first = call(exercise.reference, exercise.cases()[0])
    for seed in SEEDS:
        _, expected = drawn(id, seed)
        assert is_wrong(exercise, [first] * len(expected), expected)
    for others in (lambda: first, give_up):
        verdict = judge_answer(exercise, remembering(exercise, others), 0)
        assert verdict.message.startswith(
            "Right on the examples shown, wrong on others."
        )


def write(path, *sources):
    """Write a notebook with these code cells and return its path."""
    cells = [{"cell_type": "code", "source": s.splitlines(True)} for s in sources]
    cells.append({"cell_type": "markdown", "source": ['check("9.9", text)']})
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def test_checks_are_found_in_code_only(tmp_path):
    cells = 'check("1.1", f)', '%timeit f(1)\nx = 1\ncheck("1.2", x)  # check("8.8", x)'
    assert checked_ids(write(tmp_path / "01_a.ipynb", *cells)) == ["1.1", "1.2"]


@pytest.mark.parametrize(
    ("banks", "checked", "said"),
    [
        ({}, {}, []),
        ({1: {"1.1"}}, {1: ["1.1", "1.1"]}, []),
        ({}, {0: []}, []),
        ({1: {"1.1"}}, {1: ["1.1", "1.2"]}, ["lesson 1: 1.2 is in no bank"]),
        ({1: {"1.1", "1.2"}}, {1: ["1.1"]}, ["lesson 1: 1.2 is never checked"]),
        ({1: {"1.1"}}, {}, ["lesson 1: 1.1 is never checked"]),
        ({}, {1: ["1.1"]}, ["lesson 1: 1.1 is in no bank"]),
        ({1: {"2.1"}}, {1: ["2.1"]}, ["lesson 1: 2.1 has another lesson's number"]),
    ],
)
def test_a_mismatch_is_named(banks, checked, said):
    assert complaints(banks, checked) == said
