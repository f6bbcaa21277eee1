"""What lessons stand on: each part is measured, or used once as a lesson would.

A function returns what it has found. It raises UserError, which says what to do, where
a lesson would fail, and Note where it would only be different. Everything is imported
where it is used: a package that is broken costs one line.
"""

import os
import shutil
import socket

from helpers.core import needs
from helpers.core.errors import UserError
from helpers.core.files import cache_folder
from tools.course import files
from tools.machine.packages import Note, pip

NEEDED_DISK = 2.0  # GB free, once the course is installed
HERE = "127.0.0.1"
INSTALL = "pixels weights installs them"
SECONDS = 5  # in which the own machine must answer


def enough(free: float, needed: float, unit: str, remedy: str) -> str:
    """Return how much is free. Raises UserError where that is too little."""
    text = f"{free:.1f} {unit} free"
    if free < needed:
        raise UserError(f"{text}; {needed:g} are needed: {remedy}")
    return text


def memory() -> str:
    """Return the free memory. Raises UserError where a lesson needs more."""
    from helpers.core.memory import free_memory

    remedy = "close something, or ask for more"
    return enough(free_memory(), needs.MEMORY, "GiB", remedy)


def disk() -> str:
    """Return the free space on the disk of the course, in GB of 10^9 bytes. Raises
    UserError where it is too little."""
    free = shutil.disk_usage(files.ROOT).free / 1e9
    return enough(free, NEEDED_DISK, "GB", "delete some")


def cores() -> str:
    """Return how many cores this process may use. Raises Note where it is one."""
    if hasattr(os, "sched_getaffinity"):  # Linux, where a batch system may bind it
        n = len(os.sched_getaffinity(0))
    else:
        n = os.cpu_count()
    if n == 1:
        raise Note("1; a lesson takes up to twice as long as the README says")
    return str(n)


def folder() -> str:
    """Return where the course is. Raises Note where nbgrader cannot work."""
    try:
        files.refuse_patterns(files.ROOT)
    except UserError as error:
        raise Note(str(error)) from None
    return str(files.ROOT)


def server() -> str:
    """Open a port of this machine and reach it, as a browser reaches JupyterLab.
    Raises UserError where that fails."""
    try:
        with socket.create_server((HERE, 0)) as listening:
            socket.create_connection(listening.getsockname(), SECONDS).close()
    except OSError as error:
        raise UserError(
            f"{HERE} cannot be reached ({error}); a firewall must let it through"
        ) from error
    return f"a port of {HERE} opens and answers"


def study() -> str:
    """Return where the lessons go. Raises UserError where nothing can be written."""
    return f"{files.make_folder(files.STUDY)} can be written to"


def cache() -> str:
    """Return where downloads go, if any. Raises UserError where they cannot."""
    return f"{cache_folder()}, for what is downloaded"


def torch_pair() -> str:
    """Use torch and torchvision together, on boxes that overlap. Raises UserError
    where they do not fit."""
    try:
        import torch
        import torchvision

        boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0]])
        torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8]), 0.5)
    except Exception as error:  # a pair that does not fit fails in many ways
        again = pip("--force-reinstall torch torchvision")
        raise UserError(
            f"{type(error).__name__}: {first_line(error)}; torch and torchvision must "
            f"come from one index: type {again}"
        ) from error
    return f"{torch.__version__} with torchvision {torchvision.__version__}"


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).partition("\n")[0] or "no reason given"


def fonts() -> str:
    """Count the styles in which letters are drawn; the figures' font is among them.
    Raises UserError where one is missing."""
    from helpers.data.images.fonts import LETTERS, font_styles

    try:
        found = len(font_styles(LETTERS))
    except OSError:  # a file that is not there
        found = 0
    if found < needs.LETTER_STYLES:
        again = pip("--force-reinstall --no-deps matplotlib")
        raise UserError(
            f"{found} styles of letters instead of {needs.LETTER_STYLES}; type {again}"
        )
    return f"{found} styles of letters"


def weights() -> str:
    """Find the pretrained weights and compute their checksums. Raises UserError where
    a package holds other files, which a lesson refuses, and Note where some are absent:
    what needs them is left out."""
    from tools.machine.weights.table import ALL, is_damaged, place

    absent = [each for each in ALL if not place(each)]
    if damaged := [each.title for each in absent if is_damaged(each)]:
        raise UserError(f"{', '.join(damaged)}: wrong checksum; type pixels weights")
    if absent:
        names = ", ".join(each.title for each in absent)
        raise Note(f"{names} not there, so what needs them is left out; {INSTALL}")
    return f"{', '.join(each.title for each in ALL)} have the right checksum"


def gpu() -> str:
    """Name the GPU that lessons would take; none is needed."""
    import torch

    found = torch.cuda.is_available()  # warns of a driver that is too old
    return torch.cuda.get_device_name(0) if found else "none, and none is needed"
