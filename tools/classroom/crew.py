"""The processes that grade a class: each job on a submission is one of its own, and
begins with all that it needs imported, forked from a warm one where that is possible.

There are two warm ones. That of nbgrader's knows the gradebook and judges the answers;
that of the kernels, in which students' code runs, is told nothing of the class.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools.classroom import needed
from tools.classroom.folder import Classroom, logged
from tools.classroom.workplace import KERNELS, SEAL, which
from tools.classroom.workplace import environment as workplace_environment
from tools.course import notebooks
from tools.course.imports import bank_of, file_of, imports
from tools.execute import kernels
from tools.execute.warm import Warm, forked

CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")  # a container's, on Linux
MEMORY = 3 * 2**28  # bytes that a kernel and its clerk take
# What nbgrader's commands import, and what a class has of its own there.
OF_NBGRADER = tuple(
    f"tools.classroom.{name}" for name in ("worker", "steps", "judge", "inactive")
)
OF_KERNELS = (
    "ipykernel.kernelapp",
    "helpers.page.setup",
    "helpers.page.recorder",
    "helpers.page.exercises",
)


@dataclass(frozen=True)
class Crew:
    """Runs nbgrader on a class, several commands at once.

    `environment`: the variables of all its processes. `warm`: what forks them, None
    where each begins anew.
    """

    room: Classroom
    environment: Mapping[str, str]
    warm: Warm | None

    def command(self, module: str, *words: str) -> list[str]:
        """Return the words that run `python -m module words`."""
        if self.warm:
            return self.warm.command(module, *words)
        return [sys.executable, "-m", module, *words]

    def nbgrader(self, *words: str) -> str:
        """Run an nbgrader command; return its error in one line, "" without one."""
        command = self.command("tools.classroom.worker", *words)
        return logged(self.room, command, self.environment)

    def points(self, lesson: Path, names: Sequence[str]) -> dict[str, dict[str, float]]:
        """Return {student: {id of a check cell: points}} for a lesson."""
        where = [str(self.room.root), lesson.name]
        command = self.command("tools.classroom.points", *where, *names)
        told = subprocess.run(
            command, env=self.environment, stdout=subprocess.PIPE, check=True
        )
        return json.loads(told.stdout)


@contextmanager
def crew(room: Classroom, lessons: Sequence[Path]) -> Iterator[Crew]:
    """Keep ready what grades a class's work on these lessons, and end it.

    The kernels are forked by a server of their own, and seal themselves
    (`tools.classroom.sealed`).
    """
    scripts = Path(sys.executable).parent  # as `config.settle` wants it
    environment = kernels.child_environment(PATH=kernels.first("PATH", scripts))
    environment[SEAL] = which()
    told = workplace_environment() | {"PATH": environment["PATH"]}
    libraries = [name for lesson in lessons for name in imported(room.source(lesson))]
    banks = [
        bank_of(lesson) for lesson in lessons if file_of(bank_of(lesson)).is_file()
    ]
    with (
        forked(environment, libraries=[*OF_NBGRADER, *banks]) as clerk,
        forked(told, libraries=[*OF_KERNELS, *libraries]) as bench,
    ):
        if bench:
            environment |= {KERNELS: str(bench.folder / "socket")}
        yield Crew(room, environment, clerk)


def kernels_are_gone() -> bool:
    """Return whether the server of the kernels has ended, and all kernels with it."""
    if not (path := os.environ.get(KERNELS)):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
        return channel.connect_ex(path) != 0


def imported(source: Path) -> list[str]:
    """Return the course's modules that the cells needed to grade a lesson import, with
    its exercises; [] where there is no teacher's version."""
    if not source.is_file():
        return []
    nb = notebooks.read(source)
    cells = {i: cell for i, cell in enumerate(nb.cells) if cell.cell_type == "code"}
    left_out = needed.shortened(nb, source)
    names = {bank_of(source)}
    for i, cell in cells.items():
        with suppress(SyntaxError):  # a magic of the teacher's
            names |= imports(left_out.get(i, cell.source))
    return sorted(name for name in names if file_of(name).is_file())


def at_once() -> int:
    """Return how many submissions to grade at the same time: one for each core that
    this process may use, as far as memory goes. Each has little time for a cell."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        quota, period = map(int, CPU_LIMIT.read_text(encoding="utf-8").split())
        cores = min(cores, quota // period)
    return max(1, min(cores, psutil.virtual_memory().available // MEMORY))
