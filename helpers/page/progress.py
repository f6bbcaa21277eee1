"""Progress: which exercises are solved, tried and untouched, in your own notebooks.

It stands twice, and the better of the two counts: in the verdicts that your saved
notebooks show, and in `progress.jsonl` beside them, to which every check adds. So
neither cleared outputs nor a newer edition of a lesson loses anything.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from helpers.core.signs import BY_STATE, OPEN, RIGHT, WRONG, verdicts

RECORD = "progress.jsonl"
STATES = {sign: state for state, sign in BY_STATE.items()}
RANK = {state: number for number, state in enumerate(BY_STATE)}
CHECKED = re.compile(r"^\s*check\(\s*[\"'](\d+\.\d+)[\"']", re.MULTILINE)
LEGEND = f"{RIGHT} solved  {WRONG} tried  {OPEN} untouched"

_folder: Path | None = None  # where the checks of this kernel are written down


def follow(lesson: str, folder: Path | None = None) -> None:
    """Print the progress so far, and write down every check of this kernel.

    `lesson`: the lesson that is open, such as "04". `folder` holds the learner's
    notebooks: where the kernel runs, if not given. The worked edition, and
    nbgrader's grading, have no progress of their own: nothing is written there.
    """
    # It brings torch, which reading progress does not need.
    from helpers.page import exercises

    global _folder
    if exercises.must_be_right():
        print("In your own copy (make lab), your progress stands here.")
        return
    _folder = folder or Path.cwd()
    exercises.listen(write_down)
    print(overview(found_in(_folder), lesson))


def write_down(id: str, state: str) -> None:
    """Add a verdict to the record. Raises OSError where that is not possible.

    A line is added, nothing is rewritten: two lessons may be open at once.
    """
    if _folder is None or RANK.get(state, 0) == 0:
        return
    if RANK[recorded(_folder / RECORD).get(id, "not attempted")] >= RANK[state]:
        return
    line = json.dumps({"exercise": id, "state": state})
    with open(_folder / RECORD, "ab") as file:
        file.write(f"\n{line}".encode())  # in front: a line cut short spoils no other


def found_in(folder: Path) -> dict[str, str]:
    """Return the best state of every exercise in a folder's notebooks and record.

    In the order of the course. What cannot be read counts for nothing.
    """
    pages = [in_notebook(path) for path in sorted(folder.glob("*.ipynb"))]
    best: dict[str, str] = {}
    for states in (*pages, recorded(folder / RECORD)):
        for id, state in states.items():
            best[id] = max(best.get(id, "not attempted"), state, key=RANK.__getitem__)
    return {id: best[id] for id in sorted(best, key=numbers)}


def numbers(id: str) -> tuple[int, ...]:
    """Return "1.10" as (1, 10): it comes after "1.9"."""
    return tuple(map(int, id.split(".")))


def in_notebook(path: Path) -> dict[str, str]:
    """Return the state of each exercise as a saved notebook shows it, {} where the
    file is none. Exercises are the graded cells that call `check`."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
        graded = [cell for cell in cells if cell["metadata"].get("nbgrader")]
        return {id: state for cell in graded for id, state in in_cell(cell)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def in_cell(cell: dict) -> list[tuple[str, str]]:
    """Return (exercise, state) of each check in a cell, as nbformat stores it."""
    printed = "".join(
        "".join(output["text"])
        for output in cell.get("outputs", [])
        if output.get("name") == "stdout"
    )
    shown = {id: STATES[sign] for sign, id in verdicts(printed)}
    asked = CHECKED.findall("".join(cell["source"]))
    return [(id, shown.get(id, "not attempted")) for id in asked]


def recorded(path: Path) -> dict[str, str]:
    """Return the best state that the record holds of each exercise, {} without one.

    A line that was cut off or is not ours is passed over.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return {}
    best: dict[str, str] = {}
    for id, state in filter(None, map(entry, lines)):
        best[id] = max(best.get(id, state), state, key=RANK.__getitem__)
    return best


def entry(line: bytes) -> tuple[str, str] | None:
    """Return (exercise, state) of a line of the record, None where it is none."""
    try:
        found = json.loads(line)
        id, state = found["exercise"], found["state"]
        return (id, state) if re.fullmatch(r"\d+\.\d+", id) and state in RANK else None
    except (ValueError, KeyError, TypeError):
        return None


def by_lesson(states: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the states in groups: lesson "04" -> its exercises."""
    lessons: dict[str, dict[str, str]] = {}
    for id, state in states.items():
        lessons.setdefault(id.partition(".")[0].zfill(2), {})[id] = state
    return lessons


def overview(states: dict[str, str], lesson: str) -> str:
    """Return one line for each lesson, with an arrow at the one that is open."""
    if not states:
        return f"Your progress appears here once you have saved. {LEGEND}"
    lines = [f"Your progress: {count(states.values())}.  {LEGEND}"]
    for name, own in by_lesson(states).items():
        arrow = "→" if name == lesson else " "
        lines.append(f"{arrow} {name}  {''.join(map(BY_STATE.get, own.values()))}")
    return "\n".join(lines)


def count(states: Iterable[str]) -> str:
    """Return how many are solved, as in "3 of 8 solved"."""
    states = list(states)
    return f"{states.count('correct')} of {len(states)} solved"
