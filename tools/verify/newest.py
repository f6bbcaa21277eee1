"""What the weekly job installs: the name of every requirement, without its bounds.

    python tools/verify/newest.py > newest.txt
    python -m pip install --upgrade -r newest.txt
    python -m pip install --no-deps -e .

pip then takes the newest versions that go together; the last line leaves the bounds in
pyproject.toml alone, which is where they are raised once the newest are proven.
"""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def unbound(text: str) -> str:
    """Return a requirement without its bounds: name, extras and marker stay.

    Raises packaging's InvalidRequirement for text that is none.
    """
    requirement = Requirement(text)
    requirement.specifier = SpecifierSet()
    return str(requirement)


def requirements(pyproject: str) -> list[str]:
    """Return what running and testing the course needs, from the text of the file."""
    project = tomllib.loads(pyproject)["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["test"]
    return [unbound(text) for text in needed]


if __name__ == "__main__":
    print("\n".join(requirements(PYPROJECT.read_text(encoding="utf-8"))))
