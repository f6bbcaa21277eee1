"""Rules for teaching/: what a page says about a lesson is what stands in the lesson.

Each rule takes a page and returns the faults it finds, as lines.
"""

import re

from support.lesson_facts import facts, measured, over_seeds, plain
from support.readme import README, cells, faults
from support.readme import rows as readme_rows
from support.teaching_guide import Page, ids, named, paragraphs, rows, steps

from tools.course.quotes import RANGE

PARTS = (
    *("Aim", "Plan, ", "Before class, in class", "Where students stumble"),
    *("To argue about", "When time is short", "Homework"),
)
ELSEWHERE = {  # what a plan may name besides headings, claims and exercises
    "opening questions": "**Two questions from last time.**",
    "questions to argue about": "For a class",
}


def has_the_lessons_title(page: Page) -> list[str]:
    """The page has the title of its lesson."""
    title = facts()[page.number].title
    return (
        [] if page.title == title else [f"its title is {page.title!r}, not {title!r}"]
    )


def has_all_parts(page: Page) -> list[str]:
    """Every page has its parts, in order, and something under each."""
    heads = list(page.parts)
    right = len(heads) == len(PARTS) and all(map(str.startswith, heads, PARTS))
    empty = [
        f"nothing under {head!r}"
        for head, text in page.parts.items()
        if not text.strip()
    ]
    return empty if right else [f"its parts are {heads}", *empty]


def has_plans_that_add_up(page: Page) -> list[str]:
    """The minutes of a plan sum to those of its heading; so do the short version's."""
    found = []
    heading = next((h for h in page.parts if h.startswith("Plan, ")), "")
    if heading not in ("Plan, 90 minutes", "Plan, 45 minutes"):
        found.append(f"{heading!r} is no plan of 90 or 45 minutes")
    total = sum(int(row[0]) for row in rows(page.part("Plan")))
    if heading != f"Plan, {total} minutes":
        found.append(f"{heading!r}, but its minutes are {total}")
    short = [line for line in paragraphs(page.part("When")) if " minutes:**" in line]
    for line in short or [""]:
        minutes = re.findall(r": (\d+)", line)
        said = re.search(r"\*\*(\d+) minutes:\*\*", line)
        if not said or int(said[1]) != sum(map(int, minutes)):
            found.append(f"the short version does not add up: {line!r}")
    return found


def has_plans_of_the_lesson(page: Page) -> list[str]:
    """What a plan runs is in the lesson, word for word."""
    lesson, found = facts()[page.number], []
    for *_, used in rows(page.part("Plan")):
        for piece in used.split(" · "):
            in_lesson = (
                piece in lesson.headings or ELSEWHERE.get(piece, "\0") in lesson.text
            )
            other = re.fullmatch(r"lesson (\d\d)", piece)
            listed = re.fullmatch(rf"(claim|exercise)s? {int(page.number)}\..*", piece)
            if not (in_lesson or listed or (other and other[1] in facts())):
                found.append(f"the lesson has no {piece!r}")
    return found


def has_every_step_once(page: Page) -> list[str]:
    """Every step of the lesson is in the plan or left for home."""
    plan = page.part("Plan")
    table = "\n".join(row[-1] for row in rows(plan))
    home = [line for line in paragraphs(plan) if line.startswith("Left for home:")]
    said = steps(table, page.number) + steps("\n".join(home), page.number)
    have = [(page.number, n) for n in facts()[page.number].steps]
    right = sorted(said) == have
    return [] if right else [f"steps {sorted(said)}, the lesson has {have}"]


def names_what_exists(page: Page) -> list[str]:
    """Steps, claims and exercises that are named exist."""
    known = {id for lesson in facts().values() for id in lesson.bank}
    have = {number: lesson.steps for number, lesson in facts().items()}
    found = [
        f"lesson {number} has no step {n}"
        for number, n in steps(page.text, page.number)
        if n not in have.get(number, ())
    ]
    text = " ".join(paragraphs(page.text))
    found += [
        f"there is no claim {i}" for i in named(text, "claim") if i not in measured()
    ]
    exercises = named(text, "exercise") + ids(page.part("Homework"))
    return found + [f"there is no exercise {i}" for i in exercises if i not in known]


def uses_every_exercise(page: Page) -> list[str]:
    """Every exercise is done in class or at home."""
    used = named(page.part("Plan"), "exercise") + ids(page.part("Homework"))
    return [f"nobody does {id}" for id in facts()[page.number].bank if id not in used]


def quotes_values_as_measured(page: Page) -> list[str]:
    """A **value** (claim 1.4) is the lesson's, a [range] that of CLAIMS.md's seeds."""
    found, lines = [], [p for p in paragraphs(page.text) if p[0] != "|"]
    for line in lines:
        wrong = faults(line, measured())
        found += [fault for fault in wrong if "cites none" not in fault]
        for id, *ends in RANGE.findall(line):
            if tuple(ends) != over_seeds().get(id):
                found.append(f"claim {id}: {ends}, in CLAIMS.md {over_seeds().get(id)}")
    return found


def quotes_the_bank(page: Page) -> list[str]:
    """A misconception's exercise exists, and its words are those of one message."""
    table = rows(page.part("Where"))
    found = [] if 4 <= len(table) <= 6 else [f"{len(table)} misconceptions, not 4 to 6"]
    for exercise, _, quoted, *ask_and_look in table:
        messages = facts()[page.number].bank.get(exercise, [])
        words = quoted.strip('"')
        if quoted != f'"{words}"' or not any(words in text for text in messages):
            found.append(f"{exercise} has no message with {quoted}")
        if "?" not in ask_and_look[0]:
            found.append(f"{exercise}: nothing is asked back")
    return found


def points_at_the_page(page: Page) -> list[str]:
    """What a misconception's row quotes from the page to point at is there."""
    said = plain(facts()[page.number].text)
    places = [row[-1] for row in rows(page.part("Where"))]
    quoted = [words for place in places for words in re.findall(r'"([^"]+)"', place)]
    return [
        f"the page does not say {words!r}"
        for words in quoted
        if not re.search(".{,80}".join(map(re.escape, words.split(" … "))), said)
    ]


def asks_the_lessons_questions(page: Page) -> list[str]:
    """A and B are the lesson's two questions (one taught in 45 minutes may have none);
    each has a tempting answer and an answer."""
    items = [plain(line) for line in paragraphs(page.part("To argue"))]
    asked = facts()[page.number].questions
    found = [
        f"not the lesson's: {q!r}"
        for q, item in zip(asked, items, strict=False)
        if q not in item
    ]
    if len(asked) != 2 and (asked or not page.part("Plan, 45")):
        found.append(f"the lesson asks a class {len(asked)} questions, not 2")
    least = 4 if asked else 2
    if len(items) < least:
        found.append(f"{len(items)} questions, at least {least}")
    for item in items:
        if not re.fullmatch(r"- [A-E]\. .+ Tempting: .+ Answer: .+", item):
            found.append(f"no tempting answer, or no answer: {item[:40]!r}")
    return found


def opens_with_the_lessons_cost(page: Page) -> list[str]:
    """It begins with the lesson, the README's seconds, own data, and what is learnt."""
    lesson = facts()[page.number]
    top, gain = [*paragraphs(page.text)[1:], "", ""][:2]
    *_, cost, _ = row_of(lesson.name)
    seconds = f"(../notebooks/{lesson.name}.ipynb): {cost.removesuffix(' s')} seconds"
    found = [] if seconds in top else [f"no {seconds!r} in its first line"]
    if not gain.startswith("The class leaves with "):
        found.append(f"{gain[:40]!r} does not say what the class leaves with")
    home = page.part("Homework")
    named_twice = {n for n in lesson.own if f"`{n}" in top and f"`{n}" in home}
    return found + [f"{n} is not named" for n in lesson.own - named_twice]


def is_linked_in_the_readme(page: Page) -> list[str]:
    """The lesson's row in README.md ends in a link to its page, with the minutes."""
    minutes = sum(int(row[0]) for row in rows(page.part("Plan")))
    link = f"[{minutes} min](teaching/{page.number}.md)"
    *_, last = row_of(facts()[page.number].name)
    return (
        [] if last == link else [f"its row in README.md ends in {last!r}, not {link}"]
    )


def row_of(name: str) -> list[str]:
    """Return the cells of a lesson's row in README.md, two empty ones without it."""
    row = readme_rows(README).get(name)
    return cells(row) if row else ["", ""]


EVERY = (
    *(has_the_lessons_title, is_linked_in_the_readme, has_all_parts),
    *(has_plans_that_add_up, has_plans_of_the_lesson),
    *(has_every_step_once, names_what_exists, uses_every_exercise),
    *(quotes_values_as_measured, quotes_the_bank, points_at_the_page),
    *(asks_the_lessons_questions, opens_with_the_lessons_cost),
)
