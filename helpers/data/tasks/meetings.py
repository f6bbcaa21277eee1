"""Sentences by construction: who did what to whom, where and when, and questions.

Every name here is a person's in one sentence and a place's in another ("Langley met
Harlow in Winslow"), so a list of names cannot tell which it is. Names, templates, verbs
and wordings of questions of one side, to learn from or to test on, never occur on the
other.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from helpers.core.errors import UserError

KINDS = ("other", "person", "place", "time")
ANSWERS = KINDS[1:]  # what a question can ask for
SIDES = ("train", "test")
NAMES = (  # of persons and of places alike
    "Sydney", "Florence", "Austin", "Jordan", "Chelsea", "Savannah", "Dakota",
    "Carolina", "Georgia", "Virginia", "Madison", "Charlotte", "Victoria", "Brooklyn",
    "Orlando", "Lincoln", "Jackson", "Houston", "Dallas", "Camden", "Preston",
    "Bradford", "Lancaster", "Aurora", "Adelaide", "Hamilton", "Chester", "Devon",
    "Langley", "Harlow", "Winslow", "Whitby", "Selby", "Ashby", "Hadley", "Beverley",
    "Shelby", "Wetherby", "Thornton", "Wakefield", "Holland", "Marlow", "Kirkby",
    "Denby",
)  # fmt: skip
TIMES = {
    "train": ["Monday", "Tuesday evening", "3 May", "Sunday morning", "Easter Monday"],
    "test": ["Thursday", "Saturday night", "21 October", "Christmas Day", "Friday"],
}
VERBS = {  # to ask with, and to tell with
    "train": ["meet met", "visit visited", "phone phoned", "help helped", "pay paid"],
    "test": ["thank thanked", "find found", "invite invited", "paint painted"],
}
TEMPLATES = {
    "train": [
        "{a} {did} {b} in {p} on {t}.",
        "On {t}, {a} {did} {b} in {p}.",
        "It was in {p} that {a} {did} {b} on {t}.",
        "{b} was {did} by {a} in {p} on {t}.",
        "Everybody in {p} knew that {a} had {did} {b} on {t}.",
        "On {t}, {b} was {did} by {a} not far from {p}.",
        "The neighbours say that on {t}, near {p}, {a} {did} {b}.",
        "{a} was in {p} on {t} and {did} {b} there.",
    ],
    "test": [
        "In {p}, {a} {did} {b} on {t}.",
        "It was on {t} that {a} {did} {b} in {p}.",
        "As agreed, {a} {did} {b} on {t} at the station of {p}.",
        "In front of half of {p}, {b} was {did} by {a} on {t}.",
        "{a}, who lived in {p}, {did} {b} there on {t}.",
    ],
}
QUESTIONS = {  # (what is asked for, its wording)
    "train": [
        ("a", "Who {did} {b}?"),
        ("a", "Tell me who it was that {did} {b}."),
        ("b", "Whom did {a} {do}?"),
        ("b", "Who was {did} by {a}?"),
        ("p", "Where did {a} {do} {b}?"),
        ("p", "Tell me where {b} was {did} by {a}."),
        ("p", "In which city did {a} {do} {b}?"),
        ("t", "When did {a} {do} {b}?"),
        ("t", "Tell me when {b} was {did} by {a}."),
        ("t", "At which time did {a} {do} {b}?"),
    ],
    "test": [
        ("a", "Name the person that {did} {b}."),
        ("b", "What person did {a} {do}?"),
        ("p", "In what town did {a} {do} {b}?"),
        ("p", "Name the place in which {a} {did} {b}."),
        ("t", "On what day did {a} {do} {b}?"),
        ("t", "Name the date on which {a} {did} {b}."),
    ],
}
KIND_OF = {"a": "person", "b": "person", "p": "place", "t": "time"}
SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Question:
    """A question on a sentence; the answer's words are first to last, both included."""

    text: str
    asks_for: str  # one of ANSWERS
    first: int
    last: int


@dataclass(frozen=True)
class Meeting:
    """A sentence of W words, signs among them; each word's place in KINDS."""

    text: str
    words: list[str]
    kinds: list[int]
    questions: list[Question]


def meetings(side: str, n: int, seed: int) -> list[Meeting]:
    """Return `n` sentences of one of SIDES, each with a question per wording.

    The seed shuffles the names: two thirds are to learn from, the others to test on.
    Templates come in turn. Raises UserError for another side, and for n below 1.
    """
    if side not in SIDES or n < 1:
        raise UserError(
            f"{n} sentences of side {side!r} asked for; the sides are 'train' and "
            "'test', and 1 sentence is the least."
        )
    names = names_of(side, seed)
    random = Random(f"{side} {seed}")
    templates = TEMPLATES[side]
    return [one(side, templates[i % len(templates)], names, random) for i in range(n)]


def names_of(side: str, seed: int) -> list[str]:
    """Return the names of a side under a seed."""
    mixed = Random(seed).sample(NAMES, len(NAMES))
    cut = 2 * len(NAMES) // 3
    return mixed[:cut] if side == "train" else mixed[cut:]


def one(side: str, template: str, names: Sequence[str], random: Random) -> Meeting:
    """Return the sentence of a template with names, a time and a verb drawn for it."""
    do, did = random.choice(VERBS[side]).split()
    a, b, p = random.sample(names, 3)
    fill = {"a": a, "b": b, "p": p, "t": random.choice(TIMES[side])}
    words, kinds, places = filled(template, fill | {"did": did})
    texts = (
        (slot, words_of.format(do=do, did=did, **fill))
        for slot, words_of in QUESTIONS[side]
    )
    asked = [Question(text, KIND_OF[slot], *places[slot]) for slot, text in texts]
    return Meeting(template.format(did=did, **fill), words, kinds, asked)


def filled(template: str, fill: dict[str, str]) -> tuple[list, list, dict]:
    """Return the words of a filled template, their places in KINDS, and of each slot
    the first and the last word."""
    words, kinds, places = [], [], {}
    for number, part in enumerate(SLOT.split(template)):
        new = split(fill[part] if number % 2 else part)  # a slot's name, or text
        kind = KIND_OF.get(part, "other") if number % 2 else "other"
        if number % 2:
            places[part] = (len(words), len(words) + len(new) - 1)
        words += new
        kinds += [KINDS.index(kind)] * len(new)
    return words, kinds, places


def split(text: str) -> list[str]:
    """Return the words and signs of a text, as BERT's tokenizer first cuts it."""
    return re.findall(r"\w+|[^\w\s]", text)


def asked(sentences: Sequence[Meeting]) -> tuple[list[str], list[int]]:
    """Return all questions on sentences, and what each asks for: its place in
    ANSWERS."""
    questions = [question for one in sentences for question in one.questions]
    wanted = [ANSWERS.index(question.asks_for) for question in questions]
    return [question.text for question in questions], wanted
