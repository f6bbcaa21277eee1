"""The published course, file by file: what a student needs, and works by itself."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Template

import nbformat

from helpers.core.files import ROOT
from tools.course import git, notebooks
from tools.course.tracked import to_hand_out
from tools.editions.student import student_edition
from tools.publish import links
from tools.publish.colab import cell_source, colab_copy, values
from tools.publish.place import Place

WRITTEN = Path(__file__).parent / "published"  # what only the published course has
# A kernel looks for modules beside its notebook first.
SIGNPOST = f"{links.STUDY}/helpers/__init__.py"
FOLDERS = ("helpers", "data", "tools")
FILES = ("LICENSE", "Makefile", "constraints.txt", "environment.yml", "pyproject.toml")
IGNORED = "/study/\n"  # in the course itself, where a learner's lessons are made
# Git, and so nbgitpuller, takes a changed lesson whole or not at all: a merge by
# lines could leave a file that is no notebook any more.
UNMERGED = f"/{links.STUDY}/*.ipynb -merge\n"


def tree(place: Place, table: str) -> dict[str, bytes]:
    """Return every file of the published course: path -> content.

    `table`: the links of its lessons. Raises UserError for a faulty lesson.
    """
    texts = adapted() | lessons(place) | guides(table)
    encoded = {name: text.encode() for name, text in texts.items()}
    return dict(sources(ROOT)) | encoded


def titles() -> dict[str, str]:
    """Return the titles of the lessons, by file name."""
    kept, _ = to_hand_out(notebooks.lessons())
    pages = {path: notebooks.read(path) for path in kept}
    return {path.name: notebooks.title(nb) or path.stem for path, nb in pages.items()}


def lessons(place: Place) -> dict[str, str]:
    """Return the lessons as students get them, path -> text: each in study/ as it is,
    and in colab/ behind the cell that installs the course."""
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    cell = cell_source(values(place, project))
    pages = {}
    for path in to_hand_out(notebooks.lessons())[0]:
        student = student_edition(path)
        copies = {links.STUDY: student, links.COLAB: colab_copy(student, cell)}
        for where, nb in copies.items():
            pages[f"{where}/{path.name}"] = nbformat.writes(nb) + "\n"
    return pages


def guides(table: str) -> dict[str, str]:
    """Return what only students get: what this is, the links, and the way from a
    lesson to the helpers."""
    readme = Template(text_of(WRITTEN / "README.md")).substitute(links=table)
    signpost = text_of(WRITTEN / "helpers.py")
    links_page = f"# Links\n\n{table}\n"
    return {"README.md": readme, "LINKS.md": links_page, SIGNPOST: signpost}


def adapted() -> dict[str, str]:
    """Return the course's own settings for git, as students need them."""
    return {
        ".gitattributes": text_of(ROOT / ".gitattributes") + UNMERGED,
        ".gitignore": text_of(ROOT / ".gitignore").replace(IGNORED, ""),
    }


def sources(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of what is published as it is: of the folders only what
    git tracks, so that a class list that lies there stays at home.

    Raises UserError where git cannot say what it tracks.
    """
    for name in (*FILES, *git.tracked(root, *FOLDERS)):
        yield name, (root / name).read_bytes()


def text_of(path: Path) -> str:
    """Return the text of a file of the course."""
    return path.read_text(encoding="utf-8")
