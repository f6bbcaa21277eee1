"""A copy of the checkout in which faults are made: the checkout itself stays whole."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from helpers.core.errors import UserError
from helpers.core.files import sha256, text_digest
from tools.course import files
from tools.execute.kernels import child_environment
from tools.execute.processes import end_family, family
from tools.verify.faults.catalogue import FOLDER, Fault
from tools.verify.faults.detectors import Detector

LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", "build", "study", "cache", "__pycache__", "*.egg-info"),
    *(".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"),
)
PATIENCE = 60.0  # CPU seconds more than ten times what the unchanged course needs
GLANCE = 1.0  # seconds between two looks at a running detector


@dataclass(frozen=True)
class Outcome:
    """What a detector, or one after another, said of a fault, and its CPU seconds.

    `by`: the complaint, "" when nobody noticed; `until`: the last level that would have
    been asked.
    """

    by: str
    seconds: float
    until: str = ""


@dataclass
class Bench:
    """The copy, and the CPU seconds that each detector needs while nothing is wrong."""

    root: Path
    clean: dict[str, float] = field(default_factory=dict)

    @classmethod
    def copy_of(cls, checkout: Path, folder: Path) -> "Bench":
        """Return a bench in a new folder: all files but builds, caches and history."""
        root = Path(shutil.copytree(checkout, folder / "course", ignore=LEFT_OUT))
        return cls(root)

    def fingerprint(self) -> str:
        """Return a checksum over all files of the copy, their names included. The lists
        of faults are left out: one more fault changes nothing for the others."""
        lists = self.root / FOLDER.relative_to(files.ROOT)
        sums = {
            path.relative_to(self.root).as_posix(): sha256(path)
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and path.parent != lists
        }
        return text_digest(repr(sums))

    @contextmanager
    def with_fault(self, fault: Fault) -> Iterator[None]:
        """Change the fault's file meanwhile. Raises UserError for a fault that does
        not fit."""
        path, faulty = self.root / fault.file, fault.made_in(self.root)
        whole = path.read_text(encoding="utf-8")
        path.write_text(faulty, encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(whole, encoding="utf-8")

    def limit(self, detector: Detector) -> float:
        """Return after how many CPU seconds a detector counts as hanging, from those it
        needs unchanged. Raises UserError for one that fails without any fault."""
        if detector.name not in self.clean:
            outcome = run(detector, self.root, limit=None)
            if outcome.by:
                raise UserError(f"Without any fault, this fails: {outcome.by}.")
            self.clean[detector.name] = outcome.seconds
        return PATIENCE + 10 * self.clean[detector.name]


def run(detector: Detector, root: Path, limit: float | None) -> Outcome:
    """Run a detector in a copy of the course; it is ended when it has used more than
    `limit` CPU seconds."""
    began = finished_seconds()
    with start(detector, root) as process:
        try:
            printed = output(process, limit)
        finally:
            end_family(process)
    if printed is None:
        by = f"{detector.name} had not ended after {limit:.0f} s"
    else:
        by = detector.complaint(printed) if process.returncode else ""
    return Outcome(by, finished_seconds() - began)


def start(detector: Detector, root: Path) -> subprocess.Popen:
    """Start a detector in a copy of the course; what it prints can be read as text."""
    return subprocess.Popen(
        [sys.executable, "-m", *detector.command],
        cwd=root,
        # Bytecode would outlive a fault of the same length made in the same second.
        env=child_environment(root, PYTHONDONTWRITEBYTECODE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def output(process: subprocess.Popen, limit: float | None) -> str | None:
    """Return what a process has printed when it ends, None when it uses more than
    `limit` CPU seconds.

    Not seconds on the wall: a machine that is busy, or asleep, is no fault. What waits
    without doing anything is ended by pytest's own limit.
    """
    while limit is None or running_seconds(process.pid) <= limit:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=GLANCE)[0]
    return None


def running_seconds(pid: int) -> float:
    """Return the CPU seconds of a process and all it has started, 0 when it is gone."""
    try:
        return sum(sum(one.cpu_times()[:4]) for one in family(pid))
    except psutil.NoSuchProcess:
        return 0.0


def finished_seconds() -> float:
    """Return the CPU seconds of all processes that this one has started and ended."""
    times = os.times()
    return times.children_user + times.children_system
