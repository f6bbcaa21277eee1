"""The worked solutions, written in the lessons, are right by the bank of exercises.

A bank that has gone wrong agrees with itself; the solutions in the lessons do not.
Nothing of a lesson is run but imports, definitions, literals and the solutions.
"""

import ast

import pytest

from helpers.page.exercises import find, judge_answer
from tools.course import notebooks

LESSONS = notebooks.lessons()


def quick(node):
    """Return whether a statement only imports, defines, or names a literal."""
    if isinstance(node, ast.Assign):
        return not any(isinstance(n, ast.Call | ast.Name) for n in ast.walk(node.value))
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    return isinstance(node, kinds)


def solutions(cells):
    """Return {exercise: answer} of the cells with a solution, each followed by its
    check."""
    page, found = {"__name__": "page"}, {}
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        solved = "### BEGIN SOLUTION" in cell.source
        body = ast.parse(cell.source).body
        body = body if solved else [node for node in body if quick(node)]
        exec(compile(ast.Module(body, []), "page", "exec"), page)
        if solved:
            id, answer = ast.parse(after.source).body[0].value.args
            found[id.value] = page[answer.id]
    return found


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_worked_solution_is_right(path):
    found = solutions(notebooks.code_cells(notebooks.read(path)))
    verdicts = {id: judge_answer(find(id), answer, 0) for id, answer in found.items()}
    assert found
    assert {id: v.message for id, v in verdicts.items() if v.state != "correct"} == {}
