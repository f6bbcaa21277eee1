"""The teacher's version of a lesson: the worked one, with hidden tests to be graded.

nbgrader makes the students' version from it: solutions become `...`, hidden tests go.
"""

import ast

from nbformat import NotebookNode

from helpers.page.exercises import find
from tools.course import notebooks
from tools.editions.student import HIDDEN_TESTS, not_yet_run, student_notebook


def source_notebook(worked: NotebookNode, number: int) -> NotebookNode:
    """Return the teacher's version of a worked lesson, which stays as it is.

    `number` is the seed of the hidden cases: a class's own, so no student can know
    them. Raises UserError for unbalanced solution markers.
    """
    nb = not_yet_run(worked)
    for cell in notebooks.exercises(nb):
        add_hidden_test(cell, number)
    # What students will have.
    nb.metadata["pixels"] = student_notebook(worked).metadata["pixels"]
    return nb


def add_hidden_test(cell: NotebookNode, number: int) -> None:
    """Let a check cell also judge hidden cases, where its exercise has any.

    `check` is imported anew: what a student has given that name does not grade.
    """
    call = check_call(cell.source)
    if call is None or find(call.args[0].value).hidden is None:
        return
    call.keywords.append(ast.keyword("hidden", ast.Constant(number)))
    begin, end = HIDDEN_TESTS
    imported = "from helpers.page.exercises import check"
    cell.source += "\n".join(["", begin, imported, "", ast.unparse(call), end])


def check_call(source: str) -> ast.Call | None:
    """Return the call `check("1.2", answer)` in a cell, None where there is none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
            return node
    return None
