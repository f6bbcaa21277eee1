"""Lesson 99, a toy: exactly the files that CONTRIBUTING lists for a new lesson."""

from pathlib import Path

from nbformat import NotebookNode, v4, writes
from support.tiny_lessons import code

NAME = "99_doubling"
# Without torch: its tests are started again for every fault.
MODEL = '''"""Doubling a number, as lesson 99 builds it."""


def double(x: float) -> float:
    """Return twice the number."""
    return x + x
'''
EXPERIMENT = '''"""The mean of doubled random numbers, measured for lesson 99."""

import random

from helpers.models.toy.doubling import double


def mean_of_doubled(n: int, seed: int) -> float:
    """Return the mean of n doubled numbers, uniform in 0..1."""
    draw = random.Random(seed)
    return sum(double(draw.random()) for _ in range(n)) / n
'''
BANK = '''"""Lesson 99, a toy: references, hints and known wrong answers."""

import torch
from torch import Tensor

from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed


def triple(x: Tensor) -> Tensor:
    return 3 * x


def cases() -> list[tuple]:
    return [(torch.tensor([1.0, -2.0]),), (torch.ones(2, 3),)]


def some_numbers(draw: Draw) -> tuple:
    return (torch.tensor([draw.uniform(-9, 9) for _ in range(3)]),)


EXERCISES = {
    "99.1": Exercise(
        reference=triple,
        cases=cases,
        hidden=by_seed(some_numbers),
        hints=("Add it up.", "How often?", "Three times."),
        wrong=(
            Wrong(lambda x: x**3, "You took the third power.", typed="return x**3"),
            Wrong(lambda x: 2 * x, "You doubled it."),
            Wrong(lambda x: x + 3, "You added three."),
            Wrong(lambda x: x / 3, "You divided by three."),
        ),
    ),
}
'''
TESTS = {
    "helpers/models/toy/test_doubling.py": '''"""Doubling."""

from helpers.models.toy.doubling import double


def test_every_number_is_doubled():
    assert [double(x) for x in (1.0, -2.5)] == [2.0, -5.0]
''',
    "helpers/lessons/lesson99/test_measuring.py": '''"""The mean of doubled numbers."""

import pytest

from helpers.lessons.lesson99.measuring import mean_of_doubled


def test_the_mean_is_near_one_and_depends_on_the_seed():
    assert mean_of_doubled(10_000, 0) == pytest.approx(1, abs=0.05)
    assert mean_of_doubled(100, 0) != mean_of_doubled(100, 1)
''',
}
FAULTS = """\
[["helpers/models/toy/doubling.py"]]
name = "toy-difference"
old = "x + x"
new = "x - x"

[["helpers/models/toy/doubling.py"]]
name = "toy-square"
old = "return x + x"
new = "return x * x"

[["helpers/lessons/lesson99/measuring.py"]]
name = "toy-seed-ignored"
old = "Random(seed)"
new = "Random(0)"
"""
TEACHING = """\
# 99 · Doubling

[The lesson](../notebooks/99_doubling.ipynb): 5 seconds of computing, no own data.

The class leaves with a number that is twice as large.

## Aim

Everybody has doubled a number, and tripled another.

## Plan, 45 minutes

| minutes | what | with |
|--:|---|---|
| 40 | Add it up | Step 1. Twice · claims 99.1, 99.2 |
| 5 | In pairs: three times | An exercise · exercise 99.1 |

Left for home: nothing.

## Before class, in class

- **Before:** run it once.

## Where students stumble

| exercise | what they do | the page says | ask back | point at |
|---|---|---|---|---|
| 99.1 | a power | "You took the third power" | "What is 2 times 3?" | Step 1 |
| 99.1 | stop at two | "You doubled it" | "And once more?" | Step 1 |
| 99.1 | add | "You added three" | "What is 0 times 3?" | Step 1 |
| 99.1 | divide | "You divided by three" | "Is it larger now?" | Step 1 |

## To argue about

- **A.** "Twice is more." *Tempting:* it always was. *Answer:* not below zero.
- **B.** "The mean doubles." *Tempting:* it is random. *Answer:* it is linear.

## When time is short

1. **15 minutes:** Step 1: 10, exercise 99.1: 5.

## Homework

Four times.
"""
ROW = (
    "| [99 Doubling](notebooks/99_doubling.ipynb) | a double | doubled numbers are "
    "**0** (claim 99.1) away from x + x | 5 s | [45 min](teaching/99.md) |\n"
)


def nbgrader(grade_id: str, grade: bool) -> dict:
    """Return the metadata of an exercise's cell."""
    kind = {"grade": grade, "solution": not grade, "locked": grade, "task": False}
    points = {"points": 1} if grade else {}
    return kind | points | {"grade_id": grade_id, "schema_version": 3}


def notebook() -> NotebookNode:
    """Return the page, not executed: title, parameters, a step, an exercise."""
    setup = """from helpers.lessons.lesson99.measuring import mean_of_doubled
from helpers.page.exercises import check, hint
from helpers.page.setup import open_lesson

run, claim = open_lesson("99", SEED, BUDGET, DEVICE)"""
    worked = "from helpers.page.exercises import raise_when_wrong\n\nraise_when_wrong()"
    solution = '''def triple(x):
    """Return three times the tensor."""
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION


# hint("99.1")'''
    claims = """gap = double(1.0) - 2
claim("99.1", "double(1) minus 2", gap, kind="always", equals=0)
(seed,) = run.seeds("99.1")
mean = mean_of_doubled(1000, seed)
claim("99.2", "mean of doubled numbers", mean, between=(0.9, 1.1))"""
    built = MODEL[MODEL.index("def ") :].strip()
    told = v4.new_markdown_cell
    cells = [
        told("# 99 · Doubling\n\n**How much is twice a number?** It is built here."),
        code('SEED = 0\nBUDGET = 1.0\nDEVICE = "auto"', "parameters"),
        told("The cell above holds what may be turned."),
        code(worked, "worked-only"),
        code(setup),
        told("## Step 1. Twice\n\nA number and itself, added up."),
        code(built, teaches="helpers.models.toy.doubling"),
        told("> **Predict.** What is the mean of doubled numbers from 0 to 1?"),
        code(claims),
        told("Their mean is near 1."),
        told("Twice a number from 0 to 1 lies from 0 to 2."),
        told("## An exercise\n\n**Your turn, 99.1 ★** Three times."),
        code(solution, nbgrader=nbgrader("ex-99-1", grade=False)),
        code('check("99.1", triple)', nbgrader=nbgrader("check-99-1", grade=True)),
        told("## Summary\n\nTwice is once and once more (claim 99.1)."),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
        shown = cell.cell_type == "markdown"
        cell.metadata["slideshow"] = {"slide_type": "slide" if shown else "skip"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    short = {"pixels": {"length": "short"}, "kernelspec": kernel}
    return v4.new_notebook(cells=cells, metadata=short)


HANDED_IN = """
[["99.1"]]
slip = "doubles"
says = ["doubled"]
answer = "def triple(x): return 2 * x"

[["99.1"]]
slip = "takes the third power"
says = ["power"]
answer = "def triple(x): return x**3"

[["99.1"]]
slip = "hands back a list"
says = ["a list"]
answer = "def triple(x): return (3 * x).tolist()"

[["99.1"]]
slip = "a right answer: a sum"
right = true
answer = "def triple(x): return x + x + x"
"""


def test_files() -> list[str]:
    """Return the paths of the lesson's own tests."""
    return [f"tests/{name}" for name in TESTS]


def add_to(root: Path) -> None:
    """Add the lesson to a checkout: new files, and one row in the README's table."""
    files = {
        f"notebooks/{NAME}.ipynb": writes(notebook()) + "\n",
        "helpers/models/toy/__init__.py": "",
        "helpers/models/toy/doubling.py": MODEL,
        "helpers/lessons/lesson99/__init__.py": "",
        "helpers/lessons/lesson99/exercises.py": BANK,
        "helpers/lessons/lesson99/measuring.py": EXPERIMENT,
        **{f"tests/{name}": text for name, text in TESTS.items()},
        "tests/faults/99.toml": FAULTS,
        "tests/handed_in/99.toml": HANDED_IN,
        "teaching/99.md": TEACHING,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert not path.exists(), f"a new lesson only adds files; {name} is there"
        path.write_text(text, encoding="utf-8")
    readme = root / "README.md"
    lines = readme.read_text(encoding="utf-8").splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if "](notebooks/" in line)
    lines.insert(last + 1, ROW)
    readme.write_text("".join(lines), encoding="utf-8")
