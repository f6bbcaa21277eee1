"""The environment check of lesson 00: what this machine brings, what is missing."""

import platform
from importlib import metadata

import psutil
import torch
from packaging.version import Version

from helpers.core import needs
from helpers.core.signs import RIGHT, WRONG
from helpers.data.images.fonts import LETTERS, font_styles

PACKAGES = ("torch", "torchvision", "transformers", "matplotlib", "jupyterlab")
REPLACEABLE = ("jupyterlab",)  # whoever sees a page in Colab or VS Code needs none


def installed(package: str) -> str:
    """Return the version of a package, or "missing"; it is not imported."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def environment() -> dict[str, str]:
    """Return what matters for the course: name -> value, as text."""
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none"
    free = psutil.virtual_memory().available / 2**30
    return {
        "python": platform.python_version(),
        **{name: installed(name) for name in PACKAGES},
        "threads": str(torch.get_num_threads()),
        "CUDA GPU": gpu,
        "free memory": f"{free:.1f} GiB",
        "letter styles": str(len(font_styles(LETTERS))),
    }


def missing(found: dict[str, str]) -> list[str]:
    """Return one sentence for each thing in `environment()` that is not enough."""
    problems = [
        f"{name} is missing; run `make lab` again, or pip install {name}."
        for name in PACKAGES
        if found[name] == "missing" and name not in REPLACEABLE
    ]
    oldest = ".".join(map(str, needs.OLDEST_PYTHON))
    if Version(found["python"]) < Version(oldest):
        problems.append(
            f"Python {found['python']} runs here; {oldest} or newer is needed."
        )
    free = float(found["free memory"].split()[0])
    if free < needs.MEMORY:
        problems.append(
            f"Only {free} GiB of memory are free; close something, {needs.MEMORY:g} "
            "are needed."
        )
    return problems


def check_environment() -> None:
    """Print what was found, then what is missing, or that all is there."""
    found = environment()
    for name, value in found.items():
        print(f"{name:14} {value}")
    for problem in missing(found):
        print(f"{WRONG} {problem}")
    if not missing(found):
        print(f"{RIGHT} everything is there")
