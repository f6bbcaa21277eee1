"""The banks of exercises: every hint, every reference, every known wrong answer.

Says nothing while there are neither banks nor notebooks; from the first on, each
exercise must stand in a bank and be checked by a notebook of the same lesson.
"""

import ast
import importlib
import json
from pathlib import Path

import pytest

from helpers.exercises import HINTS, Wrong, judge_answer

ROOT = Path(__file__).resolve().parents[1]


def read_banks(folder):
    """Return {lesson number: exercises by id} of the banks in a folder of modules."""
    numbers = [path.stem[6:] for path in sorted(folder.glob("lesson*.py"))]
    modules = {n: f"helpers.answers.lesson{n}" for n in numbers}
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


BANKS = read_banks(ROOT / "helpers" / "answers")
EXERCISES = {id: exercise for bank in BANKS.values() for id, exercise in bank.items()}
WRONG = [(id, i) for id, e in EXERCISES.items() for i in range(len(e.wrong))]


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
    verdict = judge_answer(EXERCISES[id], wrong.answer)
    assert verdict.state == "wrong"
    assert verdict.message.startswith(wrong.message)


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
