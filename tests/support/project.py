"""pyproject.toml, constraints.txt and the Makefile, read."""

import tomllib

from packaging.requirements import Requirement

from tools.course import files
from tools.machine.packages import pins

PYPROJECT = (files.ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
SETUPTOOLS = tomllib.loads(PYPROJECT)["tool"]["setuptools"]
MAKEFILE = (files.ROOT / "Makefile").read_text(encoding="utf-8")


def constraints() -> dict[str, Requirement]:
    """Return what constraints.txt pins, by normalised name."""
    return pins((files.ROOT / "constraints.txt").read_text(encoding="utf-8"))
