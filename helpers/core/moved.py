"""What an older copy of a lesson is told when it asks for a module by its old name.

`helpers` and the signpost of a published course take `__getattr__` from here.
"""

from pathlib import Path

ROOMS = Path(__file__).resolve().parents[1]


def __getattr__(name: str) -> None:
    """Raise ImportError, in one sentence, for `from helpers import OLD_NAME`.

    Raises AttributeError for a room, which Python then imports as it always does, and
    for what Python itself asks every module for.
    """
    if name.startswith("_") or (ROOMS / name).is_dir():
        raise AttributeError(f"module 'helpers' has no attribute {name!r}")
    raise ImportError(
        f"there is no helpers.{name} any more, so this is an older copy of the lesson: "
        "`make lab` puts the newer one beside it; if a link brought it, rename it and "
        "open the link again."
    )
