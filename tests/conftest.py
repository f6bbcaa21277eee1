"""Tiny lessons for the tests of the tools: they need none of the real ones."""

import io
import os
import socket
import sys
from email.message import Message
from pathlib import Path

import pytest

# The checkout, so that `tools` and `helpers` are the ones that stand here.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def code(source, *tags, **metadata):
    """Return a code cell."""
    from nbformat import v4  # where used: it takes as long to import as torch

    return v4.new_code_cell(source, metadata=metadata | {"tags": list(tags)})


def claim_source(id="1.1", judged=True, held=True):
    """Return code that shows a claim's record without importing torch."""
    record = {"id": id, "judged": judged, "held": held, "measured": "0.5", "text": "t"}
    data = {"text/plain": id, "application/vnd.pixels-claim+json": record}
    return f"from IPython.display import display\ndisplay({data!r}, raw=True)"


GRADED = {"grade": True, "grade_id": "check-1-1", "points": 1, "locked": True}


def tiny_cells(*more):
    """Return the cells of a lesson that holds: parameters, a claim, an exercise."""
    from nbformat import v4

    return [
        v4.new_markdown_cell("# A tiny lesson"),
        code('SEED = 0\nBUDGET = 1.0\nDEVICE = "auto"', "parameters"),
        code(claim_source()),
        code(
            "def answer():\n"
            "    ### BEGIN SOLUTION\n    return 42\n    ### END SOLUTION",
            nbgrader={"grade": False, "solution": True, "grade_id": "ex-1-1"},
        ),
        code(
            'print("✓ 1.1" if answer() == 42 else "○ 1.1  not attempted")',
            nbgrader=GRADED,
        ),
        *more,
    ]


@pytest.fixture(scope="session")
def write_lesson():
    """Return a function that writes a lesson and returns its path."""
    import nbformat
    from nbformat import v4

    def write(folder: Path, name: str, cells) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        nb = v4.new_notebook(cells=cells)
        for number, cell in enumerate(nb.cells):
            cell.id = f"cell-{number}"
        path = folder / f"{name}.ipynb"
        nbformat.write(nb, path)
        return path

    return write


@pytest.fixture
def symlink():
    """Return a function that makes a symbolic link; on Windows few people may."""

    def link(path: Path, target: Path) -> None:
        try:
            path.symlink_to(target)
        except OSError:
            if os.name == "nt":
                pytest.skip("no symbolic links may be made here")
            raise

    return link


@pytest.fixture
def seeded():
    """Start a test from the same random numbers."""
    import torch

    torch.manual_seed(0)


@pytest.fixture
def serve(monkeypatch):
    """Return a function that lets the network answer with some bytes, or an error; it
    returns a list that grows by (address, time-out) with every request."""
    import torch

    asked = []

    def serve(answer):
        def urlopen(request, *args, **kwargs):
            asked.append((request.full_url, socket.getdefaulttimeout()))
            if isinstance(answer, Exception):
                raise answer
            body = io.BytesIO(answer)
            body.info = Message
            return body

        monkeypatch.setattr(torch.hub, "urlopen", urlopen)
        return asked

    return serve
