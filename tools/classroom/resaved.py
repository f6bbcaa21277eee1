"""Read a notebook that an editor, a mail program or a learning platform has saved anew.

What is only told otherwise (another encoding, an older format, text after the end) is
read; what is no notebook is named in a sentence.
"""

import json
import re
import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

from helpers.core.errors import UserError

LARGEST = 100 * 2**20  # bytes
KINDS = ("code", "markdown", "raw")
ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PICTURE = re.compile(r"\battachment:([^\s)\"'>]*)")
# How a file begins that is something else.
OTHERS = {
    "<!doctype html": "a web page",
    "<html": "a web page",
    "%pdf": "a PDF",
    "pk\x03\x04": "a zip archive, to be unpacked",
    "{\\rtf": "a text processor's file",
}
AGAIN = "ask for the .ipynb file itself"


def read_resaved(path: Path) -> tuple[NotebookNode, list[str]]:
    """Return the notebook in a file, in format 4.5 and without outputs, and what had to
    be done for that.

    Raises UserError where there is none, with what is there instead.
    """
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise Unreadable(f"it has {size / 2**20:.0f} MB; clear its outputs")
        text, notes = decoded(path.read_bytes())
        found, end = parsed(text)
        if text[end:].strip():
            notes.append("text after its end was left out")
        return in_format_4_5(found, notes), notes
    except OSError as error:
        reason = error.strerror
    except Unreadable as error:
        reason = str(error)
    raise UserError(f"{path} cannot be read as a notebook: {reason}.")


class Unreadable(Exception):
    """Why a file cannot be read, and what to do."""


def decoded(data: bytes) -> tuple[str, list[str]]:
    """Return the text of a file without a byte order mark, and how it was encoded if
    not in UTF-8."""
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = data.decode(encoding, "replace")
    plain = encoding.startswith("utf-8")
    return text.lstrip("\ufeff"), [] if plain else [f"it was read as {encoding}"]


def parsed(text: str) -> tuple[dict, int]:
    """Return the object that a text begins with, and where it ends. Raises Unreadable
    where it begins with none."""
    start = len(text) - len(text.lstrip())
    try:
        found, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is {instead(text, error)}; {AGAIN}") from error
    if not isinstance(found, dict) or not {"cells", "worksheets"} & found.keys():
        raise Unreadable(f"it is JSON without cells; {AGAIN}")
    return found, end


def instead(text: str, error: Exception) -> str:
    """Return what a text is that is no JSON."""
    begins = text.lstrip()[:20].lower()
    if not begins:
        return "empty"
    for beginning, kind in OTHERS.items():
        if begins.startswith(beginning):
            return kind
    if re.search(r"^<{7} ", text, re.MULTILINE):
        return "two versions in one, as git leaves them where they conflict"
    if begins[0] == "{":
        line = getattr(error, "lineno", 1)
        return f"cut off or changed by hand: it is no JSON from line {line} on"
    return "no JSON"


def in_format_4_5(found: dict, notes: list[str]) -> NotebookNode:
    """Return a JSON object as a notebook. Raises Unreadable for one of a format that
    is newer, or broken."""
    version = found.get("nbformat")
    if not isinstance(version, int):
        version = 4 if "cells" in found else 3
    if version > 4:
        raise Unreadable(f"it is of format {version}; ask for it in format 4")
    if version < 4:
        notes.append(f"it was converted from format {version}")
        found = converted(found | {"nbformat": version})
    cells = found.get("cells")
    if not isinstance(cells, list) or not all(isinstance(c, dict) for c in cells):
        raise Unreadable(f"its cells are no cells; {AGAIN}")
    nb = v4.new_notebook()
    nb.cells, known = [], set()
    for cell in map(plain_cell, cells):
        if cell.id in known:  # pasted with its id
            cell.id = v4.new_code_cell().id
        known.add(cell.id)
        nb.cells.append(cell)
    return nb


def converted(found: dict) -> NotebookNode:
    """Return an older notebook in format 4. Raises Unreadable for a broken one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.reads(json.dumps(found), as_version=4)
    except Exception as error:  # whatever its own converters meet
        said = f"its old format is broken ({type(error).__name__}); {AGAIN}"
        raise Unreadable(said) from error


def plain_cell(cell: dict) -> NotebookNode:
    """Return a cell as nbformat wants it, without outputs; what does not fit is left
    out."""
    kind = cell.get("cell_type")
    make = getattr(v4, f"new_{kind if kind in KINDS else 'raw'}_cell")
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    new = make(text.replace("\r\n", "\n").replace("\r", "\n"))
    if new.cell_type != "code":
        add_pictures(new, cell.get("attachments"))
    if isinstance(id := cell.get("id"), str) and ID.fullmatch(id):
        new.id = id
    metadata = cell.get("metadata")
    if isinstance(metadata, dict):
        new.metadata = nbformat.from_dict(metadata)
        if not isinstance(metadata.get("nbgrader", {}), dict):
            del new.metadata["nbgrader"]
    if not valid(new):
        own = new.metadata.get("nbgrader")
        new.metadata = NotebookNode({"nbgrader": own} if own else {})
    return new


def add_pictures(cell: NotebookNode, given: object) -> None:
    """Give a cell the pictures that were pasted into it. One that is gone is called so
    in the text, for nbconvert makes no page of a cell that lacks it."""
    cell.attachments = given if isinstance(given, dict) else {}
    pictures = cell.attachments.values()
    if not pictures or not valid(cell) or not all(pictures):
        del cell["attachments"]
    there = cell.get("attachments", {})
    cell.source = PICTURE.sub(
        lambda match: match[0] if match[1] in there else f"missing-{match[0]}",
        cell.source,
    )


def valid(cell: NotebookNode) -> bool:
    """Return whether a cell is as nbformat wants it."""
    try:
        v4.nbbase.validate(cell, f"{cell.cell_type}_cell")
    except nbformat.ValidationError:
        return False
    return True
