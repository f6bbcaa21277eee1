"""The class list of a teacher, classroom/students.csv: who a folder's student is for
Canvas or Moodle.

It is what the platform exports as its grades, with a column `folder` added: the name
under submitted/. It stays where it is, and nothing writes it.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from unicodedata import normalize

from helpers.core.errors import UserError

NAME = "students.csv"
FOLDER = "folder"


@dataclass(frozen=True)
class Roster:
    """A class list: its columns, and {folder: {column in small letters: cell}}."""

    columns: tuple[str, ...] = ()
    rows: dict[str, dict[str, str]] = field(default_factory=dict)

    def row(self, folder: str) -> dict[str, str]:
        """Return what the list says of a student, {} where it says nothing."""
        return self.rows.get(normalize("NFC", folder), {})  # macOS spells é as e and ´

    def cells(self, folder: str, columns: Iterable[str], login: str) -> list[str]:
        """Return what the list says of a student in these columns, "" where it says
        nothing. Of one who is not in it, only the folder's name, as the `login`."""
        row = self.row(folder) or {login.lower(): folder}
        return [row.get(column.lower(), "") for column in columns]

    def column_of(self, number: str, pattern: str) -> str:
        """Return the one column of grades whose name begins with a lesson's number and
        fits a pattern; "" where none does, or several."""
        begins = re.compile(rf"(^|: ?){number}\b.*{pattern}")  # "Assignment: 01 …"
        found = [column for column in self.columns if begins.search(column)]
        return found[0] if len(found) == 1 else ""


def read_roster(root: Path) -> Roster:
    """Return the class list of the classroom at `root`, an empty one without a file.

    Raises UserError for a file that is no such list.
    """
    path = root / NAME
    if not path.exists():
        return Roster()
    try:
        text = path.read_text(encoding="utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        columns, *rows = csv.reader(StringIO(text, newline=""), delimiter=separator)
    except (OSError, ValueError, csv.Error) as error:
        reason = type(error).__name__
        raise UserError(
            f"{path} cannot be read ({reason}): save it as CSV in UTF-8."
        ) from error
    columns = tuple(column.strip() for column in columns)
    keys = [column.lower() for column in columns]
    if FOLDER not in keys:
        raise UserError(
            f"{path} needs a column {FOLDER!r}, the names under submitted/; "
            f"it has {', '.join(columns)}."
        )
    found = {}
    for row in rows:
        cells = dict(zip(keys, map(str.strip, row), strict=False))
        folder = normalize("NFC", cells.get(FOLDER, ""))
        if folder in found:
            raise UserError(f"{path} has two lines for the folder {folder!r}.")
        if folder:  # Canvas's line of possible points has none
            found[folder] = cells
    return Roster(columns, found)
