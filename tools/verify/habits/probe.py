"""Do the walls stand? The first cell of a page behind them tries every one."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools.verify.habits.walls import Walls, opened, record, standing

PROBE = "habit-probe"  # the file it tries to make, and its marks in the log


def probe() -> str:
    """Try every wall; return a sentence on who holds it, Python alone or the system.

    The log names what was tried between two marks. Raises AssertionError for a wall
    that lets something through.
    """
    walls = standing()
    assert walls, "there are no walls"
    log = opened(walls)
    os.write(log, record(PROBE, "begin", ()))
    try_walls(walls)
    os.write(log, record(PROBE, "end", ()))
    os.close(log)
    names = [*(["network"] if walls.network else []), *walls.folders]
    by = "Python and by the system" if walls.sealed else "Python"
    return f"refused by {by}: {', '.join(names)}"


def try_walls(walls: Walls) -> None:
    """Fail where one of the walls does not stand."""
    if walls.network:
        probe_network(walls)
    for name, folder in walls.folders.items():
        probe_folder(name, Path(folder) / PROBE, walls.sealed)


def probe_network(walls: Walls) -> None:
    """Fail where this process reaches a server on its own machine, or finds a name."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        must_fail("connecting", lambda: client.connect(server.getsockname()))
    must_fail("looking a name up", lambda: socket.getaddrinfo("localhost", 80))
    if walls.sealed:
        others = [name for _, name in socket.if_nameindex() if name != "lo"]
        assert not others, f"there is a network: {others}"


def probe_folder(name: str, path: Path, sealed: bool) -> None:
    """Fail where a file can be made at `path`, by Python or by what it cannot see."""
    must_fail(f"writing to {name}", lambda: path.touch() or path.unlink())
    if sealed:
        bare = [sys.executable, "-I", "-S", "-c", "import sys; open(sys.argv[1], 'w')"]
        done = subprocess.run([*bare, str(path)], capture_output=True)
        assert done.returncode, f"the system lets a file be written to {name}"


def must_fail(what: str, attempt: Callable[[], object]) -> None:
    """Raise AssertionError when an attempt does not meet an OSError."""
    try:
        attempt()
    except OSError:
        return
    raise AssertionError(f"the wall does not stand: {what} succeeded")
