"""Layout of a folder of pictures: which folders are its classes, which its parts."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.shown import printable, quoted
from helpers.data.images.by_products import Looking

# Folders of this name hold classes and are none.
PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}
NEEDED = "an image folder holds one sub-folder of pictures per class"


@dataclass(frozen=True)
class Layout:
    """The folders of each class, by its name; those beside it whose own files are in
    no class; and lines that say what was taken for what."""

    classes: dict[str, list[Path]]
    around: list[Path]
    said: list[str]


def layout(looking: Looking) -> Layout:
    """Return how a folder is laid out: cat/, dog/, or train/cat/, test/cat/ and so on,
    where the folders of one class in all parts are read together.

    A folder with the name of a part, "train", is one when nothing but such parts is
    there, or when a class in it is found elsewhere too. Raises UserError for a missing
    folder, a file, parts without classes, and fewer than two classes.
    """
    root = looking.root
    check_folder(root)
    found = looking.folders(root)
    named = {f: looking.folders(f) for f in found if f.name.lower() in PARTS}
    plain = [folder for folder in found if folder not in named]
    parts = parts_among(named, plain)
    if named and not plain and not any(named.values()):
        raise UserError(
            f"Found the folders {names(named)}, which are parts and no classes, and "
            f"no class folders in them; {NEEDED}."
        )
    classes = defaultdict(list)
    for folder in found:
        for one in named[folder] if folder in parts else [folder]:
            classes[one.name].append(one)
    if len(classes) < 2:
        only = f"only {next(iter(classes))!r}" if classes else "no sub-folder"
        raise UserError(
            f"Found {only} in {quoted(root)}; {NEEDED}, and at least two classes."
        )
    said = [parts_line(parts, classes)] if parts else []
    said += [class_line(folder) for folder in named if folder not in parts]
    return Layout(dict(sorted(classes.items())), [root, *parts], said)


def check_folder(root: Path) -> None:
    """Raise UserError unless there is a folder at this path."""
    try:
        there, folder = root.exists(), root.is_dir()
    except OSError as error:  # an overlong name, or one that is forbidden
        reason = error.strerror or error
        raise UserError(f"{quoted(root)} cannot be opened ({reason}).") from error
    if not there:
        raise UserError(f"There is no folder {quoted(root)}; {NEEDED}.")
    if not folder:
        raise UserError(f"{quoted(root)} is a file; {NEEDED}.")


def parts_among(named: dict[Path, list[Path]], plain: list[Path]) -> list[Path]:
    """Return which folders with the name of a part are one: see `layout`."""
    if not plain:
        return list(named)
    times = Counter(folder.name for folder in plain)
    times.update(one.name for inside in named.values() for one in inside)
    return [
        part
        for part, inside in named.items()
        if any(times[one.name] > 1 for one in inside)
    ]


def parts_line(parts: list[Path], classes: dict[str, list[Path]]) -> str:
    """Return the line on parts whose classes are read together."""
    held = [name for name, inside in classes.items() if {*parts} & {*parents(inside)}]
    return (
        f"Taken for parts and not for classes: {names(parts)}. Their classes "
        f"({', '.join(map(printable, sorted(held)))}) are read together and split anew."
    )


def parents(folders: list[Path]) -> list[Path]:
    """Return the folders that hold these."""
    return [folder.parent for folder in folders]


def class_line(folder: Path) -> str:
    """Return the line on a class that is called as a part is."""
    return (
        f"The folder {printable(folder.name)} has the name of a part and is read as a "
        "class, as it holds no class of its neighbours; take it out if it is none."
    )


def names(folders) -> str:
    """Return the names of folders as a list in a sentence."""
    return ", ".join(printable(folder.name) for folder in folders)
