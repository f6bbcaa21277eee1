"""`python -m tools check`: the day before class, is this machine ready?

One line for each thing that a lesson needs, then one lesson from end to end. No network
is asked for, and nothing is left behind but the executed lesson in build/check.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.files import ROOT
from tools.course.options import add_lesson_names
from tools.machine import limits, packages, parts
from tools.machine.limits import FAILS, FINE, LOOK, Finding

FIRST = "00"
Check = Callable[[], Finding | list[Finding]]
EXAMPLE = "01"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to execute."""
    add_lesson_names(parser, otherwise=FIRST)


def installed_packages() -> list[Finding]:
    """Hold the packages of this Python against the course's two files."""
    texts = ("pyproject.toml", "constraints.txt")
    project, pinned = ((ROOT / name).read_text(encoding="utf-8") for name in texts)
    return packages.packages(
        packages.direct(project),
        packages.pins(pinned),
        packages.installed(),
    )


def memory() -> Finding:
    """Judge the memory that is free now."""
    import psutil

    available = psutil.virtual_memory().available
    return limits.memory(limits.free_memory(available))


CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", lambda: limits.python(sys.version_info[:3])),
    ("packages", installed_packages),
    ("memory", memory),
    ("disk", lambda: limits.disk(shutil.disk_usage(ROOT).free / 1e9)),
    ("cores", lambda: limits.cores(limits.usable_cores())),
    ("output", lambda: limits.signs(sys.stdout.encoding)),
    ("server", parts.server),
    ("study", lambda: parts.writing("study", ROOT / "study")),
    ("cache", lambda: parts.cache(ROOT)),
    ("torch", parts.torch_pair),
    ("fonts", parts.fonts),
    ("MiniLM", parts.minilm),
    ("GPU", parts.gpu),
)


def chosen(names: Sequence[str]) -> list[Path]:
    """Return the lessons to execute; a published course has them in study/ alone.

    Raises UserError for a name that no lesson has.
    """
    from tools.course import files, notebooks

    folder = files.NOTEBOOKS if files.NOTEBOOKS.is_dir() else files.STUDY
    return notebooks.choose(names or [FIRST], folder)


def lesson(path: Path) -> Finding:
    """Execute a lesson into build/check, and judge what it shows."""
    from tools.course import files
    from tools.execute.lessons import report
    from tools.execute.schedule import Job, run_jobs

    (result,) = run_jobs([Job(path, files.BUILD / "check" / path.name)], at_once=1)
    found = report(result, all_judged=False)
    name = f"lesson {path.stem[:2]}"
    # In a learner's copy exercises may be open, and a wrong try is fine.
    problems = found.problems if path.parent == files.NOTEBOOKS else [result.error]
    if any(problems):
        text = f"{'; '.join(problems)} (see {result.job.target})"
        return Finding(FAILS, name, text)
    peak = f", {result.megabytes / 1024:.1f} GiB at most" if result.megabytes else ""
    claims = f"{found.held} of {found.judged} claims held"
    return Finding(FINE, name, f"to the end in {result.seconds:.0f} s{peak}, {claims}")


def look(name: str, check: Check) -> list[Finding]:
    """Return what a check finds; one that breaks off has failed, the others go on."""
    try:
        found = check()
    except UserError as error:
        found = Finding(FAILS, name, str(error))
    except Exception as error:  # a broken package may raise anything
        found = failed(name, error)
    return found if isinstance(found, list) else [found]


def failed(name: str, error: Exception) -> Finding:
    """Return the line of a check that could not be made."""
    reason = parts.first_line(error)
    return Finding(FAILS, name, f"{type(error).__name__}: {reason}")


def findings(names: Sequence[str], checks: Sequence[tuple[str, Check]]) -> Iterator:
    """Yield every finding as it is made, those of the lessons at the end."""
    for name, check in checks:
        yield from look(name, check)
    try:
        paths = chosen(names)
    except Exception as error:
        yield failed("lesson", error)
        return
    for path in paths:
        yield from look(f"lesson {path.stem[:2]}", lambda path=path: lesson(path))


def closing(signs: Sequence[str]) -> str:
    """Return the last line: ready, or what to do."""
    if count := signs.count(FAILS):
        return f"not ready ({count} ✗): do what each line with ✗ says, then check again"
    if count := signs.count(LOOK):
        return f"ready ({count} !: the lessons ran all the same)"
    return "ready"


def main(arguments: argparse.Namespace, checks=CHECKS) -> int:
    """Check everything, then execute lessons; return 1 if something failed, else 0."""
    with suppress(ImportError, OSError):  # a broken Python gets its lines below
        chosen(arguments.lessons)  # a wrong name is told before all that
    signs = []
    for finding in findings(arguments.lessons, checks):
        print(finding, flush=True)
        signs.append(finding.sign)
    print(f"\n{closing(signs)}")
    return 1 if FAILS in signs else 0
