"""Names and paths as a line of text can show them; for showing alone, never to open."""

from pathlib import PurePath

LONGEST = 200  # characters of a path that a sentence shows
# What a backslash and a letter mean inside Python's quotes.
ESCAPES = {
    "\n": "a newline",
    "\t": "a tab",
    "\r": "a carriage return",
    "\a": "a bell",
    "\b": "a backspace",
    "\f": "a form feed",
    "\v": "a vertical tab",
    "\0": "a NUL",
}


def printable(name: str) -> str:
    """Return a file's name as a line can show it: a line break as \\n, and so on."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in name
    )


def quoted(path: str | PurePath) -> str:
    """Return a path in quotes, cut where it is overlong. Where it holds what no path
    holds on purpose, a note in parentheses says what, and how to write a backslash."""
    said = repr(str(path)[:LONGEST])
    held = [name for c, name in ESCAPES.items() if c in str(path)]
    if not held or len(str(path)) > LONGEST:  # the latter is a text, and no path
        return said
    return (
        f"{said} (it holds {' and '.join(held)}: a backslash inside quotes begins a "
        "sign of its own; write / for each \\, or an r before the quotes)"
    )
