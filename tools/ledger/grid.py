"""The grid of the ledger: every lesson at every seed, each run done once and kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.files import sha256, text_digest
from helpers.page.claims import COLLECT
from tools.course import files, notebooks
from tools.course.imports import bank_of, beneath, code_only
from tools.execute import kernels
from tools.execute.lessons import fitting
from tools.execute.schedule import Job, follow, plain

MOVED = "the lesson, helpers or data differ from those the ledger was started with"

# An answer is judged apart, the page's random numbers kept (helpers.page.attempts), so
# neither a bank of exercises nor its judge moves a claim.
ASKS = ("helpers.page.exercises", "helpers.page.progress", "helpers.page.open_kernels")


@dataclass(frozen=True)
class Task:
    """One lesson at one seed. Paths are relative to the checkout where they are
    inside it, so that another machine finds them in its own."""

    lesson: str
    folder: str
    parameters: dict
    rests_on: str

    @property
    def key(self) -> str:
        """Return a hash of everything that the run depends on, see `fingerprint`."""
        return text_digest(json.dumps([self.rests_on, self.parameters], sort_keys=True))

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
    rests_on = {path: fingerprint(path) for path in paths}
    grid = []
    for seed in seeds:
        for path in paths:
            fit = fitting(path, {"SEED": seed} | fixed)
            grid.append(Task(portable(path), portable(folder), fit, rests_on[path]))
    return grid


def portable(path: Path) -> str:
    """Return a path relative to the checkout, absolute where it lies outside."""
    path = path.resolve()
    inside = path.is_relative_to(files.ROOT)
    return path.relative_to(files.ROOT).as_posix() if inside else str(path)


def fingerprint(lesson: Path, root: Path = files.ROOT) -> str:
    """Return a hash of what the numbers of a lesson rest on: its cells, the helpers
    that it imports, directly or through others, and the data that these name.

    Prose, comments and docstrings compute nothing, so they do not count; nor does a
    helper that the lesson never imports, nor what only asks and answers the reader.
    """
    cells = notebooks.code_cells(notebooks.read(lesson))
    parts = [code_only(cell.source) for cell in cells]
    for path in beneath(lesson, root, {bank_of(lesson), *ASKS}):
        is_code = path.suffix == ".py"
        text = code_only(path.read_text(encoding="utf-8")) if is_code else sha256(path)
        parts.append(f"{path.relative_to(root).as_posix()}\n{text}")
    return text_digest(json.dumps(parts))


def execute(task: Task) -> dict:
    """Return the record of one run; this is what a cluster's worker is sent.

    The record's error is "" when the notebook ran through, whether its claims hold or
    not. Raises UserError when the code here is not, or no longer, the task's.
    """
    check_code(task)
    job = Job(task.source, task.file(".ipynb"), task.parameters)
    result = follow(job, plain(job, kernels.child_environment(**{COLLECT: "1"})))
    check_code(task)
    claims = [] if result.error else notebooks.claims(notebooks.read(job.target))
    return {
        "key": task.key,
        "rests_on": task.rests_on,
        "lesson": task.source.stem,
        "title": notebooks.title(notebooks.read(task.source)) or task.source.stem,
        "parameters": task.parameters,
        "seconds": round(result.seconds, 1),
        "error": result.error,
        "claims": claims,
    }


def check_code(task: Task) -> None:
    """Raise UserError when a run of this checkout would not be the task's."""
    if fingerprint(task.source) != task.rests_on:
        raise UserError(MOVED)


def as_json(content: dict) -> str:
    """Return the text of a file for people and programs. Raises ValueError for a number
    that JSON lacks."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def keep(task: Task, run: dict) -> None:
    """Keep the record of a run that reached its end without an error."""
    files.write_whole(task.file(".json"), as_json(run))


def kept(task: Task) -> dict | None:
    """Return the record kept for a task, None without one or where it is damaged."""
    try:
        return json.loads(task.file(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
