"""The grid of the ledger: every lesson at every seed, each run done once and kept."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from helpers.page.claims import COLLECT
from tools.course import files, notebooks
from tools.course.notebooks import code_fingerprint
from tools.execute import kernels
from tools.execute.lessons import fitting
from tools.execute.schedule import Job, follow

# What the code of a lesson rests on. The tables and weights were made by the course.
BENEATH = ("helpers/**/*.py", "data/measured/*", "data/pretrained/*")
MOVED = "the lesson, helpers or data differ from those the ledger was started with"


@dataclass(frozen=True)
class Task:
    """One lesson at one seed. Paths are relative to the checkout where they are
    inside it, so that another machine finds them in its own."""

    lesson: str
    folder: str
    parameters: dict
    key: str

    @property
    def source(self) -> Path:
        """Return the notebook to execute."""
        return files.ROOT / self.lesson

    @property
    def name(self) -> str:
        """Return lesson and seed, for people."""
        return f"{self.source.stem}, SEED {self.parameters['SEED']}"

    def file(self, ending: str) -> Path:
        """Return the file of this very run: executed notebook, log or result."""
        seed = self.parameters["SEED"]
        name = f"{self.source.stem}-seed-{seed}-{self.key[:12]}{ending}"
        return files.ROOT / self.folder / name


def tasks(
    paths: Sequence[Path], seeds: Sequence[int], fixed: dict, folder: Path
) -> list[Task]:
    """Return the grid, seed by seed. `fixed`: the parameters that all runs share.

    Raises UserError for a parameter that a lesson lacks or cannot start with.
    """
    beneath = fingerprint_beneath()
    grid = []
    for seed in seeds:
        for path in paths:
            fit = fitting(path, {"SEED": seed} | fixed)
            key = run_key(path, beneath, fit)
            grid.append(Task(portable(path), portable(folder), fit, key))
    return grid


def portable(path: Path) -> str:
    """Return a path relative to the checkout, absolute where it lies outside."""
    path = path.resolve()
    inside = path.is_relative_to(files.ROOT)
    return path.relative_to(files.ROOT).as_posix() if inside else str(path)


def run_key(path: Path, beneath: str, parameters: dict) -> str:
    """Return a hash of everything that a run depends on."""
    facts = [code_fingerprint(notebooks.read(path)), beneath, parameters]
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint_beneath(root: Path = files.ROOT) -> str:
    """Return a hash of the names and contents of what the lessons rest on."""
    digest = hashlib.sha256()
    for pattern in BENEATH:
        for path in sorted(root.glob(pattern)):
            if path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                digest.update(
                    f"{path.relative_to(root).as_posix()} {content}\n".encode()
                )
    return digest.hexdigest()


def execute(task: Task) -> dict:
    """Return the record of one run; this is what a cluster's worker is sent.

    The record's error is "" when the notebook ran through, whether its claims hold or
    not. Raises UserError when the code here is not, or no longer, the task's.
    """
    check_code(task)
    job = Job(task.source, task.file(".ipynb"), task.parameters)
    result = follow(job, kernels.child_environment() | {COLLECT: "1"})
    check_code(task)
    claims = [] if result.error else notebooks.claims(notebooks.read(job.target))
    return {
        "key": task.key,
        "lesson": task.source.stem,
        "title": notebooks.title(notebooks.read(task.source)) or task.source.stem,
        "parameters": task.parameters,
        "seconds": round(result.seconds, 1),
        "error": result.error,
        "claims": claims,
    }


def check_code(task: Task) -> None:
    """Raise UserError when a run of this checkout would not be the task's."""
    if run_key(task.source, fingerprint_beneath(), task.parameters) != task.key:
        raise UserError(MOVED)


def keep(task: Task, run: dict) -> None:
    """Keep the record of a run that reached its end."""
    text = json.dumps(run, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    files.write_whole(task.file(".json"), text)


def kept(task: Task) -> dict | None:
    """Return the record kept for a task, None without one or where it is damaged."""
    try:
        run = json.loads(task.file(".json").read_text(encoding="utf-8"))
        whole = run["key"] == task.key and run["error"] == ""
        return run if whole and isinstance(run["claims"], list) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
