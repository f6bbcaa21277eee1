"""A folder that is written again and again, and keeps what others put into it.

A record of what was written stands in the folder itself. A file of such a name that is
not as it was written belongs to somebody: it is moved aside, never lost.
"""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tools.course import files
from tools.course.files import Record

LIST = ".published.json"


def renew(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    """Let `folder` hold `contents`; return a sentence for each file in the way.

    What an earlier run wrote and this one does not is removed. Everything else, a
    repository's .git above all, stays. Raises UserError where nothing can be written.
    """
    record = Record(folder, files.load(folder / LIST))
    gone = sorted(filter(inside, record.digests.keys() - contents))
    with files.writing(folder):
        said = [make_room(record, name) for name in gone]
        said += [write(record, name, contents[name]) for name in sorted(contents)]
        written = Record(folder)
        written.remember(*(folder / name for name in sorted(contents)))
        files.save(folder / LIST, written.digests)
    return [sentence for sentence in said if sentence]


def inside(name: str) -> bool:
    """Return whether a path stays in its folder: the list of what was written is
    published too, and what comes back with a pull may name anything."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def write(record: Record, name: str, content: bytes) -> str:
    """Write one file; return a sentence where another one had to make room."""
    path = record.folder / name
    if path.is_file() and path.read_bytes() == content:
        return ""
    said = make_room(record, name)
    files.put(path, content, ours=True, beside=path)
    return said


def make_room(record: Record, name: str) -> str:
    """Remove a file that an earlier run wrote. Move somebody's own out of the folder,
    so that it is not published either, and return a sentence on that."""
    path, number = record.folder / name, 1
    if record.is_ours(path):
        path.unlink()
    if not os.path.lexists(path):
        return ""
    aside = record.folder.with_name(f"{record.folder.name}-aside")
    while os.path.lexists(target := aside / str(number) / name):
        number += 1
    files.make_folder(target.parent)
    os.replace(path, target)
    return f"{name} was not ours; it is now {target.relative_to(aside.parent)}"
