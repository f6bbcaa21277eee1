"""The map of the course: which lesson needs which, read from the lessons' openings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.core.files import ROOT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# One sentence: "**Needs:** [02 ResNet](…) and [05 …](…)." What follows it only helps.
NEEDS = re.compile(r"\*\*Needs:\*\* (.+?)\.(?= |$)", re.MULTILINE)
LESSON = re.compile(r"\]\((\d\d)_[^)]*\.ipynb\)")
STUDY = re.compile(r"(?:(\S+) to )?(\S+) (minutes|hours) of study")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HIGHEST, ROW = 6.0, 0.55  # inches: of the whole map, and of one lesson in it
BOX = (2.7, 0.3)
LANE = 0.22  # from one arrow that passes lessons by to the next


@dataclass(frozen=True)
class Opening:
    """What the first cell of a lesson says: its title, such as "02 · ResNet", the
    numbers of the lessons that it needs, and its study time in hours, from and to."""

    title: str
    needs: tuple[str, ...]
    hours: tuple[float, float]

    @property
    def number(self) -> str:
        """Return the lesson's number, such as "02"."""
        return self.title[:2]


def openings(folder: Path | None = None) -> list[Opening]:
    """Return the openings of the lessons in a folder, in the order of the course: where
    the page runs, if not given, or the checkout's where there are more."""
    places = [folder] if folder else [Path.cwd(), ROOT / "notebooks", ROOT / "study"]
    lessons = max((lessons_in(place) for place in places), key=len)
    return [opening(first_cell(path)) for path in lessons.values()]


def lessons_in(folder: Path) -> dict[str, Path]:
    """Return the notebooks of the lessons, by number; a newer edition beside a
    learner's own does not count."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    return {path.name[:2]: path for path in found if ".new-" not in path.name}


def first_cell(path: Path) -> str:
    """Return the source of a notebook's first cell."""
    return "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])


def opening(text: str) -> Opening:
    """Return what a first cell says; a lesson without such lines needs nothing."""
    title = text.partition("\n")[0].removeprefix("# ")
    said = NEEDS.search(text)
    return Opening(title, tuple(LESSON.findall(said[1] if said else "")), hours(text))


def hours(text: str) -> tuple[float, float]:
    """Return the study time that a text names, in hours, from and to: (3, 4) for "three
    to four hours of study", (0, 0) where it names none."""
    said = STUDY.search(text)
    if not said:
        return 0.0, 0.0
    low, high, unit = said.groups()
    size = 60 if unit == "minutes" else 1
    return count(low or high) / size, count(high) / size


def count(word: str) -> float:
    """Return the number that a word or numeral stands for."""
    return WORDS.index(word) if word in WORDS else float(word)


def way_to(number: str, lessons: Sequence[Opening]) -> list[Opening]:
    """Return the lessons that lead to one, itself the last, in the order of the course:
    those that are there, so none where it is not."""
    known = {lesson.number: lesson for lesson in lessons}
    wanted, found = [number], set()
    while wanted:
        if (here := wanted.pop()) in known:
            found.add(here)
            wanted += known[here].needs
    return [lesson for lesson in lessons if lesson.number in found]


def hours_of(lessons: Sequence[Opening]) -> str:
    """Return the study time of lessons together, to the hour."""
    low, high = (sum(lesson.hours[end] for lesson in lessons) for end in (0, 1))
    span = f"{low:.0f} to {high:.0f}" if round(low) < round(high) else f"{low:.0f}"
    return f"{span} hours"


def in_words(lessons: Iterable[Opening]) -> str:
    """Return the map as sentences: "02 needs 01. 06 needs 02 and 05."."""
    said = [
        f"{lesson.number} needs {' and '.join(lesson.needs) or 'nothing'}."
        for lesson in lessons
    ]
    return " ".join(["Map of the lessons.", *said])


def study_time(lesson: Opening) -> str:
    """Return a lesson's study time: "3 to 4 hours", "40 minutes", "" for none."""
    low, high = lesson.hours
    if high < 1:
        return f"{60 * high:.0f} minutes" if high else ""
    return f"{low:g} to {high:g} hours" if low < high else f"{high:g} hours"


def arrows(lessons: Sequence[Opening]) -> list[tuple[int, int, int]]:
    """Return (from, to, lane) for each need, as places in the course. Lane 0 leads to
    the next lesson; others pass lessons by, and no two that overlap share a lane."""
    place = {lesson.number: n for n, lesson in enumerate(lessons)}
    pairs = [
        (place[need], place[lesson.number])
        for lesson in lessons
        for need in lesson.needs
        if need in place
    ]
    found: list[tuple[int, int, int]] = []
    for start, end in sorted(pairs, key=lambda pair: pair[1] - pair[0]):
        taken = {lane for a, b, lane in found if lane and a < end and start < b}
        free = next(lane for lane in range(1, len(pairs) + 1) if lane not in taken)
        found.append((start, end, free if end - start > 1 else 0))
    return found


def draw(lessons: Sequence[Opening]) -> Figure:
    """Return the map: a box for each lesson, with an arrow from each that it needs."""
    from helpers.plots.diagrams import arrow, box, canvas

    row = min(ROW, HIGHEST / len(lessons))
    wide, high = BOX
    links = arrows(lessons)
    left = 0.1 + LANE * (1 + max((lane for *_, lane in links), default=0))
    ax = canvas(left + wide + 1.4, row * len(lessons), "What each lesson rests on")
    heights = [row * (len(lessons) - n - 0.5) for n in range(len(lessons))]
    for lesson, y in zip(lessons, heights, strict=True):
        box(ax, (left + wide / 2, y), lesson.title, BOX)
        ax.text(left + wide + 0.15, y, study_time(lesson), va="center", fontsize=9)
    for start, end, lane in links:
        below, above = heights[start] - high / 4, heights[end] + high / 4
        x = left - lane * LANE
        if lane:
            arrow(ax, (left, below), (x, below), (x, above), (left, above))
        else:
            x = left + wide / 2
            arrow(ax, (x, below - high / 4), (x, above + high / 4))
    return ax.figure
