"""The form of what a learner is told, whatever it says."""

import re

SHOUTED = re.compile(r"\b[A-Z]{4,}\b|XX")
MISSPELT = re.compile(r"\b(pytorch|numpy|nan|none)\b(?!\()")


def in_good_form(text: str) -> bool:
    """True for a text that begins with a capital, ends a sentence, has nothing in
    capitals and spells names as they are spelt."""
    whole = text[0].isupper() and text.endswith((".", "?"))
    return whole and not SHOUTED.search(text) and not MISSPELT.search(text)
