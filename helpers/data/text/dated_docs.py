"""Documentation of known age: what a library's authors say was added before 2023, and
what was added after November 2024.

Authors mark what is new by ".. versionadded:: 1.6". Nothing is imported.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.run import progress_bar
from helpers.data.text.docstrings import NOT_THERE, UNREADABLE, sources
from helpers.data.text.libraries import Novelty
from helpers.data.text.prose import is_prose, paragraphs, plain

# The last release before 2023, and the first one after November 2024.
RELEASES = {
    "sklearn": ((1, 2), (1, 6)),
    "scipy": ((1, 9), (1, 15)),
}
# A mark that says more dates one option of something older: it is none of ours.
ADDED = re.compile(
    r"^( *)\.\. versionadded:: *v?(\d+)\.(\d+)[.\d]* *$(?!\n\1 +\S)", re.MULTILINE
)
AGES = ("old", "new")


@dataclass(frozen=True)
class Dated:
    """A paragraph of prose, the library it comes from and its age, "old" or "new"."""

    library: str
    age: str
    text: str


def dated_docs(library: str) -> list[Dated]:
    """Return the dated paragraphs of one of `RELEASES`, no two alike, the new ones
    unlike anything in the rest of the documentation that dates itself.

    Raises UserError for an unknown library, or one that is not installed.
    """
    if library not in RELEASES:
        raise UserError(f"{library!r} has no dates; known are {', '.join(RELEASES)}.")
    found = []
    files = sources(folder_of(library))
    for file in progress_bar(files, label=f"dating the docs of {library}"):
        for docstring in dating_docstrings(file):
            found += passages(docstring, library)
    novelty, kept = Novelty(), []
    # The undated and the old ones first: a new text that repeats them is not new.
    for age in ("", *AGES):
        fresh = [text for when, text in found if when == age and novelty.adds(text)]
        kept += [Dated(library, age, text) for text in fresh if age]
    return kept


def folder_of(library: str) -> Path:
    """Return the folder of a library. Raises UserError when it is not installed."""
    try:
        return Path(find_spec(library).submodule_search_locations[0])
    except NOT_THERE:
        raise UserError(f"The library {library} is not installed.") from None


def dating_docstrings(file) -> list[str]:
    """Return the docstrings in a file that dates something, or nothing."""
    try:
        source = file.read_bytes()
        if b"versionadded" not in source:
            return []
        with warnings.catch_warnings(action="ignore"):  # such as "invalid escape"
            tree = ast.parse(source)
    except UNREADABLE:
        return []
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return [ast.get_docstring(node) or "" for node in nodes]


def passages(docstring: str, library: str) -> Iterator[tuple[str, str]]:
    """Yield (age, paragraph): of the whole where that is dated, else of those of its
    parts, such as a parameter, that are; "" for what has no date, or one between."""
    marks = list(ADDED.finditer(docstring))
    whole = [mark for mark in marks if not mark[1]]
    age = age_of(whole[0], library) if whole else ""
    dated = {}
    for mark in marks:
        part = above(docstring, mark) if mark[1] and not age else ""
        for block in re.split(r"\n\s*\n", part):
            if is_prose(text := plain(block)):
                dated[text] = age_of(mark, library)
    for text in paragraphs(docstring):
        dated.setdefault(text, age)
    for text, when in dated.items():
        yield when, text


def age_of(mark: re.Match, library: str) -> str:
    """Return "old", "new" or, between the two or before all dates, ""."""
    version, (last, first) = (int(mark[2]), int(mark[3])), RELEASES[library]
    return "old" if version <= last else "new" if version >= first else ""


def above(docstring: str, mark: re.Match) -> str:
    """Return the text above a mark that is at least as far to the right: that of the
    parameter which the mark dates."""
    lines = []
    for line in reversed(docstring[: mark.start()].splitlines()):
        if line.strip() and len(line) - len(line.lstrip()) < len(mark[1]):
            break
        if line.strip().startswith(".."):  # an earlier mark: what is above is older
            break
        lines.insert(0, line)
    return textwrap.dedent("\n".join(lines))


def texts_of_age(library: str, age: str, length: int, n: int) -> list[str]:
    """Return at most `n` texts of at least `length` characters, each of whole
    paragraphs of one library and age, a line each; no paragraph stands in two. Where
    there are more, the `n` are evenly spread over them."""
    texts, lines = [], []
    for passage in dated_docs(library):
        if passage.age == age:
            lines.append(passage.text)
        if sum(map(len, lines)) >= length:
            texts.append("\n".join(lines))
            lines = []
    apart = max(1, len(texts) // n)
    return texts[::apart][:n]
