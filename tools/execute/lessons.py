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
    """What one executed notebook shows, and what is wrong with it."""

    result: Result
    held: int
    judged: int
    claims: int
    solved: int
    exercises: int
    verdict: str
    problems: tuple[str, ...]

    def row(self) -> tuple[str, ...]:
        """Return the lesson's line in the closing table."""
        peak = self.result.megabytes
        open_claims = self.claims - self.judged
        claims = f"{self.held}/{self.judged}"
        return (
            self.result.job.source.stem,
            f"{self.result.seconds:.0f}",
            "-" if peak is None else f"{peak:.0f}",
            claims + (f" ({open_claims} not judged)" if open_claims else ""),
            f"{self.verdict} {self.solved}/{self.exercises}",
            "FAILED" if self.problems else "passed",
        )


def report(result: Result, all_judged: bool, verdict: str = "✓") -> Report:
    """Read back what a run has stored, and judge it.

    `all_judged`: a claim that was not judged is a problem. `verdict`: the sign with
    which every exercise must have answered.
    """
    nb = result.notebook()
    claims, checks = notebooks.claims(nb), notebooks.exercises(nb)
    solved = sum(notebooks.verdicts(cell) == [verdict] for cell in checks)
    held = sum(claim["held"] is True for claim in claims)
    judged = sum(claim["judged"] for claim in claims)
    problems = [result.error] if result.error else wrong(claims, all_judged)
    if solved < len(checks) and not result.error:
        problems.append(f"{solved} of {len(checks)} exercises answered {verdict}")
    counts = (held, judged, len(claims), solved, len(checks))
    return Report(result, *counts, verdict, tuple(problems))


def wrong(claims: Sequence[dict], all_judged: bool) -> list[str]:
    """Return a line for each claim that failed, or was not judged but had to be."""
    failed = [c["id"] for c in claims if c["held"] is False]
    open_ids = [c["id"] for c in claims if not c["judged"]] if all_judged else []
    return [f"claim {id} did not hold" for id in failed] + [
        f"claim {id} was not judged" for id in open_ids
    ]


def run_lessons(
    paths: Sequence[Path],
    out: Path,
    parameters: dict[str, object],
    at_once: int = 2,
) -> list[Report]:
    """Execute lessons with `parameters` into `out`; print table and problems.

    Raises UserError, before anything is executed, for a parameter that a lesson
    lacks, and for an output folder that holds the lessons themselves.
    """
    if any(out.resolve() == path.resolve().parent for path in paths):
        raise UserError(f"{out} holds the lessons themselves; choose another folder.")
    jobs = [Job(path, out / path.name, fitting(path, parameters)) for path in paths]
    printed_length = parameters.get("BUDGET", 1) == 1
    as_printed = printed_length and set(parameters) <= {"SEED", "BUDGET", "DEVICE"}
    results = run_jobs(jobs, at_once)
    reports = [report(result, as_printed) for result in results]
    print(text_table([HEADER, *[r.row() for r in reports]], right=(1, 2)))
    for failed in reports:
        for problem in failed.problems:
            target = failed.result.job.target
            print(f"{target.stem}: {problem}  (see {target})")
    return reports


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
    """Return `value` as the type of `default`; text is read as Python's literals."""
    if isinstance(default, str) or not isinstance(value, str):
        return value
    try:
        read = ast.literal_eval(value)
        number = isinstance(default, float) and type(read) in (int, float)
        if type(read) is type(default) or number:
            return float(read) if number else read
    except (ValueError, SyntaxError):
        pass
    kind = type(default).__name__
    raise UserError(f"{name} is {value!r}; it needs a value of type {kind}.")


def asked(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the parameters on the command line. Raises UserError for a bad --set."""
    found: dict[str, object] = {}
    for pair in arguments.set:
        name, sign, value = pair.partition("=")
        if not (sign and name.isidentifier()):
            raise UserError(f"--set {pair!r} needs the form NAME=VALUE.")
        found[name] = value
    for name in CHECKS:
        value = getattr(arguments, name.lower())
        if value is not None:
            found[name] = value
    return found


def main(arguments: argparse.Namespace) -> int:
    """Execute the chosen lessons; return 1 when one of them failed, else 0."""
    parameters = asked(arguments)
    paths = notebooks.choose(arguments.lessons)
    out = Path(arguments.out).absolute() if arguments.out else files.BUILD / "run"
    reports = run_lessons(paths, out, parameters, arguments.jobs)
    return 1 if any(r.problems for r in reports) else 0
