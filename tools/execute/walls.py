"""Walls around a kernel: no network, and folders that nothing can be written to.

Python tells its audit hooks of every connection, look-up of a name and write, before
it happens: here it is refused and recorded. That holds on every system, and for root,
who is not stopped by permission bits. The loopback addresses 127.0.0.1 and ::1, written
as such, and sockets of this machine alone (AF_UNIX) stay open: a lesson may start a
server, or two processes that talk.

The walls hold for `open` and for whatever changes a name, a link, a size, a time, an
owner, a mode or an attribute: by path, by open file and by directory descriptor. They
do not hold for what C code does without Python (libraries, ctypes, SQLite's ATTACH),
for programs other than Python, and for a path that becomes another one between the
look and the use. So, where Linux allows it, `seal` holds the same walls from outside.

Standard library alone: whatever Python starts behind the walls imports this.
"""

import errno
import json
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

VARIABLE = "PIXELS_WALLS"
SITE = Path(__file__).parent / "site"  # its sitecustomize.py calls `stand`
LOOPBACK = ("127.0.0.1", "::1")
INTERNET = (socket.AF_INET, socket.AF_INET6)
CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind")
LOOK_UPS = (
    *("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"),
    "socket.getnameinfo",
)
# Which arguments of an event are paths that are about to be changed; for each, the one
# that is the descriptor of its folder, and what is changed: the file behind a link
# ("real"), the link itself ("name"), or the event does not tell which ("either").
WRITES = {
    **dict.fromkeys(("open", "sqlite3.connect", "os.truncate"), ((0, None, "real"),)),
    **dict.fromkeys(("os.remove", "os.rmdir"), ((0, 1, "name"),)),
    "os.mkdir": ((0, 2, "name"),),
    "os.mkfifo": ((0, 2, "name"),),
    "os.mknod": ((0, 3, "name"),),
    "os.symlink": ((1, 2, "name"),),
    "os.rename": ((0, 2, "name"), (1, 3, "name")),
    "os.link": ((0, 2, "either"), (1, 3, "name")),  # the first can be written by both
    "os.chmod": ((0, 2, "either"),),
    "os.chflags": ((0, None, "either"),),
    **dict.fromkeys(("os.chown", "os.utime"), ((0, 3, "either"),)),
    **dict.fromkeys(("os.setxattr", "os.removexattr"), ((0, None, "either"),)),
}
READS = {"open", "os.listdir", "os.scandir", "sqlite3.connect"}
STARTS = {
    *("subprocess.Popen", "os.system", "os.exec", "os.spawn", "os.posix_spawn"),
    *("os.fork", "os.forkpty", "pty.spawn", "os.startfile", "_winapi.CreateProcess"),
}
SIGNALS = {"os.kill", "os.killpg"}
BY_NUMBER = WRITES.keys() - {"open"}  # an open file was judged when it was opened
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
FILE_OF = 50  # F_GETPATH of macOS


@dataclass(frozen=True)
class Walls:
    """What is forbidden: the network, and writing below `folders` (name to path).

    `log`: the file in which every attempt becomes a line of JSON. `only`: the places
    where anything may be written at all. `hidden`: folders in which nothing may be
    read, but for what is `shown` below them. `alone`: neither to start processes nor to
    end others, nor to reach them by a socket.
    """

    log: str
    network: bool
    folders: dict[str, str]
    only: Sequence[str] | None = None
    hidden: Sequence[str] = ()
    shown: Sequence[str] = ()
    alone: bool = False

    def as_environment(self) -> dict[str, str]:
        """Return the variables with which a Python stands behind these walls."""
        path = [str(SITE), str(SITE.parents[2]), os.environ.get("PYTHONPATH", "")]
        return {
            VARIABLE: json.dumps(asdict(self)),
            "PYTHONPATH": os.pathsep.join(part for part in path if part),
        }

    def around(self, path, change: str = "real") -> str | None:
        """Return the name of the folder in which `path` is, for this kind of change."""
        for place in places(path, change):
            for name, folder in self.folders.items():
                held = Path(folder).resolve()
                # A folder that holds it would take it to another name.
                if place.is_relative_to(held) or (
                    change == "name" and held.is_relative_to(place)
                ):
                    return name
            if self.only is not None and not depth(place, self.only):
                return "files"
        return None

    def hides(self, path: str) -> bool:
        """Return whether a path is hidden: the nearest folder above it decides."""
        place = Path(path).resolve()
        return depth(place, self.hidden) > depth(place, self.shown)

    def meets_another(self, event: str, arguments: tuple) -> bool:
        """Return whether one that is alone reaches for a socket of this machine beyond
        its own folders: who forks kernels listens at one."""
        own = self.alone and event in CONNECTIONS
        if not own or arguments[0].family != getattr(socket, "AF_UNIX", None):
            return False
        path = named(event, arguments[1])  # none where the two are connected already
        return path is not None and (path[:1] in "\0" or self.around(path) is not None)

    def error(self, event: str, arguments: tuple) -> tuple[str, OSError] | None:
        """Return the wall that an event runs into, and the error it meets, or None."""
        outside = is_network(event, arguments) or self.meets_another(event, arguments)
        if self.network and outside:
            if event in LOOK_UPS:
                return "network", socket.gaierror(socket.EAI_NONAME, "no network")
            return "network", OSError(errno.ENETUNREACH, "no network")
        for path, change in written(event, arguments):
            if name := self.around(path, change):
                # What a user without permission meets, and a read-only disk.
                code = errno.EACCES if name == "home" else errno.EROFS
                return name, OSError(code, os.strerror(code), path)
        path = looked_into(event, arguments) if self.hidden else None
        if path and self.hides(path):
            denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            return "files", denied
        if self.alone and is_of_processes(event, arguments):
            return "processes", PermissionError(
                errno.EPERM, "no other process can be started or ended here"
            )
        return None


def depth(place: Path, folders: Iterable[str]) -> int:
    """Return how many names lead to the nearest of these folders above a place, 0 where
    it is in none of them."""
    found = (Path(folder).resolve() for folder in folders)
    return max((len(f.parts) for f in found if place.is_relative_to(f)), default=0)


def looked_into(event: str, arguments: tuple) -> str | None:
    """Return the path that an event is about to read, None where it reads none."""
    if event not in READS:
        return None
    given = "." if arguments[0] is None else arguments[0]
    return (
        path_of(given)
        if isinstance(given, int) and event != "open"
        else named(event, given)
    )


def is_of_processes(event: str, arguments: tuple) -> bool:
    """Return whether an event starts a process, or signals to another one."""
    if event in SIGNALS:
        return arguments[0] != os.getpid()
    return event in STARTS


def places(path: str, change: str) -> Iterator[Path]:
    """Yield the places that a change of `path` may reach, no links on their way."""
    if change != "name":
        yield Path(path).resolve()
    if change != "real":
        folder, name = os.path.split(os.path.abspath(path))
        yield Path(folder).resolve() / name


def is_network(event: str, arguments: tuple) -> bool:
    """Return whether an event asks for a name, or reaches out of this machine. The
    kernel's own channel is libzmq's, in C, and passes unseen."""
    if event in LOOK_UPS:
        return not is_loopback(arguments[0])
    if event not in CONNECTIONS:
        return False
    family, address = arguments[0].family, arguments[1]
    if family in INTERNET:  # no address: that of the connection, judged before
        return address is not None and not is_loopback(address)
    return family != getattr(socket, "AF_UNIX", None)


def is_loopback(address) -> bool:
    """Return whether an address, or a socket's, is this machine's, written as such."""
    host = address[0] if isinstance(address, tuple) and address else address
    return (host.decode() if isinstance(host, bytes) else host) in LOOPBACK


def written(event: str, arguments: tuple) -> list[tuple[str, str]]:
    """Return the paths that an event is about to change, and the kind of change."""
    if event == "open" and not (arguments[2] or 0) & WRITING:
        return []
    found = []
    for i, folder, change in WRITES.get(event, ()):
        given = arguments[i]
        if isinstance(given, int):
            path = path_of(given) if event in BY_NUMBER else None
        else:
            path = named(event, given)
        beneath = None if folder is None else path_of(arguments[folder])
        if path is not None:
            found.append((os.path.join(beneath or "", path), change))
    return found


def named(event: str, given) -> str | None:
    """Return the path in an argument of an event, None where there is no file."""
    if not isinstance(given, str | bytes | os.PathLike):
        return None
    path = os.fsdecode(given)
    if event == "sqlite3.connect":
        if path in ("", ":memory:"):
            return None
        if path.startswith("file:"):
            return unquote(urlsplit(path).path)
    return path


def path_of(number: int) -> str | None:
    """Return the path of an open file or folder; None where the system tells none."""
    if number is None or not 0 <= number < 2**31:  # -1, also without a sign, is none
        return None
    with suppress(OSError):
        if sys.platform == "darwin":
            import fcntl  # not on Windows

            told = fcntl.fcntl(number, FILE_OF, bytes(1024))
            return os.fsdecode(told.rstrip(b"\0"))
        return os.readlink(f"/proc/self/fd/{number}")
    return None


LOGS: list[tuple[Walls, int]] = []  # of the walls that stand; open files


def stand() -> None:
    """Hold the walls that this process was started behind."""
    hold(Walls(**json.loads(os.environ[VARIABLE])))


def hold(walls: Walls) -> None:
    """Stand behind walls until this process ends: nothing can take an audit hook away.
    The log is there from now on. In a fork of a process that stands behind the same
    walls already, they go on in the fork's own log."""
    # Every process behind the walls adds to it.
    log = os.open(walls.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for standing, its_log in LOGS:
        if replace(standing, log=walls.log) == walls:
            os.dup2(log, its_log, inheritable=False)
            os.close(log)
            return
    LOGS.append((walls, log))

    def refuse(event: str, arguments: tuple) -> None:
        if met := walls.error(event, arguments):
            wall, error = met
            os.write(log, record(wall, event, arguments))
            raise error

    sys.addaudithook(refuse)
    tell_the_truth_about(walls)
    tell_of_the_unheard(refuse)


def tell_the_truth_about(walls: Walls) -> None:
    """Let `os.access` know of the walls: to root it says that all can be written."""
    asked = os.access

    def access(path, mode, **options) -> bool:
        closed = mode & os.W_OK and not isinstance(path, int) and walls.around(path)
        return not closed and asked(path, mode, **options)

    os.access = access


def tell_of_the_unheard(refuse: Callable[[str, tuple], None]) -> None:
    """Let `refuse` hear of what Python tells no hook: the folder's descriptor in
    `os.open`, named pipes and devices."""
    asked = os.open

    def open_below(path, flags, mode=0o777, *, dir_fd=None) -> int:
        if dir_fd is not None and not os.path.isabs(path):
            below = os.path.join(path_of(dir_fd) or "", os.fsdecode(path))
            refuse("open", (below, None, flags))
        return asked(path, flags, mode, dir_fd=dir_fd)

    os.open = open_below
    if asked in os.supports_dir_fd:
        os.supports_dir_fd.add(open_below)
    for name in ("mkfifo", "mknod"):
        if maker := getattr(os, name, None):
            setattr(os, name, told_of(maker, f"os.{name}", refuse))


def told_of(
    maker: Callable, event: str, refuse: Callable[[str, tuple], None]
) -> Callable:
    """Return a maker of files that tells of each before it makes it."""
    descriptor = WRITES[event][0][1]

    def make(path, *rest, dir_fd=None, **options):
        refuse(event, (path, *[None] * (descriptor - 1), dir_fd))
        return maker(path, *rest, dir_fd=dir_fd, **options)

    return make


def record(wall: str, event: str, arguments: tuple) -> bytes:
    """Return an attempt as a line of JSON: the wall, what was tried, in which cell."""
    # The first argument of a connection is the socket, the second where it goes.
    paths = [path for path, _ in written(event, arguments)]
    told = paths or arguments[event in CONNECTIONS :][:2]
    what = " ".join(map(str, (event, *told)))
    fact = {"wall": wall, "what": what, "cell": cell_number()}
    return (json.dumps(fact) + "\n").encode()


def cell_number() -> int | None:
    """Return the number of the cell that runs now, None outside of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    # In[n] is the source of cell n. The shell's own counter may have moved on already.
    return len(shell.user_ns["In"]) - 1 if shell else None
