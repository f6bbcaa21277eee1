"""Kernels that need not import: forked from one warm process, where that is safe.

Jupyter starts a kernel by the words in a kernelspec. `forked` gives it another one that
is called python3, whose words are those of a stand-in (`proxy.py`) that has
`fork_server` fork the kernel. So nbval, papermill and nbgrader need not know. What
cannot be forked starts as ever.

    with forked(environment) as warm:
        subprocess.run(command, env=environment | (warm.environment() if warm else {}))

Whoever reaches the socket runs code as the server: walls around a kernel must stand
around its server too.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tools.course import files
from tools.execute.defaults import WARM
from tools.execute.fork import KERNEL
from tools.execute.fork_server import LIBRARIES, is_free
from tools.execute.processes import end_family

PROXY = Path(__file__).with_name("proxy.py")
BACKLOG = 128
WORTH_IT = 2  # kernels: a server imports more than any one of them
LONGEST_FOLDER = 80  # bytes of the 107 that a socket's path may have
PATIENCE = 10.0  # seconds


@dataclass(frozen=True)
class Warm:
    """Where a server can be asked, in a folder that only its owner can enter."""

    folder: Path

    @property
    def log(self) -> Path:
        """Where the server writes."""
        return self.folder / "log"

    def command(self, module: str, *arguments: str) -> list[str]:
        """Return the words that run `python -m module arguments` in a fork."""
        proxy = [sys.executable, "-I", "-S", str(PROXY), str(self.folder / "socket")]
        return [*proxy, module, *arguments]

    def environment(self) -> dict[str, str]:
        """Return the variables in whose presence kernels called python3 are forked."""
        return {"JUPYTER_PATH": str(self.folder), WARM: str(self.folder)}

    def write_kernelspec(self) -> None:
        """Write down for Jupyter how to start a kernel called python3."""
        spec = {
            "argv": self.command(KERNEL, "-f", "{connection_file}"),
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "metadata": {"debugger": True},
        }
        folder = files.make_folder(self.folder / "kernels" / "python3")
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def possible() -> bool:
    """Return whether kernels may be forked: on macOS a fork of a process that has used
    its frameworks can crash, Windows has none, and a socket's path must be short."""
    short = len(os.fsencode(tempfile.gettempdir())) < LONGEST_FOLDER
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and short


class Servers:
    """The warm processes of one command: one for each way in which forks differ, kept
    until the end of the `with` statement."""

    def __init__(self, libraries: Sequence[str] = LIBRARIES) -> None:
        self.libraries = libraries
        self.stack = ExitStack()
        self.found: dict[tuple, Warm | None] = {}

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_) -> None:
        self.stack.close()

    def suited(
        self,
        environment: Mapping[str, str],
        launcher: Sequence[str] = (),
        starts: int = WORTH_IT,
    ) -> Warm | None:
        """Return the one whose forks are as processes with these variables are, behind
        this launcher; None where nothing can be forked.

        `starts`: how many processes with heavy imports are to be started now; for
        fewer than WORTH_IT none is made.
        """
        fixed = {name: s for name, s in environment.items() if not is_free(name)}
        key = (tuple(launcher), frozenset(fixed.items()))
        if key not in self.found and starts >= WORTH_IT:
            warm = forked(environment, launcher, self.libraries)
            self.found[key] = self.stack.enter_context(warm)
        return self.found.get(key)


@contextmanager
def forked(
    environment: Mapping[str, str],
    launcher: Sequence[str] = (),
    libraries: Sequence[str] = LIBRARIES,
) -> Iterator[Warm | None]:
    """Start a warm process in `environment`, end it and all its forks at the end; None
    where that is not possible. It imports the libraries while others already ask.

    `launcher`: the words before its command, for one that runs inside another.
    """
    if not possible():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="warm-") as name:
        warm = Warm(Path(name))
        warm.write_kernelspec()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(warm.folder / "socket"))
            listener.listen(BACKLOG)
            module = (sys.executable, "-m", "tools.execute.fork_server")
            words = (*launcher, *module, str(listener.fileno()), *libraries)
            server = start(words, environment, listener.fileno(), warm.log)
        try:
            yield warm
        finally:
            end(server, warm.log)


def start(
    words: Sequence[str], environment: Mapping[str, str], listener: int, log: Path
) -> subprocess.Popen:
    """Start the server on a socket that listens; it lives as long as its stdin. What
    imports write, which a notebook would have shown, goes to the log."""
    with open(log, "wb") as file:
        return subprocess.Popen(
            words,
            cwd=files.ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            pass_fds=[listener],
            start_new_session=True,
        )


def end(server: subprocess.Popen, log: Path) -> None:
    """End the server and all its forks; say why, where it had ended by itself."""
    if server.poll() is not None:
        told = log.read_text(encoding="utf-8", errors="replace").splitlines()
        reason = told[-1] if told else f"exit code {server.returncode}"
        print(f"No kernel was forked: {reason}", file=sys.stderr)
    server.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        server.wait(PATIENCE)
    end_family(server)
