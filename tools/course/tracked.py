"""Which lessons are the course's: those that git tracks. A draft stays at home."""

from collections.abc import Sequence
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import git


def to_hand_out(lessons: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the lessons that git tracks, and a sentence on each other one; all of them
    where the course is in no repository, and a sentence on that.

    Raises UserError where git tracks none of these, or cannot say.
    """
    folder = lessons[0].parent
    in_one = any((above / ".git").exists() for above in folder.resolve().parents)
    tracked = set(git.tracked(folder, ".") if in_one else ())
    if not tracked:
        where = f"{folder.name}/ is in no git repository"
        return list(lessons), [f"{where}, so every lesson that lies there is taken"]
    kept = [lesson for lesson in lessons if lesson.name in tracked]
    said = [
        f"{folder.name}/{lesson.name} is left out: git does not track it "
        "(`git add` makes it part of the course)"
        for lesson in lessons
        if lesson.name not in tracked
    ]
    if not kept:
        raise UserError(f"Nothing to hand out: {'; '.join(said)}.")
    return kept, said
