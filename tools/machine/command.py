"""`python -m tools check`: the day before class, is this machine ready?

One line for each thing that a lesson needs, then one lesson from end to end. No network
is asked for, and nothing is left behind but the executed lesson in build/check and the
folders, empty still, in which a learner's lessons and downloads go.
"""

import argparse
import platform
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.signs import RIGHT, WRONG
from tools.course import files, notebooks
from tools.course.options import add_lesson_names
from tools.machine import parts
from tools.machine.packages import Note, packages

FIRST = "00"
EXAMPLE = "01"
LOOK = "!"  # the sign between: it works, but look at it
CHECKS: dict[str, Callable[[], str]] = {
    "python": platform.python_version,  # an older one cannot run this
    "packages": packages,
    "memory": parts.memory,
    "disk": parts.disk,
    "cores": parts.cores,
    "folder": parts.folder,
    "server": parts.server,
    "study": parts.study,
    "cache": parts.cache,
    "torch": parts.torch_pair,
    "fonts": parts.fonts,
    "weights": parts.weights,
    "GPU": parts.gpu,
}


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to execute."""
    add_lesson_names(parser, otherwise=FIRST)


def lesson(path: Path) -> str:
    """Execute a lesson into build/check, and return what it took and shows. Raises
    UserError where something in it fails."""
    from tools.execute.lessons import report
    from tools.execute.schedule import Job, run_jobs

    (result,) = run_jobs([Job(path, files.BUILD / "check" / path.name)], at_once=1)
    found = report(result, all_judged=False)
    # In a learner's copy exercises may be open, and a wrong try is fine.
    problems = found.problems if path.parent == files.NOTEBOOKS else [result.error]
    if any(problems):
        raise UserError(f"{'; '.join(problems)} (see {result.job.target})")
    peak = f", {result.megabytes / 1024:.1f} GiB at most" if result.megabytes else ""
    claims = f"{found.held} of {found.judged} claims held"
    return f"to the end in {result.seconds:.0f} s{peak}, {claims}"


def look(check: Callable[[], str]) -> tuple[str, str]:
    """Return the sign and the text of a check: ✓ is fine, ! works but look at it,
    ✗ fails. One that breaks off has failed; the others go on."""
    try:
        return RIGHT, check()
    except Note as note:
        return LOOK, str(note)
    except UserError as error:
        return WRONG, str(error)
    except Exception as error:  # a broken package may raise anything
        return WRONG, f"{type(error).__name__}: {parts.first_line(error)}"


def closing(signs: Sequence[str]) -> str:
    """Return the last line: ready, or what to do."""
    if count := signs.count(WRONG):
        return f"not ready ({count} ✗): do what each line with ✗ says, then check again"
    if count := signs.count(LOOK):
        return f"ready ({count} !: the lessons ran all the same)"
    return "ready"


def main(arguments: argparse.Namespace) -> int:
    """Check everything, then execute lessons; return 1 if something failed, else 0.

    Raises UserError, before all that, for a name that no lesson has.
    """
    # A published course has its lessons in study/ alone.
    folder = files.NOTEBOOKS if files.NOTEBOOKS.is_dir() else files.STUDY
    chosen = notebooks.choose(arguments.lessons or [FIRST], folder)
    lessons = {f"lesson {path.stem[:2]}": partial(lesson, path) for path in chosen}
    signs = []
    for name, check in (CHECKS | lessons).items():
        sign, text = look(check)
        print(f"{sign} {name:14} {text}", flush=True)
        signs.append(sign)
    print(f"\n{closing(signs)}")
    return 1 if WRONG in signs else 0
