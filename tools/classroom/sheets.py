"""Grades as the CSV files that Canvas and Moodle import: classroom/grades/.

A student without a grade is left out: an empty cell would take away a grade that the
platform has. A cell that a spreadsheet would compute is written as text.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from helpers.core.files import text_digest
from tools.classroom.folder import Classroom
from tools.classroom.roster import NAME, Roster
from tools.course import files, notebooks

FOLDER = "grades"
# Canvas wants these five first, in this order; a title may end in its number: (1234).
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_TITLE = r"\(\d+\)$"
POINTS = "    Points Possible"  # by this Canvas knows the line
# Moodle asks which column is what; these are the names in its own export.
MOODLE = ("Email address", "ID number", "Username")
MOODLE_TITLE = r"\(Real\)$"
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
COMPUTED = re.compile(r"\s*[=+\-@＝＋－＠]")

Points = Mapping[str, Mapping[str, float]]


def write_sheets(
    room: Classroom, lesson: Path, points: Points, roster: Roster
) -> Iterator[str]:
    """Write a lesson's grades for both platforms, unless the teacher has edited a file:
    then beside it. Yield what to say about that.

    points: {student: {id of a check cell: points}}.
    """
    graded = {name: sum(row.values()) for name, row in points.items() if row}
    if not graded:
        return
    number, nb = lesson.stem[:2], notebooks.read(room.source(lesson))
    title = notebooks.title(nb) or lesson.stem
    most = sum(c.metadata.nbgrader.points for c in notebooks.exercises(nb))
    where = []
    for name, rows in (
        ("canvas", canvas(graded, roster, title, number, most)),
        ("moodle", moodle(graded, roster, title, number)),
    ):
        path, text = room.root / FOLDER / f"{name}-{number}.csv", as_csv(rows)
        beside = path.with_name(f"{path.stem}.new-{text_digest(text)[:8]}.csv")
        ours = room.written.is_ours(path)
        with files.writing(path.parent):
            written = files.put(path, text, ours=ours, beside=beside)
        if written == path:
            room.remember(path)
            where.append(room.written.name(path))
        else:
            new = room.written.name(written)
            yield f"{room.written.name(path)} is edited and stays; the new one is {new}"
    if where:
        yield f"grades: {', '.join(where)}"
    strangers = [name for name in graded if roster.rows and not roster.row(name)]
    if strangers:
        yield f"not in {NAME}: {', '.join(strangers)}"


def canvas(
    graded: Mapping[str, float], roster: Roster, title: str, number: str, most: float
) -> Iterator[Sequence[str]]:
    """Yield the lines of Canvas's file, its possible points the second."""
    yield [*CANVAS, roster.column_of(number, CANVAS_TITLE) or title]
    yield [POINTS, *[""] * (len(CANVAS) - 1), f"{most:g}"]
    for folder, score in graded.items():
        name, *ids = roster.cells(folder, CANVAS, login="SIS Login ID")
        yield [name or folder, *ids, f"{score:g}"]


def moodle(
    graded: Mapping[str, float], roster: Roster, title: str, number: str
) -> Iterator[Sequence[str]]:
    """Yield the lines of Moodle's file."""
    yield [*MOODLE, roster.column_of(number, MOODLE_TITLE) or title]
    for folder, score in graded.items():
        yield [*roster.cells(folder, MOODLE, login="Username"), f"{score:g}"]


def as_csv(rows: Iterator[Sequence[str]]) -> str:
    """Return lines as CSV, all cells as text that nothing computes."""
    said = StringIO()
    # All in quotes: else a spreadsheet that separates by ; would cut a name there.
    writer = csv.writer(said, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow(map(as_text, row))
    return said.getvalue()


def as_text(cell: str) -> str:
    """Return a cell without control characters, and with a ' where it would be taken
    for a formula."""
    cell = CONTROL.sub(" ", cell)
    return f"'{cell}" if COMPUTED.match(cell) and not NUMBER.fullmatch(cell) else cell
