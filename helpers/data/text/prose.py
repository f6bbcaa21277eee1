"""Extract and clean paragraphs of plain English from docstrings."""

import re
import string
from collections.abc import Iterator

SHORTEST, LONGEST = 60, 1500  # characters of a paragraph
LETTERS = " " + string.ascii_letters
PROSE = 0.88  # the smallest share of letters and blanks
TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."})
# What prose never holds, in the text as it was written, line by line.
NO_PROSE = re.compile(
    r"""
      >>> | ::= | :math: | [{}|\\$^]           # sessions, grammars, tables, maths
    | ^\s*(\.\.(\s|$) | @\w | \[\w+\])         # directives, tags, footnotes
    | ^\s*:\w[^:]*:(\s|$)                      # field lists
    | ^\s*[*\w][*\w, ]*\s:(\s|$)               # x : int
    | ^\s*\*{0,2}\w+\s?\([^)]*\):              # x (int): a width
    | ^\s*(args?|arguments|keyword\s\w+|kwargs|parameters|params|attributes|inputs?
        |outputs?|returns?|raises|yields|examples?|usage|shape):   # their headings
    | ^\s*([-*+]|\d+[.)])\s                    # lists
    | ^(?P<margin>\ *)[\w.]+\n(?P=margin)\ +\S # a word and, below it, what it means
    | \S\ {3,}\S | [-=~#*_+"]{4,}              # columns and underlines
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
# Markup to be taken off, and what stays of it: quotes, roles and code, emphasis.
MARKUP = (
    (re.compile(r"\s*\[\w+\]_"), ""),  # a reference to a footnote
    (re.compile(r"`{1,2}([^`'\s]+)'{1,2}(?!\w)"), r"'\1'"),
    (re.compile(r"(?::[\w:+-]+:)?`{1,2}~?([^`]+?)(?:\s+<[^`]*>)?`{1,2}_{0,2}"), r"\1"),
    (re.compile(r"(?<![\w*])(\*{1,2})(?=\S)([^*]+)(?<=\S)\1(?![\w*])"), r"\2"),
)


def paragraphs(docstring: str) -> Iterator[str]:
    """Yield the paragraphs of prose in a docstring, each on one line."""
    before = ""
    for block in re.split(r"\n\s*\n", docstring.expandtabs()):
        # What "::" announces is an example, whatever it looks like.
        if not before.endswith("::") and not NO_PROSE.search(block):
            text = plain(block)
            if is_prose(text):
                yield text
        before = block.rstrip()


def plain(block: str) -> str:
    """Return a block on one line, without markup and typographic signs."""
    text = " ".join(block.split()).translate(TYPOGRAPHY)
    for markup, inside in MARKUP:
        text = markup.sub(inside, text)
    return re.sub(r":?\s*::$", ":", text)


def is_prose(text: str) -> bool:
    """Return whether a line reads like whole sentences of English in ASCII."""
    n_letters = sum(map(text.count, LETTERS))
    return (
        SHORTEST <= len(text) <= LONGEST
        and text.isascii()
        and text.isprintable()
        and "`" not in text
        and text[0].isupper()
        and text[-1] in ".:!?"
        and n_letters >= PROSE * len(text)
    )


def words(text: str) -> str:
    """Return the words in lower case: two paragraphs that share them are one."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
