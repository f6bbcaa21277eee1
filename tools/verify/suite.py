"""`python -m tools test`: everything that must hold before the course is trusted."""

import argparse
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.editions.student import write_edition
from tools.execute import kernels
from tools.execute.lessons import Report, run_lessons
from tools.verify.habits import command as habits
from tools.verify.habits.report import Outcome

SOURCES = ("helpers", "tools", "tests", "notebooks")
NBVAL = (
    "--nbval-lax",
    "--nbval-current-env",
    "--nbval-cell-timeout=300",
    "--nbval-sanitize-with=tests/sanitize.cfg",
    "--dist=loadfile",  # else xdist splits one notebook over two kernels
    "--timeout=900",
)


@dataclass(frozen=True)
class Count:
    """How many checks of a step passed and failed."""

    passed: int
    failed: int


def ran(command: Sequence[str]) -> int:
    """Run a command of this Python in the checkout; return its exit code."""
    sys.stdout.flush()
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=files.ROOT,
        env=kernels.child_environment(),
    ).returncode


def ruff(*action: str) -> Count:
    """Run one action of ruff over all sources."""
    folders = [name for name in SOURCES if (files.ROOT / name).is_dir()]
    failed = ran(["ruff", *action, *folders]) != 0
    return Count(int(not failed), int(failed))


def pytest(name: str, *arguments: str) -> Count:
    """Run pytest, two processes at once; count from the report it leaves in build/."""
    xml = files.make_folder(files.BUILD) / f"{name}.xml"
    xml.unlink(missing_ok=True)
    code = ran(["pytest", "-q", "-n", "2", f"--junitxml={xml}", *arguments])
    passed, failed = counted(xml) if xml.exists() else (0, 0)
    # A crash or an empty collection leaves no failed test, only the exit code.
    return Count(passed, failed or int(code != 0))


def counted(xml: Path) -> tuple[int, int]:
    """Return the numbers of passed and failed tests in a JUnit report."""
    passed = failed = 0
    for suite in ElementTree.parse(xml).iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    return passed, failed


def nbval() -> Count:
    """Re-execute every lesson as stored."""
    return pytest("nbval", *NBVAL, *map(str, notebooks.lessons()))


def count_reports(reports: Sequence[Report | Outcome]) -> Count:
    """Count notebooks with and without problems."""
    failed = sum(bool(report.problems) for report in reports)
    return Count(len(reports) - failed, failed)


def another_seed() -> Count:
    """Every claim holds, and every exercise is solved, at another seed too."""
    out = files.BUILD / "seed-1"
    return count_reports(run_lessons(notebooks.lessons(), out, {"SEED": 1}))


def student() -> Count:
    """Run All reaches the end of the student edition, nothing attempted, and without
    a network, with data/ and home read-only: that costs nothing here."""
    folder = files.BUILD / "student"
    shutil.rmtree(folder, ignore_errors=True)
    write_edition(folder)
    return count_reports(habits.run([habits.STUDENT_RUN], notebooks.lessons(folder)))


def few_habits() -> Count:
    """The shortest lesson bears what learners do; all lessons: `tools habits`."""
    chosen = habits.choose(("restart", "again", "twice"))
    return count_reports(habits.run(chosen, notebooks.lessons()[:1]))


STEPS: tuple[tuple[str, Callable[[], Count]], ...] = (
    ("ruff check", lambda: ruff("check")),
    ("ruff format", lambda: ruff("format", "--check")),
    # One test builds whole classrooms: its tests stay together, to build them once.
    ("unit tests", lambda: pytest("tests", "tests", "--dist=loadgroup")),
    ("nbval: notebooks as stored", nbval),
    ("papermill: SEED=1", another_seed),
    ("habits: the first lesson", few_habits),
    ("student edition: BUDGET=0.1", student),
)


def timed(name: str, step: Callable[[], Count]) -> tuple[Count, float]:
    """Run one step under its heading; what the user can mend counts as a failure."""
    print(f"\n== {name} ==", flush=True)
    begin = time.monotonic()
    try:
        count = step()
    except UserError as error:
        print(error)
        count = Count(0, 1)
    return count, time.monotonic() - begin


def main(arguments: argparse.Namespace, steps=STEPS) -> int:
    """Run every step, also after a failure; return 1 when something failed, else 0."""
    rows = [("step", "passed", "failed", "seconds")]
    passed = failed = 0
    for name, step in steps:
        count, seconds = timed(name, step)
        passed += count.passed
        failed += count.failed
        rows.append((name, str(count.passed), str(count.failed), f"{seconds:.0f}"))
    print("\n" + text_table(rows, right=(1, 2, 3)))
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0
