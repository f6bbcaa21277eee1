"""What may notice a fault: tests and lessons, the cheapest first."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.course import notebooks
from tools.verify.faults.catalogue import Fault

LEVELS = ("nearest", "suite", "lessons")
# A copy of the text notices any change of it, so it proves nothing about tests; and
# the test of the faults themselves would look for what has just been replaced.
NOT_ASKED = (
    "tests/course/test_teaches.py",
    "tests/tools/verify/faults/test_command.py",
)
# What asks of every bank of exercises, beside the bank's own tests.
OF_ALL_BANKS = (
    "tests/course/test_exercise_banks.py",
    "tests/course/test_solutions.py",
)
# Without nbval: it takes as long to import as torch, and there is no notebook to run.
PLUGINS = ("-p", "no:nbval", "-p", "no:cacheprovider")
PYTEST = ("pytest", "-x", "-q", "--tb=no", *PLUGINS)
FAILED = re.compile(r"^(?:FAILED|ERROR) (?:tests/)?(.+?)(?: - |$)", re.MULTILINE)
TEST = re.compile(r"(?:\S+/)?test_\w+\.py")
EXERCISES = re.compile(
    r".*(lesson\d\d/test_exercises|test_exercise_banks|test_solutions)"
)
PARITY = re.compile(r"torch|librar|gpt2|theirs|minilms?$|unfold")


@dataclass(frozen=True)
class Detector:
    """A module of Python with its arguments that exits with 0 when all is well."""

    name: str
    command: tuple[str, ...]
    level: str

    def complaint(self, printed: str) -> str:
        """Return what it has noticed, from what it has printed."""
        pattern = rf"^({re.escape(self.name)}: .+)  \(see "
        found = re.search(pattern, printed, re.MULTILINE)
        found = found if self.level == "lessons" else FAILED.search(printed)
        return found[1] if found else f"{self.name} ended early"


def kind(by: str) -> str:
    """Return what sort of test has noticed a fault, given its complaint."""
    if "ExerciseFailed" in by or "exercises answered" in by:
        return "exercise test"
    file, _, test = by.partition("::")
    if not TEST.match(file):
        return "claim" if "laim" in by else "lesson"
    if EXERCISES.match(file):
        return "exercise test"
    return "parity check" if PARITY.search(test.partition("[")[0]) else "unit test"


def asked(fault: Fault, until: str, root: Path) -> Iterator[Detector]:
    """Yield whom to ask about a fault, the cheapest first, up to the level `until`."""
    until = depth(fault, until)
    yield from nearest(fault, root)
    if until != "nearest":
        yield suite()
    if until == "lessons":
        yield from lessons(fault, root)


def depth(fault: Fault, until: str) -> str:
    """Return the last level at which a fault is asked about: of one that is known to be
    harmless, the nearest tests only."""
    return "nearest" if fault.harmless else until


def nearest(fault: Fault, root: Path) -> list[Detector]:
    """Return the tests a fault names, then those of its file, which tests/ mirrors:
    a/b.py is tested in tests/a/test_b.py, and in test_b_*.py where one is not enough.
    Banks of exercises are tested together too, and against the lessons' solutions."""
    file = Path(fault.file)
    found = sorted((root / "tests" / file.parent).glob(f"test_{file.stem}[._]*py"))
    own = [path.relative_to(root).as_posix() for path in found]
    bank = OF_ALL_BANKS if file.match("helpers/lessons/*/exercises.py") else ()
    paths = dict.fromkeys((*fault.tests, *own, *bank))
    return [tests(path) for path in paths if (root / path).is_file()]


def tests(path: str) -> Detector:
    """Return one file of tests, from the checkout on, as a detector."""
    return Detector(path.removeprefix("tests/"), (*PYTEST, path), "nearest")


def suite() -> Detector:
    """Return all unit tests as one detector."""
    ignored = [f"--ignore={path}" for path in NOT_ASKED]
    return Detector("all unit tests", (*PYTEST, *ignored, "tests"), "suite")


def lessons(fault: Fault, root: Path) -> list[Detector]:
    """Return the lessons that use a fault's module, directly or through another; in
    the course's order, in which the first are the cheapest."""
    using = users(module_name(Path(fault.file)), root)
    return [
        Detector(path.stem, ("tools", "run", path.stem, "--jobs", "1"), "lessons")
        for path in notebooks.lessons(root / "notebooks")
        if used_by(path) & using
    ]


def used_by(lesson: Path) -> set[str]:
    """Return the modules that a lesson imports, its bank of exercises among them."""
    cells = notebooks.code_cells(notebooks.read(lesson))
    bank = f"helpers.lessons.lesson{lesson.stem[:2]}.exercises"
    return {bank}.union(*(imports(cell.source) for cell in cells))


def users(module: str, root: Path) -> set[str]:
    """Return a module, and all helpers that import it, directly or through another."""
    imported = {
        module_name(path.relative_to(root)): imports(path.read_text(encoding="utf-8"))
        for path in (root / "helpers").rglob("*.py")
    }
    found, before = {module}, set()
    while found != before:
        before = found
        found = found | {name for name, others in imported.items() if others & found}
    return found


def module_name(path: Path) -> str:
    """Return the name under which a file is imported: helpers/a/b.py, helpers.a.b."""
    return ".".join(path.with_suffix("").parts)


def imports(source: str) -> set[str]:
    """Return the modules that a source imports; of `from a import b`, a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {
                f"{node.module}",
                *(f"{node.module}.{a.name}" for a in node.names),
            }
    return found
