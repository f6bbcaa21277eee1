"""A process that has imported what lessons import, and forks one for each request: a
kernel that starts with PyTorch in place.

`tools.execute.warm` starts it, on a socket that it inherits; `proxy.py` asks, and
`fork.py` says what becomes of the fork. This server has one thread and no channel of
Jupyter's, and ran no backward pass: PyTorch survives a fork only so. Where a fork could
differ from a process of its own, it declines. Nothing of the course is imported before
a fork: its code is always as it stands.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tools.execute import fork
from tools.execute.proxy import LONGEST, STREAMS

# What lessons import. The kernel comes first: where it is there, tqdm chooses the bars
# of a notebook.
LIBRARIES = (
    "ipykernel.kernelapp",
    *("torch", "torch.nn.functional", "torch.fx", "torch.func", "torchvision.ops"),
    *("torchvision.datasets", "numpy", "PIL.ImageOps", "PIL.ImageFont"),
    *("matplotlib.pyplot", "matplotlib.figure", "ipywidgets", "tqdm.auto"),
    *("sklearn.datasets", "sklearn.linear_model", "sklearn.model_selection"),
    *("sklearn.feature_extraction.text", "sklearn.pipeline", "sklearn.svm"),
    *("tokenizers", "safetensors.torch", "transformers.models.bert.modeling_bert"),
    "papermill",
)
INLINE = "module://matplotlib_inline.backend_inline"
# The variables that no library reads when it is imported; the rest must be equal.
FREE = ("PIXELS_", "NBGRADER_", "JPY_", "PYTEST_", "JUPYTER_PATH", "PYTHONPATH")
SHELLS = ("_", "PWD", "OLDPWD", "SHLVL", "COLUMNS", "LINES")


def is_free(name: str) -> bool:
    """Return whether a variable may differ between the server and a fork."""
    return name.startswith(FREE) or name in SHELLS


def differing(
    asked: Mapping[str, str], own: Mapping[str, str], imported: Mapping[str, str]
) -> list[str]:
    """Return the variables in which a fork would differ from a process of its own:
    those that are neither as the server was started with, nor as an import has set
    them, which a fork hands on to what it starts."""
    names = [name for name in asked.keys() | own.keys() if not is_free(name)]
    known = {name: (own.get(name), imported.get(name, own.get(name))) for name in names}
    return sorted(name for name in names if asked.get(name) not in known[name])


def import_libraries(names: Sequence[str]) -> dict[str, str]:
    """Import modules; return the variables that the imports have set. Raises
    RuntimeError for what a fork must not inherit: a warning that the lesson would have
    shown, and a second thread."""
    before = dict(os.environ)
    shown: list[object] = []
    usual, warnings.showwarning = warnings.showwarning, lambda t, *_: shown.append(t)
    for name in names:
        importlib.import_module(name)
    warnings.showwarning = usual
    if shown:
        raise RuntimeError(f"an import warns: {shown[0]}")
    if (threads := len(os.listdir("/proc/self/task"))) > 1:
        raise RuntimeError(f"the imports have started {threads - 1} threads")
    gc.freeze()  # what stands here is never garbage, and need not be copied
    return {n: text for n, text in os.environ.items() if before.get(n) != text}


@dataclass
class Child:
    """A forked process, and the channel to the one that asked for it."""

    pid: int
    handle: int
    channel: socket.socket

    def signal(self, number: int) -> None:
        """Send a signal; SIGKILL goes to all that the process has started."""
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, number)
            os.kill(self.pid, number)

    def ended(self) -> dict:
        """Return how it ended: the status, CPU seconds and largest resident MB."""
        _, status, usage = os.wait4(self.pid, 0)
        cpu = usage.ru_utime + usage.ru_stime
        used = {"cpu_seconds": cpu, "megabytes": usage.ru_maxrss / 2**10}
        return {"status": status, "usage": used}


class Server:
    """Forks a process for each request that comes in at `listener`."""

    def __init__(
        self,
        listener: socket.socket,
        owner: int,
        own: Mapping[str, str],
        imported: Mapping[str, str],
    ) -> None:
        self.listener = listener
        self.owner = owner  # a descriptor that ends when whoever started this does
        self.selector = selectors.DefaultSelector()
        self.children: list[Child] = []
        self.own = own  # the variables with which it was started
        self.imported = imported  # those that imports have set since then

    def run(self) -> dict | None:
        """Serve until the owner is gone, end all children then, and return None; in a
        fork: the request."""
        self.watch(self.listener, self.accept)
        self.watch(self.owner, None)
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    for child in self.children:
                        child.signal(signal.SIGKILL)
                    return None
                if request := key.data():
                    return request

    def watch(self, file, action) -> None:
        """Call `action` whenever something is to be read from `file`."""
        self.selector.register(file, selectors.EVENT_READ, action)

    def accept(self) -> dict | None:
        """Take a request; in the fork, return it. To close the channel is to decline:
        the asker becomes the process itself."""
        channel, _ = self.listener.accept()
        message, streams, *_ = socket.recv_fds(channel, LONGEST, len(STREAMS))
        request, pid = json.loads(message or "{}"), None
        asked = request.get("environment", {})
        if not differing(asked, self.own, self.imported):
            with suppress(OSError):  # no memory, or too many processes
                pid = os.fork()
        if pid == 0:
            self.let_go()
            fork.become(request, streams, self.own, self.imported)
        for stream in streams:
            os.close(stream)
        if pid:
            self.began(Child(pid, os.pidfd_open(pid), channel))
            return None
        channel.close()
        return request if pid == 0 else None

    def began(self, child: Child) -> None:
        """Watch over a child from now on."""
        self.children.append(child)
        self.watch(child.handle, lambda: self.reap(child))
        self.watch(child.channel, lambda: self.pass_on(child))
        with suppress(OSError):
            child.channel.send(b'{"began": true}')

    def pass_on(self, child: Child) -> None:
        """Send a child the signal that came for it; its end is that of the asker."""
        if child not in self.children:  # it has ended in the same moment
            return
        try:
            number = child.channel.recv(LONGEST)
        except ConnectionError:
            number = b""
        if not number:
            self.selector.unregister(child.channel)
        child.signal(int(number or signal.SIGKILL))

    def reap(self, child: Child) -> None:
        """Tell the asker how its process has ended."""
        with suppress(OSError):
            child.channel.send(json.dumps(child.ended()).encode())
        with suppress(KeyError):
            self.selector.unregister(child.channel)
        self.selector.unregister(child.handle)
        os.close(child.handle)
        child.channel.close()
        self.children.remove(child)

    def let_go(self) -> None:
        """In a fork: close what is the server's, or the askers wait for two ends."""
        self.selector.close()
        self.listener.close()
        for child in self.children:
            child.channel.close()
            os.close(child.handle)


def main(listener: str, *libraries: str) -> None:
    """Import, serve, and in each fork run what was asked for."""
    own = dict(os.environ)
    os.environ.setdefault("MPLBACKEND", INLINE)  # as a kernel does before any import
    imported = import_libraries(libraries)
    server = Server(socket.socket(fileno=int(listener)), 0, own, imported)
    if request := server.run():
        fork.run_as_main(request)
    fork.leave(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
