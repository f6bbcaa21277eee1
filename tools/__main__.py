"""`python -m tools NAME`: what the Makefile calls, and what one types without make."""

import argparse
import importlib
import os
import sys
from types import ModuleType

from helpers.core.errors import UserError
from tools import options

COMMANDS = {
    "lab": ("tools.lab.lab", "open JupyterLab on the student edition"),
    "test": (
        "tools.verify.suite",
        "verify code, notebooks, claims and student edition",
    ),
    "run": ("tools.execute.lessons", "execute lessons into build/run"),
    "student": ("tools.editions.student", "write the student edition into study/"),
    "progress": (
        "tools.lab.progress",
        "show which exercises are solved, tried, untouched",
    ),
    "store": (
        "tools.execute.store",
        "execute lessons as printed and store their outputs",
    ),
    "claims": (
        "tools.ledger.command",
        "measure every claim at several seeds: the ledger",
    ),
    "bench": (
        "tools.execute.bench",
        "measure what the lessons cost, and the slowest cells",
    ),
    "faults": (
        "tools.verify.faults.command",
        "make small faults, report which test notices each",
    ),
    "habits": (
        "tools.verify.habits.command",
        "use every lesson as learners do, and see if it holds",
    ),
    "check": ("tools.machine.command", "before class: is this machine ready?"),
    "classroom": ("tools.classroom.command", "build or renew classroom/ for nbgrader"),
    "teach": ("tools.lab.teach", "open JupyterLab with slides and nbgrader"),
    "slides": ("tools.editions.slides", "export lessons as decks into build/slides"),
    "publish": (
        "tools.publish.command",
        "write the student edition and its links to publish",
    ),
    "e2e": ("tools.verify.browser.command", "use every lesson in a real browser"),
    "clean": ("tools.lab.clean", "remove build/ and caches; what is yours stays"),
}
# What a command needs beyond the learner's packages: an extra of pyproject.toml.
EXTRAS = {"classroom": "classroom", "teach": "classroom", "e2e": "e2e"}
# Lessons at a time. A bench runs alone, so that nothing else is measured.
AT_ONCE = {"run": 2, "store": 2, "claims": 2, "habits": 2, "bench": 1}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage above it."""

    def error(self, message: str):
        """Print the sentence and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser() -> Parser:
    """Return the parser: one subcommand per tool, environment variables as defaults."""
    top = Parser(prog="python -m tools", description="The course's own commands.")
    commands = top.add_subparsers(dest="command", required=True, metavar="NAME")
    add = {
        name: commands.add_parser(name, help=text, description=text)
        for name, (_, text) in COMMANDS.items()
    }
    for name, at_once in AT_ONCE.items():
        options.add_lessons(add[name], at_once)
    for name in ("run", "bench"):
        options.add_parameters(add[name])
    add["run"].add_argument("--out", help="output folder (default: build/run)")
    options.add_ledger_options(add["claims"])
    options.add_fault_options(add["faults"])
    options.add_slide_options(add["slides"])
    options.add_lesson_names(add["check"], "00")
    options.add_publish_options(add["publish"])
    add["progress"].add_argument(
        "folder", nargs="?", help="where your notebooks are (default: study)"
    )
    options.add_e2e_options(add["e2e"])
    options.add_classroom_options(add["classroom"])
    add["habits"].add_argument(
        "--only",
        nargs="+",
        default=os.environ.get("HABITS", "").split(),
        metavar="HABIT",
        help="habits, such as twice or offline (default: $HABITS, else all)",
    )
    return top


def load(name: str) -> ModuleType:
    """Return the module of a command. Raises UserError where a package is missing."""
    try:
        return importlib.import_module(COMMANDS[name][0])
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in ("helpers", "tools"):
            raise  # ours: a bug, and no matter of installing
        raise UserError(f"This Python lacks {error.name}: {remedy(name)}.") from None


def remedy(name: str) -> str:
    """Return how to install what a command needs."""
    if name in EXTRAS:
        extra = f'python -m pip install -c constraints.txt -e ".[{EXTRAS[name]}]"'
        return f"type `make {name}`, or {extra}"
    return (
        "type `make lab`, or create the conda environment (environment.yml) and "
        "activate it"
    )


def main(argv: list[str] | None = None) -> int:
    """Return the exit code of the named command; what the user can mend becomes one
    sentence and exit code 2."""
    arguments = parser().parse_args(argv)
    try:
        return load(arguments.command).main(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def speak_utf8() -> None:
    """Let both streams say ✓ everywhere: into a file or pipe, Windows would write a
    code page that lacks it. A name that is no text comes out escaped."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    speak_utf8()
    sys.exit(main())
