"""A folder that is written again and again, and keeps what others put into it.

A record of what was written stands in the folder itself. A file in the way that is not
as it was written belongs to somebody: it is moved aside, never lost.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from tools.course import files
from tools.course.files import Record

LIST = ".published.json"


def renew(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Let `folder` hold `contents`; return a sentence for each file in the way.

    What an earlier run wrote and this one does not is removed. Everything else, a
    repository's .git above all, stays. Raises UserError where nothing can be written.
    """
    record = Record(folder, files.load(folder / LIST))
    with files.writing(folder):
        said = [remove(record, name) for name in record.digests.keys() - contents]
        said += [write(record, name, contents[name]) for name in sorted(contents)]
        written = Record(folder)
        written.remember(*(folder / name for name in sorted(contents)))
        files.save(folder / LIST, written.digests)
    return [sentence for sentence in said if sentence]


def remove(record: Record, name: str) -> str:
    """Remove what an earlier run wrote; say so where somebody has changed it."""
    path = record.folder / name
    if not path.exists():
        return ""
    if record.is_ours(path):
        path.unlink()
        return ""
    return f"{name} is no longer published, and stays, since it was changed"


def write(record: Record, name: str, content: bytes) -> str:
    """Write one file; return a sentence where another one had to make room."""
    path = record.folder / name
    is_same = path.is_file() and path.read_bytes() == content
    free = not os.path.lexists(path) or is_same or record.is_ours(path)
    said = "" if free else move_aside(record.folder, name)
    files.put(path, content, ours=True, beside=path)
    return said


def move_aside(folder: Path, name: str) -> str:
    """Move somebody's file out of the folder, so that it is not published either."""
    number, aside = 1, folder.with_name(f"{folder.name}-aside")
    while os.path.lexists(aside / str(number) / name):
        number += 1
    target = aside / str(number) / name
    files.make_folder(target.parent)
    os.replace(folder / name, target)
    return f"{name} was not ours; it is now {target.relative_to(folder.parent)}"
