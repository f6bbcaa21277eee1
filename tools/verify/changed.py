"""`pixels test changed`: the tests that could notice a change, the nearest first.

What differs from the last commit is asked of git. A test module could notice a changed
file when it stands at its place in tests/, when a rule of the course is about such a
file, or when it imports the file, directly or through other modules.
"""

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files, git
from tools.course.imports import data_folders, distances, nearest_tests
from tools.verify.faults.catalogue import read_faults

SECONDS = 12  # of the processor, after which the tests end
CHANGED = "what has changed"
OWN = "at its place"
# import-linter has no module to run, only a script beside some Python.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"
NAMED = 4  # test modules that a line names
# What has rules of its own, and the tests that hold them.
RULES = {
    "notebooks/*.ipynb": (
        *("test_form_and_page", "test_teaches", "test_teaching", "test_exercise_banks"),
        *("test_solutions", "test_readme", "test_slides"),
    ),
    "helpers/lessons/*/exercises.py": ("test_exercise_banks", "test_solutions"),
    "helpers/models/*/*.py": ("test_teaches",),
    "teaching/*.md": ("test_teaching",),
    "*.md": ("test_documents",),
    "*.py": ("test_portable",),
}
FAULTS = "tests/tools/verify/faults/test_command.py"  # asks each fault whether it fits


def changed_files(since: str, root: Path) -> list[str]:
    """Return the files below `root` that differ from a commit, new ones among them; an
    old name and a new one are both told. Raises UserError, see `git.names`."""
    if since.startswith("-"):
        raise UserError(f"{since!r} is no revision of git.")
    options = ("-z", "--name-only", "--no-renames", "--relative")
    tracked = git.names(root, CHANGED, "diff", *options, since, "--")
    others = ("--others", "--exclude-standard")
    new = git.names(root, CHANGED, "ls-files", "-z", *others)
    return sorted({*tracked, *new})


def test_modules(root: Path) -> list[str]:
    """Return the modules of tests/, by their paths in the checkout."""
    found = (root / "tests").rglob("test_*.py")
    return sorted(path.relative_to(root).as_posix() for path in found)


def by_rule(file: str, root: Path) -> list[str]:
    """Return the tests of the course's rules for such a file; of one that is no Python,
    also those that name it."""
    found = [
        f"tests/course/{name}.py"
        for pattern, names in RULES.items()
        if Path(file).match(pattern)
        for name in names
    ]
    if Path(file).match("tests/faults/*.toml"):
        found.append(FAULTS)
    if not file.endswith((".py", ".ipynb")):
        name = Path(file).name
        texts = {p: (root / p).read_text(encoding="utf-8") for p in test_modules(root)}
        found += [path for path, text in texts.items() if f'{name}"' in text]
    return [path for path in found if (root / path).is_file()]


def behind(file: str, root: Path) -> list[str]:
    """Return the Python files through which a change of `file` is noticed: itself, or
    those that read its folder of data/."""
    if not file.startswith("data/") or file.count("/") < 2:
        return [file]
    folder = file.split("/")[1]
    return [
        path.relative_to(root).as_posix()
        for path in sorted((root / "helpers").rglob("*.py"))
        if folder in data_folders(path.read_text(encoding="utf-8"))
    ]


def chosen(changed: Sequence[str], root: Path) -> dict[str, str]:
    """Return the test modules that could notice, nearest first, each with why.

    Those at the files' own places come first, then those that a fault in tests/faults
    names as noticing it, those that import one of them, the
    course's rules, and those that reach one through 1, 2, ... other modules; at the
    same distance, those in the room of a changed file.
    """
    tests = test_modules(root)
    through = [path for file in changed for path in behind(file, root)]
    own = [file for file in changed if file in tests]
    own += [path for file in through for path in nearest_tests(file, root)]
    rules = [path for file in changed for path in by_rule(file, root)]
    steps = distances(through, tests, root)
    rooms = {Path("tests", file).parent for file in through}
    far = sorted(steps, key=lambda p: (steps[p], Path(p).parent not in rooms, p))
    known = [test for f in read_faults() if f.file in through for test in f.tests]
    found = dict.fromkeys(own, OWN)
    found |= {p: "known to notice" for p in known if p in tests and p not in found}
    found |= {p: "that import it" for p in far if steps[p] == 1 and p not in found}
    found |= {path: "of the course's rules" for path in rules if path not in found}
    return found | {p: "that reach it" for p in far if p not in found}


def reasons(found: Mapping[str, str]) -> str:
    """Return in one line how many test modules were chosen for which reason."""
    groups: dict[str, list[str]] = {}
    for path, why in found.items():
        groups.setdefault(why, []).append(Path(path).stem)
    said = [f"{len(names)} {why} ({listed(names)})" for why, names in groups.items()]
    return "; ".join(said)


def listed(names: Iterable[str]) -> str:
    """Return the first names, and that there are more."""
    names = list(names)
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def modules_run(xml: Path) -> list[str]:
    """Return the test modules in pytest's report, by their paths, as they came."""
    cases = ElementTree.parse(xml).iter("testcase") if xml.exists() else ()
    names = dict.fromkeys(case.get("classname") for case in cases)
    return [f"{name.replace('.', '/')}.py" for name in names if name]


def not_reached(found: Iterable[str], run: Sequence[str]) -> list[str]:
    """Return the chosen modules of which no test has run, and the last one that began:
    time may have ended it."""
    whole = set(run[:-1])
    return [path for path in found if path not in whole]


def checks(changed: Sequence[str], root: Path) -> list[list[str]]:
    """Return the checks of form of what has changed and is still there, as words that
    follow Python."""
    sources = [f for f in changed if f.endswith((".py", ".ipynb"))]
    there = [file for file in sources if (root / file).is_file()]
    actions = (["check"], ["format", "--check"]) if there else ()
    found = [["-m", "ruff", *action, "--quiet", *there] for action in actions]
    if any(file.endswith(".py") and "/" in file for file in there):
        found.append(["-c", LINT_IMPORTS, "--no-cache"])
    return found


def tests(found: Iterable[str], xml: Path) -> list[str]:
    """Return the words that follow Python to run the tests, in one process: a second
    one would have to import PyTorch too."""
    options = ("-q", "-x", "-n0", "-p", "no:nbval", "-p", "no:cacheprovider")
    limit = ("-p", "tools.verify.in_time", f"--cpu-limit={SECONDS}")
    return ["-m", "pytest", *options, *limit, f"--junitxml={xml}", *found]


def select(since: str, root: Path = files.ROOT) -> tuple[list[str], dict[str, str]]:
    """Return what has changed and the test modules to run; print why, in two lines.

    Raises UserError, see `changed_files`.
    """
    changed = changed_files(since, root)
    if not changed:
        print(f"Nothing differs from {since}; --since names another commit.")
        return [], {}
    found = chosen(changed, root)
    print(f"changed: {listed(changed)}")
    print(f"could notice: {reasons(found) or 'no unit test'}")
    return changed, found
