"""How a verdict on an exercise reads: the fault, then input, expected and received."""

import textwrap
from dataclasses import dataclass
from typing import Any

from helpers.page.compare import describe, first_difference

LONGEST = 200  # characters of an error
WIDTH = 88  # of a line: JupyterLab would break a longer one within a word


@dataclass(frozen=True)
class Verdict:
    """What `check` found: state is "correct", "not attempted" or "wrong"."""

    state: str
    message: str


@dataclass(frozen=True)
class Raised:
    """What came back from an answer that stopped with an error."""

    error: str


@dataclass(frozen=True)
class Wording:
    """What is said of an answer that is right, or wrong for no known reason, and what
    stands before a known one."""

    right: str
    wrong: str
    before: str = ""


ON_VISIBLE = Wording("correct", "Not yet: the result differs from the reference.")
ONLY_SHOWN = "Right on the examples shown, wrong on others."
ON_HIDDEN = Wording("correct on other inputs too", ONLY_SHOWN, f"{ONLY_SHOWN} ")


def headline(wording: Wording, known: str | None, got: Any) -> str:
    """Return the first line: the misconception if known, or how the code stopped."""
    stopped = f"Your code stopped with {got.error}" if isinstance(got, Raised) else None
    reason = known or stopped
    return wording.before + reason if reason else wording.wrong


def details(case: tuple, expected: Any, got: Any, tolerance: float) -> list[str]:
    """Return the lines with input, expected and received."""
    lines = [f"for        {', '.join(map(shown, case))}"] if case else []
    lines.append(f"expected   {shown(expected)}")
    lines.append(f"received   {got.error if isinstance(got, Raised) else shown(got)}")
    if different := first_difference(got, expected, tolerance):
        lines.append(f"compared   {different}")
    return lines


def shown(value: Any) -> str:
    """Return a short text for a value, even for one that cannot be printed."""
    try:
        return describe(value)
    except Exception as error:
        return f"a {type(value).__name__} that cannot be shown: {in_a_line(error)}"


def in_a_line(error: BaseException) -> str:
    """Return the kind and the message of an error, cut when long."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(": ")
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def wrapped(text: str) -> str:
    """Return a verdict whose lines fit the page, continued under where they began."""
    return "\n".join(map(wrapped_line, text.splitlines()))


def wrapped_line(line: str) -> str:
    """Return a line broken between words: a headline is continued below its text, a
    value below the value."""
    indent = " " * (14 if line.startswith("   ") else line.find("  ") + 2)
    fill = textwrap.TextWrapper(WIDTH, subsequent_indent=indent)
    fill.break_long_words = fill.break_on_hyphens = False
    return fill.fill(line)
