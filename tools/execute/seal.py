"""Seal a process off by Linux namespaces: no interface but loopback, which Jupyter's
channel needs, and folders that are mounted read-only, for root and for C code too."""

import os
import socket
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNSHARE = ("unshare", "--map-root-user", "--mount", "--propagation", "private")
OFFLINE = "--net"
SET_FLAGS, UP = 0x8914, 0x1  # SIOCSIFFLAGS and IFF_UP of Linux


@cache
def launcher(network: bool, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words to put before a command, () where a command behind them does not
    reach its end: on other systems, or where users may not make namespaces.

    `network`: cut it off. `folders`: the paths that become read-only.
    """
    offline = (OFFLINE,) if network else ()
    python = (sys.executable, "-m", "tools.execute.seal")
    words = (*UNSHARE, *offline, *python, *offline, *folders, "--")
    try:
        done = subprocess.run([*words, "true"], cwd=ROOT, capture_output=True)
    except OSError:  # there is no unshare
        return ()
    return words if done.returncode == 0 else ()


def raise_loopback() -> None:
    """Bring the interface lo up: in a new namespace it is down."""
    import fcntl  # not on Windows

    with socket.socket() as handle:
        fcntl.ioctl(handle, SET_FLAGS, struct.pack("16sh22x", b"lo", UP))


def main(words: list[str]) -> None:
    """Prepare the namespaces that `unshare` has made, and become the command."""
    end = words.index("--")
    for word in words[:end]:
        if word == OFFLINE:
            raise_loopback()
        else:
            subprocess.run(["mount", "-o", "bind,ro", word, word], check=True)
    command = words[end + 1 :]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
