"""Answers handed in to the exercises, as a student would, and what the verdicts say.

`tests/handed_in/NN.toml` holds them by exercise: what slipped, the code in place of the
stub, and which words in a verdict would show the learner the slip. They were written
from the student edition alone. `right = true`: an unusual answer that is right;
`judged = "named"`: the verdict names the slip, in other words than these.
"""

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache

from helpers.core.files import ROOT
from helpers.page.exercises import Verdict, find, judge_answer
from tools.course import notebooks

FOLDER = ROOT / "tests" / "handed_in"


@dataclass(frozen=True)
class HandedIn:
    """One answer to exercise `id`: wrong by `slip`, or right."""

    id: str
    slip: str
    answer: str
    setup: str
    says: tuple[str, ...]
    right: bool
    judged: str

    @property
    def name(self) -> str:
        """Return exercise and slip: the name of a test."""
        return f"{self.id} {self.slip}"


def handed_in() -> list[HandedIn]:
    """Return all answers, by lesson and exercise."""
    return [one for path in sorted(FOLDER.glob("*.toml")) for one in of_lesson(path)]


def of_lesson(path) -> list[HandedIn]:
    """Return the answers of one file."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    setup = table.pop("setup", "")
    return [
        HandedIn(
            id,
            entry["slip"],
            entry["answer"],
            setup,
            tuple(entry.get("says", ())),
            entry.get("right", False),
            entry.get("judged", ""),
        )
        for id, entries in table.items()
        for entry in entries
    ]


@cache
def asked_names() -> dict[str, str]:
    """Return {exercise: the name that its check cell hands over}."""
    cells = [
        c
        for path in notebooks.lessons()
        for c in notebooks.code_cells(notebooks.read(path))
    ]
    calls = [
        node
        for cell in cells
        if "check(" in cell.source
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
    ]
    return {call.args[0].value: call.args[1].id for call in calls}


@cache
def verdict_on(one: HandedIn) -> Verdict:
    """Return the verdict on an answer, tried on visible and on hidden cases."""
    page = {"__name__": "page"}
    exec(compile(one.setup, "setup", "exec"), page)
    exec(compile(one.answer, f"answer {one.id}", "exec"), page)
    return judge_answer(find(one.id), page[asked_names()[one.id]], 0)


def named(one: HandedIn) -> bool:
    """Return whether the verdict says one of the words that show the slip, or the
    known mistake in it was judged to be this one."""
    if one.judged == "named" and known(one):
        return True
    lines = verdict_on(one).message.split("\n")
    text = " ".join(line for line in lines if not line.startswith("   for "))
    return any(re.search(words, text, re.IGNORECASE) for words in one.says)


def known(one: HandedIn) -> bool:
    """Return whether the verdict took the answer for one of the bank's own."""
    messages = [wrong.message for wrong in find(one.id).wrong]
    return any(message in verdict_on(one).message for message in messages)


def outcome(one: HandedIn) -> str:
    """Return "accepted", "named", "misnamed" (a known mistake, none of the words that
    were hoped for) or "generic"."""
    if verdict_on(one).state == "correct":
        return "accepted"
    if named(one):
        return "named"
    return "misnamed" if known(one) else "generic"
