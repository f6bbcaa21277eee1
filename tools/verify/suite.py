"""`pixels test`: everything that must hold before the course is trusted, or a part."""

import argparse
import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import VARIABLES, add_lesson_names, unknown
from tools.editions.student import write_edition
from tools.execute import kernels
from tools.execute.lessons import run_lessons
from tools.execute.order import by_length
from tools.execute.warm import Servers
from tools.verify import changed
from tools.verify.habits import command as habits

EXAMPLE = "unit -- -k receptive_field"
SOURCES = ("helpers", "tools", "tests", "notebooks")
NBVAL = (
    "--nbval-lax",
    "--nbval-cell-timeout=300",
    "--nbval-sanitize-with=tests/sanitize.cfg",
    "--dist=loadfile",  # else xdist splits one notebook over two kernels
    "--no-loadscope-reorder",  # the longest first, not that with the most cells
    "--timeout=900",
)


def options(parser: argparse.ArgumentParser) -> None:
    """Add which steps to run, and on which lessons."""
    parser.usage = "%(prog)s [STEP ...] [--lessons LESSON ...] [-- PYTEST ...]"
    every = ", ".join(name for name in STEPS if name not in ON_REQUEST)
    names = f"{every} (default: all of these), or {', '.join(ON_REQUEST)}"
    parser.add_argument("steps", nargs="*", metavar="STEP", help=names)
    add_lesson_names(parser, name="--lessons")
    parser.add_argument(
        "--since",
        metavar="COMMIT",
        default="HEAD",
        help="`changed` runs the tests that could notice what differs from it, nearest "
        "first (default: HEAD)",
    )
    parser.description += (
        "; --lessons restricts the steps that execute notebooks, and pytest gets what "
        "follows -- (without a step, that means the unit tests)"
    )


class Count(NamedTuple):
    """How many checks of a step passed and failed."""

    passed: int
    failed: int


def environment() -> dict[str, str]:
    """Return the variables of what is run here. What was said to this command through
    PIXELS_LESSONS and the like is not said to its tests."""
    return kernels.child_environment(**dict.fromkeys(f"PIXELS_{n}" for n in VARIABLES))


def ran(command: Sequence[str], **variables: str) -> int:
    """Run this Python in the checkout; return its exit code."""
    sys.stdout.flush()
    return subprocess.run(
        [sys.executable, *command], cwd=files.ROOT, env=environment() | variables
    ).returncode


def count_failures(failed: Sequence[object]) -> Count:
    """Count what passed (an exit code of 0, no problem) and what failed."""
    wrong = sum(map(bool, failed))
    return Count(len(failed) - wrong, wrong)


def ruff(_: argparse.Namespace) -> Count:
    """Lint all sources, and see whether they are formatted."""
    actions = (["check"], ["format", "--check"])
    return count_failures([ran(["-m", "ruff", *a, *SOURCES]) for a in actions])


def imports(_: argparse.Namespace) -> Count:
    """See whether rooms import only what they may."""
    return count_failures([ran(["-c", changed.LINT_IMPORTS, "--no-cache"])])


def pytest(name: str, *arguments: str, **variables: str) -> Count:
    """Run pytest, two processes at once; count from the report it leaves in build/."""
    xml = files.make_folder(files.BUILD) / f"{name}.xml"
    xml.unlink(missing_ok=True)
    command = ["-m", "pytest", "-q", "-n", "2", f"--junitxml={xml}", *arguments]
    code = ran(command, **variables)
    passed, failed = counted(xml) if xml.exists() else (0, 0)
    # A crash or an empty collection leaves no failed test, only the exit code.
    return Count(passed, failed or int(code != 0))


def counted(xml: Path) -> tuple[int, int]:
    """Return the numbers of passed and failed tests in pytest's JUnit report."""
    found = ElementTree.parse(xml).find("testsuite")
    names = ("tests", "skipped", "failures", "errors")
    tests, skipped, failures, errors = (int(found.get(name)) for name in names)
    return tests - skipped - failures - errors, failures + errors


def unit(asked: argparse.Namespace) -> Count:
    """Run the unit tests, without nbval: it takes as long to import as torch. One
    process runs all tests of a file: what they share is made once."""
    by_file = ("--dist=loadfile", "--no-loadscope-reorder")
    return pytest("tests", "-p", "no:nbval", *by_file, *asked.passed_on)


def nbval(asked: argparse.Namespace) -> Count:
    """Re-execute lessons as stored."""
    paths = notebooks.choose(asked.lessons)
    kernel, variables = "--nbval-current-env", {}
    if warm := asked.servers.suited(environment(), starts=len(paths)):
        kernel, variables = "--nbval-kernel-name=python3", warm.environment()
    # From the checkout: of a whole path, pytest would take "[x]" for a parameter.
    chosen = [os.path.relpath(p, files.ROOT) for p in sorted(paths, key=by_length)]
    words = (*NBVAL, kernel, *chosen, *asked.passed_on)
    return pytest("nbval", *words, **variables)


def another_seed(asked: argparse.Namespace) -> Count:
    """Every claim holds, and every exercise is solved, at another seed too."""
    paths, out = notebooks.choose(asked.lessons), files.BUILD / "seed-1"
    reports = run_lessons(paths, out, {"SEED": 1}, servers=asked.servers)
    return count_failures([report.problems for report in reports])


def practised(
    chosen: Sequence[habits.Habit], paths: Sequence[Path], servers: Servers
) -> Count:
    """Count the lessons that bear these habits."""
    outcomes = habits.run(chosen, paths, servers=servers)
    return count_failures([outcome.problems for outcome in outcomes])


def few_habits(asked: argparse.Namespace) -> Count:
    """The first lesson bears what learners do; all lessons: `pixels habits`."""
    chosen = habits.choose(("restart", "again", "twice"))
    return practised(chosen, notebooks.choose(asked.lessons)[:1], asked.servers)


def student(asked: argparse.Namespace) -> Count:
    """Run All reaches the end of the student edition, nothing attempted, and without
    a network, with data/ and home read-only: that costs nothing here."""
    folder = files.BUILD / "student"
    shutil.rmtree(folder, ignore_errors=True)
    write_edition(folder)
    paths = notebooks.choose(asked.lessons, folder)
    return practised([habits.STUDENT_RUN], paths, asked.servers)


def of_changes(asked: argparse.Namespace) -> Count:
    """Check what differs from a commit, up to the first failure or the time limit."""
    names, found = changed.select(asked.since)
    form = count_failures([ran(c) for c in changed.checks(names, files.ROOT)])
    if not found:
        return form
    xml = files.make_folder(files.BUILD) / "changed.xml"
    xml.unlink(missing_ok=True)
    code = ran([*changed.tests(found, xml), *asked.passed_on])
    passed, failed = counted(xml) if xml.exists() else (0, 0)
    left = changed.not_reached(found, changed.modules_run(xml))
    out_of_time = code == INTERRUPTED and passed and not failed
    if left and (code == INTERRUPTED or failed):
        print(
            f"not run to the end: {len(left)} of {len(found)} ({changed.listed(left)})"
        )
        print("`pixels test unit` runs all")
    wrong = 0 if out_of_time else failed or int(code != 0)
    return Count(form.passed + passed, form.failed + wrong)


Step = Callable[[argparse.Namespace], Count]
STEPS: dict[str, Step] = {
    "changed": of_changes,
    "ruff": ruff,
    "imports": imports,
    "unit": unit,
    "nbval": nbval,
    "papermill": another_seed,
    "habits": few_habits,
    "student": student,
}
OF_PYTEST = ("changed", "unit", "nbval")
INTERRUPTED = 2  # pytest's exit code, here when the time is out
ON_REQUEST = ("changed",)  # the others hold what it does


def choose(asked: argparse.Namespace, steps: Mapping[str, Step]) -> list[str]:
    """Return the steps that are asked for, in their order; all of them when none is.

    Raises UserError for a name that no step has, and for words to pytest where no
    step runs it.
    """
    names = asked.steps or (["unit"] if asked.passed_on else [])
    for name in names:
        if name not in steps:
            raise unknown("step", name, steps)
    if asked.passed_on and not set(names) & set(OF_PYTEST):
        raise UserError(f"Only {', '.join(OF_PYTEST)} pass on what follows --.")
    names = names or [name for name in steps if name not in ON_REQUEST]
    return [name for name in steps if name in names]


def timed(name: str, step: Step, asked: argparse.Namespace) -> tuple[Count, float]:
    """Run one step under its heading; what the user can mend counts as a failure."""
    print(f"\n== {name} ==", flush=True)
    begin = time.monotonic()
    try:
        count = step(asked)
    except UserError as error:
        print(error)
        count = Count(0, 1)
    return count, time.monotonic() - begin


def main(arguments: argparse.Namespace, steps: Mapping[str, Step] = STEPS) -> int:
    """Run the chosen steps, also after a failure; return 1 when something failed,
    else 0. Raises UserError, before the first, for a step or lesson there is not."""
    chosen = choose(arguments, steps)
    if arguments.lessons:
        notebooks.choose(arguments.lessons)
    rows = [("step", "passed", "failed", "seconds")]
    passed = failed = 0
    with Servers() as arguments.servers:  # kernels here are forked from warm ones
        for name in chosen:
            count, seconds = timed(name, steps[name], arguments)
            passed += count.passed
            failed += count.failed
            rows.append((name, str(count.passed), str(count.failed), f"{seconds:.0f}"))
    print("\n" + text_table(rows, right=(1, 2, 3)))
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0
