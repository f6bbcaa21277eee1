"""A folder that is written again and again, and keeps what others put into it.

A list of what was written, with checksums, stands in the folder itself. A file that is
neither in it nor as it was written belongs to somebody: it is moved aside, never lost.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from helpers.core.errors import UserError
from helpers.core.files import intact, sha256
from tools.course import files

LIST = ".published.json"


def written(folder: Path) -> dict[str, str]:
    """Return what an earlier run wrote, path -> SHA-256; {} where that is unknown."""
    try:
        found = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return {name: str(found[name]) for name in found if inside(name)}
    except (OSError, ValueError, TypeError):
        return {}


def inside(name: str) -> bool:
    """Return whether a path stays in its folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def renew(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Let `folder` hold `contents`; return a sentence for each file in the way.

    What an earlier run wrote and this one does not is removed. Everything else, a
    repository's .git above all, stays. Raises UserError where nothing can be written.
    """
    files.make_folder(folder)
    before = written(folder)
    try:
        gone = [name for name in before if name not in contents]
        said = [remove(folder / name, before[name]) for name in gone]
        said += [
            put(folder, name, contents[name], before.get(name, ""))
            for name in sorted(contents)
        ]
        now = {name: sha256(folder / name) for name in sorted(contents)}
        files.write_whole(folder / LIST, json.dumps(now, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}.") from error
    return [sentence for sentence in said if sentence]


def remove(path: Path, digest: str) -> str:
    """Remove what an earlier run wrote; say so where somebody has changed it."""
    if not os.path.lexists(path):
        return ""
    if intact(path, digest):
        path.unlink()
        return ""
    return f"{path.name} is no longer published, and stays, since it was changed"


def put(folder: Path, name: str, content: bytes, digest: str) -> str:
    """Write one file; return a sentence where another one had to make room."""
    path, said = folder / name, ""
    if path.is_file() and path.read_bytes() == content:
        return ""
    if os.path.lexists(path) and not (digest and intact(path, digest)):
        said = move_aside(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return said


def move_aside(folder: Path, name: str) -> str:
    """Move somebody's file out of the folder, so that it is not published either."""
    number = 1
    while os.path.lexists(
        aside := folder.with_name(f"{folder.name}-aside") / str(number) / name
    ):
        number += 1
    aside.parent.mkdir(parents=True, exist_ok=True)
    os.replace(folder / name, aside)
    return f"{name} was not ours; it is now {aside.relative_to(folder.parent)}"
