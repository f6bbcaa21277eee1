"""pyproject.toml and constraints.txt, read."""

import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.course import files

PYPROJECT = (files.ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]


def constraints() -> dict[str, Requirement]:
    """Return what constraints.txt pins, by normalised name."""
    lines = (files.ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert len({canonicalize_name(pin.name) for pin in pins}) == len(pins)
    return {canonicalize_name(pin.name): pin for pin in pins}
