"""`python -m tools faults`: would anybody notice? Small faults, one at a time.

Each fault is made in a copy of the course; tests, then lessons, are asked until one
fails. What is known already stands in build/faults.json and is not asked again while
no file of the course changes.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from helpers.core.tables import text_table
from tools.course import files
from tools.course.options import from_environment
from tools.execute.schedule import progress_bar
from tools.verify.faults.bench import Bench, Outcome, run
from tools.verify.faults.catalogue import Fault, choose, read_faults
from tools.verify.faults.detectors import LEVELS, asked, depth

NEEDED = 0.95  # of all faults must be noticed
HEADER = ("fault", "noticed by", "CPU s")
EXAMPLE = "attention --until suite"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which faults to make, and how long to ask."""
    parser.add_argument(
        "names",
        nargs="*",
        default=from_environment("FAULTS").split(),
        help="faults, or how their names begin, such as attention "
        "(default: $PIXELS_FAULTS, else all)",
    )
    parser.add_argument(
        "--fast", action="store_true", help="only the few that `test` makes"
    )
    parser.add_argument(
        "--until",
        choices=LEVELS,
        default=LEVELS[-1],
        help="the last that is asked: the tests of the changed file, all unit tests, "
        f"or the lessons that use it (default: {LEVELS[-1]})",
    )


def look(fault: Fault, bench: Bench, until: str) -> Outcome:
    """Make a fault and return who noticed first. Raises UserError for a fault that does
    not fit, and where a detector fails without it."""
    seconds, until = 0.0, depth(fault, until)
    for detector in asked(fault, until, bench.root):
        limit = bench.limit(detector)
        with bench.with_fault(fault):
            outcome = run(detector, bench.root, limit)
        seconds += outcome.seconds
        if outcome.by:
            return Outcome(outcome.by, seconds, until)
    return Outcome("", seconds, until)


class Memory:
    """The findings in a file, as long as the course is the one they were made on."""

    def __init__(self, file: Path, bench: Bench):
        self.file, self.bench = file, bench
        self.tree = bench.fingerprint()
        self.found: dict[str, Outcome] = {}  # by what was changed
        with suppress(OSError, ValueError):  # there is none, or it is damaged
            stored = json.loads(file.read_text(encoding="utf-8"))
            if stored.get("tree") == self.tree:
                bench.clean.update(stored["clean"])
                found = stored["found"].items()
                self.found = {change: Outcome(**known) for change, known in found}

    def knows(self, fault: Fault, until: str) -> bool:
        """Return whether nothing new could be learned about a fault."""
        known = self.found.get(fault.change())
        if known is None or known.by:
            return known is not None
        return LEVELS.index(depth(fault, until)) <= LEVELS.index(known.until)

    def keep(self, fault: Fault, finding: Outcome) -> None:
        """Remember a finding, also if the next moment is the last."""
        self.found[fault.change()] = finding
        found = {change: vars(known) for change, known in self.found.items()}
        facts = {"tree": self.tree, "clean": self.bench.clean, "found": found}
        files.write_whole(self.file, json.dumps(facts, indent=1))


def look_at_all(faults: Sequence[Fault], memory: Memory, until: str) -> None:
    """Make all faults that are not known yet, with a line for each on stderr. Raises
    UserError, before the first, when one does not fit."""
    for fault in faults:
        fault.made_in(memory.bench.root)
    unknown = [fault for fault in faults if not memory.knows(fault, until)]
    with progress_bar(len(unknown), "fault") as bar:
        for fault in unknown:
            finding = look(fault, memory.bench, until)
            memory.keep(fault, finding)
            bar.write(f"{fault.name}: {finding.by or 'not noticed'}", file=sys.stderr)
            bar.update()


def row(fault: Fault, found: Outcome) -> tuple[str, ...]:
    """Return a fault's line in the closing table."""
    nobody = "nobody: harmless" if fault.harmless else "NOBODY"
    return fault.name, found.by or nobody, f"{found.seconds:.0f}"


def summary(findings: Sequence[tuple[Fault, Outcome]]) -> tuple[str, bool]:
    """Return the closing lines, and whether enough is noticed and the rest harmless."""
    missed = [fault for fault, finding in findings if not finding.by]
    total = len(findings)
    share = 1 - len(missed) / total
    lines = [f"{total - len(missed)} of {total} noticed: {share:.1%}"]
    lines += [f"{f.name}: {f.harmless or 'nobody noticed'}" for f in missed]
    explained = all(fault.harmless for fault in missed)
    return "\n".join(lines), explained and share >= NEEDED


def main(arguments: argparse.Namespace) -> int:
    """Make the chosen faults; return 1 when too few are noticed or one is neither
    noticed nor harmless, else 0."""
    pool = [f for f in read_faults() if f.fast or not arguments.fast]
    faults = choose(arguments.names, pool)
    until = "nearest" if arguments.fast else arguments.until
    file = files.make_folder(files.BUILD) / "faults.json"
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        memory = Memory(file, Bench.copy_of(files.ROOT, Path(folder)))
        look_at_all(faults, memory, until)
    findings = [(fault, memory.found[fault.change()]) for fault in faults]
    rows = [row(fault, finding) for fault, finding in findings]
    text, good = summary(findings)
    print(text_table([HEADER, *rows], right=(2,)) + f"\n\n{text}")
    return 0 if good else 1
