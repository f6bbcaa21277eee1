"""Which packages this Python has, held against constraints.txt; nothing is imported."""

import sys
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.core.errors import UserError
from helpers.core.files import ROOT


class Note(UserError):
    """What works, and may make a lesson look or last otherwise than it should."""


def pip(options: str) -> str:
    """Return what to type to install with the Python that runs this."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"{python} -m pip install -c constraints.txt {options}"


def direct() -> list[str]:
    """Return the normalised names of what the lessons and their runner need."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["test"]
    return [canonicalize_name(Requirement(line).name) for line in needed]


def pins(constraints: str) -> dict[str, Requirement]:
    """Return what constraints.txt pins, by normalised name."""
    lines = [line.partition("#")[0].strip() for line in constraints.splitlines()]
    read = [Requirement(line) for line in lines if line]
    return {canonicalize_name(pin.name): pin for pin in read}


def version(name: str) -> str | None:
    """Return the version of a package of this Python, None where it has none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def packages() -> str:
    """Return that the packages are as pinned. Raises UserError for those that are
    needed and missing, and Note for those of another version."""
    needed = direct()
    pinned = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    found = {name: version(name) for name in {*needed, *pinned}}
    if missing := [name for name in needed if not found[name]]:
        command = pip('-e ".[test]"')
        raise UserError(f"missing: {', '.join(missing)}; type {command}")
    differ = {
        name: f"{name} {found[name]} (pinned {str(pin.specifier).removeprefix('==')})"
        for name, pin in pinned.items()
        if found[name] and not pin.specifier.contains(found[name], prereleases=True)
    }
    own = [text for name, text in differ.items() if name in needed]
    if others := len(differ) - len(own):
        own.append(f"{others} that only others need (constraints.txt pins them)")
    if own:
        raise Note(", ".join(own))
    return f"all {len(needed)} as in constraints.txt"
