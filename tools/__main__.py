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
    "store": ("tools.store", "execute lessons as printed and store their outputs"),
    "clean": ("tools.clean", "remove build/ and caches; study/ and .venv/ stay"),
}


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
    for name in ("run", "store"):
        add[name].add_argument(
            "lessons",
            nargs="*",
            default=os.environ.get("LESSONS", "").split(),
            help="lesson names or numbers, such as 01 (default: $LESSONS, else all)",
        )
        add[name].add_argument(
            "--jobs", type=positive, default=2, help="lessons at a time (default: 2)"
        )
    add_run_options(add["run"])
    return top


def add_run_options(run: argparse.ArgumentParser) -> None:
    """Add the options that only `run` has."""
    for name, kind in (("seed", int), ("budget", float), ("device", str)):
        run.add_argument(
            f"--{name}",
            type=kind,
            default=os.environ.get(name.upper()) or None,
            help=f"default: ${name.upper()}, else what the lesson says",
        )
    run.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another parameter of the lesson; may be given several times",
    )
    run.add_argument("--out", default=None, help="output folder (default: build/run)")


def positive(text: str) -> int:
    """Return a whole number of at least 1; argparse words the error."""
    if int(text) < 1:
        raise ValueError
    return int(text)


def load(name: str) -> ModuleType:
    """Return the module of a command. Raises UserError where a package is missing."""
    try:
        return importlib.import_module(COMMANDS[name][0])
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in ("helpers", "tools"):
            raise  # ours: a bug, and no matter of installing
        raise UserError(
            f"This Python lacks {error.name}: type `make lab`, or create the conda "
            "environment (environment.yml) and activate it."
        ) from None


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


if __name__ == "__main__":
    sys.exit(main())
