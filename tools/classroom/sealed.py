"""A kernel for what a student has written: sealed before the first line of it runs.

    python -m tools.classroom.sealed FOLDER -f CONNECTION_FILE ...

is a kernel of IPython's that can reach its Python, the course and FOLDER, and no
network. What else is the teacher's, or the class's, is out of its sight; it has limits,
and all it starts ends with it. FOLDER is a `tools.classroom.workplace`. Where the seal
cannot be closed, no kernel runs.
"""

import importlib
import json
import os
import runpy
import sys
import sysconfig
import tempfile
from pathlib import Path

from tools.classroom.workplace import BY_SYSTEM, FACTS
from tools.course import files
from tools.execute import kernels, sandbox
from tools.execute.sandbox import Limits
from tools.execute.walls import Walls, hold

COURSE = ("helpers", "data", "pyproject.toml")
QUIET = ("--IPKernelApp.log_level=40", "--HistoryManager.enabled=False")
# What looks for its files at home, or takes much memory by being there; in a fork of
# the class's server both stand already.
BEFORE = ("matplotlib.font_manager", "torch")
STANDARD = (0, 1, 2)
MOST_FILES = 4_096  # descriptors that may be open


def seen() -> list[Path]:
    """Return what a kernel is shown: this Python, its libraries, the course."""
    python = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()]
    course = [files.ROOT / name for name in COURSE]
    return [*map(Path, python), *course]


def enter_by_system(folder: Path, limits: Limits) -> Path:
    """Seal this process by namespaces; return the empty folder that is its home."""
    kept = [folder / "own", folder / "channel"]
    sandbox.enter(seen(), kept, limits, folder / "room")
    home = Path("/tmp/home")
    home.mkdir()
    return home


def enter_by_python(folder: Path, limits: Limits, hidden: list[str]) -> Path:
    """Seal this process by Python's walls; return its home."""
    hold_by_python(limits)
    walls = Walls(
        log=str(folder / "walls.log"),
        network=True,
        folders={},
        only=[str(folder), os.devnull],
        hidden=hidden,
        shown=[*map(str, seen()), str(files.ROOT / "tools"), str(folder)],
        alone=True,
    )
    hold(walls)
    return folder / "home"


def hold_by_python(limits: Limits) -> None:
    """Set the limits that this system knows; Windows knows none of them."""
    if os.name != "posix":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":
        sandbox.limit_memory(limits)


def let_go(log: Path) -> None:
    """Close all files but the log, to which the standard streams lead from now on."""
    os.closerange(max(STANDARD) + 1, MOST_FILES)
    nothing = os.open(os.devnull, os.O_RDONLY)
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, file in zip(STANDARD, (nothing, told, told), strict=True):
        os.dup2(file, number)
    os.close(nothing)
    os.close(told)


def settle(home: Path) -> None:
    """Let all that asks for a home, or for temporary files, be sent there."""
    beside = str(home.parent)
    own = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), beside)
    own |= {"IPYTHONDIR": str(home.parent / ".ipython"), "PWD": os.getcwd()}
    cache = files.ROOT / "data" / "cache"
    if cache.is_dir():
        own["PIXELS_DATA"] = str(cache)
    for name, text in (kernels.at_home(home) | own).items():
        os.environ.pop(name, None)
        if text is not None:
            os.environ[name] = text
    tempfile.tempdir = None  # as it was looked up before


def main(folder: str, *arguments: str) -> None:
    """Seal this process, then be a kernel."""
    place = Path(folder)
    facts = json.loads((place / FACTS).read_text(encoding="utf-8"))
    limits = Limits(**facts["limits"])
    for name in BEFORE:
        importlib.import_module(name)
    if facts["seal"] == BY_SYSTEM:
        let_go(place / "channel" / "log")
        home = enter_by_system(place, limits)
    else:
        home = enter_by_python(place, limits, facts["hidden"])
    settle(home)
    # Its parent is not in sight: the system ends it with that one.
    sys.argv[1:] = [*arguments, "--IPKernelApp.parent_handle=0", *QUIET]
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
