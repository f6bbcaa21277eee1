"""Execute one notebook in a process of its own: `tools.execute.schedule` starts this.

The job comes as JSON on stdin. Events go out as JSON lines: {"cells": n} after every
code cell, then one line with seconds, CPU seconds, peak memory and error.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from tools.execute.proxy import USAGE


def execute(job: dict, emit: Callable[..., None]) -> str:
    """Execute the job's notebook; return the error as one line, "" without one. It is
    tried again where no cell has begun: two kernels that start at the same time can
    pick the same port."""
    done = Counter()

    def start(**_) -> None:
        done["starts"] += 1

    def tick(**_) -> None:
        done["cells"] += 1
        emit(cells=done["cells"])

    def attempt() -> str:
        try:
            run(job, on_cell_start=start, on_cell_executed=tick)
        except PapermillExecutionError as error:
            text = f"{error.ename}: {error.evalue}".strip()
            return f"cell [{error.exec_count}]: {text.splitlines()[-1]}"
        except Exception as error:  # the kernel died, or never came up
            return f"after {done['cells']} cells: {type(error).__name__}: {error}"
        return ""

    error = attempt()
    return attempt() if error and not done["starts"] else error


def run(job: dict, **hooks: Callable) -> None:
    """Execute a copy of the job's notebook, saved as it grows."""
    nb = papermill.execute_notebook(
        literal(job["source"]),
        literal(job["target"]),
        parameters=job["parameters"],
        language="python",
        kernel_name="python3",
        cwd=str(Path(job["source"]).parent),
        progress_bar=False,
        coalesce_streams=True,  # else one print may be stored as two outputs
        **hooks,
    )
    Path(job["target"]).write_text(with_steady_widget_ids(nb), encoding="utf-8")


def literal(path: str) -> str:
    """Return a path as papermill wants it, which fills in what stands in braces."""
    return path.replace("{", "{{").replace("}", "}}")


def with_steady_widget_ids(nb: NotebookNode) -> str:
    """Return the text of a notebook with widget ids that do not change from run to run.

    ipywidgets draws them at random; here they are numbered in order of creation.
    """
    widgets = nb.metadata.get("widgets", {})
    state = widgets.get("application/vnd.jupyter.widget-state+json", {})
    text = nbformat.writes(nb)
    for number, name in enumerate(state.get("state", {})):
        text = text.replace(name, f"{number:032x}")
    return text


def change_environment(changes: dict[str, str | None]) -> None:
    """Change the variables that the kernel will inherit; None takes one away."""
    for name, value in changes.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


def kernel_usage(note: Path) -> dict[str, float | None]:
    """Return the kernel's CPU seconds and largest resident memory, None if unknown.
    That of a forked one, which is no child of this process, stands in `note`."""
    if note.exists():
        return json.loads(note.read_text(encoding="utf-8"))
    try:
        import resource  # not on Windows
    except ModuleNotFoundError:
        return {"cpu_seconds": None, "megabytes": None}
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    cpu = usage.ru_utime + usage.ru_stime
    return {"cpu_seconds": cpu, "megabytes": usage.ru_maxrss / unit}


def main() -> None:
    """Do the job that stands on stdin."""
    job = json.load(sys.stdin)
    change_environment(job["environment"])
    # Events get the real stdout; whatever a kernel prints there goes to the log.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def emit(**event) -> None:
        print(json.dumps(event), file=events, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder, "usage.json")
        os.environ[USAGE] = str(note)
        begin = time.monotonic()
        error = execute(job, emit)
        seconds = time.monotonic() - begin
        emit(error=error, seconds=seconds, **kernel_usage(note))


if __name__ == "__main__":
    main()
