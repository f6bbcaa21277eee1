"""The teachers' pages say of each lesson what stands in it; each rule can fail."""

from dataclasses import replace

import pytest
from support import rules_of_teaching as rules
from support.lesson_facts import facts
from support.teaching_guide import (
    TEACHING,
    Page,
    ids,
    named,
    pages,
    paragraphs,
    rows,
    steps,
)

GUIDE = (TEACHING / "README.md").read_text(encoding="utf-8")
PAGES = pages()


def test_every_lesson_has_a_page_and_every_page_a_lesson():
    missing = [f"teaching/{number}.md" for number in facts().keys() - PAGES.keys()]
    assert missing == [], "a lesson needs its page for teachers"
    assert PAGES.keys() - facts().keys() == set(), "a page without its lesson"


@pytest.mark.parametrize("number", PAGES)
@pytest.mark.parametrize("rule", rules.EVERY, ids=lambda rule: rule.__name__)
def test_what_it_says_of_a_lesson_is_true(rule, number):
    assert rule(PAGES[number]) == []


def test_values_in_the_guide_are_as_measured():
    assert rules.quotes_values_as_measured(Page("", GUIDE)) == []


@pytest.mark.parametrize(
    ("rule", "old", "new", "fault"),
    [
        (rules.has_all_parts, "## Aim", "## Goal", "its parts are"),
        (rules.has_the_lessons_title, "# 01 · CNN", "# 01 · A CNN", "01 · CNN"),
        (rules.is_linked_in_the_readme, "| 14 | **Vote**", "| 9 | **Vote**", "85 min"),
        (rules.opens_with_the_lessons_cost, "class leaves", "rest is", "leaves with"),
        (rules.has_all_parts, "## Homework\n", "## Homework\n## More\n", "nothing"),
        (rules.has_plans_that_add_up, "| 14 | **Vote**", "| 15 | **Vote**", "are 91"),
        (rules.has_plans_that_add_up, "Plan, 90 m", "Plan, 80 m", "no plan of 90"),
        (rules.has_plans_that_add_up, "the puzzle: 13", "the puzzle: 12", "not add up"),
        (rules.has_plans_that_add_up, "**45 minutes:**", "Short:", "not add up"),
        (rules.has_plans_of_the_lesson, "| Step 2. One", "| Step 2. A", "no 'Step 2."),
        (rules.has_plans_of_the_lesson, "| lesson 00 |", "| lesson 09 |", "lesson 09"),
        (
            rules.has_plans_of_the_lesson,
            "| lesson 00 |",
            "| opening questions |",
            "ope",
        ),
        (rules.has_every_step_once, "home: Step 4, Step 9", "home: Step 4", "steps"),
        (rules.has_every_step_once, "home: Step 4,", "home: Step 3, Step 4,", "steps"),
        (rules.names_what_exists, "Step 8's two", "Step 18's two", "no step 18"),
        (rules.names_what_exists, "Steps 4 and 9", "Steps 4 and 11", "no step 11"),
        (rules.names_what_exists, "03, Step 13", "03, Step 23", "03 has no step 23"),
        (rules.names_what_exists, "claims 1.1 to 1.6", "claims 1.1 to 1.66", "1.66"),
        (rules.names_what_exists, "with exercise 1.5", "with exercise 1.99", "1.99"),
        (rules.uses_every_exercise, "1.1, 1.6, 1.7, 1.8", "1.1, 1.6, 1.7", "1.8"),
        (rules.has_plans_of_the_lesson, "· claims 1.7, 1.8", "· claims 2.7", "no 'cla"),
        (
            rules.points_at_the_page,
            "Step 6, the frames",
            '"no such words"',
            "no such words",
        ),
        (rules.quotes_values_as_measured, "**20.1**", "**20.2**", "'20.2'"),
        (rules.quotes_values_as_measured, "**20.1**", "20.1", "without a **value**"),
        (rules.quotes_values_as_measured, "[25.2 to", "[25.1 to", "25.2"),
        (rules.quotes_the_bank, '"These fields lie', '"Those fields lie', "1.6 has no"),
        (rules.quotes_the_bank, "| 1.6 | lay", "| 1.7 | lay", "1.7 has no message"),
        (rules.quotes_the_bank, '"These fields lie side by side"', "lie", "no message"),
        (rules.quotes_the_bank, "centres of units 0 and 1?", "centres", "asked back"),
        (rules.asks_the_lessons_questions, "the new neighbourhood", "it", "not the le"),
        (rules.asks_the_lessons_questions, "- **D.**", "- **D", "no tempting"),
        (rules.asks_the_lessons_questions, "*Answer:* equiv", "Equiv", "no answer"),
        (rules.opens_with_the_lessons_cost, "60 seconds", "80 seconds", "60 seconds"),
        (rules.opens_with_the_lessons_cost, "`PHOTO` with a", "A", "PHOTO is not"),
        (rules.opens_with_the_lessons_cost, "with `PHOTO`.", ".", "PHOTO is not"),
    ],
)
def test_a_fault_is_seen(rule, old, new, fault):
    page = PAGES["01"]
    assert old in page.text, "the example is outdated"
    changed = replace(page, text=page.text.replace(old, new, 1))
    assert fault in "\n".join(rule(changed))


@pytest.mark.parametrize(
    ("part", "rule", "fault"),
    [
        ("Where students", rules.quotes_the_bank, "0 misconceptions"),
        ("To argue", rules.asks_the_lessons_questions, "1 questions, at least 4"),
    ],
)
def test_too_few_are_seen(part, rule, fault):
    page = PAGES["01"]
    text = page.text.replace(page.part(part), "\nnothing\n\n")
    assert fault in "\n".join(rule(replace(page, text=text)))


@pytest.mark.parametrize(
    ("number", "count", "fine"),
    [("00", 0, True), ("00", 1, False), ("01", 0, False), ("01", 2, True)],
)
def test_only_a_lesson_of_45_minutes_asks_a_class_nothing(
    monkeypatch, number, count, fine
):
    lesson = replace(facts()[number], text="For a class" + " Why so? (So.)" * count)
    monkeypatch.setattr(rules, "facts", lambda: {number: lesson})
    said = "\n".join(rules.asks_the_lessons_questions(PAGES[number]))
    assert (f"a class {count} questions, not 2" not in said) == fine


def test_references_are_read():
    assert ids("1.2, 1.4 to 1.6 and 2.10") == ["1.2", "1.4", "1.5", "1.6", "2.10"]
    assert ids("10.3, 99.1 to 99.3") == ["10.3", "99.1", "99.2", "99.3"]
    assert named("Exercises 1.1 and 12.2; claims 13.4 to 13.6.", "claim") == [
        *("13.4", "13.5", "13.6")
    ]
    assert steps("Step 4, 21 s; Steps 1 and 3 to 5 of\n05, Step 9", "02") == [
        *[("02", n) for n in (4, 1, 3, 4, 5)],
        ("05", 9),
    ]


def test_a_lesson_of_two_digits_is_told_from_minutes_and_ids():
    text = (
        "12, Step 3. Exercise 1.12, Step 4 with 2.3: 16,\nStep 5's vote: 6, Step 6: 5"
    )
    assert steps(text, "02") == [("12", 3), ("02", 4), ("02", 5), ("02", 6)]


def test_paragraphs_and_tables_are_read():
    text = "one\ntwo\n\n- three\n  four\n- five\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert paragraphs(text)[:3] == ["one two", "- three four", "- five"]
    assert rows(text) == [["1", "2"]]
