"""`python -m tools habits`: use every lesson as learners do, and see whether it holds.

A learner runs cells twice, restarts in the middle, changes the parameters, sits in a
train without a network, or at a machine where nearly everything is read-only.
"""

import argparse
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import add_lessons, from_environment
from tools.editions.student import student_edition
from tools.execute.lessons import fitting
from tools.execute.schedule import Job, Result, run_jobs
from tools.verify.habits import pages as habit_pages
from tools.verify.habits.report import HEADER, Outcome, judge
from tools.verify.habits.surroundings import log_of, surroundings

GLANCE = {"BUDGET": 0.03}  # where training is not the point: all lessons reach the end
QUICK = {"BUDGET": 0.1}
EVERYTHING = ("network", "data", "home")
EXAMPLE = "01 --only twice offline"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to use, and how."""
    add_lessons(parser)
    parser.add_argument(
        "--only",
        nargs="+",
        default=from_environment("HABITS").split(),
        metavar="HABIT",
        help="habits, such as twice or offline (default: $PIXELS_HABITS, else all)",
    )


@dataclass(frozen=True)
class Habit:
    """What a learner does: `pages` are run in kernels of their own, one after another,
    in one folder; `walls` are among "network", "data" and "home"."""

    name: str
    text: str
    pages: Callable[[NotebookNode], list[NotebookNode]] = habit_pages.once
    parameters: dict[str, object] = field(default_factory=lambda: GLANCE)
    walls: tuple[str, ...] = ()
    student: bool = False

    @property
    def verdict(self) -> str:
        """Return the sign that every check must answer with."""
        return "○" if self.student else "✓"


HABITS = (
    Habit("offline", "no network at all", walls=("network",)),
    Habit("data", "data/ is read-only", walls=("data",)),
    Habit("home", "the home folder cannot be written to", walls=("home",)),
    Habit("quick", "BUDGET = 0.1", parameters=QUICK),
    Habit("seed", "SEED = 41", parameters={"SEED": 41} | QUICK),
    Habit("cpu", 'DEVICE = "cpu"', parameters={"DEVICE": "cpu"} | QUICK),
    Habit(
        "restart",
        "the kernel is killed in the middle, on purpose; Run All Above, then the rest",
        habit_pages.stopped_in_the_middle,
    ),
    Habit("again", "Run All twice in one kernel", habit_pages.all_twice),
    Habit("twice", "every cell twice in a row", habit_pages.each_cell_twice),
    Habit(
        "student",
        "the student edition, nothing attempted, every cell twice, behind all walls",
        habit_pages.each_cell_twice,
        walls=EVERYTHING,
        student=True,
    ),
    Habit("long", "BUDGET = 2", parameters={"BUDGET": 2.0}),
)
# What `python -m tools test` does: walls and exercises cost nothing there.
STUDENT_RUN = Habit(
    "student-run",
    "the student edition, nothing attempted, each exercise twice, behind all walls",
    habit_pages.exercises_twice,
    QUICK,
    walls=EVERYTHING,
    student=True,
)


def choose(names: Sequence[str]) -> list[Habit]:
    """Return the habits called `names`, all when there are none.

    Raises UserError for a name that no habit has.
    """
    known = {habit.name: habit for habit in HABITS}
    for name in names:
        if name not in known:
            raise UserError(
                f"There is no habit {name!r}; there are {', '.join(known)}."
            )
    return [habit for habit in HABITS if habit.name in names or not names]


def practise(
    habit: Habit, paths: Sequence[Path], folder: Path, at_once: int = 2
) -> list[Outcome]:
    """Use lessons in this way; return what became of each. `folder` is made anew.

    Raises UserError, before anything is executed, for a parameter a lesson lacks.
    """
    pages = {path: prepared(habit, path) for path in paths}
    shutil.rmtree(folder, ignore_errors=True)
    files.make_folder(folder)
    plans = [jobs(habit, path, pages[path], folder) for path in paths]
    done: dict[Path, list[Result]] = {path: [] for path in paths}
    for together in zip_longest(*plans):  # first all first pages, then the second ones
        waiting = [job for job in together if job]
        for result in run_jobs(waiting, at_once):
            done[paths[together.index(result.job)]].append(result)
    return [
        judge(habit.name, done[path], habit.verdict, habit.walls, log_of(path, folder))
        for path in paths
    ]


def prepared(habit: Habit, path: Path) -> list[NotebookNode]:
    """Return the pages of a lesson that are executed, in order."""
    nb = student_edition(path) if habit.student else notebooks.read(path)
    nb = habit_pages.numbered(nb, fitting(path, habit.parameters))
    pages = habit.pages(nb)
    return [habit_pages.probed(page) for page in pages] if habit.walls else pages


def jobs(
    habit: Habit, path: Path, pages: Sequence[NotebookNode], folder: Path
) -> list[Job]:
    """Write the pages into a folder of their own, and return how to execute them."""
    own = files.make_folder(folder / "pages" / path.stem)
    around = surroundings(habit.walls, folder, log_of(path, folder))
    found = []
    for number, page in enumerate(pages, start=1):
        part = "" if number == len(pages) else f"-part-{number}"
        source = own / f"{path.stem}{part}.ipynb"
        nbformat.write(page, source)
        found.append(Job(source, folder / source.name, **around))
    return found


def run(
    habits: Sequence[Habit], paths: Sequence[Path], at_once: int = 2
) -> list[Outcome]:
    """Practise habits on lessons, in build/habits; print and return what came of it."""
    outcomes = []
    for habit in habits:
        print(f"{habit.name}: {habit.text}", flush=True)
        found = practise(habit, paths, files.BUILD / "habits" / habit.name, at_once)
        for outcome in found:
            notes = [f"noted: {note}" for note in outcome.notes]
            for line in [*outcome.problems, *notes]:
                print(f"{habit.name}: {outcome.row[1]}: {line}", flush=True)
        outcomes += found
    rows = [outcome.row for outcome in outcomes]
    print("\n" + text_table([HEADER, *rows], right=(2,)))
    return outcomes


def main(arguments: argparse.Namespace) -> int:
    """Practise the chosen habits; return 1 when a lesson failed at one, else 0."""
    habits, paths = choose(arguments.only), notebooks.choose(arguments.lessons)
    outcomes = run(habits, paths, arguments.jobs)
    return 1 if any(outcome.problems for outcome in outcomes) else 0
