"""The gradebook of a class has one writer at a time, however many submissions run.

The lock is one of SQLite's, on a file beside the gradebook: the same on every system,
and gone with the process that holds it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = ".gradebook.lock"
PATIENCE = 3_600.0  # seconds until whoever waits gives up

_mine: list[sqlite3.Connection] = []  # the lock that this process holds, or none


@contextmanager
def writing(root: Path) -> Iterator[None]:
    """Be the one process that writes the gradebook of the classroom at `root`.

    Raises sqlite3.OperationalError where that is somebody else for PATIENCE seconds.
    """
    lock = sqlite3.connect(root / NAME, timeout=PATIENCE, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    _mine.append(lock)
    try:
        yield
    finally:
        _mine.remove(lock)
        lock.close()


@contextmanager
def others_may_write() -> Iterator[None]:
    """Let others write meanwhile, where this process is the one that does."""
    for lock in _mine:
        lock.execute("ROLLBACK")
    try:
        yield
    finally:
        for lock in _mine:
            lock.execute("BEGIN EXCLUSIVE")
