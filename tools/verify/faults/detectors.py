"""What may notice a fault: tests and lessons, the cheapest first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.course.imports import concerned, nearest_tests
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
COMPLAINT = re.compile(
    r"^(?:(?:FAILED|ERROR) (?:tests/)?(?P<test>.+?)(?: - |$)"
    r"|(?P<lesson>\d\d_\w+: .+)  \(see )",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Detector:
    """A module of Python with its arguments that exits with 0 when all is well."""

    name: str
    command: tuple[str, ...]

    def complaint(self, printed: str) -> str:
        """Return what it has noticed, from what it has printed."""
        found = COMPLAINT.search(printed)
        said = found and (found["test"] or found["lesson"])
        return said or f"{self.name} ended early"


def asked(fault: Fault, until: str, root: Path) -> Iterator[Detector]:
    """Yield whom to ask about a fault, the cheapest first, up to the level `until`: the
    lessons are those that use its module, directly or through another."""
    yield from nearest(fault, root)
    if until != "nearest":
        ignored = [f"--ignore={path}" for path in NOT_ASKED]
        yield Detector("all unit tests", (*PYTEST, *ignored, "tests"))
    if until == "lessons":  # in the course's order: the first are the cheapest
        for path in concerned(fault.file, root):
            yield Detector(path.stem, ("tools", "run", path.stem, "--jobs", "1"))


def depth(fault: Fault, until: str) -> str:
    """Return the last level at which a fault is asked about: of one that is known to be
    harmless, the nearest tests only."""
    return "nearest" if fault.harmless else until


def nearest(fault: Fault, root: Path) -> list[Detector]:
    """Return the tests a fault names, then those of its file, which tests/ mirrors:
    a/b.py is tested in tests/a/test_b.py, and in test_b_*.py where one is not enough.
    Banks of exercises are tested together too, and against the lessons' solutions."""
    file = Path(fault.file)
    own = nearest_tests(fault.file, root)
    bank = OF_ALL_BANKS if file.match("helpers/lessons/*/exercises.py") else ()
    paths = dict.fromkeys((*fault.tests, *own, *bank))
    return [
        Detector(path.removeprefix("tests/"), (*PYTEST, path))
        for path in paths
        if (root / path).is_file()
    ]
