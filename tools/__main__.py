"""`pixels NAME`, or `python -m tools NAME`: the commands of the course."""

import argparse
import importlib.util
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from helpers.core.errors import UserError
from helpers.core.files import ROOT
from tools.course.options import unknown

# A module has `main(arguments)` and, where its command takes any, `options(parser)` and
# an EXAMPLE of them. Only the module of the command that is asked for is imported.
COMMANDS = {
    "lab": ("tools.lab.lab", "open JupyterLab on the student edition"),
    "test": ("tools.verify.suite", "verify all: code, notebooks, claims, editions"),
    "run": ("tools.execute.lessons", "execute lessons into build/run"),
    "student": ("tools.editions.student", "write the student edition into study/"),
    "progress": ("tools.lab.progress", "show what is solved, tried, untouched"),
    "store": ("tools.execute.store", "execute lessons as printed, store their outputs"),
    "claims": ("tools.ledger.command", "measure every claim at several seeds"),
    "bench": ("tools.execute.bench", "measure what lessons and their cells cost"),
    "faults": ("tools.verify.faults.command", "make small faults: which test notices?"),
    "mutants": ("tools.verify.mutants.command", "change all code: which test notices?"),
    "habits": ("tools.verify.habits.command", "use lessons as learners do"),
    "check": ("tools.machine.command", "before class: is this machine ready?"),
    "weights": ("tools.machine.weights.command", "install pretrained weights, checked"),
    "lock": ("tools.machine.lock", "pin every package for every system, with hashes"),
    "classroom": ("tools.classroom.command", "build or renew classroom/ for nbgrader"),
    "teach": ("tools.lab.teach", "open JupyterLab with slides and nbgrader"),
    "slides": ("tools.editions.slides", "export lessons as decks into build/slides"),
    "publish": ("tools.publish.command", "write student edition and links to publish"),
    "e2e": ("tools.verify.browser.command", "use every lesson in a real browser"),
    "clean": ("tools.lab.clean", "remove build/ and caches; what is yours stays"),
}
# What commands need beyond the learner's packages: an extra of pyproject.toml, and the
# module by which it is known.
EXTRAS = {
    "test": (
        "papermill",
        ["test", "run", "store", "claims", "faults", "bench", "habits"],
    ),
    "classroom": ("nbgrader", ["classroom", "teach"]),
    "e2e": ("playwright", ["e2e"]),
    "mutants": ("mutmut", ["mutants"]),
    "lock": ("uv", ["lock"]),
}
INSTALL = "python -m pip install -c constraints.txt"
INTERRUPTED, CLOSED_PIPE = 130, 141  # as shells report SIGINT and SIGPIPE


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage above it."""

    def error(self, message: str):
        """Print the sentence and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser(name: str = "") -> Parser:
    """Return the parser of all commands, of which only `name` has its options.

    Raises UserError where a package is missing that this command needs.
    """
    typed = Path(sys.argv[0]).name
    prog = "python -m tools" if typed == "__main__.py" else "pixels"
    top = Parser(prog=prog, description="The commands of the course.")
    top.add_argument("--version", action="version", version=f"pixels {version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="NAME")
    for each, (_, text) in COMMANDS.items():
        own = commands.add_parser(each, help=text, description=text)
        if each == name:
            module = load(name)
            own.set_defaults(main=module.main)
            if hasattr(module, "options"):
                own.epilog = f"example: %(prog)s {module.EXAMPLE}"
                module.options(own)
    return top


def version() -> str:
    """Return the version of this checkout."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(project)["project"]["version"]


def load(name: str) -> ModuleType:
    """Return the module of a command. Raises UserError where a package is missing."""
    extra, needed = extra_of(name)
    try:
        if needed and importlib.util.find_spec(needed) is None:
            raise ModuleNotFoundError(name=needed)
        return importlib.import_module(COMMANDS[name][0])
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in ("helpers", "tools"):
            raise  # ours: a bug, and no matter of installing
        raise UserError(
            f"This Python lacks {error.name}: type `make {name}`, or activate the "
            f'environment and type: {INSTALL} -e "{extra}"'
        ) from None


def extra_of(name: str) -> tuple[str, str]:
    """Return what to install for a command, such as ".[test]", and the module that
    shows whether it is; "" for what every learner has."""
    for extra, (module, commands) in EXTRAS.items():
        if name in commands:
            return f".[{extra}]", module
    return ".", ""


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of a command line. Raises UserError for a command that is
    not known or cannot be imported; argparse leaves with 2 for other mistakes."""
    name = next((word for word in words if not word.startswith("-")), "")
    if name and name not in COMMANDS:
        raise unknown("command", name, COMMANDS)
    # Only `test` passes words on; argparse's own "--" differs from Python to Python.
    passes_on = name == "test" and "--" in words
    end = list(words).index("--") if passes_on else len(words)
    arguments = parser(name).parse_args(words[:end])
    arguments.passed_on = list(words[end + 1 :])
    return arguments


def main(words: Sequence[str] | None = None) -> int:
    """Return the exit code of the named command; what the user can mend becomes one
    sentence and exit code 2."""
    try:
        if not (ROOT / "pyproject.toml").is_file():
            raise UserError(
                "This is the installed package without the lessons: clone the course, "
                f"and there type: {INSTALL} -e ."
            )
        arguments = parsed(sys.argv[1:] if words is None else words)
        return arguments.main(arguments)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def script() -> int:
    """Return what `main` returns, and quietly 141 where nobody reads on.

    Both streams say ✓ everywhere: into a file or pipe, Windows would write a code
    page that lacks it. A name that is no text comes out escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        try:
            return main()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE


if __name__ == "__main__":
    sys.exit(script())
