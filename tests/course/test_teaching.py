"""The teacher's guide says of each lesson what stands in it; each rule can fail."""

import re
from dataclasses import replace

import pytest
from support import rules_of_teaching
from support.lesson_facts import facts
from support.teaching_guide import (
    SECTION,
    Section,
    ids,
    named,
    paragraphs,
    rows,
    sections,
    steps,
)

from tools.course import files, notebooks

GUIDE = (files.ROOT / "TEACHING.md").read_text(encoding="utf-8")
LESSONS = {section.number: section for section in sections(GUIDE)}
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
OVERVIEW = re.compile(r"^\| \[(\d\d) ([^]]+)\]\(#[^)]+\) \| (\d+) \|", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors that a renderer gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(text: str) -> list[str]:
    """Return the relative links of a page at the root that lead nowhere."""
    return [
        f"{target}#{anchor}"
        for target, anchor in LINK.findall(text)
        if not (files.ROOT / target).exists()
        or (not target and anchor not in anchors(text))
    ]


def test_the_guide_has_every_lesson_in_order():
    lessons = {
        path.stem[:2]: notebooks.title(notebooks.read(path))
        for path in notebooks.lessons()
    }
    assert [(s.number, f"{s.number} · {s.title}") for s in LESSONS.values()] == [
        *lessons.items()
    ]


def test_the_overview_lists_each_lesson_with_the_minutes_of_its_plan():
    plans = {
        n: sum(int(r[0]) for r in rows(s.part("Plan"))) for n, s in LESSONS.items()
    }
    listed = {n: (title, int(minutes)) for n, title, minutes in OVERVIEW.findall(GUIDE)}
    assert listed == {n: (s.title, plans[n]) for n, s in LESSONS.items()}


@pytest.mark.parametrize(
    "heading",
    ["Before the day", "Hand out, collect, grade", "Show it", "Hubs and links"],
)
def test_the_guide_tells_how_to_run_it_for_a_class(heading):
    assert f"\n## {heading}\n" in GUIDE


@pytest.mark.parametrize("number", LESSONS)
@pytest.mark.parametrize(
    "rule", rules_of_teaching.EVERY, ids=lambda rule: rule.__name__
)
def test_what_it_says_of_a_lesson_is_true(rule, number):
    assert rule(LESSONS[number]) == []


def test_values_before_the_first_lesson_are_as_measured():
    before = Section("", "", GUIDE[: SECTION.search(GUIDE).start()])
    assert rules_of_teaching.quotes_values_as_measured(before) == []


def test_every_lesson_but_the_first_asks_two_questions():
    asked = {number: len(lesson.questions) for number, lesson in facts().items()}
    assert asked == {number: 2 if number > "00" else 0 for number in asked}


def test_every_link_leads_somewhere():
    assert broken_links(GUIDE) == []


@pytest.mark.parametrize("link", ["[a](notebooks/no.ipynb)", "[a](#no-heading)"])
def test_a_broken_link_is_seen(link):
    assert len(broken_links(f"# A page\n\n{link} [b](#a-page) [c](README.md)")) == 1


@pytest.mark.parametrize(
    ("rule", "old", "new", "fault"),
    [
        (rules_of_teaching.has_all_parts, "### Aim", "### Goal", "its parts are"),
        (
            rules_of_teaching.has_all_parts,
            "### Homework\n",
            "### Homework\n### More\n",
            "nothing",
        ),
        (
            rules_of_teaching.has_plans_that_add_up,
            "| 14 | **Vote**",
            "| 15 | **Vote**",
            "are 91",
        ),
        (
            rules_of_teaching.has_plans_that_add_up,
            "Plan, 90 m",
            "Plan, 80 m",
            "no plan of 90",
        ),
        (
            rules_of_teaching.has_plans_that_add_up,
            "the puzzle: 13",
            "the puzzle: 12",
            "not add up",
        ),
        (
            rules_of_teaching.has_plans_that_add_up,
            "**45 minutes:**",
            "Short:",
            "not add up",
        ),
        (
            rules_of_teaching.has_plans_of_the_lesson,
            "| Step 2. One",
            "| Step 2. A",
            "no 'Step 2.",
        ),
        (
            rules_of_teaching.has_plans_of_the_lesson,
            "| lesson 00 |",
            "| lesson 09 |",
            "lesson 09",
        ),
        (
            rules_of_teaching.has_plans_of_the_lesson,
            "| lesson 00 |",
            "| opening questions |",
            "ope",
        ),
        (
            rules_of_teaching.has_every_step_once,
            "home: Step 4, Step 9",
            "home: Step 4",
            "steps",
        ),
        (
            rules_of_teaching.has_every_step_once,
            "home: Step 4,",
            "home: Step 3, Step 4,",
            "steps",
        ),
        (
            rules_of_teaching.names_what_exists,
            "Step 9's, 7 s",
            "Step 19's, 7 s",
            "no step 19",
        ),
        (
            rules_of_teaching.names_what_exists,
            "Steps 4 and 9",
            "Steps 4 and 11",
            "no step 11",
        ),
        (
            rules_of_teaching.names_what_exists,
            "03, Step 13",
            "03, Step 23",
            "03 has no step 23",
        ),
        (
            rules_of_teaching.names_what_exists,
            "claims 1.1 to 1.6",
            "claims 1.1 to 1.66",
            "1.66",
        ),
        (
            rules_of_teaching.names_what_exists,
            "with exercise 1.5",
            "with exercise 1.9",
            "1.9",
        ),
        (
            rules_of_teaching.uses_every_exercise,
            "1.1, 1.6, 1.7, 1.8",
            "1.1, 1.6, 1.7",
            "1.8",
        ),
        (
            rules_of_teaching.has_plans_of_the_lesson,
            "· claims 1.7, 1.8",
            "· claims 2.7",
            "no 'cla",
        ),
        (
            rules_of_teaching.points_at_the_page,
            "Step 6, the frames",
            '"no such words"',
            "no such words",
        ),
        (rules_of_teaching.quotes_values_as_measured, "**20.1**", "**20.2**", "'20.2'"),
        (
            rules_of_teaching.quotes_values_as_measured,
            "**20.1**",
            "20.1",
            "without a **value**",
        ),
        (rules_of_teaching.quotes_values_as_measured, "[24.6 to", "[24.5 to", "24.6"),
        (
            rules_of_teaching.quotes_the_bank,
            '"These fields lie',
            '"Those fields lie',
            "1.6 has no",
        ),
        (
            rules_of_teaching.quotes_the_bank,
            "| 1.6 | lay",
            "| 1.7 | lay",
            "1.7 has no message",
        ),
        (
            rules_of_teaching.quotes_the_bank,
            '"These fields lie side by side"',
            "lie",
            "no message",
        ),
        (
            rules_of_teaching.quotes_the_bank,
            "centres of units 0 and 1?",
            "centres",
            "asked back",
        ),
        (
            rules_of_teaching.asks_the_lessons_questions,
            "the new neighbourhood",
            "it",
            "not the le",
        ),
        (
            rules_of_teaching.asks_the_lessons_questions,
            "- **D.**",
            "- **D",
            "no tempting",
        ),
        (
            rules_of_teaching.asks_the_lessons_questions,
            "*Answer:* equiv",
            "Equiv",
            "no answer",
        ),
        (
            rules_of_teaching.opens_with_the_lessons_cost,
            "90 seconds",
            "80 seconds",
            "90 seconds",
        ),
        (
            rules_of_teaching.opens_with_the_lessons_cost,
            "`PHOTO` with a",
            "A",
            "PHOTO is not",
        ),
        (
            rules_of_teaching.opens_with_the_lessons_cost,
            "with `PHOTO`.",
            ".",
            "PHOTO is not",
        ),
    ],
)
def test_a_fault_is_seen(rule, old, new, fault):
    section = LESSONS["01"]
    assert old in section.text, "the example is outdated"
    changed = replace(section, text=section.text.replace(old, new, 1))
    assert fault in "\n".join(rule(changed))


@pytest.mark.parametrize(
    ("part", "rule", "fault"),
    [
        ("Where students", rules_of_teaching.quotes_the_bank, "0 misconceptions"),
        (
            "To argue",
            rules_of_teaching.asks_the_lessons_questions,
            "1 questions, at least 4",
        ),
    ],
)
def test_too_few_are_seen(part, rule, fault):
    section = LESSONS["01"]
    text = section.text.replace(section.part(part), "\nnothing\n\n")
    assert fault in "\n".join(rule(replace(section, text=text)))


def test_references_are_read():
    assert ids("1.2, 1.4 to 1.6 and 2.10") == ["1.2", "1.4", "1.5", "1.6", "2.10"]
    assert named("Exercises 1.1 and 1.2; claims 3.4 to 3.6.", "claim") == [
        *("3.4", "3.5", "3.6")
    ]
    assert steps("Step 4, 21 s; Steps 1 and 3 to 5 of\n05, Step 9", "02") == [
        *[("02", n) for n in (4, 1, 3, 4, 5)],
        ("05", 9),
    ]


def test_paragraphs_and_tables_are_read():
    text = "one\ntwo\n\n- three\n  four\n- five\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert paragraphs(text)[:3] == ["one two", "- three four", "- five"]
    assert rows(text) == [["1", "2"]]
