"""Other notebooks that are open: each kernel keeps its memory until it is shut down."""

import os
from collections.abc import Iterator

import psutil

from helpers.core import needs
from helpers.core.memory import free_memory

KERNEL = "ipykernel_launcher"  # python -m ipykernel_launcher: every Jupyter's kernel


def tell_of_open_kernels() -> None:
    """Print one line where less memory is free than a lesson needs while kernels of
    other notebooks hold some. Nothing is printed in pages that a command executes."""
    if os.environ.get("PIXELS_QUIET"):
        return
    free = free_memory()
    if free >= needs.MEMORY:
        return
    if held := list(other_kernels()):
        number, gib = len(held), sum(held) / 2**30
        notebooks = (
            "1 other notebook is" if number == 1 else f"{number} other notebooks are"
        )
        print(
            f"Memory is short: {free:.1f} GiB are free, a lesson needs "
            f"{needs.MEMORY:g}. {notebooks} open and hold{'s' * (number == 1)} "
            f"{gib:.1f} GiB: shut down what you do not use, in the tab "
            '"Running Terminals and Kernels".'
        )


def other_kernels() -> Iterator[int]:
    """Yield the memory, in bytes, of each kernel of this user but the own one."""
    me = psutil.Process().username()
    asked = ["pid", "ppid", "username", "cmdline", "memory_info"]
    # What another user keeps to himself comes as None.
    found = {p.info["pid"]: p.info for p in psutil.process_iter(asked)}
    kernels = {
        pid: info
        for pid, info in found.items()
        if info["username"] == me and KERNEL in (info["cmdline"] or ())
    }
    for pid, info in kernels.items():
        # A worker that a kernel has forked looks like one, and shares its memory.
        if pid != os.getpid() and info["ppid"] not in kernels and info["memory_info"]:
            yield info["memory_info"].rss
