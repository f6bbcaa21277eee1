"""The ledger as one Markdown page: what is claimed, what every seed has measured."""

import math
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.page.claims import measured_text
from tools.course import files
from tools.ledger.margins import judged_values, margin_text

SIGNS = re.compile(r"([\\`*_$<>~|\[\]])")
SPREAD = re.compile(r" \(n = \d+\)$")
TIGHTEST = 5
IN_COLUMNS = 5  # seeds; of further ones a single column tells the range
HOW_TO_READ = """\
**How to read it.** Under SEED stands what the lesson measures at that seed; "1 to 2" is
the range of the values of one run, each of which has to keep the bound, "mean" their
mean, held against it instead. ○: a value that was not judged. ✗: a claim that fails.
Under "further" stand the lowest and the highest value of all further seeds, which are
judged in the same way, and in brackets how many seeds these are. A seed counts too
where it was measured before, on whichever machine, with the same code; a further one
also with an earlier version that reads the very same values for the claim at every seed
with a column of its own.

**Margin**: how far the worst of all judged values is from its bound. For ≥ and ≤ in
percent of the bound (of the largest value, where the bound is 0); for "between", and
for = with a tolerance, in percent of half the interval's width: 100 % is the middle,
0 % the edge. "exact": an equality without tolerance. Below zero the claim fails.

**Source**: the step of the lesson in which the claim is measured, and the works that
this step cites."""


def page(found: dict, folder: Path) -> str:
    """Return the page of a ledger, with links that work from `folder`."""
    parts = [f"# Claims\n\n{opening(found)}", HOW_TO_READ]
    if found["errors"]:
        lines = "\n".join(f"- {escaped(error)}" for error in found["errors"])
        parts.append(f"**Not measured:**\n\n{lines}")
    for lesson, title in sorted(found["titles"].items()):
        entries = [e for e in found["claims"] if e["lesson"] == lesson]
        path = Path(os.path.relpath(files.NOTEBOOKS / f"{lesson}.ipynb", folder))
        heading = f"## [{escaped(title)}]({path.as_posix()})"
        parts += [heading, lesson_table(entries, found["seeds"])]
    return "\n\n".join(parts) + "\n"


def opening(found: dict) -> str:
    """Return what was measured, how, and with which verdict."""
    entries = found["claims"]
    bad = [e for e in entries if e["problems"]]
    failed = f"{len(bad) or 'none'} with a problem"
    command = f'`make claims SEEDS="{spelled(found["seeds"])}"`'
    settings = ", ".join(f"{n} {v}" for n, v in found["parameters"].items())
    lines = [
        f"Every claim, its bound, and its value at each seed, as measured by {command} "
        f"({settings}).",
        f"**{how_often(entries, found['seeds'])}; {failed}.**",
        *[f"- ✗ {e['id']} {'; '.join(e['problems'])}" for e in bad],
        tightest(entries),
    ]
    return "\n\n".join(line for line in lines if line)


def how_often(entries: Sequence[dict], seeds: Sequence[int]) -> str:
    """Return how many claims were measured, and how many of them at further seeds."""
    said = f"{len(entries)} claims at {len(seeds[:IN_COLUMNS])} seeds"
    more = Counter(len(further(entry, seeds)) for entry in entries)
    counts = sorted((n, count) for n, count in more.items() if n)
    return ", ".join([said, *[f"{count} at {n} more" for n, count in counts]])


def spelled(seeds: Sequence[int]) -> str:
    """Return seeds as they are typed, such as "0-4" and "0 2 7"."""
    first, last = seeds[0], seeds[-1]
    if list(seeds) == list(range(first, last + 1)) and first < last:
        return f"{first}-{last}"
    return " ".join(map(str, seeds))


def further(entry: dict, seeds: Sequence[int]) -> list[dict]:
    """Return the runs of a claim that have no column of their own."""
    shown = set(seeds[:IN_COLUMNS])
    return [run for run in entry["runs"] if run["seed"] not in shown]


def tightest(entries: Sequence[dict]) -> str:
    """Return the claims nearest to their bounds, "" where none has a margin."""
    known = [entry for entry in entries if entry["margin"] is not None]
    known = sorted(known, key=lambda entry: entry["margin"])[:TIGHTEST]
    nearest = [f"{e['id']} ({margin_text(e['margin'])})" for e in known]
    return f"Nearest to their bounds: {', '.join(nearest)}." if nearest else ""


def lesson_table(entries: Sequence[dict], seeds: Sequence[int]) -> str:
    """Return the table of one lesson, a row per claim."""
    names = [f"SEED {seed}" for seed in seeds[:IN_COLUMNS]]
    names += ["further"] if len(seeds) > IN_COLUMNS else []
    head = ["id", "claim", "bound", *names, "margin", "source"]
    align = ["---", "---", "---", *["--:"] * (len(names) + 1), "---"]
    rows = [head, align, *[claim_row(entry, seeds) for entry in entries]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def claim_row(entry: dict, seeds: Sequence[int]) -> list[str]:
    """Return the cells of one claim."""
    values = {run["seed"]: value_text(run) for run in entry["runs"]}
    mark = "✗ " if entry["problems"] else ""
    return [
        mark + entry["id"],
        escaped(entry["text"]),
        bound_cell(entry),
        *[values.get(seed, "–") for seed in seeds[:IN_COLUMNS]],
        *([further_cell(entry, seeds)] if len(seeds) > IN_COLUMNS else []),
        margin_cell(entry),
        escaped(entry["source"]),
    ]


def further_cell(entry: dict, seeds: Sequence[int]) -> str:
    """Return the range of a claim's values at the further seeds, and their number."""
    runs = further(entry, seeds)
    if not runs:
        return "–"
    numbers = [n for run in runs for n in judged_values(run | {"on": entry["on"]})]
    known = [math.nan if n is None else n for n in numbers]
    sign = "✗ " if any(run["held"] is False for run in runs) else ""
    return f"{sign}{SPREAD.sub('', measured_text(known, 'each'))} ({len(runs)})"


def bound_cell(claim: dict) -> str:
    """Return bound and unit of a claim or its record."""
    return escaped(f"{claim['bound']} {claim['unit']}".strip())


def value_text(run: dict) -> str:
    """Return the measured value, marked where it fails or was not judged."""
    sign = {True: "", False: "✗ ", None: "○ "}[run["held"]]
    return sign + SPREAD.sub("", run["measured"])


def margin_cell(entry: dict) -> str:
    """Return the smallest margin, "exact" for an equality that holds exactly."""
    low, high = entry["limits"]
    if low == high and low is not None and not entry["problems"]:
        return "exact"
    return margin_text(entry["margin"])


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, also inside a table."""
    return SIGNS.sub(r"\\\1", " ".join(text.split()))
