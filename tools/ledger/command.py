"""`python -m tools claims`: every claim at every seed, as one page and as JSON."""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.course.options import add_lessons, add_variable, spelled_out
from tools.execute.schedule import progress_bar, work_off
from tools.ledger.grid import Task, execute, keep, kept, tasks
from tools.ledger.margins import margins, smallest
from tools.ledger.page import page
from tools.ledger.pools import pool
from tools.ledger.sources import sources

COMMITTED = files.ROOT / "CLAIMS.md"
PRINTED_SEEDS = [0, 1, 2, 3, 4]
PRINTED = {"BUDGET": 1.0}
OF_THE_CLAIM = ("id", "text", "kind", "unit", "source", "on", "bound", "limits", "cell")
OF_THE_RUN = ("values", "measured", "judged", "held")
EXAMPLE = "02 --seeds 0-4"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to measure, at which seeds, and where."""
    add_lessons(parser)
    add_variable(parser, "budget", float, "1")
    add_variable(parser, "device", str, "what the lesson says")
    add_variable(parser, "seeds", seeds, "0-4", default="0-4", nargs="+", action=Joined)
    add_variable(parser, "scheduler", str, "this machine; tcp://HOST:8786 is a dask's")


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


def ledger(runs: Sequence[dict], places: dict[str, list[str]]) -> list[dict]:
    """Return an entry per claim, lesson by lesson, from the records of the runs.

    `places`: for each lesson what its code cells rest on, see `sources`; it is the
    source of a claim that names none.
    """
    entries = []
    for lesson in sorted({run["lesson"] for run in runs}):
        own = {r["parameters"]["SEED"]: r for r in runs if r["lesson"] == lesson}
        by_seed = {s: {c["id"]: c for c in r["claims"]} for s, r in own.items()}
        ids = dict.fromkeys(id for found in by_seed.values() for id in found)
        for id in ids:
            records = {seed: found.get(id) for seed, found in by_seed.items()}
            found = {"lesson": lesson} | entry(records)
            found["source"] = found["source"] or places[lesson][found["cell"]]
            entries.append(found)
    return entries


def entry(records: dict[int, dict | None]) -> dict:
    """Return what the ledger says of one claim: {seed: record, None where missing}."""
    found = {seed: record for seed, record in records.items() if record}
    first = next(iter(found.values()))
    each = margins(list(found.values()))
    runs = [
        {"seed": seed} | {name: record[name] for name in OF_THE_RUN} | {"margin": own}
        for (seed, record), own in zip(found.items(), each, strict=True)
    ]
    return {name: first[name] for name in OF_THE_CLAIM} | {
        "margin": smallest(list(found.values())),
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


def summary(grid: Sequence[Task], runs: Sequence[dict]) -> dict:
    """Return the whole ledger: the grid, its runs, what broke, and every claim.

    `runs`: the records in the order of the grid.
    """
    pairs = list(zip(grid, runs, strict=True))
    whole = [run for run in runs if not run["error"]]
    shared = {n: v for n, v in grid[0].parameters.items() if n != "SEED"}
    places = {t.source.stem: sources(notebooks.read(t.source)) for t in grid}
    return {
        "seeds": list(dict.fromkeys(task.parameters["SEED"] for task in grid)),
        "parameters": shared,
        "titles": {run["lesson"]: run["title"] for run in whole},
        "runs": [
            {"run": task.name, "seconds": run.get("seconds")} for task, run in pairs
        ],
        "errors": [
            f"{task.name}: {run['error']}" for task, run in pairs if run["error"]
        ],
        "claims": ledger(whole, places),
    }


def is_printed(grid: Sequence[Task], found: dict) -> bool:
    """Return whether this is the ledger to commit: all lessons as printed, unbroken."""
    lessons = {task.source for task in grid}
    return (
        lessons == set(notebooks.lessons())
        and found["seeds"] == PRINTED_SEEDS
        and found["parameters"] == PRINTED
        and not found["errors"]
    )


def write(found: dict, build: Path, committed: Path | None) -> list[Path]:
    """Write claims.json and CLAIMS.md into `build`, and the page to `committed` too.

    Returns the files written.
    """
    files.make_folder(build)
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    files.write_whole(build / "claims.json", text)
    pages = [build / "CLAIMS.md", *([committed] if committed else [])]
    for path in pages:
        files.write_whole(path, page(found, path.parent))
    return [build / "claims.json", *pages]


def measured(grid: Sequence[Task], scheduler: str | None, at_once: int) -> list[dict]:
    """Return the record of every task: kept ones as they are, the others executed."""
    records = [kept(task) for task in grid]
    left = [task for task, run in zip(grid, records, strict=True) if run is None]
    before = len(grid) - len(left)
    print(f"{len(grid)} runs, {before} of them done before", file=sys.stderr)
    if left:
        found = iter(executed(left, scheduler, at_once))
        records = [next(found) if run is None else run for run in records]
    return records


def executed(todo: Sequence[Task], scheduler: str | None, at_once: int) -> list[dict]:
    """Execute tasks with progress; each run without an error is kept as it ends."""
    with progress_bar(len(todo), "run") as bar:

        def settle(task: Task, ended: Future) -> dict:
            run = record_of(ended)
            if not run["error"]:
                keep(task, run)
            bar.write(f"{task.name}: {sentence(run)}", file=sys.stderr)
            bar.update()
            return run

        with pool(scheduler, at_once) as executor:
            return work_off(todo, execute, executor, settle)


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
    fixed = dict(PRINTED)
    for name in ("budget", "device"):
        value = getattr(arguments, name)
        if value is not None:
            fixed[name.upper()] = value
    folder = files.make_folder(files.BUILD / "claims")
    grid = tasks(notebooks.choose(arguments.lessons), arguments.seeds, fixed, folder)
    found = summary(grid, measured(grid, arguments.scheduler, arguments.jobs))
    committed = COMMITTED if is_printed(grid, found) else None
    for path in write(found, files.BUILD, committed):
        print(f"written: {path}")
    bad = [f"{c['id']} {text}" for c in found["claims"] for text in c["problems"]]
    print("\n".join([*found["errors"], *bad, f"{len(found['claims'])} claims"]))
    return 1 if bad or found["errors"] else 0
