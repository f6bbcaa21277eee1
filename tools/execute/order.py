"""Which lesson is executed first: the longest, so that no process waits for another."""

import re
from pathlib import Path

from tools.course import files

SECONDS = re.compile(r"(\d+) seconds\s+of\s+computing")


def seconds(path: Path) -> float:
    """Return how long a lesson computes, by what its page for teachers says; 0 where
    that says nothing, or is not there."""
    page = files.ROOT / "teaching" / f"{path.stem[:2]}.md"
    found = SECONDS.search(page.read_text(encoding="utf-8")) if page.is_file() else None
    return float(found[1]) if found else 0.0


def by_length(path: Path) -> tuple[float, float]:
    """Return the key that sorts the longest lesson first: by its seconds, and those
    that say none by the size of the file."""
    return -seconds(path), -path.stat().st_size
