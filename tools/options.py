"""The options of the commands: the environment's variables are the defaults."""

import argparse
import os


def add_lesson_names(command: argparse.ArgumentParser, otherwise: str = "all") -> None:
    """Add which lessons are meant."""
    command.add_argument(
        "lessons",
        nargs="*",
        default=os.environ.get("LESSONS", "").split(),
        help=f"names or numbers, such as 01 (default: $LESSONS, else {otherwise})",
    )


def add_lessons(command: argparse.ArgumentParser, at_once: int) -> None:
    """Add which lessons to execute, and how many of them at a time."""
    add_lesson_names(command)
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
    add_lesson_names(slides)
    slides.add_argument(
        "--reveal",
        default=os.environ.get("REVEAL", ""),
        metavar="FOLDER",
        help="an unpacked reveal.js 4, copied beside the decks: they then need no "
        "network; or its address (default: $REVEAL, else its public address)",
    )


def add_e2e_options(e2e: argparse.ArgumentParser) -> None:
    """Add the options of `e2e`."""
    add_lesson_names(e2e)
    add_variable(e2e, "budget", float, "0.1", "0.1")


def add_publish_options(publish: argparse.ArgumentParser) -> None:
    """Add the options of `publish`."""
    for name, text in (
        ("repository", "OWNER/NAME on GitHub, or the https address of another"),
        ("branch", "the branch that learners get"),
        ("hub", "the https address of your JupyterHub"),
    ):
        publish.add_argument(f"--{name}", help=f"{text} (default: publish.toml)")


def add_classroom_options(classroom: argparse.ArgumentParser) -> None:
    """Add the options of `classroom`."""
    add_lesson_names(classroom)
    classroom.add_argument(
        "--grade",
        action="store_true",
        help="grade what students have handed in, under classroom/submitted/",
    )


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
