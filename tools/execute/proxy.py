"""Stand in for a process that a fork server runs (`tools.execute.fork_server`): what
started this script sees the ends, signals and exit status of that process.

    python -I -S proxy.py SOCKET MODULE ARGUMENT ...

stands for `python -m MODULE ARGUMENT ...`. It imports next to nothing, so it starts in
a hundredth of the time. Where there is no server, or the server declines, it becomes
that process itself.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress

USAGE = "PIXELS_USAGE"  # names the file in which a kernel's usage is noted
LONGEST = 2**20  # bytes of one message
STREAMS = (0, 1, 2)


def ask(path: str, module: str, arguments: list[str]) -> socket.socket | None:
    """Ask the server for a process with this one's streams, variables and folder;
    return the channel to it, None where nobody answers."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = {
        "module": module,
        "arguments": arguments,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
    }
    try:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
        channel.connect(path)
        socket.send_fds(channel, [json.dumps(request).encode()], STREAMS)
    except OSError:
        channel.close()
        return None
    return channel


def forward(channel: socket.socket) -> None:
    """Pass interruptions on: they are meant for the process behind this one."""

    def send(number: int, _) -> None:
        with suppress(OSError):  # the server has gone
            channel.send(str(number).encode())

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, send)


def answer(channel: socket.socket | None) -> dict:
    """Return the server's last word, {} where there is none: it declines, or it tells
    how the process has ended and what it has used."""
    try:
        return json.loads(channel.recv(LONGEST) or "{}") if channel else {}
    except ConnectionError:
        return {}


def note_usage(usage: dict) -> None:
    """Write down what the process behind this one has used, for who wants to know."""
    if path := os.environ.get(USAGE):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(usage, file)


def end_as(status: int) -> None:
    """End as another process did, by the status that `wait` gave."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def main(path: str, module: str, *arguments: str) -> None:
    """Run `python -m module arguments`, in a fork where that is possible."""
    channel = ask(path, module, list(arguments))
    if channel:
        forward(channel)
    told = answer(channel)
    if "began" in told:
        note_usage({"cpu_seconds": None, "megabytes": None})  # as long as it runs
        told = answer(channel)
        if "status" not in told:  # the server has gone, and all its processes with it
            os._exit(1)
        note_usage(told["usage"])
        end_as(told["status"])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
