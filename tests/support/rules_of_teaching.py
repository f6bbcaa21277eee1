"""Rules for TEACHING.md: what it says about a lesson is what stands in the lesson.

Each rule takes a section and the course, and returns the faults it finds, as lines.
"""

import re

from support.lesson_facts import facts, measured, over_seeds, plain
from support.readme import README, faults
from support.readme import rows as readme_rows
from support.teaching_guide import Section, ids, named, paragraphs, rows, steps

PARTS = (
    *("Aim", "Plan, ", "Before class, in class", "Where students stumble"),
    *("To argue about", "When time is short", "Homework"),
)
RANGE = re.compile(r"\(claim (\d+\.\d+)\) \[(\S+) to (\S+)\]")
ELSEWHERE = {  # what a plan may name besides headings, claims and exercises
    "opening questions": "**Two questions from last time.**",
    "questions to argue about": "For a class",
}


def has_all_parts(section: Section) -> list[str]:
    """Every lesson has its parts, in order, and something under each."""
    heads = list(section.parts)
    right = len(heads) == len(PARTS) and all(map(str.startswith, heads, PARTS))
    empty = [
        f"nothing under {head!r}"
        for head, text in section.parts.items()
        if not text.strip()
    ]
    return empty if right else [f"its parts are {heads}", *empty]


def has_plans_that_add_up(section: Section) -> list[str]:
    """The minutes of a plan sum to those of its heading; so do the short version's."""
    found = []
    heading = next((h for h in section.parts if h.startswith("Plan, ")), "")
    if heading not in ("Plan, 90 minutes", "Plan, 45 minutes"):
        found.append(f"{heading!r} is no plan of 90 or 45 minutes")
    total = sum(int(row[0]) for row in rows(section.part("Plan")))
    if heading != f"Plan, {total} minutes":
        found.append(f"{heading!r}, but its minutes are {total}")
    short = [line for line in paragraphs(section.part("When")) if " minutes:**" in line]
    for line in short or [""]:
        minutes = re.findall(r": (\d+)", line)
        said = re.search(r"\*\*(\d+) minutes:\*\*", line)
        if not said or int(said[1]) != sum(map(int, minutes)):
            found.append(f"the short version does not add up: {line!r}")
    return found


def has_plans_of_the_lesson(section: Section) -> list[str]:
    """What a plan runs is in the lesson, word for word."""
    lesson, found = facts()[section.number], []
    for *_, used in rows(section.part("Plan")):
        for piece in used.split(" · "):
            in_lesson = (
                piece in lesson.headings or ELSEWHERE.get(piece, "\0") in lesson.text
            )
            other = re.fullmatch(r"lesson (\d\d)", piece)
            listed = re.fullmatch(
                rf"(claim|exercise)s? {int(section.number)}\..*", piece
            )
            if not (in_lesson or listed or (other and other[1] in facts())):
                found.append(f"the lesson has no {piece!r}")
    return found


def has_every_step_once(section: Section) -> list[str]:
    """Every step of the lesson is in the plan or left for home."""
    plan = section.part("Plan")
    table = "\n".join(row[-1] for row in rows(plan))
    home = [line for line in paragraphs(plan) if line.startswith("Left for home:")]
    said = steps(table, section.number) + steps("\n".join(home), section.number)
    have = [(section.number, n) for n in facts()[section.number].steps]
    right = sorted(said) == have
    return [] if right else [f"steps {sorted(said)}, the lesson has {have}"]


def names_what_exists(section: Section) -> list[str]:
    """Steps, claims and exercises that are named exist."""
    known = {id for lesson in facts().values() for id in lesson.bank}
    found = [
        f"lesson {number} has no step {n}"
        for number, n in steps(section.text, section.number)
        if n not in facts()[number].steps
    ]
    text = " ".join(paragraphs(section.text))
    found += [
        f"there is no claim {i}" for i in named(text, "claim") if i not in measured()
    ]
    exercises = named(text, "exercise") + ids(section.part("Homework"))
    return found + [f"there is no exercise {i}" for i in exercises if i not in known]


def uses_every_exercise(section: Section) -> list[str]:
    """Every exercise is done in class or at home."""
    used = named(section.part("Plan"), "exercise") + ids(section.part("Homework"))
    return [
        f"nobody does {id}" for id in facts()[section.number].bank if id not in used
    ]


def quotes_values_as_measured(section: Section) -> list[str]:
    """A **value** (claim 1.4) is the lesson's, a [range] that of CLAIMS.md's seeds."""
    found, lines = [], [p for p in paragraphs(section.text) if p[0] != "|"]
    for line in lines:
        wrong = faults(line, measured())
        found += [fault for fault in wrong if "cites none" not in fault]
        for id, *ends in RANGE.findall(line):
            if tuple(ends) != over_seeds().get(id):
                found.append(f"claim {id}: {ends}, in CLAIMS.md {over_seeds().get(id)}")
    return found


def quotes_the_bank(section: Section) -> list[str]:
    """A misconception's exercise exists, and its words are those of one message."""
    table = rows(section.part("Where"))
    found = [] if 4 <= len(table) <= 6 else [f"{len(table)} misconceptions, not 4 to 6"]
    for exercise, _, quoted, *ask_and_look in table:
        messages = facts()[section.number].bank.get(exercise, [])
        words = quoted.strip('"')
        if quoted != f'"{words}"' or not any(words in text for text in messages):
            found.append(f"{exercise} has no message with {quoted}")
        if "?" not in ask_and_look[0]:
            found.append(f"{exercise}: nothing is asked back")
    return found


def points_at_the_page(section: Section) -> list[str]:
    """What a misconception's row quotes from the page to point at is there."""
    page = plain(facts()[section.number].text)
    places = [row[-1] for row in rows(section.part("Where"))]
    quoted = [words for place in places for words in re.findall(r'"([^"]+)"', place)]
    return [
        f"the page does not say {words!r}"
        for words in quoted
        if not re.search(".{,80}".join(map(re.escape, words.split(" … "))), page)
    ]


def asks_the_lessons_questions(section: Section) -> list[str]:
    """A and B are the lesson's questions; each has a tempting answer and an answer."""
    items = [plain(line) for line in paragraphs(section.part("To argue"))]
    asked = facts()[section.number].questions
    found = [
        f"not the lesson's: {q!r}"
        for q, item in zip(asked, items, strict=False)
        if q not in item
    ]
    least = 4 if asked else 2
    if len(items) < least:
        found.append(f"{len(items)} questions, at least {least}")
    for item in items:
        if not re.fullmatch(r"- [A-E]\. .+ Tempting: .+ Answer: .+", item):
            found.append(f"no tempting answer, or no answer: {item[:40]!r}")
    return found


def opens_with_the_lessons_cost(section: Section) -> list[str]:
    """The first line links the lesson with the README's seconds, and names own data."""
    lesson, top = facts()[section.number], paragraphs(section.text)[0]
    cost = readme_rows(README)[lesson.name].rstrip("| ").rpartition("| ")[2]
    seconds = f"(notebooks/{lesson.name}.ipynb): {cost.removesuffix(' s')} seconds"
    found = [] if seconds in top else [f"no {seconds!r} in its first line"]
    home = section.part("Homework")
    named_twice = {n for n in lesson.own if f"`{n}" in top and f"`{n}" in home}
    return found + [f"{n} is not named" for n in lesson.own - named_twice]


EVERY = (
    *(has_all_parts, has_plans_that_add_up, has_plans_of_the_lesson),
    *(has_every_step_once, names_what_exists, uses_every_exercise),
    *(quotes_values_as_measured, quotes_the_bank, points_at_the_page),
    *(asks_the_lessons_questions, opens_with_the_lessons_cost),
)
