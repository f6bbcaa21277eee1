"""A submission holds files and folders: what leads elsewhere is refused.

A link would have nbgrader copy what it leads to, the gradebook or a solution, into the
student's folder; a pipe would have it wait for ever.
"""

import os
from collections.abc import Iterator
from pathlib import Path


def why_refused(folder: Path) -> str:
    """Return which part of what was handed in, in the folder STUDENT/NN, is neither a
    file nor a folder, as a sentence; "" where all are."""
    for path in (folder.parent, folder, *below(folder)):
        if path.is_symlink():
            what = "is a link, and links are not followed"
        elif path.exists() and not (path.is_file() or path.is_dir()):
            what = "is no file"
        else:
            continue
        name = path.relative_to(folder.parents[1])
        return f"{name} {what}: hand in the file itself"
    return ""


def below(folder: Path) -> Iterator[Path]:
    """Yield all that stands below a folder, in order; links are not followed."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return
    for place, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            yield Path(place, name)
