"""The parts that lessons stand on: each is used once, as a lesson would.

Everything is imported where it is used: a package that is broken costs one line.
"""

import os
import socket
import tempfile
import warnings
from pathlib import Path

from helpers.core import needs
from tools.machine.limits import FAILS, FINE, Finding
from tools.machine.packages import pip

TEXT_FONT = "DejaVu Sans"  # of every figure
HERE = "127.0.0.1"
SECONDS = 5  # in which the own machine must answer


def torch_pair() -> Finding:
    """Use torch and torchvision together: a convolution, and boxes that overlap."""
    again = pip("--force-reinstall torch torchvision")
    try:
        wrong, text = tried_pair()
    except Exception as error:  # a pair that does not fit fails in many ways
        wrong, text = True, f"{type(error).__name__}: {first_line(error)}"
    if wrong:
        text += f"; torch and torchvision must come from one index: type {again}"
        return Finding(FAILS, "torch", text)
    return Finding(FINE, "torch", text)


def tried_pair() -> tuple[bool, str]:
    """Return whether the pair computes something wrong, and what it is."""
    import torch
    import torchvision

    ones = torch.ones(1, 1, 3, 3)
    sums = torch.nn.functional.conv2d(ones, ones)
    boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0]])
    kept = torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8]), 0.5)
    if sums.item() != 9 or kept.tolist() != [0]:
        said = f"a convolution gives {sums.item():g} instead of 9, nms {kept.tolist()}"
        return True, f"{said} instead of [0]"
    pair = f"{torch.__version__} with torchvision {torchvision.__version__}"
    return False, f"{pair}, convolution and nms"


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return (str(error).splitlines() or ["no reason given"])[0]


def fonts() -> Finding:
    """Find the font of the figures, and the styles in which letters are drawn."""
    from matplotlib.font_manager import findfont

    from helpers.data.images.fonts import LETTERS, font_styles

    again = pip("--force-reinstall --no-deps matplotlib")
    try:
        findfont(TEXT_FONT, fallback_to_default=False)
        found = len(font_styles(LETTERS))
    except (OSError, ValueError) as error:
        return Finding(FAILS, "fonts", f"{first_line(error)}; type {again}")
    text = f"{TEXT_FONT}, and {found} styles of letters"
    if found < needs.LETTER_STYLES:
        text += f" instead of {needs.LETTER_STYLES}; type {again}"
        return Finding(FAILS, "fonts", text)
    return Finding(FINE, "fonts", text)


def server() -> Finding:
    """Open a port of this machine and reach it, as a browser reaches JupyterLab."""
    try:
        with socket.create_server((HERE, 0)) as listening:
            port = listening.getsockname()[1]
            listening.settimeout(SECONDS)
            with socket.create_connection((HERE, port), SECONDS) as client:
                answering, _ = listening.accept()
                with answering:
                    client.sendall(b"?")
                    answering.settimeout(SECONDS)
                    answered = answering.recv(1) == b"?"
    except OSError as error:
        answered, port = False, error.strerror or str(error)
    if not answered:
        text = f"{HERE} cannot be reached ({port}); a firewall must let it through"
        return Finding(FAILS, "server", text)
    return Finding(FINE, "server", f"a port of {HERE} opens and answers")


def writing(name: str, folder: Path) -> Finding:
    """See whether files can be made in `folder`, or it can be made; leave nothing."""
    place = nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding(FINE, name, f"{folder} can be written to")
    except OSError as error:
        text = f"{folder} cannot be written to ({error.strerror}); check who owns it"
        return Finding(FAILS, name, text)


def nearest(folder: Path) -> Path:
    """Return the folder, or the first above it that exists."""
    return next(p for p in (folder, *folder.parents) if os.path.lexists(p))


def cache(checkout: Path) -> Finding:
    """See where downloads would go, as helpers.core.files chooses; nothing is made."""
    from platformdirs import user_cache_path

    if named := os.environ.get("PIXELS_DATA"):
        folder = Path(named).expanduser().resolve()
        if folder.is_dir() and writing("cache", folder).sign == FAILS:
            return Finding(FINE, "cache", f"{folder}, shared and read-only")
        return writing("cache", folder)
    own = writing("cache", checkout / "data" / "cache")
    if own.sign == FINE:
        return own
    return writing("cache", user_cache_path("pixels-to-transformers", appauthor=False))


def minilm() -> Finding:
    """Find MiniLM's files and compute their checksums. Raises UserError, a sentence on
    what to do, where they are missing or not the true ones."""
    from helpers.checkpoints.minilm import DIGESTS, model_folder

    model_folder()
    return Finding(FINE, "MiniLM", f"{' and '.join(DIGESTS)} have the right checksum")


def gpu() -> Finding:
    """Name the GPU that lessons would take; none is needed."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a driver that is too old: no GPU, no matter
        found = torch.cuda.is_available()
    name = torch.cuda.get_device_name(0) if found else "none, and none is needed"
    return Finding(FINE, "GPU", name)
