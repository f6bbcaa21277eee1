"""Walls around a kernel: no network, and folders that nothing can be written to.

Python tells its audit hooks of every connection, look-up of a name and write, before
it happens: here it is refused and recorded. That holds on every system, and for root,
who is not stopped by permission bits; but what C code does, Python does not see. So,
where Linux allows it, `seal` (beside this file) holds the same walls from outside.

Standard library alone: whatever Python starts behind the walls imports this.
"""

import errno
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

VARIABLE = "PIXELS_WALLS"
SITE = Path(__file__).parent / "site"  # its sitecustomize.py calls `stand`
INTERNET = (socket.AF_INET, socket.AF_INET6)
CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
# Which arguments of an event are paths that are about to be changed.
WRITES = {
    **dict.fromkeys(("open", "os.mkdir", "os.remove", "os.rmdir"), (0,)),
    **dict.fromkeys(("os.truncate", "os.utime", "os.chmod", "sqlite3.connect"), (0,)),
    **dict.fromkeys(("os.link", "os.symlink"), (1,)),
    "os.rename": (0, 1),
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Walls:
    """What is forbidden: the network, and writing below `folders` (name to path).

    `log`: the file in which every attempt becomes a line of JSON.
    """

    log: str
    network: bool
    folders: dict[str, str]

    def as_environment(self) -> dict[str, str]:
        """Return the variables with which a Python stands behind these walls."""
        path = [str(SITE), str(SITE.parents[3]), os.environ.get("PYTHONPATH", "")]
        return {
            VARIABLE: json.dumps(asdict(self)),
            "PYTHONPATH": os.pathsep.join(part for part in path if part),
        }

    def around(self, path) -> str | None:
        """Return the name of the folder in which `path` is, its links followed."""
        real = Path(os.fsdecode(path)).resolve()
        for name, folder in self.folders.items():
            if real.is_relative_to(Path(folder).resolve()):
                return name
        return None

    def error(self, event: str, arguments: tuple) -> tuple[str, OSError] | None:
        """Return the wall that an event runs into, and the error it meets, or None."""
        if self.network and is_network(event, arguments):
            if event in LOOK_UPS:
                return "network", socket.gaierror(socket.EAI_NONAME, "no network")
            return "network", OSError(errno.ENETUNREACH, "no network")
        for path in written(event, arguments):
            if name := self.around(path):
                # What a user without permission meets, and a read-only disk.
                code = errno.EACCES if name == "home" else errno.EROFS
                return name, OSError(code, os.strerror(code), path)
        return None


def is_network(event: str, arguments: tuple) -> bool:
    """Return whether an event asks for a name, or reaches out through the internet's
    protocols. The kernel's own channel is libzmq's, in C, and passes unseen."""
    if event in LOOK_UPS:
        return True
    if event not in CONNECTIONS or arguments[0].family not in INTERNET:
        return False
    address = arguments[1]
    # On Windows asyncio cannot start without a connection of a process to itself.
    return not (os.name == "nt" and address and address[0] in ("127.0.0.1", "::1"))


def written(event: str, arguments: tuple) -> list[str]:
    """Return the paths that an event is about to change; a number is an open file."""
    if event == "open" and not (arguments[2] or 0) & WRITING:
        return []
    paths = [arguments[i] for i in WRITES.get(event, ())]
    return [os.fsdecode(p) for p in paths if isinstance(p, str | bytes | os.PathLike)]


LOGS: list[tuple[Walls, int]] = []  # of the walls that stand; open files


def stand() -> None:
    """Hold the walls that this process was started behind until it ends: nothing can
    take an audit hook away. The log is there from now on. In a fork of a process that
    stands behind the same walls already, they go on in the fork's own log."""
    walls = Walls(**json.loads(os.environ[VARIABLE]))
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


def tell_the_truth_about(walls: Walls) -> None:
    """Let `os.access` know of the walls: to root it says that all can be written."""
    asked = os.access

    def access(path, mode, **options) -> bool:
        closed = mode & os.W_OK and not isinstance(path, int) and walls.around(path)
        return not closed and asked(path, mode, **options)

    os.access = access


def record(wall: str, event: str, arguments: tuple) -> bytes:
    """Return an attempt as a line of JSON: the wall, what was tried, in which cell."""
    # The first argument of a connection is the socket, the second where it goes.
    told = written(event, arguments) or arguments[event in CONNECTIONS :][:2]
    what = " ".join(map(str, (event, *told)))
    fact = {"wall": wall, "what": what, "cell": cell_number()}
    return (json.dumps(fact) + "\n").encode()


def cell_number() -> int | None:
    """Return the number of the cell that runs now, None outside of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    # In[n] is the source of cell n. The shell's own counter may have moved on already.
    return len(shell.user_ns["In"]) - 1 if shell else None
