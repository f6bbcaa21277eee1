"""Before anything is installed: can this Python and this disk hold the course?

Only the standard library, and no syntax newer than Python 3.6: an old Python must
get as far as reading the sentence that it is too old.
"""

import importlib.util
import os
import shutil
import sys

OLDEST = (3, 11)
GPU_BUILD_GB = 12  # PyTorch's default build on Linux brings the CUDA libraries
CPU_BUILD_GB = 4


def problem(version, modules, free_gb, need_gb):
    """Return what is missing as one sentence, or "" when nothing is.

    `version`: (major, minor). `modules`: names among "venv" and "ensurepip" that
    can be imported. `free_gb`, `need_gb`: disk space, in GB of 10^9 bytes.
    """
    if tuple(version) < OLDEST:
        return (
            f"This is Python {version[0]}.{version[1]}; the course needs 3.11 or "
            "newer: name one, as in make lab PYTHON=python3.12."
        )
    if not {"venv", "ensurepip"} <= set(modules):
        return (
            "This Python cannot make virtual environments; on Debian and Ubuntu "
            "install the package python3-venv."
        )
    if free_gb < need_gb:
        return (
            f"The disk has {free_gb:.1f} GB free; the environment needs about "
            f"{need_gb} GB while it is installed."
        )
    return ""


def needed_gb(platform, torch_index, begun):
    """Return the disk space to ask for: the CPU build is a third of the other, and an
    installation that has `begun` is there in part."""
    if begun:
        return 0
    cpu_build = torch_index.rstrip("/").endswith("/cpu")
    small = cpu_build or not platform.startswith("linux")
    return CPU_BUILD_GB if small else GPU_BUILD_GB


def main(root):
    """Check the interpreter that runs this and the disk that holds `root`."""
    modules = [m for m in ("venv", "ensurepip") if importlib.util.find_spec(m)]
    begun = os.path.exists(os.path.join(root, ".venv"))
    need = needed_gb(sys.platform, os.getenv("TORCH_INDEX", ""), begun)
    free = shutil.disk_usage(root).free / 1e9
    found = problem(sys.version_info[:2], modules, free, need)
    if found:
        print(found, file=sys.stderr)
    return 2 if found else 0


if __name__ == "__main__":
    up = os.pardir
    sys.exit(main(os.path.abspath(os.path.join(__file__, up, up, up))))
