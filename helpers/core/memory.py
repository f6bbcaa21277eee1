"""How much memory there is to use, on a computer of one's own and in a container."""

from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")  # where Linux says what a container may use


def free_memory() -> float:
    """Return the free memory in GiB.

    In a container, as on most hubs, the machine has more than one may use: there the
    limit counts, less what is in use and cannot be given back.
    """
    available = psutil.virtual_memory().available
    try:
        limit = int((CGROUP / "memory.max").read_text(encoding="utf-8"))
        used = int((CGROUP / "memory.current").read_text(encoding="utf-8"))
        stat = (CGROUP / "memory.stat").read_text(encoding="utf-8").split()
        cache = int(stat[stat.index("inactive_file") + 1])
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return available / 2**30
    return min(available, limit - used + cache) / 2**30
