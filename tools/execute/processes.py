"""End a process together with everything that it has started."""

import subprocess
from contextlib import suppress

import psutil


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all it has started, directly or not; [] when it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def end_family(process: subprocess.Popen, patience: float = 0.0) -> None:
    """End a process that still runs, and what it has started; none is left behind.

    `patience`: for how many seconds it may end itself, and its own, before it is made
    to; without any it is not asked.
    """
    if process.poll() is not None:  # its number may be another's by now
        return
    started = family(process.pid)
    if patience:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    for one in started:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
