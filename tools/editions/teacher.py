"""The teacher's version of a lesson: the worked one, with hidden tests to be graded.

nbgrader makes the students' version from it: solutions become `...`, hidden tests go.
"""

import re

from nbformat import NotebookNode

from helpers.page.exercises import find
from tools.course import notebooks
from tools.editions.student import HIDDEN_TESTS, not_yet_run, student_notebook

CHECK = re.compile(r'^check\("([\d.]+)", .*(?=\)$)', re.MULTILINE)


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
    call = CHECK.search(cell.source)
    if call and find(call[1]).hidden:
        begin, end = HIDDEN_TESTS
        imported = "from helpers.page.exercises import check"
        hidden = f"{call[0]}, hidden={number})"
        cell.source += "\n".join(["", begin, imported, "", hidden, end])
