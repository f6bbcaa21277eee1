"""`python -m tools mutants`: do the tests notice every small change of the code?

mutmut changes one operator, number, name or word at a time (a mutant), in what judges
answers and in what the lessons build, and runs the tests that execute it. Those in
tests/faults are chosen by hand; these are all there are.
"""

import argparse
import os
import shutil
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files
from tools.course.imports import module_name
from tools.course.options import positive, unknown
from tools.verify.faults.bench import Bench
from tools.verify.mutants import mutmut

NEEDED = 0.97  # of all mutants must be noticed
UNNOTICED = ("survived", "no tests")
NOT_TRIED = ("not checked", "skipped")
# What hangs is noticed; on a busy machine a time limit may end what only is slow.
LATE = "timeout"
HEADER = ("module", "mutants", "noticed", "timed out", "share")
EXAMPLE = "page.compare models.vision"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which modules to change, and how many tests to run at once."""
    parser.add_argument(
        "modules",
        nargs="*",
        help="modules or folders of helpers/, such as page.compare (default: all that "
        "[tool.mutmut] in pyproject.toml names)",
    )
    parser.add_argument(
        "--jobs", type=positive, default=2, help="mutants at a time (default: 2)"
    )


def mutated(root: Path) -> list[str]:
    """Return the modules that mutmut is to change, such as "helpers.page.compare"."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["mutmut"]["only_mutate"]
    found = [path.relative_to(root) for path in sorted(root.glob("helpers/*/**/*.py"))]
    return [
        module_name(path)
        for path in found
        if path.stem != "__init__"
        and any(fnmatch(path.as_posix(), p) for p in patterns)
    ]


def chosen(names: Iterable[str], modules: Sequence[str]) -> list[str]:
    """Return the modules that are named, or stand in a named folder; a path is a name
    too. All without names. Raises UserError for a name of none."""
    found = [] if names else list(modules)
    for name in names:
        dotted = name.removesuffix(".py").strip("/").replace("/", ".")
        whole = f"helpers.{dotted.removeprefix('helpers.')}"
        own = [m for m in modules if f"{m}.".startswith(f"{whole}.")]
        if not own:
            raise unknown("module", whole, modules)
        found += own
    return list(dict.fromkeys(found))


def table(results: Mapping[str, str]) -> tuple[str, float]:
    """Return how many mutants of each module are noticed, and the share of all."""
    of: dict[str, list[str]] = defaultdict(list)
    for name, status in results.items():
        of[name.rpartition(".")[0]].append(status)
    rows = [(module, *counted(own)) for module, own in sorted(of.items())]
    every = list(results.values())
    text = text_table([HEADER, *rows, ("all", *counted(every))], right=(1, 2, 3, 4))
    return text, share(every)


def counted(statuses: Sequence[str]) -> tuple[str, str, str, str]:
    """Return how many there are, how many of them are noticed, how many of these by
    the time limit, and the share."""
    noticed = sum(status not in UNNOTICED for status in statuses)
    late = statuses.count(LATE)
    return str(len(statuses)), str(noticed), str(late), f"{share(statuses):.1%}"


def share(statuses: Sequence[str]) -> float:
    """Return the share of mutants that are noticed."""
    return sum(status not in UNNOTICED for status in statuses) / len(statuses)


def main(arguments: argparse.Namespace) -> int:
    """Make the mutants of the chosen modules, print those that no test notices; return
    1 when these are too many, else 0. Raises UserError where mutmut cannot run."""
    if not hasattr(os, "fork"):
        raise UserError(
            "mutmut runs tests in forks of a process, which Windows lacks: type this "
            "in WSL, or on Linux or macOS."
        )
    modules = chosen(arguments.modules, mutated(files.ROOT))
    folder = files.make_folder(files.BUILD / "mutants")
    shutil.rmtree(folder / "course", ignore_errors=True)
    course = Bench.copy_of(files.ROOT, folder).root
    mutmut.make(course, [f"{module}.*" for module in modules], arguments.jobs)
    told = mutmut.results(course)
    results = {name: said for name, said in told.items() if said not in NOT_TRIED}
    if not results:
        raise UserError(f"mutmut finds nothing to change in {', '.join(modules)}.")
    for name in (name for name, status in results.items() if status in UNNOTICED):
        print(f"\n{mutmut.difference(course, name)}")
    text, found = table(results)
    print(f"\n{text}\n\n{found:.1%} noticed; {NEEDED:.0%} are needed")
    return 0 if found >= NEEDED else 1
