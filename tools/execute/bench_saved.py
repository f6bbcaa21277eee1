"""What `make bench --save` has kept of a run, and what has moved since.

Kept in data/cache, which `make clean` leaves and git ignores: the seconds of one
machine say nothing on another. A lesson has CPU seconds; its cells have seconds on the
wall, which is what papermill writes down. (To read the processor's from cell to cell
would take a hook in the kernel that is measured.)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.files import ROOT
from tools.execute.schedule import Result

FILE = ROOT / "data" / "cache" / "bench.json"
FORM = "pixels bench 1"
COSTS = ("seconds", "cpu_seconds", "megabytes")
UNITS = {"seconds": "s", "cpu_seconds": "CPU s", "megabytes": "MB"}
MOVED, LEAST = 10, 0.05  # cells that are shown, and seconds that one has moved by


def measured(results: Sequence[Result], first_line) -> dict[str, dict]:
    """Return what is kept of the lessons that ran through, by name."""
    return {
        result.job.source.stem: {
            "parameters": dict(result.job.parameters),
            **{name: getattr(result, name) for name in COSTS},
            "cells": {
                cell.id: [
                    cell.metadata.get("papermill", {}).get("duration") or 0.0,
                    first_line(cell.source),
                ]
                for cell in notebooks.code_cells(result.notebook())
                if "injected-parameters" not in notebooks.tags(cell)
            },
        }
        for result in results
        if not result.error
    }


def read(path: Path) -> dict[str, dict]:
    """Return what was saved, {} if nothing. Raises UserError for another file."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["form"] != FORM:
            raise ValueError
        for lesson in kept["lessons"].values():
            costs = [lesson[name] for name in COSTS]
            costs += [seconds for seconds, _ in lesson["cells"].values()]
            if not all(cost is None or cost >= 0 for cost in costs):
                raise ValueError
            dict(lesson["parameters"])
        return kept["lessons"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{path} is not what `bench --save` writes; remove it, or name another."
        ) from None


def write(path: Path, before: Mapping[str, dict], now: Mapping[str, dict]) -> None:
    """Save what was measured; a lesson that was not keeps what was saved of it.
    Raises UserError where the file cannot be written."""
    text = json.dumps({"form": FORM, "lessons": {**before, **now}}, indent=1)
    with files.writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def ratio(before: float | None, now: float | None) -> tuple[str, str, str]:
    """Return two costs and their ratio as text, "-" for what is not known."""
    texts = ["-" if cost is None else f"{cost:.1f}" for cost in (before, now)]
    known = before and now is not None
    return *texts, f"{now / before:.2f}" if known else "-"


def lesson_rows(
    before: Mapping[str, dict], now: Mapping[str, dict]
) -> Iterator[tuple[str, ...]]:
    """Yield a line for each cost of each lesson that was measured both times."""
    for stem in now.keys() & before.keys():
        for name in COSTS:
            costs = ratio(before[stem][name], now[stem][name])
            yield stem, UNITS[name], *costs


def cell_rows(
    before: Mapping[str, dict], now: Mapping[str, dict]
) -> Iterator[tuple[float, tuple[str, ...]]]:
    """Yield (seconds moved, line) for each cell, by its id, of these lessons; one that
    is new, or gone, has moved by all its seconds."""
    for stem in now.keys() & before.keys():
        old, new = before[stem]["cells"], now[stem]["cells"]
        for id in old.keys() | new.keys():
            was, line = old.get(id, (None, ""))
            is_, line = new.get(id, (None, line))
            moved = abs((is_ or 0) - (was or 0))
            yield moved, (stem, id, *ratio(was, is_), line)


def compared(before: Mapping[str, dict], now: Mapping[str, dict]) -> str:
    """Return the tables of what has moved, and what is new, gone or not comparable."""
    rows = sorted(lesson_rows(before, now), key=lambda row: row[0])
    moved = sorted(cell_rows(before, now), key=lambda pair: (-pair[0], pair[1][:2]))
    cells = [row for seconds, row in moved[:MOVED] if seconds >= LEAST]
    header = ("saved", "now", "ratio")
    parts = [text_table([("lesson", "cost", *header), *rows], right=(2, 3, 4))]
    if cells:
        table = [("lesson", "cell", *header, "first line"), *cells]
        parts.append(
            "cells that moved most, seconds\n\n" + text_table(table, right=(2, 3, 4))
        )
    there = {path.stem for path in notebooks.lessons()}
    said = [f"{stem} is new" for stem in sorted(now.keys() - before.keys())]
    said += [f"{stem} is gone" for stem in sorted(before.keys() - there)]
    said += [
        f"{stem} was saved with other parameters: {before[stem]['parameters']}"
        for stem in sorted(now.keys() & before.keys())
        if before[stem]["parameters"] != now[stem]["parameters"]
    ]
    return "\n\n".join(parts if rows else []) + "\n".join(["", *said] if said else [])
