"""Execute notebooks in processes of their own, a few at a time, with progress."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from tools.course import files, notebooks
from tools.execute import kernels


@dataclass(frozen=True)
class Job:
    """One notebook to execute: `how` is "papermill" or "store" (adds nothing).

    `environment`: what the kernel's variables are changed to, None for one that goes.
    `launcher`: the words before the worker's command, for one that runs inside another.
    """

    source: Path
    target: Path
    parameters: dict = field(default_factory=dict)
    how: str = "papermill"
    environment: dict[str, str | None] = field(default_factory=dict)
    launcher: tuple[str, ...] = ()

    def as_json(self) -> str:
        """Return the job as the worker reads it."""
        return json.dumps(
            {
                "source": str(self.source.resolve()),
                "target": str(self.target.resolve()),
                "folder": str(self.source.resolve().parent),
                "parameters": self.parameters,
                "how": self.how,
                "environment": self.environment,
            }
        )


@dataclass(frozen=True)
class Result:
    """What became of a job; `error` is one line, "" when the notebook ran through."""

    job: Job
    error: str
    seconds: float
    megabytes: float | None
    cpu_seconds: float | None = None


class Progress:
    """One bar over all cells on stderr; plain lines when that is no terminal."""

    def __init__(self, jobs: Sequence[Job]):
        self.cells = {job.source: count_cells(job) for job in jobs}
        self.bar = tqdm(
            total=sum(self.cells.values()),
            unit="cell",
            disable=not sys.stderr.isatty(),
            leave=False,
        )

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self.bar.write(text, file=sys.stderr)
        sys.stderr.flush()


def count_cells(job: Job) -> int:
    """Return how many cells of the job's notebook will be executed."""
    cells = notebooks.code_cells(notebooks.read(job.source))
    added = 1 if job.parameters else 0
    return sum(bool(cell.source.strip()) for cell in cells) + added


def run_jobs(jobs: Sequence[Job], at_once: int = 2) -> list[Result]:
    """Execute all jobs and return their results in the same order."""
    progress = Progress(jobs)
    environment = kernels.child_environment()
    with ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(run_job, job, progress, environment) for job in jobs]
        try:
            return [future.result() for future in waiting]
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            progress.bar.close()


def run_job(job: Job, progress: Progress, environment: dict[str, str]) -> Result:
    """Execute one job under the bar; return its result."""
    name, cells = job.source.stem, progress.cells[job.source]
    progress.say(f"{name}: {cells} cells")
    result = follow(job, environment, progress.bar.update)
    progress.say(f"{name}: {result.error or 'done'} ({result.seconds:.0f} s)")
    return result


def follow(
    job: Job, environment: dict[str, str], tick: Callable[[], object] = lambda: None
) -> Result:
    """Start a worker, call `tick` after each cell, return the worker's result."""
    files.make_folder(job.target.parent)
    job.target.unlink(missing_ok=True)  # an old copy must not pass for the new one
    last: dict = {}
    path = job.target.with_suffix(".log")
    # A library in the kernel may write any bytes there.
    with open(path, "w+", encoding="utf-8", errors="replace") as log:
        for last in events(job, environment, log):
            if "cells" in last:
                tick()
        log.seek(0)
        return finish(job, last, log.read())


def events(job: Job, environment: dict[str, str], log):
    """Start the worker and yield its events as they come."""
    worker = subprocess.Popen(
        [*job.launcher, sys.executable, "-m", "tools.execute.worker"],
        cwd=files.ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
    )
    with worker:
        worker.stdin.write(job.as_json())
        worker.stdin.close()
        for line in worker.stdout:
            yield json.loads(line)


def finish(job: Job, last: dict, log: str) -> Result:
    """Return the result in the worker's last event; without one, the worker died."""
    if "error" in last:
        return Result(job, **last)
    tail = log.strip().splitlines() or ["no reason given"]
    return Result(job, f"the process ended early: {tail[-1]}", 0.0, None)
