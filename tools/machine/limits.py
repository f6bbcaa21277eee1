"""Python, memory, disk, cores and signs: what is there against what is needed."""

import codecs
import os
from dataclasses import dataclass
from pathlib import Path

from helpers.core import needs
from helpers.core.signs import RIGHT, WRONG

NEEDED_DISK = 2.0  # GB free, once the course is installed
CGROUP = Path("/sys/fs/cgroup")  # where Linux says what a container may use
FINE, LOOK, FAILS = RIGHT, "!", WRONG


@dataclass(frozen=True)
class Finding:
    """One line: ✓ is fine, ! works but look at it, ✗ fails and says what to do."""

    sign: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.name:14} {self.text}"


def python(version: tuple[int, ...]) -> Finding:
    """Judge a version of Python, such as (3, 11, 2)."""
    text = ".".join(map(str, version))
    if version[:2] < needs.OLDEST_PYTHON:
        needed = ".".join(map(str, needs.OLDEST_PYTHON))
        return Finding(FAILS, "python", f"{text}; {needed} or newer is needed")
    return Finding(FINE, "python", text)


def memory(free: float) -> Finding:
    """Judge the free memory, in GiB."""
    text = f"{free:.1f} GiB free"
    if free < needs.MEMORY:
        text += f"; {needs.MEMORY:g} are needed: close something, or ask for more"
        return Finding(FAILS, "memory", text)
    return Finding(FINE, "memory", text)


def disk(free: float) -> Finding:
    """Judge the free space on the disk of the course, in GB of 10^9 bytes."""
    text = f"{free:.1f} GB free"
    if free < NEEDED_DISK:
        return Finding(
            FAILS, "disk", f"{text}; {NEEDED_DISK:g} are needed: delete some"
        )
    return Finding(FINE, "disk", text)


def cores(n: int) -> Finding:
    """Judge the number of processor cores."""
    if n < 2:
        text = "1; a lesson takes up to twice as long as the README says"
        return Finding(LOOK, "cores", text)
    return Finding(FINE, "cores", str(n))


def signs(encoding: str) -> Finding:
    """Judge the encoding in which Python prints here."""
    if codecs.lookup(encoding).name != "utf-8":
        text = f"{encoding} cannot print ✓ and Greek letters; set PYTHONUTF8=1"
        return Finding(FAILS, "output", text)
    return Finding(FINE, "output", "UTF-8: ✓ ✗ α ∂ é")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux, where a batch system may bind it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory(available: int, cgroup: Path = CGROUP) -> float:
    """Return the free memory in GiB. `available`: bytes, on the whole machine.

    In a container, as on most hubs, the machine has more than one may use: there the
    limit counts, less what is in use and cannot be given back.
    """
    try:
        limit = int((cgroup / "memory.max").read_text(encoding="utf-8"))
        used = int((cgroup / "memory.current").read_text(encoding="utf-8"))
        stat = (cgroup / "memory.stat").read_text(encoding="utf-8").split()
        cache = int(stat[stat.index("inactive_file") + 1])
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return available / 2**30
    return min(available, limit - used + cache) / 2**30
