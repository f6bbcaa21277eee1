"""Execute one notebook in a process of its own: `tools.execute.schedule` starts this.

The job comes as JSON on stdin. Events go out as JSON lines: {"cells": n} after every
code cell, then one line with seconds, CPU seconds, peak memory and error.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

KERNEL = "python3"


def with_papermill(job: dict, **hooks: Callable) -> None:
    """Execute a copy with other parameters, saved as it grows."""
    papermill.execute_notebook(
        job["source"],
        job["target"],
        parameters=job["parameters"],
        language="python",
        kernel_name=KERNEL,
        cwd=str(Path(job["source"]).parent),
        progress_bar=False,
        **hooks,
    )


def as_it_stands(job: dict, **hooks: Callable) -> None:
    """Execute a copy without adding anything to it: no parameters, no timings."""
    nb = nbformat.read(job["source"], as_version=4)
    nb.metadata.pop("widgets", None)  # else old widget states pile up
    client = NotebookClient(
        nb,
        kernel_name=KERNEL,
        timeout=None,
        record_timing=False,
        resources={"metadata": {"path": str(Path(job["source"]).parent)}},
        **hooks,
    )
    try:
        client.execute()
    finally:
        nbformat.write(with_steady_widget_ids(nb), job["target"])


def with_steady_widget_ids(nb: NotebookNode) -> NotebookNode:
    """Return the notebook with widget ids that do not change from run to run.

    ipywidgets draws them at random; here they are numbered in order of creation.
    """
    widgets = nb.metadata.get("widgets", {})
    state = widgets.get("application/vnd.jupyter.widget-state+json", {})
    text = nbformat.writes(nb)
    for number, name in enumerate(state.get("state", {})):
        text = text.replace(name, f"{number:032x}")
    return nbformat.reads(text, as_version=4)


def execute(job: dict, emit: Callable[..., None]) -> str:
    """Execute the job's notebook; return the error as one line, "" without one."""
    run = with_papermill if job["how"] == "papermill" else as_it_stands
    done = Counter()

    def tick(**_) -> None:
        done["cells"] += 1
        emit(cells=done["cells"])

    def attempt() -> None:
        run(job, on_cell_start=lambda **_: done.update(starts=1), on_cell_executed=tick)

    try:
        once_more(attempt, unless=lambda: done["starts"] > 0)
    except (CellExecutionError, PapermillExecutionError):
        return first_error(job["target"])
    except Exception as error:  # the kernel died, or never came up
        return f"after {done['cells']} cells: {type(error).__name__}: {error}"
    return ""


def once_more(attempt: Callable[[], None], unless: Callable[[], bool]) -> None:
    """Call `attempt`, twice if it fails before `unless()`: two kernels that start at
    the same time can pick the same port."""
    try:
        attempt()
    except Exception:
        if unless():
            raise
        attempt()


def first_error(path: str) -> str:
    """Return cell and last line of the first error stored in an executed notebook."""
    cells = nbformat.read(path, as_version=4).cells
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                text = f"{output.ename}: {output.evalue}".strip()
                return f"cell [{cell.execution_count}]: {text.splitlines()[-1]}"
    return "failed, without an error in any cell"


def change_environment(changes: dict[str, str | None]) -> None:
    """Change the variables that the kernel will inherit; None takes one away."""
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def kernel_usage() -> dict[str, float | None]:
    """Return the kernel's CPU seconds and largest resident memory, None if unknown."""
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
    Path(job["target"]).parent.mkdir(parents=True, exist_ok=True)
    # Events get the real stdout; whatever a kernel prints there goes to the log.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def emit(**event) -> None:
        print(json.dumps(event), file=events, flush=True)

    begin = time.monotonic()
    error = execute(job, emit)
    seconds = time.monotonic() - begin
    emit(error=error, seconds=seconds, **kernel_usage())


if __name__ == "__main__":
    main()
