"""A page's text on slides: what is shown, and what the teacher says.

One text cell of a page looks back at a figure, opens the next step and asks for a
prediction. On slides the first is said, the second is shown, the third stands out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

WORDS = 130  # of text on a slide; what is more goes to the speaker notes
TOGETHER = 120  # words of a text and a prediction that share a slide
STARTS = {  # how the sections of a text cell begin
    "title": r"# ",
    "heading": r"#{2,6} ",
    "predict": r"> \*\*Predict\.\*\*",
    "turn": r"\*\*Your turn",
    "time": r"\*\*Time:\*\*",
    "goals": r"After this (lesson|page) you can",
}
# Sections for a reader alone; of a lesson's last cell its summary is left.
PRIVATE = r"#+ (What this|Recall|Words|Glossary|Further reading|For a class)"


@dataclass
class Section:
    """Blocks of text that belong together, and what they are."""

    name: str
    blocks: list[str]

    def words(self) -> int:
        """Return how many words a class reads: folded answers are folded."""
        return sum(map(words, self.blocks))


def words(text: str) -> int:
    """Return the number of words, without folded answers, formulas and code."""
    hidden = r"<details>.*?</details>|\$\$.*?\$\$|```.*?```|<[^>]*>"
    return len(re.findall(r"\w[\w'’.-]*", re.sub(hidden, " ", text, flags=re.DOTALL)))


def blocks_of(source: str) -> list[str]:
    """Return the paragraphs, lists, quotes and code blocks of a text."""
    # A blank line inside a code block separates nothing.
    kept = re.sub(
        r"```.*?```", lambda m: m[0].replace("\n", "\0"), source, flags=re.DOTALL
    )
    blocks = re.split(r"\n\s*\n", kept.strip())
    return [block.replace("\0", "\n") for block in blocks if block.strip()]


def sections(source: str) -> list[Section]:
    """Return the sections of a text cell; what follows a prediction is "after"."""
    found = [Section("text", [])]
    for block in blocks_of(source):
        names = [name for name, start in STARTS.items() if re.match(start, block)]
        if names or found[-1].name == "predict":
            found.append(Section(*names or ["after"], []))
        found[-1].blocks.append(block)
    return [section for section in found if section.blocks]


def cut(source: str, own: str) -> Iterator[tuple[str, str]]:
    """Yield (slide type, text) for the parts of a text cell of the slide type `own`."""
    found, shown = sections(source), 0  # shown: words on the slide that is open
    for i, section in enumerate(found):
        later = [s.name for s in found[i + 1 :]]
        kind = kind_of(section, own, later, i == 0)
        if section.name == "predict" and shown:
            fits = shown + section.words() <= TOGETHER
            kind = "-" if fits else "subslide"
        seen, said = divided(section, later) if kind == own else (section.blocks, [])
        shown = sum(map(words, seen)) if kind == own else shown
        yield kind, "\n\n".join(seen)
        if said:
            yield "notes", "\n\n".join(said)


def kind_of(section: Section, own: str, later: list[str], first: bool) -> str:
    """Return the slide type of a section of a text cell of the type `own`."""
    name = section.name
    if (name == "turn" and not first) or re.match(PRIVATE, section.blocks[0]):
        return "skip"
    if name in ("time", "after") or (name == "text" and "heading" in later):
        return "notes"
    return "-" if name == "goals" and own != "notes" else own


def divided(section: Section, later: list[str]) -> tuple[list[str], list[str]]:
    """Return the blocks of a section that are shown, and those that are said."""
    blocks = section.blocks
    if section.name == "text" and "predict" in later:
        return blocks[-1:], blocks[:-1]  # the last paragraph leads to the question
    fit = 1 + (section.name == "heading")  # a heading has something below it
    while fit < len(blocks) and sum(map(words, blocks[: fit + 1])) <= WORDS:
        fit += 1
    return blocks[:fit], blocks[fit:]
