"""How a verdict on an exercise reads: the fault, then input, expected and received."""

import textwrap
from dataclasses import dataclass, field
from typing import Any

from helpers.page.compare import describe, first_difference, told_apart

LONGEST = 200  # characters of an error
WIDTH = 88  # of a line: JupyterLab would break a longer one within a word


@dataclass(frozen=True)
class Verdict:
    """What `check` found: state is "correct", "not attempted" or "wrong"."""

    state: str
    message: str


@dataclass(frozen=True)
class Raised:
    """What came back from an answer that stopped with an error, in a line of its own:
    number and text."""

    error: str
    line: tuple[int, str] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Wording:
    """What is said of an answer that is right, and what stands before the reason why
    one is wrong."""

    right: str
    before: str = ""


ON_VISIBLE = Wording("correct")
ONLY_SHOWN = "Right on the examples shown, wrong on others."
ON_HIDDEN = Wording("correct on other inputs too", f"{ONLY_SHOWN} ")
DIFFERS = "the result differs from the reference."


def headline(wording: Wording, known: str, found: str, got: Any) -> str:
    """Return the first line: the misconception if known, how the code stopped, or what
    is `found` out about the result (its kind; how its values relate to the right)."""
    stopped = f"Your code stopped with {got.error}" if isinstance(got, Raised) else ""
    if reason := known or stopped:
        return wording.before + reason
    if wording.before:
        return wording.before + (found[0].upper() + found[1:] if found else "")
    return f"Not yet: {found or DIFFERS}"


def details(case: tuple, expected: Any, got: Any, tolerance: float) -> list[str]:
    """Return the lines with input, expected and received.

    For an error: where it arose instead. Where a value is asked for (no input), what
    was expected is the solution, and not shown.
    """
    lines = [f"for        {', '.join(map(shown, case))}"] if case else []
    if isinstance(got, Raised):
        if got.line:
            number, text = got.line
            lines.append(f"line {number:<5} {text}".rstrip())
        return lines
    received, wanted = shown_apart(got, expected)
    lines += [f"expected   {wanted}"] if case else []
    lines.append(f"received   {received}")
    if case and (different := first_difference(got, expected, tolerance)):
        lines.append(f"compared   {different}")
    return lines


def shown_apart(got: Any, expected: Any) -> tuple[str, str]:
    """Return short texts of two values, with as many digits as it takes to differ."""
    try:
        return told_apart(got, expected)
    except Exception:
        return shown(got), shown(expected)


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
