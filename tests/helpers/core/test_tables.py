"""A table reads well in a terminal and in a notebook."""

import pytest

from helpers.core.tables import Table

TABLE = Table(
    ["net", "weights", "accuracy", "skips"],
    [["plain", 1234567, 0.5, False], ["a long name", -12, 99.8765, True]],
)


def test_text_is_aligned_left_and_numbers_right():
    assert repr(TABLE).split("\n") == [
        "net            weights  accuracy  skips",
        "plain        1,234,567     0.500  False",
        "a long name        -12      99.9  True",
    ]


def test_html_is_aligned_left_and_right():
    left, right = '<td style="text-align:left">', '<td style="text-align:right">'
    assert Table(["a", "b"], [["x", 1000], ["y", 0.25]])._repr_html_() == (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>"
        f"<tr>{left}x</td>{right}1,000</td></tr>"
        f"<tr>{left}y</td>{right}0.250</td></tr></tbody></table>"
    )


def test_a_column_with_a_number_is_aligned_right():
    lines = repr(Table(["a", "value"], [["x", "-"], ["y", 7]])).split("\n")
    assert lines == ["a  value", "x      -", "y      7"]


def test_a_wide_header_widens_its_column():
    lines = repr(Table(["number", "name"], [[1, "x"]])).split("\n")
    assert lines == ["number  name", "     1  x"]


def test_html_is_escaped_and_the_terminal_shows_what_was_given():
    table = Table(["<a>"], [["x < y & z"], ["<b>"]])
    page = table._repr_html_()
    assert "<th>&lt;a&gt;</th>" in page and ">x &lt; y &amp; z</td>" in page
    assert "<b>" not in page
    assert repr(table) == "<a>\nx < y & z\n<b>"


@pytest.mark.parametrize("row", [[], [1], [1, 2, 3]])
def test_a_row_of_another_length_is_refused(row):
    with pytest.raises(ValueError, match=f"{len(row)} entries for 2 columns"):
        Table(["a", "b"], [[1, 2], row])


def test_no_rows_leave_the_header():
    table = Table(["a", "bc"], [])
    assert repr(table) == "a  bc"
    assert "<th>bc</th></tr></thead><tbody></tbody>" in table._repr_html_()


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (-1000, "-1,000"),
        (1234.5678, "1,235"),
        (float("nan"), "nan"),
        (None, "None"),
        (True, "True"),
    ],
)
def test_entries_are_shown(entry, shown):
    assert repr(Table(["a"], [[entry]])).split("\n")[1].strip() == shown


def test_a_table_keeps_what_it_was_given():
    header, rows = ["a"], [(1,)]
    table = Table(header, rows)
    header[0] = "b"
    rows.append((2,))
    assert (table.header, table.rows) == (["a"], [[1]])
