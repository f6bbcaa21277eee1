"""`python -m tools habits`: use every lesson as learners do, and see whether it holds.

A learner runs cells twice, restarts in the middle, changes the parameters, sits in a
train without a network, or at a machine where nearly everything is read-only.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import add_lessons, from_environment, unknown
from tools.editions.student import student_edition
from tools.execute import seal
from tools.execute.kernels import at_home
from tools.execute.lessons import fitting
from tools.execute.schedule import Job, run_jobs
from tools.execute.walls import Walls
from tools.execute.warm import Servers
from tools.verify.habits import own_files, pages
from tools.verify.habits.pages import Habit
from tools.verify.habits.report import HEADER, Outcome, judge, log_of

DATA = files.ROOT / "data"
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


HABITS = (
    Habit("offline", "no network at all", walls=("network",)),
    Habit("data", "data/ is read-only", walls=("data",)),
    Habit("home", "the home folder cannot be written to", walls=("home",)),
    Habit("weightless", "no pretrained weights are there", pages.without_weights),
    Habit("quick", "BUDGET = 0.1", parameters=QUICK),
    Habit("seed", "SEED = 41", parameters={"SEED": 41} | QUICK),
    Habit("cpu", 'DEVICE = "cpu"', parameters={"DEVICE": "cpu"} | QUICK),
    Habit(
        "restart",
        "the kernel is killed in the middle, on purpose; Run All Above, then the rest",
        pages.stopped_in_the_middle,
    ),
    Habit("again", "Run All twice in one kernel", pages.all_twice),
    Habit("twice", "every cell twice in a row", pages.each_cell_twice),
    Habit(
        "student",
        "the student edition, nothing attempted, every cell twice, behind all walls",
        pages.each_cell_twice,
        walls=EVERYTHING,
        student=True,
    ),
    Habit("long", "BUDGET = 2", parameters={"BUDGET": 2.0}),
    *(
        Habit(
            f"text-{kind.__name__}".replace("_", "-"),
            f"a text of one's own: {kind.__doc__}",
            own=("CORPUS", partial(own_files.text_file, kind)),
        )
        for kind in own_files.TEXTS
    ),
    Habit(
        "pictures",
        "a folder of one's own: two parts, odd names, by-products",
        own=("IMAGES", own_files.screenshots),
    ),
)
# What `python -m tools test` does: walls and exercises cost nothing there.
STUDENT_RUN = Habit(
    "student-run",
    "the student edition, nothing attempted, each exercise twice, behind all walls",
    pages.exercises_twice,
    QUICK,
    walls=EVERYTHING,
    student=True,
)


def choose(names: Sequence[str]) -> list[Habit]:
    """Return the habits called `names`, all when there are none.

    Raises UserError for a name that no habit has.
    """
    known = [habit.name for habit in HABITS]
    for name in names:
        if name not in known:
            raise unknown("habit", name, known)
    return [habit for habit in HABITS if habit.name in names or not names]


def practise(
    habit: Habit,
    paths: Sequence[Path],
    folder: Path,
    at_once: int = 2,
    servers: Servers | None = None,
) -> list[Outcome]:
    """Use lessons in this way; return what became of each. `folder` is made anew;
    `servers`: as for `run_jobs`.

    Raises UserError, before anything is executed, for a parameter a lesson lacks.
    """
    shutil.rmtree(folder, ignore_errors=True)
    habit = with_files(habit, files.make_folder(folder))
    plans = [jobs(habit, path, folder) for path in fitted(habit, paths)]
    # First the first pages of all lessons, then their second ones.
    rounds = [
        run_jobs(together, at_once, servers) for together in zip(*plans, strict=True)
    ]
    return [judge(habit, results) for results in zip(*rounds, strict=True)]


def with_files(habit: Habit, folder: Path) -> Habit:
    """Return the habit with the path of a reader's own files, made in the folder, as a
    parameter; as it is where it needs none."""
    if habit.own is None:
        return habit
    name, make = habit.own
    made = make(files.make_folder(folder / "own"))
    return replace(habit, parameters=habit.parameters | {name: str(made)})


def fitted(habit: Habit, paths: Sequence[Path]) -> list[Path]:
    """Return the lessons that take the reader's own files of this habit; all where it
    has none."""
    if habit.own is None:
        return list(paths)
    name, _ = habit.own
    return [p for p in paths if name in notebooks.parameters(notebooks.read(p))]


def prepared(habit: Habit, path: Path) -> list[NotebookNode]:
    """Return the pages of a lesson that are executed, in order."""
    nb = student_edition(path) if habit.student else notebooks.read(path)
    return habit.pages(pages.numbered(nb, fitting(path, habit.parameters)))


def jobs(habit: Habit, path: Path, folder: Path) -> list[Job]:
    """Write a lesson's pages into a folder of their own; return how to execute them."""
    own = files.make_folder(folder / "pages" / path.stem)
    parts, found = prepared(habit, path), []
    for number, page in enumerate(parts, start=1):
        part = "" if number == len(parts) else f"-part-{number}"
        source = own / f"{path.stem}{part}.ipynb"
        target = folder / source.name
        nbformat.write(page, source)
        found.append(Job(source, target, **surroundings(habit.walls, target)))
    return found


def surroundings(walls: Sequence[str], target: Path) -> dict:
    """Return the fields of a job that put its kernel behind `walls`: the launcher, and
    the kernel's environment, in which None takes a variable away.

    Nothing is changed where one's files are: "home" is an empty folder beside the
    `target`, and what is written to data/ is refused on the way. Permission bits alone
    would not do: they do not stop root, which is who runs in most containers.
    """
    if not walls:
        return {}
    network, environment = "network" in walls, {}
    folders = {"data": str(DATA)} if "data" in walls else {}
    if "home" in walls:
        home = target.with_name("home")
        home.mkdir(0o555, exist_ok=True)
        folders["home"] = str(home)
        environment = at_home(home)
    held = Walls(str(log_of(target)), network, folders)
    launcher = seal.launcher(network, tuple(folders.values()))
    return {"environment": environment | held.as_environment(), "launcher": launcher}


def run(
    habits: Sequence[Habit],
    paths: Sequence[Path],
    at_once: int = 2,
    servers: Servers | None = None,
) -> list[Outcome]:
    """Practise habits on lessons, in build/habits; print and return what came of it.
    `servers`: as for `run_jobs`."""
    outcomes = []
    for habit in habits:
        print(f"{habit.name}: {habit.text}", flush=True)
        folder = files.BUILD / "habits" / habit.name
        found = practise(habit, paths, folder, at_once, servers)
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
