"""The measured numbers in README.md and teaching/: **0.5** (claim 1.4) [0.4 to 0.6].

The value is the stored lesson's, the range that of the seeds printed in CLAIMS.md. Both
move when a lesson is stored anew, or on another machine; so they are set by the command
that moves them, and it says which sentences to read again.
"""

import re
from collections.abc import Mapping

from tools.course import files, notebooks

CITED = re.compile(r"\*\*([^*|]+)\*\*([^*|(]*)\(claim\s+(\d+\.\d+)\)")
RANGE = re.compile(r"\(claim\s+(\d+\.\d+)\)\s+\[(\S+)\s+to\s+(\S+)\]")
ROW = re.compile(r"^\| (?:✗ )?(\d+\.\d+) \|.*$", re.MULTILINE)
COLUMN = re.compile(r"(?<!\\) \| ")
BARE = re.compile(r"^(?:[✗○] )?(?:mean (.+) of \d+|(.+))$")  # a value and its signs
PRINTED = slice(3, 8)  # the columns of the seeds in a row of CLAIMS.md

Ends = tuple[str, str]


def ranges(page: str) -> dict[str, Ends]:
    """Return the smallest and the largest value in each row of CLAIMS.md's text."""
    found = {}
    for match in ROW.finditer(page):
        values = COLUMN.split(match[0].strip("| "))[PRINTED]
        bare = [BARE.sub(r"\1\2", value) for value in values]
        ends = [end for value in bare if value != "–" for end in value.split(" to ")]
        ends.sort(key=lambda end: float(end.replace(",", "")))
        if ends:
            found[match[1]] = ends[0], ends[-1]
    return found


def renewed(
    text: str, measured: Mapping[str, str], spans: Mapping[str, Ends]
) -> tuple[str, list[str]]:
    """Return a text with the values and the ranges as measured, and what has changed.

    `measured`: the value of each claim; `spans`: its range. What neither knows stays.
    """
    changes = []

    def put(match: re.Match, id: str, start: int, end: int, new: str) -> str:
        """Put `new` in the place of match.string[start:end]; wrapped lines are one."""
        old = " ".join(match.string[start:end].split())
        if old == new:
            return match[0]
        changes.append(f"claim {id} was {old}, and is {new}")
        text = match.string
        return text[match.start() : start] + new + text[end : match.end()]

    def value(match: re.Match) -> str:
        new = measured.get(match[3], " ".join(match[1].split()))
        return put(match, match[3], *match.span(1), new)

    def span(match: re.Match) -> str:
        new = " to ".join(spans.get(match[1], match.group(2, 3)))
        return put(match, match[1], match.start(2), match.end(3), new)

    return RANGE.sub(span, CITED.sub(value, text)), changes


def renew() -> list[str]:
    """Set every quoted number in README.md and teaching/; return a line per change."""
    measured = {
        claim["id"]: claim["measured"]
        for path in notebooks.lessons()
        for claim in notebooks.claims(notebooks.read(path))
    }
    ledger = files.ROOT / "CLAIMS.md"
    spans = ranges(ledger.read_text(encoding="utf-8")) if ledger.exists() else {}
    told = []
    for path in (*files.ROOT.glob("README.md"), *files.ROOT.glob("teaching/*.md")):
        text = path.read_text(encoding="utf-8")
        new, changes = renewed(text, measured, spans)
        if changes:
            files.write_whole(path, new)
        name = path.relative_to(files.ROOT).as_posix()
        told += [f"{name}, read the sentence again: {change}" for change in changes]
    return told
