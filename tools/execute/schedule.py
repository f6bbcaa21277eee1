"""Execute notebooks in processes of their own, a few at a time, with progress."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode, v4
from tqdm import tqdm

from tools.course import files, notebooks
from tools.execute import kernels
from tools.execute.order import by_length
from tools.execute.warm import Servers

WORKER = "tools.execute.worker"


@dataclass(frozen=True)
class Job:
    """One notebook to execute.

    `environment`: what the kernel's variables are changed to, None for one that goes.
    `launcher`: the words before the worker's command, for one that runs inside another.
    """

    source: Path
    target: Path
    parameters: dict = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    launcher: tuple[str, ...] = ()

    def as_json(self) -> str:
        """Return the job as the worker reads it."""
        source, target = str(self.source.resolve()), str(self.target.resolve())
        return json.dumps(vars(self) | {"source": source, "target": target})


@dataclass(frozen=True)
class Result:
    """What became of a job; `error` is one line, "" when the notebook ran through."""

    job: Job
    error: str
    seconds: float
    megabytes: float | None
    cpu_seconds: float | None = None

    def notebook(self) -> NotebookNode:
        """Return the executed notebook, an empty one where nothing was written."""
        target = self.job.target
        return notebooks.read(target) if target.exists() else v4.new_notebook()


def progress_bar(total: int, unit: str) -> tqdm:
    """Return a bar on stderr, invisible where that is no terminal."""
    return tqdm(total=total, unit=unit, disable=None, leave=False)


def count_cells(job: Job) -> int:
    """Return how many cells of the job's notebook will be executed."""
    cells = notebooks.code_cells(notebooks.read(job.source))
    added = 1 if job.parameters else 0
    return sum(bool(cell.source.strip()) for cell in cells) + added


def run_jobs(
    jobs: Sequence[Job], at_once: int = 2, servers: Servers | None = None
) -> list[Result]:
    """Execute all jobs, the longest first where some run at once, and return their
    results in the order of the jobs. An interruption begins no other.

    `servers`: fork workers and kernels from these; without any, each starts by itself,
    as a learner's kernel does.
    """
    environment = kernels.child_environment()
    queue = list(jobs)
    if at_once > 1:
        queue.sort(key=lambda job: by_length(job.source))
    started = partial(start, environment=environment, servers=servers, of=len(jobs))
    starts = list(map(started, queue))
    counts = [count_cells(job) for job in queue]
    with progress_bar(sum(counts), "cell") as bar:

        def run(job: Job, count: int, start: Start) -> Result:
            name = job.source.stem
            bar.write(f"{name}: {count} cells", file=sys.stderr)
            result = follow(job, start, bar.update)
            said = f"{result.error or 'done'} ({result.seconds:.0f} s)"
            bar.write(f"{name}: {said}", file=sys.stderr)
            return result

        with ThreadPoolExecutor(at_once) as pool:
            results = list(pool.map(run, queue, counts, starts))
    return sorted(results, key=lambda result: jobs.index(result.job))


class Start(NamedTuple):
    """The words and the variables with which a worker is started."""

    command: tuple[str, ...]
    environment: dict[str, str]


def plain(job: Job, environment: dict[str, str]) -> Start:
    """Return how a worker starts by itself."""
    return Start((*job.launcher, sys.executable, "-m", WORKER), environment)


def start(
    job: Job, environment: dict[str, str], servers: Servers | None, of: int
) -> Start:
    """Return how the worker of one `of` so many jobs is started: forked, where a
    server suits."""
    if servers is None:
        return plain(job, environment)
    own = environment | job.environment
    own = {name: text for name, text in own.items() if text is not None}
    warm = servers.suited(own, job.launcher, of)
    if warm is None:
        return plain(job, environment)
    # Behind the launcher too: it starts there as ever where the server declines.
    return Start((*job.launcher, *warm.command(WORKER)), own | warm.environment())


def follow(job: Job, start: Start, tick: Callable[[], object] = lambda: None) -> Result:
    """Start a worker, call `tick` after each cell, return the result in the worker's
    last event; without one, the worker died."""
    files.make_folder(job.target.parent)
    job.target.unlink(missing_ok=True)  # an old copy must not pass for the new one
    last: dict = {}
    path = job.target.with_suffix(".log")
    # A library in the kernel may write any bytes there.
    with open(path, "w+", encoding="utf-8", errors="replace") as log:
        for last in events(job, start, log):
            if "cells" in last:
                tick()
        log.seek(0)
        tail = log.read().strip().splitlines() or ["no reason given"]
    if "error" in last:
        return Result(job, **last)
    return Result(job, f"the process ended early: {tail[-1]}", 0.0, None)


def events(job: Job, start: Start, log):
    """Start the worker and yield its events as they come."""
    worker = subprocess.Popen(
        start.command,
        cwd=files.ROOT,
        env=start.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
    )
    with worker:
        worker.stdin.write(job.as_json())
        worker.stdin.close()
        yield from map(json.loads, worker.stdout)
