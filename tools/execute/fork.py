"""Become, in a fresh fork of a warm process, what `python -m MODULE` would be: the same
streams, variables, folder and import path, and random numbers that nobody has seeded.
"""

import atexit
import ctypes
import os
import runpy
import signal
import site
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from tools.execute.proxy import STREAMS

DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux
KERNEL = "ipykernel_launcher"


def become(
    request: dict,
    streams: Sequence[int],
    own: Mapping[str, str],
    imported: Mapping[str, str],
) -> None:
    """Take the place of the process that asked.

    `request`: its folder and variables; `streams`: its stdin, stdout and stderr.
    `own`: the variables with which the server was started; `imported`: those that the
    imports have set since.
    """
    os.setsid()
    # Its parent's end is its own, whatever becomes of the channel.
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    for number, given in zip(STREAMS, streams, strict=True):
        os.dup2(given, number)
    os.chdir(request["folder"])
    before = path_entries(own)
    os.environ.clear()
    os.environ.update(request["environment"] | imported)
    tail = [entry for entry in sys.path[1:] if entry not in before]
    sys.path[:] = [os.getcwd(), *path_entries(os.environ), *tail]
    sys.path_importer_cache.clear()


def path_entries(environment: Mapping[str, str]) -> list[str]:
    """Return the folders of PYTHONPATH, each once."""
    found = environment.get("PYTHONPATH", "").split(os.pathsep)
    return list(dict.fromkeys(os.path.abspath(entry) for entry in found if entry))


def run_as_main(request: dict) -> NoReturn:
    """Do what `python -m MODULE ARGUMENT ...` would, and end."""
    code: object = 1
    try:
        make_own()
        module, arguments = request["module"], request["arguments"]
        if module == KERNEL:  # its default was read when it was imported
            arguments = [*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"]
        sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    leave(code or 0)


def leave(code: int) -> NoReturn:
    """End this process as the interpreter does, up to where it would take apart, piece
    by piece, what is in memory."""
    with suppress(BaseException):
        threading._shutdown()
        atexit._run_exitfuncs()
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code & 0xFF)


def make_own() -> None:
    """Draw a fork's own random numbers, and do by its variables what a sitecustomize
    does when Python starts."""
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # Python's own generator sees to that itself
    if torch := sys.modules.get("torch"):
        torch.default_generator.seed()
    sys.modules.pop("sitecustomize", None)
    site.execsitecustomize()
