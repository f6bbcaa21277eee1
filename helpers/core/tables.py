"""Tables for notebooks and the terminal, and how numbers are rounded in them."""

import html
from collections.abc import Iterable, Sequence
from numbers import Real


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
        numbers = [any(map(is_number, c)) for c in zip(*self.rows, strict=True)]
        right = [i for i, numeric in enumerate(numbers) if numeric]
        return text_table(lines, right, rule=False)

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


def number_text(number: float) -> str:
    """Return a number with three significant digits, whole numbers in full.

    Thus 0.9996 is "1.00", and only what is exactly one is "1".
    """
    if abs(number) < 1e15 and number == int(number):
        return f"{int(number):,}"
    if not 1e-3 <= abs(number) < 1e15:
        return f"{number:.1e}"
    # The `#` keeps the zeros of 0.300, and would leave a dot behind in 435.
    return f"{number:#.3g}".rstrip(".") if abs(number) < 999.5 else f"{number:,.0f}"


def exact_text(number: float) -> str:
    """Return a bound as its author wrote it: rounding it would state another one."""
    number = float(number)
    return number_text(number) if number.is_integer() else f"{number:.6g}"


def text_table(
    rows: Sequence[Sequence[str]], right: Sequence[int] = (), rule: bool = True
) -> str:
    """Return the rows, the first one a header, as aligned columns.

    `right`: the numbers of the columns that are aligned to the right. `rule`: draw a
    line below the header.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [
            text.rjust(width) if i in right else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    below = ["  ".join("-" * width for width in widths)] if rule else []
    return "\n".join([line(rows[0]), *below, *map(line, rows[1:])])
