"""The lesson table of README.md, read."""

import re

from tools.course import files
from tools.course.quotes import CITED

README = (files.ROOT / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\|.*\]\(notebooks/([^)]+)\.ipynb\).*$", re.MULTILINE)


def cited(row: str) -> dict[str, str]:
    """Return claim id and printed value of what a row cites: **0.5** (claim 1.4)."""
    return {id: value.strip() for value, _, id in CITED.findall(row)}


def rows(text: str) -> dict[str, str]:
    """Return the rows of the lesson table by the name of the lesson."""
    return {match[1]: match[0] for match in ROW.finditer(text)}


def cells(row: str) -> list[str]:
    """Return the cells of a row."""
    return [cell.strip() for cell in row.strip("| ").split(" | ")]


def faults(row: str, measured: dict[str, str]) -> list[str]:
    """Return where a row and the stored claims {id: measured} differ."""
    found = [
        f"claim {id} is {value!r} in the README, {measured.get(id)!r} in the lesson"
        for id, value in cited(row).items()
        if measured.get(id) != value
    ]
    uncited = set(re.findall(r"claim (\d+\.\d+)", row)) - cited(row).keys()
    found += [f"claim {id} is cited without a **value**" for id in uncited]
    if measured and not cited(row):
        found.append("the row cites none of the lesson's claims")
    return found
