"""By-products: what systems, drives and programs leave in a folder of pictures."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.shown import printable, quoted

# In lower case; whatever begins with a dot is one too (.DS_Store, ._1.png, .git,
# .ipynb_checkpoints, .Trashes, .@__thumb of QNAP's drives).
BY_PRODUCTS = {
    "__macosx",  # beside the classes in archives that a Mac has packed
    "icon\r",  # a Mac's picture of a folder
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "@eadir",  # thumbnails, and more, on Synology's drives
    "#recycle",
    "#snapshot",
    "@recycle",
    "@recently-snapshot",
    "picasa.ini",
    "__pycache__",
}
LINK = "a link to what is gone or here already"
DEEP = "a link to a folder"
CLOSED = "a folder that cannot be opened"
NAMED = 6  # sorts that a line names one by one


def is_by_product(name: str) -> bool:
    """Return whether what has this name is none of the reader's own."""
    return name.startswith(".") or name.lower() in BY_PRODUCTS


@dataclass
class Looking:
    """A look through the folder `root`; `ignored` says of by-products what they are."""

    root: Path
    ignored: dict[Path, str] = field(default_factory=dict)

    def inside(self, folder: Path) -> list[Path]:
        """Return what counts directly in a folder, by name; count what does not."""
        try:
            found = sorted(folder.iterdir(), key=lambda path: path.name)
        except OSError as error:
            if folder == self.root:
                reason, shown = error.strerror or error, quoted(folder)
                raise UserError(f"{shown} cannot be opened ({reason}).") from error
            self.ignored[folder] = CLOSED
            return []
        sorts = {path: self.by_product(path) for path in found}
        self.ignored |= {path: sort for path, sort in sorts.items() if sort}
        return [path for path, sort in sorts.items() if not sort]

    def by_product(self, path: Path) -> str:
        """Return as what a file or folder is ignored, or "" where it counts: a link
        does that leads to something elsewhere."""
        if is_by_product(path.name):
            return "._*" if path.name.startswith("._") else printable(path.name)
        if path.is_symlink() and not self.leads_to_more(path):
            return LINK
        return ""

    def leads_to_more(self, link: Path) -> bool:
        """Return whether a link leads to something that is not looked at anyway, such
        as a store of pictures in a hidden folder."""
        root = self.root.resolve()
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # to nothing, or in a circle
            return False
        if not target.is_relative_to(root):
            return not root.is_relative_to(target)
        return any(map(is_by_product, target.relative_to(root).parts))

    def folders(self, folder: Path) -> list[Path]:
        """Return the sub-folders that count, by name."""
        return [path for path in self.inside(folder) if path.is_dir()]

    def files(self, folder: Path) -> list[Path]:
        """Return the files that count in a folder and below, in a fixed order. A link
        to another folder is no way down: it may lead in circles."""
        found, folders = [], [folder]
        while folders:
            for path in self.inside(folders.pop()):
                if path.is_file():
                    found.append(path)
                elif path.is_symlink():
                    self.ignored[path] = DEEP
                elif path.is_dir():
                    folders.append(path)
        return sorted(found)

    def line(self) -> str:
        """Return one sentence on what was ignored, "" where nothing was."""
        counted = Counter(self.ignored.values())
        sorts = [f"{s} ({n})" if n > 1 else s for s, n in counted.items()]
        more = [f"{len(sorts) - NAMED} more sorts"] if len(sorts) > NAMED else []
        told = ", ".join(sorts[:NAMED] + more)
        return f"Ignored, as they are no pictures of yours: {told}." if sorts else ""
