"""A small table that a notebook shows well, and a terminal reads well."""

import html
from collections.abc import Iterable, Sequence
from numbers import Real

from helpers.claims import number_text


class Table:
    """Rows under a header; as the last value of a cell it is displayed.

    `rows`: sequences of as many entries as the header has. Numbers are aligned to the
    right, with three significant digits, whole ones in full. Raises ValueError for a
    row of another length.
    """

    def __init__(self, header: Sequence[str], rows: Iterable[Sequence]):
        self.header, self.rows = list(header), [list(row) for row in rows]
        columns = len(self.header)
        for row in self.rows:
            if len(row) != columns:
                raise ValueError(f"{len(row)} entries for {columns} columns: {row}")

    def __repr__(self) -> str:
        lines = [self.header, *[[text(entry) for entry in row] for row in self.rows]]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        right = [
            any(is_number(row[i]) for row in self.rows) for i in range(len(widths))
        ]
        return "\n".join(
            "  ".join(
                entry.rjust(width) if numeric else entry.ljust(width)
                for entry, width, numeric in zip(line, widths, right, strict=True)
            ).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.header)
        body = "".join(
            "<tr>" + "".join(map(html_cell, row)) + "</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def is_number(entry) -> bool:
    """True for what is aligned to the right."""
    return isinstance(entry, Real) and not isinstance(entry, bool)


def text(entry) -> str:
    """Return an entry as it is printed; numbers as in the lines of claims."""
    return number_text(entry) if is_number(entry) else str(entry)


def html_cell(entry) -> str:
    """Return one entry as a cell of an HTML table."""
    side = "right" if is_number(entry) else "left"
    return f'<td style="text-align:{side}">{html.escape(text(entry))}</td>'
