"""Tiny lessons whose claims depend on the seed, for the tests of the ledger."""

from pathlib import Path

from nbformat import NotebookNode, v4
from support.tiny_lessons import code

from helpers.page.claims import MIME, claim_record

# Without torch in the kernel: the seed picks one of the records measured here.
SHOW = """\
import os
from IPython.display import display
records = {records!r}
for record in records[SEED % len(records)]:
    display({{"text/plain": record["id"], {mime!r}: record}}, raw=True)
    if record["held"] is False and not os.environ.get("PIXELS_COLLECT"):
        raise AssertionError(record["id"])"""


def claim(id: str, value, **options) -> dict:
    """Return the record of a claim, with a text that Markdown must not touch."""
    record = claim_record(id, "a | b < c_d*", value, source="Luo 2016", **options)
    return record | {"cell": 0}


RECORDS = [
    [claim("1.1", 8, at_least=4, unit="px"), claim("1.2", [1, 2], between=(0, 4))],
    [claim("1.1", 3, at_least=4, unit="px"), claim("1.2", [2, 2], between=(0, 4))],
]


def cells(*more: str, records: list[list[dict]] = RECORDS) -> list[NotebookNode]:
    """Return the cells of a lesson that shows `records[SEED]`."""
    return [
        v4.new_markdown_cell("# 01 · A tiny lesson\n\ntext"),
        code('SEED = 0\nBUDGET = 1.0\nDEVICE = "auto"', "parameters"),
        code(SHOW.format(records=records, mime=MIME)),
        *map(code, more),
    ]


def edit(path: Path, old: str, new: str) -> None:
    """Replace a piece of a file that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
