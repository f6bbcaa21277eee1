"""Which packages this Python has, held against constraints.txt; nothing is imported."""

import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.machine.limits import FAILS, FINE, LOOK, Finding

SHOWN = 5  # of the packages that only other packages need


def pip(options: str) -> str:
    """Return what to type to install with the Python that runs this."""
    python = sys.executable or "python"
    quoted = f'"{python}"' if " " in python else python
    return f"{quoted} -m pip install -c constraints.txt {options}"


def names(requirements: Iterable[str]) -> list[str]:
    """Return the normalised names of the requirements that hold on this system."""
    read = map(Requirement, requirements)
    return [
        canonicalize_name(r.name) for r in read if not r.marker or r.marker.evaluate()
    ]


def direct(pyproject: str) -> list[str]:
    """Return the names of what the lessons and their runner need, from the file."""
    project = tomllib.loads(pyproject)["project"]
    return names(project["dependencies"] + project["optional-dependencies"]["test"])


def pins(constraints: str) -> dict[str, Requirement]:
    """Return what constraints.txt pins, by normalised name."""
    lines = [line.partition("#")[0].strip() for line in constraints.splitlines()]
    read = [Requirement(line) for line in lines if line]
    return {canonicalize_name(pin.name): pin for pin in read}


def installed() -> dict[str, str]:
    """Return the versions of all packages of this Python, by normalised name."""
    found = {}
    for package in metadata.distributions():
        if name := package.metadata["Name"]:  # half-removed packages have none
            found.setdefault(canonicalize_name(name), package.version)
    return found


def packages(
    needed: Iterable[str], pinned: Mapping[str, Requirement], found: Mapping[str, str]
) -> list[Finding]:
    """Return what is missing among `needed`, then what is not as `pinned`.

    `found`: name -> version. A needed package of another version has a line of its
    own; those that only other packages need share one.
    """
    needed = list(dict.fromkeys(needed))
    lines = absent([name for name in needed if name not in found])
    differ = [
        f"{name} {found[name]} (pinned {str(pin.specifier).removeprefix('==')})"
        for name, pin in pinned.items()
        if name in found and not pin.specifier.contains(found[name], prereleases=True)
    ]
    own = [text for text in differ if text.split()[0] in needed]
    lines += [Finding(LOOK, "packages", text) for text in own]
    lines += others([text for text in differ if text not in own])
    if lines:
        return lines
    return [Finding(FINE, "packages", f"all {len(needed)} as in constraints.txt")]


def absent(missing: list[str]) -> list[Finding]:
    """Return the line about packages that are not there."""
    if not missing:
        return []
    command = pip('-e ".[test]"')
    text = f"missing: {', '.join(missing)}; type {command}"
    return [Finding(FAILS, "packages", text)]


def others(differ: list[str]) -> list[Finding]:
    """Return the line about packages that only other packages need."""
    if not differ:
        return []
    more = ", …" if len(differ) > SHOWN else ""
    text = f"{len(differ)} that others need: {', '.join(differ[:SHOWN])}{more}"
    return [Finding(LOOK, "packages", text)]
