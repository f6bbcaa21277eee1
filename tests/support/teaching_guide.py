"""Reads teaching/: the page of each lesson, its parts, tables and references."""

import re
from dataclasses import dataclass

from tools.course import files

TEACHING = files.ROOT / "teaching"
ITEM = re.compile(r"(?:- |\d+\. |\|)")
ID = r"\d+\.\d+"
SPAN = re.compile(r"\b(\d+\.)(\d+) to \1(\d+)")
NAMED = re.compile(rf"\b(claim|exercise)s? ({ID}(?:(?:, | and | to ){ID})*)", re.I)
# "05, Step 9" is lesson 05's; minutes stand in front of a step too, but after a colon.
STEP = re.compile(
    r"(?:(?<!: )(?<![.\d])(\d\d), )?"
    r"\bStep(?: (\d+)|s (\d+)((?:(?:, | and | to )\d+)+))"
)


@dataclass(frozen=True)
class Page:
    """What a teacher is told about one lesson, "01": a title, then text by heading."""

    number: str
    text: str

    @property
    def title(self) -> str:
        """Return the heading that the page opens with, "" without one."""
        first = self.text.partition("\n")[0]
        return first.removeprefix("# ") if first.startswith("# ") else ""

    @property
    def parts(self) -> dict[str, str]:
        """Return the text under each heading of the second level."""
        _, *pieces = re.split(r"^## (.+)$", self.text, flags=re.MULTILINE)
        return dict(zip(pieces[::2], pieces[1::2], strict=True))

    def part(self, name: str) -> str:
        """Return the text under the heading that begins so, "" without one."""
        found = [text for head, text in self.parts.items() if head.startswith(name)]
        return found[0] if found else ""


def pages() -> dict[str, Page]:
    """Return the page of each lesson that has one, by the lesson's number."""
    found = sorted(TEACHING.glob("[0-9][0-9].md"))
    return {p.stem: Page(p.stem, p.read_text(encoding="utf-8")) for p in found}


def paragraphs(text: str) -> list[str]:
    """Return paragraphs, list items and rows of tables, each as one line."""
    found, going_on = [], False
    for line in text.splitlines():
        if going_on and line.strip() and not ITEM.match(line):
            found[-1] += " " + line.strip()
        elif line.strip():
            found.append(line.strip())
        going_on = bool(line.strip())
    return found


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]


def between(first: str, last: str, before: str = "") -> str:
    """Return "4, 5, 6" for "4" and "6", each with `before` in front of it."""
    return ", ".join(f"{before}{n}" for n in range(int(first), int(last) + 1))


def ids(text: str) -> list[str]:
    """Return the ids in a list such as "1.2, 1.4 to 1.6", spans filled in."""
    return re.findall(ID, SPAN.sub(lambda m: between(m[2], m[3], m[1]), text))


def named(text: str, kind: str) -> list[str]:
    """Return the ids of each "claim …" or "exercises …" in a text."""
    lists = [match[2] for match in NAMED.finditer(text) if match[1].lower() == kind]
    return [id for some in lists for id in ids(some)]


def steps(text: str, number: str) -> list[tuple[str, int]]:
    """Return (lesson, step) of each "Step 4", "Steps 1 to 3" or "05, Step 9"."""
    found = []
    for match in STEP.finditer(" ".join(paragraphs(text))):
        some = match[2] or match[3] + match[4]
        spread = re.sub(r"(\d+) to (\d+)", lambda m: between(m[1], m[2]), some)
        found += [(match[1] or number, int(n)) for n in re.findall(r"\d+", spread)]
    return found
