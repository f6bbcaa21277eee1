"""Fixtures that many tests share, and what makes all of them start sooner."""

import gc
import io
import os
import socket
from email.message import Message
from pathlib import Path

import pytest

from tools.execute import kernels

# What is tested starts from defaults, as in `pixels test`, and before matplotlib is
# imported: nothing that a reader has configured decides about a test.
CLEAN = kernels.child_environment()
for name in os.environ.keys() - CLEAN.keys():
    del os.environ[name]
os.environ.update(CLEAN)

gc.disable()  # until all is imported: what comes then is there to stay


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but never again among what was imported: to go
    through a million objects takes a tenth of the time of all tests."""
    gc.enable()
    gc.collect()
    gc.freeze()


# What starts processes comes first: nobody waits for it in the end.
ORDER = [Path(__file__).parent / room for room in ("tools", "course", "helpers")]


def pytest_collection_modifyitems(config, items) -> None:
    """Sort the tests by where the time goes, unless it is limited: then those that are
    named first come first."""
    if config.getoption("cpu_limit", None):
        return

    def place(item) -> int:
        known = (n for n, room in enumerate(ORDER) if room in item.path.parents)
        return next(known, len(ORDER))

    items.sort(key=place)


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
def a_course(tmp_path, monkeypatch, write_lesson):
    """Return a function that makes a course of tiny lessons with these names, in a path
    with a space and braces, lets the tools work there, and returns its root."""
    from support.tiny_lessons import tiny_cells

    from tools.course import files

    def make(*names: str) -> Path:
        root = tmp_path / "a {2026} course"
        for name in names:
            write_lesson(root / "notebooks", name, tiny_cells())
        monkeypatch.setattr(files, "ROOT", root)
        for folder in ("notebooks", "study", "build"):
            monkeypatch.setattr(files, folder.upper(), root / folder)
        return root

    return make


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
def theme():
    """Use the course's theme for one test."""
    from matplotlib import rc_context

    from helpers.plots.theme import use_theme

    with rc_context():
        use_theme()
        yield


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
