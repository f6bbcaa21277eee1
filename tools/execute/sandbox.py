"""Seal this process off by Linux's namespaces: what it can reach is what it is shown.

`enter` goes on in a process that has a file system, a network and process numbers of
its own: read-only folders that are named, empty ones for the rest, a loopback
interface, no right beyond its user's, and limits. All it starts ends with it.
Users need no privilege for this, where their system lets them make namespaces;
`possible` tries.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.execute import linux
from tools.execute.seal import raise_loopback

try:  # before the seal: where Python is, may be out of sight then
    import resource
except ImportError:  # Windows has none
    resource = None

ROOT = Path(__file__).resolve().parents[2]
SPACES = (
    *(linux.NEW_USER, linux.NEW_MOUNTS, linux.NEW_NETWORK, linux.NEW_PID),
    *(linux.NEW_MESSAGES, linux.NEW_HOST),
)
# What programs and libraries are made of, and the little they read of a system.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"),
    *("/etc/mime.types", "/etc/ssl", "/sys/devices/system/cpu"),
)
DEVICES = ("null", "zero", "full", "random", "urandom")
SAFE = linux.NO_RIGHTS | linux.NO_DEVICES
NAME = "sealed"  # of the machine, as it looks from inside


@dataclass(frozen=True)
class Limits:
    """What a sealed process and each that it starts may take.

    memory: bytes beyond what it has at the start; seconds: of computing time; file:
    bytes of a file, and of all that stand in memory; processes: with their threads.
    """

    memory: int = 4 * 2**30
    seconds: int = 3_600
    file: int = 2**30
    processes: int = 512


def enter(
    shown: Iterable[Path], kept: Sequence[Path], limits: Limits, room: Path
) -> None:
    """Return in a new process that is sealed. This one waits, passes interruptions on,
    and ends as that one does.

    shown: what stays, read-only, where it is; kept: folders that can be written.
    `room`: an empty folder, used meanwhile. Raises OSError or AttributeError where the
    system does not allow it. No second thread may run.
    """
    user, group = os.getuid(), os.getgid()
    linux.unshare(sum(SPACES))
    Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
    for name, number in (("uid", user), ("gid", group)):
        Path(f"/proc/self/{name}_map").write_text(
            f"{number} {number} 1", encoding="utf-8"
        )
    if child := os.fork():
        wait_for(child)
    os.setsid()
    furnish(room, shown, kept, limits)
    linux.give_up_rights()
    linux.die_with_parent(signal.SIGKILL)
    limit(limits)


def wait_for(child: int) -> None:
    """End as a child does; pass on to it what is meant for it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child, number))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with suppress(OSError):  # SIGKILL has no other way of being taken
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def furnish(
    room: Path, shown: Iterable[Path], kept: Sequence[Path], limits: Limits
) -> None:
    """Make a file system of what is shown and kept, and move there."""
    size = f"size={limits.file},mode=0755"
    here = os.getcwd()
    linux.mount("none", "/", flags=linux.WHOLE | linux.PRIVATE)
    linux.mount("tmpfs", str(room), "tmpfs", SAFE, size)
    for name in ("tmp", "dev/shm", "proc"):
        (room / name).mkdir(parents=True)
    for name in ("tmp", "dev/shm"):
        linux.mount("tmpfs", str(room / name), "tmpfs", SAFE, size)
    for name in DEVICES:
        bind(room, Path("/dev", name), writable=True)
    os.symlink("/proc/self/fd", room / "dev" / "fd")
    linux.mount("proc", str(room / "proc"), "proc", SAFE | linux.NO_PROGRAMS)
    linux.make_read_only(str(room / "proc"))  # to root, parts of it are the machine's
    for path in places([*map(Path, SYSTEM), *shown]):
        bind(room, path)
    for path in kept:
        bind(room, path, writable=True)
    linux.change_root(str(room))
    linux.make_read_only("/", below=False)
    with suppress(OSError):
        os.chdir(here)
    raise_loopback()
    socket.sethostname(NAME)


def places(paths: Iterable[Path]) -> list[Path]:
    """Return where paths stand, and where they lead as links, that none is below
    another of them."""
    found = [place for path in paths for place in (path, path.resolve())]
    kept: list[Path] = []
    for place in sorted(set(found)):
        if place.exists() and not any(map(place.is_relative_to, kept)):
            kept.append(place)
    return kept


def bind(room: Path, path: Path, writable: bool = False) -> None:
    """Let what stands at a path stand in the room at the same path."""
    target = room / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.mkdir(exist_ok=True) if path.is_dir() else target.touch()
    linux.mount(str(path), str(target), flags=linux.BIND | linux.WHOLE)
    if not writable:
        linux.make_read_only(str(target))


def limit(limits: Limits) -> None:
    """Hold this process, and each that it starts, to the limits."""
    limit_memory(limits)
    for kind, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def limit_memory(limits: Limits) -> None:
    """Let this process have no more than that beyond what it has now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    most = pages * resource.getpagesize() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


@cache
def possible() -> bool:
    """Return whether this system lets a process be sealed: one is, to see."""
    if sys.platform != "linux":
        return False
    with tempfile.TemporaryDirectory() as room:
        command = [sys.executable, "-m", "tools.execute.sandbox", room]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
        )
    return done.returncode == 0 and done.stdout.strip() == NAME


if __name__ == "__main__":
    enter([], [], Limits(), Path(sys.argv[1]))
    print(os.uname().nodename)
