"""`python -m tools run`: execute lessons through papermill, report what held."""

import argparse
import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import add_lessons, add_parameters
from tools.execute.schedule import Job, Result, run_jobs
from tools.execute.warm import Servers

# The parameters of every lesson, and what of helpers.core.run checks each.
CHECKS = {"SEED": "checked_seed", "BUDGET": "checked_budget", "DEVICE": "pick_device"}
HEADER = ("lesson", "seconds", "peak MB", "claims held", "exercises", "result")
EXAMPLE = "01 03 --seed 1 --budget 2"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to execute, how, and where to."""
    add_lessons(parser)
    add_parameters(parser)
    parser.add_argument("--out", help="output folder (default: build/run)")


@dataclass(frozen=True)
class Report:
    """What one executed notebook shows, and what is wrong with it: how many claims
    held, were judged and are there, and how many exercises answered with which sign."""

    result: Result
    held: int
    judged: int
    claims: int
    exercises: str
    problems: list[str]

    def row(self) -> tuple[str, ...]:
        """Return the lesson's line in the closing table."""
        left = self.claims - self.judged
        return (
            self.result.job.source.stem,
            f"{self.result.seconds:.0f}",
            whole(self.result.megabytes),
            f"{self.held}/{self.judged}" + (f" ({left} not judged)" if left else ""),
            self.exercises,
            "FAILED" if self.problems else "passed",
        )


def whole(number: float | None) -> str:
    """Return a number without decimals, "-" where it is not known."""
    return "-" if number is None else f"{number:.0f}"


def report(result: Result, all_judged: bool, verdict: str = "✓") -> Report:
    """Read back what a run has stored, and judge it.

    `all_judged`: a claim that was not judged is a problem. `verdict`: the sign with
    which every exercise must have answered.
    """
    nb = result.notebook()
    claims, checks = notebooks.claims(nb), notebooks.exercises(nb)
    held = [claim["id"] for claim in claims if claim["held"] is True]
    failed = [claim["id"] for claim in claims if claim["held"] is False]
    left = [claim["id"] for claim in claims if not claim["judged"]]
    solved = sum(notebooks.verdicts(cell) == [verdict] for cell in checks)
    problems = [f"claim {id} did not hold" for id in failed]
    problems += [f"claim {id} was not judged" for id in left if all_judged]
    if solved < len(checks):
        problems.append(f"{solved} of {len(checks)} exercises answered {verdict}")
    if result.error:
        problems = [result.error]
    exercises = f"{verdict} {solved}/{len(checks)}"
    judged = len(claims) - len(left)
    return Report(result, len(held), judged, len(claims), exercises, problems)


def run_lessons(
    paths: Sequence[Path],
    out: Path,
    parameters: dict[str, object],
    at_once: int = 2,
    servers: Servers | None = None,
) -> list[Report]:
    """Execute lessons with `parameters` into `out`; print table and problems.
    `servers`: as for `run_jobs`.

    Raises UserError, before anything is executed, for a parameter that a lesson
    lacks, and for an output folder that holds the lessons themselves.
    """
    if any(out.resolve() == path.resolve().parent for path in paths):
        raise UserError(f"{out} holds the lessons themselves; choose another folder.")
    printed_length = parameters.get("BUDGET", 1) == 1
    as_printed = printed_length and parameters.keys() <= CHECKS.keys()
    results = run_jobs(jobs(paths, out, parameters), at_once, servers)
    reports = [report(result, as_printed) for result in results]
    print(text_table([HEADER, *[r.row() for r in reports]], right=(1, 2)))
    for failed in reports:
        for problem in failed.problems:
            target = failed.result.job.target
            print(f"{target.stem}: {problem}  (see {target})")
    return reports


def jobs(paths: Sequence[Path], out: Path, parameters: dict[str, object]) -> list[Job]:
    """Return how to execute lessons with `parameters` into `out`; see `fitting`."""
    return [Job(path, out / path.name, fitting(path, parameters)) for path in paths]


def fitting(path: Path, parameters: dict[str, object]) -> dict[str, object]:
    """Return `parameters` in the types of the lesson's own.

    Raises UserError for a name that the lesson lacks, a value of another type, and a
    seed, budget or device that no page can start with.
    """
    own = notebooks.parameters(notebooks.read(path))
    for name in parameters:
        if name not in own:
            has = ", ".join(own) or "none"
            raise UserError(f"{path.stem} has no parameter {name}; it has {has}.")
    fit = {n: typed(n, value, own[n]) for n, value in parameters.items()}
    from helpers.core import run  # brings torch: a --help does without

    for name in fit.keys() & CHECKS.keys():
        getattr(run, CHECKS[name])(fit[name])
    return fit


def typed(name: str, value: object, default: object) -> object:
    """Return `value` as the type of `default`; text is read as Python's literals.
    Raises UserError for a text that is of another type."""
    if isinstance(default, str) or not isinstance(value, str):
        return value
    try:
        read = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        read = value
    if isinstance(default, float) and type(read) is int:
        read = float(read)
    if type(read) is not type(default):
        kind = type(default).__name__
        raise UserError(f"{name} is {value!r}; it needs a value of type {kind}.")
    return read


def asked(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the parameters on the command line. Raises UserError for a bad --set."""
    found: dict[str, object] = {}
    for pair in arguments.set:
        name, sign, found[name] = pair.partition("=")
        if not sign:
            raise UserError(f"--set {pair!r} needs the form NAME=VALUE.")
    options = {name: getattr(arguments, name.lower()) for name in CHECKS}
    return found | {name: v for name, v in options.items() if v is not None}


def main(arguments: argparse.Namespace) -> int:
    """Execute the chosen lessons; return 1 when one of them failed, else 0."""
    parameters = asked(arguments)
    paths = notebooks.choose(arguments.lessons)
    out = Path(arguments.out).absolute() if arguments.out else files.BUILD / "run"
    reports = run_lessons(paths, out, parameters, arguments.jobs)
    return 1 if any(r.problems for r in reports) else 0
