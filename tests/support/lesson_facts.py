"""What stands in the lessons, as the rules for teaching/ need it."""

import importlib
import re
from dataclasses import dataclass
from functools import cache

from tools.course import notebooks
from tools.course.quotes import ranges
from tools.ledger.command import COMMITTED

EVERYWHERE = {"SEED", "BUDGET", "DEVICE"}


@dataclass(frozen=True)
class Facts:
    """What stands in one lesson; `bank`: the messages of each exercise."""

    name: str
    title: str
    text: str
    headings: tuple[str, ...]
    measured: dict[str, str]
    bank: dict[str, list[str]]
    own: frozenset[str]

    @property
    def steps(self) -> list[int]:
        """Return the numbers of the lesson's steps."""
        number = re.compile(r"^Step (\d+)(?: \(optional\))?\.", re.MULTILINE)
        return [int(n) for n in number.findall("\n".join(self.headings))]

    @property
    def questions(self) -> list[str]:
        """Return what the lesson asks a class, without the answers in brackets."""
        _, _, rest = self.text.partition("For a class")
        said = plain(re.sub(r"\([^()]*\)|$", "¶", rest.partition("**Next:**")[0]))
        said = re.sub(r"^\W*Two questions to argue about\.", "", said)
        return [match.strip() for match in re.findall(r"[^¶]*\?\"?", said)]


def plain(text: str) -> str:
    """Return a text without asterisks, on one line."""
    return " ".join(text.replace("*", "").split())


@cache
def facts() -> dict[str, Facts]:
    """Return what stands in each lesson, by its number."""
    found = {}
    for path in notebooks.lessons():
        nb, number = notebooks.read(path), path.stem[:2]
        text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
        bank = importlib.import_module(
            f"helpers.lessons.lesson{number}.exercises"
        ).EXERCISES
        found[number] = Facts(
            path.stem,
            notebooks.title(nb),
            text,
            tuple(re.findall(r"^##+ (.+)$", text, re.MULTILINE)),
            {claim["id"]: claim["measured"] for claim in notebooks.claims(nb)},
            {id: [wrong.message for wrong in e.wrong] for id, e in bank.items()},
            frozenset(notebooks.parameters(nb)) - EVERYWHERE,
        )
    return found


def measured() -> dict[str, str]:
    """Return the measured value of every claim of the course."""
    return {
        id: value
        for lesson in facts().values()
        for id, value in lesson.measured.items()
    }


@cache
def over_seeds() -> dict[str, tuple[str, str]]:
    """Return the smallest and the largest value in each row of CLAIMS.md."""
    return ranges(COMMITTED.read_text(encoding="utf-8"))
