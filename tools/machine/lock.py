"""`python -m tools lock`: which version of every package, and with which hash.

uv resolves pyproject.toml with all its extras for Linux, macOS and Windows at once, and
no version moves that is not asked to. It writes two files:

- constraints.txt, versions alone: pip refuses hashes beside an editable install;
- requirements.lock, with hashes, for pip's --require-hashes. PyTorch's pair is not in
  it on Linux, where it comes from PyTorch's own index, in one of several builds.
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.core import needs
from helpers.core.errors import UserError
from helpers.core.files import ROOT, write_whole
from tools.course.options import from_environment

EXAMPLE = "--upgrade jinja2 pillow"
CONSTRAINTS, LOCK = "constraints.txt", "requirements.lock"
HEADER = """\
# constraints.txt with hashes, for Linux, macOS and Windows; `make lock` writes both.
# On Linux torch and torchvision come first, without this file: see README, Versions.
"""
EVERYTHING = "all"
PAIR = ("torch", "torchvision")
NOT_LINUX = Marker('sys_platform != "linux"')
OF_THE_PAIR = ("cuda-", "nvidia-", "triton")  # what its build with CUDA brings along
ELSEWHERE = 'sys_platform == "emscripten"'  # a browser; PyTorch has no build for that


class Pin(NamedTuple):
    """One package: name and version, with a marker, and the lines of its hashes."""

    requirement: Requirement
    hashes: list[str]


def options(parser: argparse.ArgumentParser) -> None:
    """Add which versions may move."""
    parser.add_argument(
        "--upgrade",
        nargs="+",
        default=from_environment("UPGRADE").split(),
        metavar="PACKAGE",
        help=f"packages that may move, {EVERYTHING} for every one (default: "
        "$PIXELS_UPGRADE, else none)",
    )


def command(sources: Sequence[Path], out: Path, upgrade: Sequence[str]) -> list[str]:
    """Return what resolves `sources` into `out`, whose pins are kept where nothing
    speaks against them."""
    oldest = ".".join(map(str, needs.OLDEST_PYTHON))
    words = ["uv", "pip", "compile", *map(str, sources), "--output-file", str(out)]
    words += ["--universal", "--python-version", oldest, "--fork-strategy", "fewest"]
    words += ["--all-extras", "--generate-hashes", "--quiet"]
    words += ["--only-binary", ":all:"]  # to build a package is to run its code
    words += ["--no-header", "--no-annotate", "--no-emit-index-url"]
    if EVERYTHING in upgrade:
        words.append("--upgrade")
    else:
        words += [word for name in upgrade for word in ("--upgrade-package", name)]
    return [sys.executable, "-m", *words]


def resolved(upgrade: Sequence[str]) -> str:
    """Return what uv has found, seeded with constraints.txt. Raises UserError with
    uv's own words where it finds nothing."""
    with tempfile.TemporaryDirectory() as folder:
        # The project itself is installed without building in a fresh environment.
        build = Path(folder, "build-system.in")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        build.write_text(
            "\n".join(project["build-system"]["requires"]), encoding="utf-8"
        )
        out = Path(folder, LOCK)
        out.write_bytes((ROOT / CONSTRAINTS).read_bytes())
        words = command([ROOT / "pyproject.toml", build], out, upgrade)
        done = subprocess.run(words, cwd=ROOT, capture_output=True)
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise UserError(f"Nothing was written, since uv said: {said}")
        return out.read_text(encoding="utf-8")


def read(text: str) -> list[Pin]:
    """Return the pins of uv's output, or of constraints.txt, in their order."""
    pins = []
    for line in text.splitlines():
        words = line.partition("#")[0].strip().removesuffix("\\").strip()
        if words.startswith("--hash="):
            pins[-1].hashes.append(words)
        elif words:
            pins.append(Pin(Requirement(words), []))
    return pins


def kept(pins: Sequence[Pin]) -> list[Pin]:
    """Return the pins of what is installed from a lock: not PyTorch's pair on Linux,
    and nothing that only one build of it, or a browser, needs. Raises UserError for
    two versions of one package."""
    found = [
        pin
        for pin in pins
        if not pin.requirement.name.startswith(OF_THE_PAIR)
        and ELSEWHERE not in str(pin.requirement.marker)
    ]
    names = [pin.requirement.name for pin in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(
            f"No one version of {', '.join(twice)} suits every Python and system; "
            "bound it in pyproject.toml."
        )
    for pin in found:
        if pin.requirement.name in PAIR:
            pin.requirement.marker = NOT_LINUX
    return found


def constraints(pins: Sequence[Pin], comment: str) -> str:
    """Return constraints.txt under its comment: versions alone, for every system."""
    lines = [f"{pin.requirement.name}{pin.requirement.specifier}" for pin in pins]
    return comment + "\n".join(lines) + "\n"


def lock(pins: Sequence[Pin]) -> str:
    """Return requirements.lock."""
    entries = [" \\\n    ".join([str(pin.requirement), *pin.hashes]) for pin in pins]
    return HEADER + "\n".join(entries) + "\n"


def comment_of(text: str) -> str:
    """Return the lines with # at the top of a file."""
    lines = text.splitlines(keepends=True)
    end = next((i for i, line in enumerate(lines) if line[:1] != "#"), len(lines))
    return "".join(lines[:end])


def changes(before: str, after: str) -> list[str]:
    """Return a line for each package that came, went or moved between two texts of
    constraints.txt."""
    old, new = versions(before), versions(after)
    return [
        f"{name}: {old.get(name, '—')} → {new.get(name, '—')}"
        for name in sorted(old | new)
        if old.get(name) != new.get(name)
    ]


def versions(text: str) -> dict[str, str]:
    """Return the versions in constraints.txt, by normalised name."""
    found = [pin.requirement for pin in read(text)]
    return {canonicalize_name(r.name): str(r.specifier)[2:] for r in found}


def main(arguments: argparse.Namespace) -> int:
    """Write both files, and say what has moved."""
    before = (ROOT / CONSTRAINTS).read_text(encoding="utf-8")
    pins = kept(read(resolved(arguments.upgrade)))
    after = constraints(pins, comment_of(before))
    write_whole(ROOT / LOCK, lock(pins))
    write_whole(ROOT / CONSTRAINTS, after)
    for line in changes(before, after):
        print(line)
    print(f"{CONSTRAINTS} and {LOCK}: {len(pins)} packages")
    return 0
