"""Where a submission runs: a folder of its own, and nothing of the class in sight.

Its kernel is `tools.classroom.sealed`. The channel between the two is a file system's
where there are namespaces: a sealed kernel's loopback interface is its own.
"""

import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from helpers.page.claims import COLLECT
from tools.course import files
from tools.execute import kernels, sandbox
from tools.execute.sandbox import Limits
from tools.execute.warm import Warm

KERNELS = "PIXELS_KERNELS"  # names the socket of the server that forks them
SEAL = "PIXELS_SEAL"  # which of the two seals a class is graded behind
BY_SYSTEM, BY_PYTHON = "namespaces", "walls"
MODULE = "tools.classroom.sealed"
FACTS = "seal.json"
LONGEST = 60  # bytes: the path of a socket has 107
SAID = {
    BY_SYSTEM: "Submissions run sealed by Linux namespaces: no network, an empty home, "
    "nothing of yours or of the class within reach, one folder to write to.",
    BY_PYTHON: "Submissions run behind Python's walls alone, as there are no "
    "namespaces here: code that is not Python's could pass them.",
}
# The variables that a kernel is told; all others are the teacher's own.
TOLD = (
    *("PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "MATPLOTLIBRC"),
    *("PYTHONPATH", "PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONNOUSERSITE"),
    *("PYTHONUTF8", "PYDEVD_DISABLE_FILE_VALIDATION", "OMP_NUM_THREADS"),
    *("JUPYTER_NO_CONFIG", "JUPYTER_PREFER_ENV_PATH"),
    *("PIXELS_QUIET", COLLECT, "NBGRADER_EXECUTION"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR"),
)


def which() -> str:
    """Return which seal this system allows, as the crew has found out."""
    told = os.environ.get(SEAL)
    return told or (BY_SYSTEM if sandbox.possible() else BY_PYTHON)


def environment() -> dict[str, str]:
    """Return the variables of a kernel, and of a server that forks kernels."""
    found = kernels.child_environment().items()
    told = {n: s for n, s in found if n.upper() in TOLD or n.startswith("LC_")}
    return told | {"USER": "student", "LOGNAME": "student", "USERNAME": "student"}


class Workplace:
    """The folder of one kernel, gone when it is closed.

    own: a copy of what the student has handed in beside the notebook; channel: where
    client and kernel meet.
    """

    def __init__(self, handed_in: str | None, limits: Limits, seal: str) -> None:
        self.seal = seal
        long = len(os.fsencode(tempfile.gettempdir())) > LONGEST
        self.held = tempfile.TemporaryDirectory(
            prefix="student-",
            dir="/tmp" if long and seal == BY_SYSTEM else None,
            ignore_cleanup_errors=True,
        )
        self.folder = Path(os.path.realpath(self.held.name))
        for name in ("own", "channel", "home", "room", "kernels/python3"):
            (self.folder / name).mkdir(parents=True)
        self.own, self.channel = self.folder / "own", self.folder / "channel"
        if handed_in:
            copy_own_files(Path(handed_in), self.own)
        facts = {"seal": seal, "limits": asdict(limits), "hidden": hidden(handed_in)}
        text = json.dumps(facts)
        (self.folder / FACTS).write_text(text, encoding="utf-8")
        self.write_kernelspec()

    def write_kernelspec(self) -> None:
        """Write down for Jupyter how the kernel is started: forked where its server
        runs, and sealed in any case."""
        arguments = [str(self.folder), "-f", "{connection_file}"]
        argv = [sys.executable, "-m", MODULE, *arguments]
        if server := os.environ.get(KERNELS):
            argv = Warm(Path(server).parent).command(MODULE, *arguments)
        spec = {"argv": argv, "display_name": "sealed", "language": "python"}
        path = self.folder / "kernels" / "python3" / "kernel.json"
        path.write_text(json.dumps(spec), encoding="utf-8")

    def connect(self, manager) -> None:
        """Let a kernel manager of Jupyter's start its kernel here."""
        from jupyter_client.kernelspec import KernelSpecManager

        folders = [str(self.folder / "kernels")]
        manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=folders)
        manager.connection_file = str(self.channel / "kernel.json")
        if self.seal == BY_SYSTEM:
            manager.transport, manager.ip = "ipc", str(self.channel / "at")

    def told(self) -> str:
        """Return what the kernel has said on its way into the seal, and since."""
        log = self.channel / "log"
        if not log.is_file():
            return ""
        return log.read_text(encoding="utf-8", errors="replace")[-2_000:]

    def close(self) -> None:
        """Remove the folder, with all that the kernel has left there."""
        self.held.cleanup()


def copy_own_files(source: Path, target: Path) -> None:
    """Copy what was handed in beside notebooks: those hold the hidden tests by now. A
    link stays a link, and leads nowhere from there."""
    shutil.copytree(
        source,
        target,
        symlinks=True,
        ignore=shutil.ignore_patterns("*.ipynb"),
        dirs_exist_ok=True,
    )


def hidden(handed_in: str | None) -> list[str]:
    """Return the folders that Python's walls let nobody look into: the class's, and
    the teacher's home."""
    own = [Path(handed_in).resolve().parents[2]] if handed_in else []
    return [str(path) for path in (*own, Path.home(), files.ROOT / "classroom")]
