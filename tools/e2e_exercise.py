"""Solve one exercise by typing: untouched, wrong, right, and saved."""

from nbformat import NotebookNode

from helpers.exercises import find
from tools import course
from tools.e2e_page import LessonPage
from tools.e2e_plans import (
    Plan,
    expected_source,
    position,
    solution_lines,
    stub_line,
)
from tools.e2e_typing import replace_lines


def solved_by_typing(
    lesson: LessonPage, plan: Plan, student: NotebookNode, worked: NotebookNode
) -> list[str]:
    """Type a wrong answer, then the right one, and save; return the problems."""
    name = plan.exercise.replace(".", "-")
    answer, check = (position(student, f"{kind}-{name}") for kind in ("ex", "check"))
    stub = student.cells[answer].source
    right = solution_lines(worked.cells[position(worked, f"ex-{name}")].source)
    said = [lesson.output(check)]
    length = 1
    for lines, kind in ((plan.wrong, "wrong"), (right, "right")):
        replace_lines(lesson.cell(answer), stub_line(stub), length, lines)
        length = len(lines)
        lesson.run_cell(answer)
        said.append(lesson.run_cell(check))
        lesson.shoot(f"exercise-{kind}", check)
    lesson.save()
    kept = course.read(lesson.file)
    problems = verdict_problems(plan.exercise, *said)
    return problems + saved_problems(
        kept.cells[answer], kept.cells[check], expected_source(stub, right)
    )


def verdict_problems(
    exercise: str, untouched: str, wrong: str, right: str
) -> list[str]:
    """Return what is wrong with the three answers that a check has shown."""
    found = []
    if not untouched.startswith(f"○ {exercise}"):
        found.append(f"the untouched stub does not say ○: {untouched[:80]!r}")
    known = [one_line(each.message) for each in find(exercise).wrong]
    if not wrong.startswith(f"✗ {exercise}"):
        found.append(f"the wrong answer does not say ✗: {wrong[:80]!r}")
    elif not any(message in one_line(wrong) for message in known):
        found.append(f"the wrong answer gets no misconception: {wrong[:80]!r}")
    if not right.startswith(f"✓ {exercise}"):
        found.append(f"the right answer does not say ✓: {right[:80]!r}")
    return found


def saved_problems(answer: NotebookNode, check: NotebookNode, source: str) -> list[str]:
    """Return what the saved file lacks of the solved exercise."""
    found = []
    if answer.source != source:
        found.append(f"the file does not hold what was typed: {answer.source[-80:]!r}")
    if course.verdicts(check) != ["✓"]:
        found.append("the file does not hold the verdict ✓")
    return found


def one_line(text: str) -> str:
    """Return text with every run of white space as one space."""
    return " ".join(text.split())
