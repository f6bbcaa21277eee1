"""`python -m tools claims`: every claim at every seed, as one page and as JSON."""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files, notebooks, quotes
from tools.course.options import add_lessons, add_variable, spelled_out
from tools.execute.schedule import progress_bar
from tools.ledger.carried import (
    FURTHER,
    OF_THE_RUN,
    carried,
    earlier,
    keep_further,
    seeds_kept,
)
from tools.ledger.grid import Task, as_json, execute, keep, kept, tasks
from tools.ledger.margins import margins, smallest
from tools.ledger.page import page
from tools.ledger.pools import pool
from tools.ledger.sources import sources

COMMITTED = files.ROOT / "CLAIMS.md"
PRINTED_SEEDS = [0, 1, 2, 3, 4]
FURTHER_SEEDS = list(range(5, 15))
PRINTED = {"BUDGET": 1.0}
OF_THE_CLAIM = ("id", "text", "kind", "unit", "source", "on", "bound", "limits", "cell")
EXAMPLE = "02 --seeds 0-4"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to measure, at which seeds, and where."""
    add_lessons(parser)
    add_variable(parser, "budget", float, "1")
    add_variable(parser, "device", str, "what the lesson says")
    add_variable(parser, "seeds", seeds, "0-4", default="0-4", nargs="+", action=Joined)
    add_variable(parser, "scheduler", str, "this machine; tcp://HOST:8786 is a dask's")
    parser.add_argument(
        "--carry",
        action="store_true",
        help="for CLAIMS.md: what tools/ledger/further holds of the same code counts, "
        "whichever machine it was measured on, and is not measured again",
    )


class Joined(argparse.Action):
    """The lists that the words of one option stand for, as one."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        """Keep every value once."""
        every = dict.fromkeys(value for found in values for value in found)
        setattr(namespace, self.dest, list(every))


def seeds(text: str) -> list[int]:
    """Return the whole numbers in a text, each once; argparse words the error."""
    try:
        return list(dict.fromkeys(int(word) for word in spelled_out(text)))
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


def ledger(
    runs: Sequence[dict], places: dict[str, list[str]], folder: Path | None = None
) -> list[dict]:
    """Return an entry per claim, lesson by lesson, from the records of the runs.

    `places`: for each lesson what its code cells rest on, see `sources`; it is the
    source of a claim that names none. `folder`: where further seeds were kept, see
    `carried`; None leaves them out.
    """
    entries = []
    for lesson in sorted({run["lesson"] for run in runs}):
        own = [run for run in runs if run["lesson"] == lesson]
        by_seed = {
            run["parameters"]["SEED"]: {claim["id"]: claim for claim in run["claims"]}
            for run in own
        }
        before = earlier(lesson, folder) if folder else {}
        further = before and carried(before, by_seed, own[0]["rests_on"], PRINTED_SEEDS)
        for id in dict.fromkeys(id for claims in by_seed.values() for id in claims):
            records = {seed: claims.get(id) for seed, claims in by_seed.items()}
            records |= further.get(id, {})
            found = {"lesson": lesson} | entry(records)
            found["source"] = found["source"] or places[lesson][found["cell"]]
            entries.append(found)
    return entries


def entry(records: dict[int, dict | None]) -> dict:
    """Return what the ledger says of one claim: {seed: record, None where missing}."""
    found = {seed: record for seed, record in sorted(records.items()) if record}
    first, *_ = known = list(found.values())
    runs = [
        {"seed": seed} | {name: record[name] for name in OF_THE_RUN} | {"margin": own}
        for (seed, record), own in zip(found.items(), margins(known), strict=True)
    ]
    return {name: first[name] for name in OF_THE_CLAIM} | {
        "margin": smallest(known),
        "problems": problems(first, records),
        "runs": runs,
    }


def problems(first: dict, records: dict[int, dict | None]) -> list[str]:
    """Return one phrase for each seed at which a claim fails, lacks or differs."""
    said = []
    for seed, record in records.items():
        if record is None:
            said.append(f"missing at SEED {seed}")
        elif record["held"] is False:
            said.append(f"does not hold at SEED {seed}")
        elif any(record[name] != first[name] for name in OF_THE_CLAIM):
            said.append(f"has another text or bound at SEED {seed}")
    return said


def summary(
    grid: Sequence[Task], runs: Sequence[dict], folder: Path | None = None
) -> dict:
    """Return the whole ledger: the grid, its runs, what broke, and every claim.

    `runs`: the records in the order of the grid. `folder`: see `ledger`.
    """
    named = [(task.name, run) for task, run in zip(grid, runs, strict=True)]
    whole = [run for run in runs if not run["error"]]
    places = {t.source.stem: sources(notebooks.read(t.source)) for t in grid}
    claims = ledger(whole, places, folder)
    asked = [task.parameters["SEED"] for task in grid]
    known = {run["seed"] for claim in claims for run in claim["runs"]}
    return {
        "seeds": sorted(known.union(asked)),
        "parameters": {n: v for n, v in grid[0].parameters.items() if n != "SEED"},
        "titles": {run["lesson"]: run["title"] for run in whole},
        "runs": [{"run": name, "seconds": run.get("seconds")} for name, run in named],
        "errors": [f"{name}: {run['error']}" for name, run in named if run["error"]],
        "claims": claims,
    }


def is_printed(grid: Sequence[Task]) -> bool:
    """Return whether this is the ledger to commit: all lessons as printed, and nothing
    but the further seeds beside them."""
    lessons = {task.source for task in grid}
    seeds = {task.parameters["SEED"] for task in grid}
    asked = {(task.source, task.parameters["SEED"]) for task in grid}
    return (
        lessons == set(notebooks.lessons())
        and seeds <= {*PRINTED_SEEDS, *FURTHER_SEEDS}
        and all((path, seed) in asked for path in lessons for seed in PRINTED_SEEDS)
        and all(PRINTED.items() <= task.parameters.items() for task in grid)
        and set(grid[0].parameters) == {"SEED", *PRINTED}
    )


def with_further(grid: Sequence[Task], folder: Path) -> list[Task]:
    """Return the grid, and after it the runs at further seeds that were done before
    with the lessons as they are now."""
    lessons = list(dict.fromkeys(task.source for task in grid))
    further = tasks(lessons, FURTHER_SEEDS, PRINTED, folder)
    asked = {task.key for task in grid}
    return [*grid, *[t for t in further if t.key not in asked and kept(t)]]


def without_carried(grid: Sequence[Task], folder: Path) -> list[Task]:
    """Return the grid without the runs whose values `folder` holds of the same code.

    Runs done before on this machine stay; where there is none of a lesson, its first
    run does: the words of its claims are in no file.
    """
    lessons = dict.fromkeys(task.source for task in grid)
    found = []
    for lesson in lessons:
        own = [task for task in grid if task.source == lesson]
        held = seeds_kept(earlier(lesson.stem, folder), own[0].rests_on)
        left = [t for t in own if t.parameters["SEED"] not in held or kept(t)]
        found += left or own[:1]
    return found


def write(found: dict, build: Path, committed: Path | None) -> None:
    """Write claims.json and CLAIMS.md into `build`, and the page to `committed` too."""
    texts = {build / "claims.json": as_json(found)}
    for path in filter(None, (build / "CLAIMS.md", committed)):
        texts[path] = page(found, path.parent)
    for path, text in texts.items():
        files.write_whole(path, text)
        print(f"written: {path}")


def measured(grid: Sequence[Task], scheduler: str | None, at_once: int) -> list[dict]:
    """Return the record of every task: kept ones as they are, the others executed."""
    records = {task.name: kept(task) for task in grid}
    left = [task for task in grid if records[task.name] is None]
    before = len(grid) - len(left)
    print(f"{len(grid)} runs, {before} of them done before", file=sys.stderr)
    if left:
        records |= executed(left, scheduler, at_once)
    return [records[task.name] for task in grid]


def executed(
    todo: Sequence[Task], scheduler: str | None, at_once: int
) -> dict[str, dict]:
    """Return the records of tasks by name, executed with progress; each run without an
    error is kept as it ends. An interruption begins no other."""
    records = {}
    with (
        progress_bar(len(todo), "run") as bar,
        pool(scheduler, at_once) as executor,
    ):
        waiting = {executor.submit(execute, task): task for task in todo}
        try:
            for ended in as_completed(waiting):
                task, run = waiting[ended], record_of(ended)
                records[task.name] = run
                if not run["error"]:
                    keep(task, run)
                bar.write(f"{task.name}: {sentence(run)}", file=sys.stderr)
                bar.update()
        finally:
            for future in waiting:
                future.cancel()
    return records


def record_of(ended: Future) -> dict:
    """Return a run's record; what kept it from one (a lost worker) is its error."""
    try:
        return ended.result()
    except Exception as error:
        text = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": text[-1], "claims": []}


def sentence(run: dict) -> str:
    """Return what became of a run."""
    if run["error"]:
        return run["error"]
    failed = [claim["id"] for claim in run["claims"] if claim["held"] is False]
    verdict = f"failed: {', '.join(failed)}" if failed else "none failed"
    return f"{len(run['claims'])} claims, {verdict} ({run['seconds']:.0f} s)"


def main(arguments: argparse.Namespace) -> int:
    """Measure the grid and write the ledger; return 1 when anything failed, else 0."""
    asked = {"BUDGET": arguments.budget, "DEVICE": arguments.device}
    fixed = PRINTED | {name: v for name, v in asked.items() if v is not None}
    folder = files.make_folder(files.BUILD / "claims")
    grid = tasks(notebooks.choose(arguments.lessons), arguments.seeds, fixed, folder)
    to_commit = is_printed(grid)
    grid = with_further(grid, folder) if to_commit else grid
    grid = without_carried(grid, FURTHER) if to_commit and arguments.carry else grid
    runs = measured(grid, arguments.scheduler, arguments.jobs)
    found = summary(grid, runs, FURTHER if to_commit else None)
    to_commit = to_commit and not found["errors"]
    write(found, files.BUILD, COMMITTED if to_commit else None)
    if to_commit:
        rests_on = {task.source.stem: task.rests_on for task in grid}
        keep_further(found["claims"], rests_on, FURTHER)
        for change in quotes.renew():
            print(change)
    bad = [f"{c['id']} {text}" for c in found["claims"] for text in c["problems"]]
    print("\n".join([*found["errors"], *bad, f"{len(found['claims'])} claims"]))
    return 1 if bad or found["errors"] else 0
