"""`python -m tools NAME`: what the Makefile calls, and what one types without make."""

import argparse
import importlib
import os
import sys
from types import ModuleType

from helpers.errors import UserError

COMMANDS = {
    "lab": ("tools.lab", "open JupyterLab on the student edition"),
    "test": ("tools.verify", "verify code, notebooks, claims and student edition"),
    "run": ("tools.run_notebooks", "execute lessons into build/run"),
    "student": ("tools.student_edition", "write the student edition into study/"),
    "progress": ("tools.progress", "show which exercises are solved, tried, untouched"),
    "store": ("tools.store", "execute lessons as printed and store their outputs"),
    "claims": ("tools.ledger", "measure every claim at several seeds: the ledger"),
    "bench": ("tools.bench", "measure what the lessons cost, and the slowest cells"),
    "faults": ("tools.faults", "make small faults, report which test notices each"),
    "habits": ("tools.habits", "use every lesson as learners do, and see if it holds"),
    "check": ("tools.check_machine", "before class: is this machine ready?"),
    "classroom": ("tools.classroom", "build or renew classroom/ for nbgrader"),
    "teach": ("tools.teach", "open JupyterLab with slides and nbgrader"),
    "slides": ("tools.slides", "export lessons as decks into build/slides"),
    "publish": ("tools.publish", "write the student edition and its links to publish"),
    "e2e": ("tools.e2e", "use every lesson in a real browser"),
    "clean": ("tools.clean", "remove build/ and caches; what is yours stays"),
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
        add_lessons(add[name], at_once)
    for name in ("run", "bench"):
        add_parameters(add[name])
    add["run"].add_argument("--out", help="output folder (default: build/run)")
    add_ledger_options(add["claims"])
    add_fault_options(add["faults"])
    add_slide_options(add["slides"])
    add_check_options(add["check"])
    add_publish_options(add["publish"])
    add["progress"].add_argument(
        "folder", nargs="?", help="where your notebooks are (default: study)"
    )
    add["habits"].add_argument(
        "--only",
        nargs="+",
        default=os.environ.get("HABITS", "").split(),
        metavar="HABIT",
        help="habits, such as twice or offline (default: $HABITS, else all)",
    )
    return top


def add_lessons(command: argparse.ArgumentParser, at_once: int) -> None:
    """Add which lessons to execute, and how many of them at a time."""
    command.add_argument(
        "lessons",
        nargs="*",
        default=os.environ.get("LESSONS", "").split(),
        help="lesson names or numbers, such as 01 (default: $LESSONS, else all)",
    )
    command.add_argument(
        "--jobs",
        type=positive,
        default=at_once,
        help=f"lessons at a time (default: {at_once})",
    )


def add_parameters(command: argparse.ArgumentParser) -> None:
    """Add the options that change a lesson's parameters."""
    for name, kind in (("seed", int), ("budget", float), ("device", str)):
        add_variable(command, name, kind, "what the lesson says")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another parameter of the lesson; may be given several times",
    )


def add_ledger_options(claims: argparse.ArgumentParser) -> None:
    """Add the options that only `claims` has."""
    add_variable(claims, "budget", float, "1")
    add_variable(claims, "device", str, "what the lesson says")
    add_variable(claims, "seeds", seeds, "0 1 2 3 4", "0 1 2 3 4")
    add_variable(claims, "scheduler", str, "this machine; tcp://HOST:8786 is a dask's")


def add_variable(
    command: argparse.ArgumentParser, name: str, kind, otherwise: str, default=None
) -> None:
    """Add an option whose default comes from the environment variable of its name."""
    command.add_argument(
        f"--{name}",
        type=kind,
        default=os.environ.get(name.upper()) or default,
        help=f"default: ${name.upper()}, else {otherwise}",
    )


def add_fault_options(faults: argparse.ArgumentParser) -> None:
    """Add the options of `faults`."""
    faults.add_argument(
        "names",
        nargs="*",
        default=os.environ.get("FAULTS", "").split(),
        help="faults, or how their names begin, such as attention "
        "(default: $FAULTS, else all)",
    )
    faults.add_argument(
        "--fast", action="store_true", help="only the few that `test` makes"
    )
    faults.add_argument(
        "--until",
        choices=("nearest", "suite", "lessons"),
        default="lessons",
        help="the last that is asked: the tests of the changed file, all unit tests, "
        "or the lessons that use it (default: lessons)",
    )


def add_slide_options(slides: argparse.ArgumentParser) -> None:
    """Add the options of `slides`."""
    slides.add_argument(
        "lessons",
        nargs="*",
        default=os.environ.get("LESSONS", "").split(),
        help="lesson names or numbers, such as 01 (default: $LESSONS, else all)",
    )
    slides.add_argument(
        "--reveal",
        default=os.environ.get("REVEAL", ""),
        metavar="FOLDER",
        help="an unpacked reveal.js 4, copied beside the decks: they then need no "
        "network; or its address (default: $REVEAL, else its public address)",
    )


def add_check_options(check: argparse.ArgumentParser) -> None:
    """Add the options of `check`."""
    check.add_argument(
        "lessons",
        nargs="*",
        default=os.environ.get("LESSONS", "").split(),
        help="lessons to execute, such as tomorrow's (default: $LESSONS, else 00)",
    )


def add_publish_options(publish: argparse.ArgumentParser) -> None:
    """Add the options of `publish`."""
    for name, text in (
        ("repository", "OWNER/NAME on GitHub, or the https address of another"),
        ("branch", "the branch that learners get"),
        ("hub", "the https address of your JupyterHub"),
    ):
        publish.add_argument(f"--{name}", help=f"{text} (default: publish.toml)")


def positive(text: str) -> int:
    """Return a whole number of at least 1; argparse words the error."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def seeds(text: str) -> list[int]:
    """Return the whole numbers in a text, each once; argparse words the error."""
    found = list(dict.fromkeys(int(word) for word in text.split()))
    if not found:
        raise ValueError
    return found


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
