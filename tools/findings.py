"""What a check of the machine has found: one line, and the signs in front of it."""

from dataclasses import dataclass

FINE, LOOK, FAILS = "✓", "!", "✗"


@dataclass(frozen=True)
class Finding:
    """One line: ✓ is fine, ! works but look at it, ✗ fails and says what to do."""

    sign: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.sign} {self.name:14} {self.text}"
