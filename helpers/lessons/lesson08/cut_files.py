"""Files that end too early: is each refused, in one sentence?"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path


def refused(read: Callable, path: Path, header: int, seeds: Sequence[int]) -> int:
    """Return how many of these files `read` refuses with a ValueError of one line: the
    first bytes of the file at `path`, cut off at random places in its `header`."""
    count = 0
    with open(path, "rb") as file:
        whole = file.read(header)
    for seed in seeds:
        place = random.Random(seed).randrange(header - 64)  # before its padding
        try:
            read(io.BytesIO(whole[:place]))
        except ValueError as error:
            count += "\n" not in str(error)
    return count
