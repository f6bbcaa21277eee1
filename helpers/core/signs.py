"""The signs ✓ ○ ✗ of claims and exercises, and how a printed verdict is read."""

import re

RIGHT, OPEN, WRONG = "✓", "○", "✗"
# Of an exercise's states, from worst to best; and of a claim, by whether it held.
BY_STATE = {"not attempted": OPEN, "wrong": WRONG, "correct": RIGHT}
BY_HELD = {True: RIGHT, False: WRONG, None: OPEN}
VERDICT = re.compile(rf"^([{RIGHT}{OPEN}{WRONG}]) (\d+\.\d+)(?=\s)", re.MULTILINE)


def verdicts(printed: str) -> list[tuple[str, str]]:
    """Return (sign, exercise) of each verdict that checks have printed."""
    return VERDICT.findall(printed)
