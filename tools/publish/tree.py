"""The published course, file by file: what a student needs, and works by itself."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

import nbformat

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.editions.student import student_edition
from tools.publish import links
from tools.publish.colab import cell_source, colab_copy, values
from tools.publish.place import NO_HUB, Place

WRITTEN = Path(__file__).parent / "published"  # what only the published course has
# A kernel looks for modules beside its notebook first.
SIGNPOST = f"{links.STUDY}/helpers/__init__.py"
FOLDERS = ("helpers", "data", "tools")
FILES = ("LICENSE", "Makefile", "constraints.txt", "pyproject.toml")
LEFT_OUT = ("__pycache__", "cache")  # folders; and what begins with a dot
INSTALL = "      - -e .[test]\n"  # the line of environment.yml that installs all
# Binder has no GPU: PyTorch's CPU build, a tenth of the other. pip takes it because
# its version, such as 2.14.1+cpu, sorts above the plain one.
CPU_BUILD = (
    "      - --extra-index-url=https://download.pytorch.org/whl/cpu\n"
    "      - -c constraints.txt\n"
)
IGNORED = "/study/\n"  # in the course itself, where a learner's lessons are made
# Git, and so nbgitpuller, takes a changed lesson whole or not at all: a merge by
# lines could leave a file that is no notebook any more.
UNMERGED = f"/{links.STUDY}/*.ipynb -merge\n"


def tree(
    place: Place, root: Path = files.ROOT, folder: Path = files.NOTEBOOKS
) -> dict[str, bytes]:
    """Return every file of the published course: path -> content.

    `folder`: that of the worked lessons. Raises UserError for a faulty lesson, and for
    a file of the course that is missing or lacks the line that is changed here.
    """
    try:
        found = (
            dict(sources(root)) | adapted(root) | published_lessons(place, root, folder)
        )
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be read: {error.strerror}."
        ) from error
    found |= guides(place, titles(folder))
    return {
        name: content.encode() if isinstance(content, str) else content
        for name, content in found.items()
    }


def titles(folder: Path) -> dict[str, str]:
    """Return the titles of the lessons in a folder, by file name."""
    pages = {path: notebooks.read(path) for path in notebooks.lessons(folder)}
    return {path.name: notebooks.title(nb) or path.stem for path, nb in pages.items()}


def published_lessons(place: Place, root: Path, folder: Path) -> dict[str, str]:
    """Return the lessons as students get them, path -> text: each in study/ as it is,
    and in colab/ behind the cell that installs the course."""
    project = tomllib.loads(text_of(root, "pyproject.toml"))["project"]
    cell = cell_source(values(place, project))
    pages = {}
    for path in notebooks.lessons(folder):
        student = student_edition(path)
        copies = {links.STUDY: student, links.COLAB: colab_copy(student, cell)}
        for where, nb in copies.items():
            pages[f"{where}/{path.name}"] = nbformat.writes(nb) + "\n"
    return pages


def guides(place: Place, titles: Mapping[str, str]) -> dict[str, str]:
    """Return what only students get: what this is, the links, and the way from a
    lesson to the helpers."""
    # A link to nowhere shows a teacher its form, and helps no student.
    unset = ("JupyterHub",) if place.hub == NO_HUB else ()
    table = links.table(place, titles, leave_out=unset)
    readme = Template(text_of(WRITTEN, "README.md")).substitute(links=table)
    signpost = text_of(WRITTEN, "helpers.py")
    links_page = f"# Links\n\n{table}\n"
    return {"README.md": readme, "LINKS.md": links_page, SIGNPOST: signpost}


def adapted(root: Path) -> dict[str, str]:
    """Return the course's own settings for git and conda, as students need them."""
    environment = changed(root, "environment.yml", INSTALL, CPU_BUILD + INSTALL)
    return {
        ".gitattributes": text_of(root, ".gitattributes") + UNMERGED,
        ".gitignore": changed(root, ".gitignore", IGNORED, ""),
        "environment.yml": environment,
    }


def sources(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of what is published as it is."""
    for name in FILES:
        yield name, (root / name).read_bytes()
    for folder in FOLDERS:
        for parent, below, names in os.walk(root / folder):
            below[:] = sorted(n for n in below if n not in LEFT_OUT and published(n))
            for name in sorted(filter(published, names)):
                path = Path(parent, name)
                yield path.relative_to(root).as_posix(), path.read_bytes()


def published(name: str) -> bool:
    """Return whether a file or folder of this name belongs to the course."""
    made = name.endswith((".pyc", ".egg-info", ".half-written"))
    return not (made or name.startswith("."))


def text_of(root: Path, name: str) -> str:
    """Return the text of a file of the course."""
    return (root / name).read_text(encoding="utf-8")


def changed(root: Path, name: str, old: str, new: str) -> str:
    """Return a file's text with one line changed. Raises UserError without it."""
    text = text_of(root, name)
    if text.count(old) != 1:
        raise UserError(f"{root / name} needs the line {old.strip()!r}, just once.")
    return text.replace(old, new)
