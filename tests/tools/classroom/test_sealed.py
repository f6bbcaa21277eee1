"""What a submission can reach: itself. Each tries something harmless, and is caught."""

import os
import time

import psutil
import pytest
from nbformat import v4

from tools.classroom import workplace
from tools.classroom.workplace import BY_PYTHON, BY_SYSTEM
from tools.course import files, notebooks
from tools.execute import sandbox

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

SECRET = "a number of the class"
OF_THE_CLASS = (
    "gradebook.db",
    "submitted/ben/01/own.txt",
    "autograded/ada/01/a.ipynb",  # with the hidden tests
    "mended/ben/01/own.txt",
    "grades/canvas-01.csv",
    "students.csv",
    ".written.json",  # with the number of the hidden tests
)
needs_namespaces = pytest.mark.skipif(
    not sandbox.possible(), reason="this system lets nobody make namespaces"
)
SEALS = [BY_PYTHON, pytest.param(BY_SYSTEM, marks=needs_namespaces)]
# What a student may write, by name; {room} is the classroom, {home} the teacher's.
TRIES = {
    "gradebook": "open({room!r} + '/gradebook.db').read()",
    "another student": "open({room!r} + '/submitted/ben/01/own.txt').read()",
    "names of the class": "import os\nos.listdir({room!r} + '/submitted')",
    "hidden tests": "open({room!r} + '/autograded/ada/01/a.ipynb').read()",
    "another's mended file": "open({room!r} + '/mended/ben/01/own.txt').read()",
    "grades": "open({room!r} + '/grades/canvas-01.csv').read()",
    "list of grades": "import os\nos.listdir({room!r} + '/grades')",
    "class list": "open({room!r} + '/students.csv').read()",
    "number of the class": "open({room!r} + '/.written.json').read()",
    "home": "open({home!r} + '/private.txt').read()",
    "write to the class": "open({room!r} + '/a.txt', 'w')",
    "write to the course": "open({root!r} + '/helpers/a.txt', 'w')",
    "network": "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)",
    "a name": "import socket\nsocket.getaddrinfo('pixels.invalid', 80)",
    "environment": "import os\nos.environ['PIXELS_TEST_SECRET']",
    "first environment": "assert {secret!r} in open('/proc/self/environ').read()",
    "memory": "held = bytearray(700 * 2**20)",
    "a large file": "open('large', 'wb').truncate(2**31)",
}
OF_LINUX = ("first environment", "memory", "a large file")
CATCHES = "{}\nprint('reached')"
SAID = {
    "network": ("OSError", "gaierror"),
    "a name": ("gaierror",),
    "environment": ("KeyError",),
    "first environment": ("AssertionError", "PermissionError"),
    "memory": ("MemoryError",),
}


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A classroom with files of the class, in the home of a teacher with secrets."""
    home = tmp_path / "home"
    room = home / "course" / "classroom"
    for path in OF_THE_CLASS:
        (room / path).parent.mkdir(parents=True, exist_ok=True)
        (room / path).write_text(SECRET, encoding="utf-8")
    (room / "autograded" / "ada" / "01" / "own.txt").write_text(
        "ada's", encoding="utf-8"
    )
    (home / "private.txt").write_text(SECRET, encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PIXELS_TEST_SECRET", SECRET)
    return room


@pytest.fixture
def run(room, monkeypatch):
    """Return a function that runs cells of ada's, sealed; it returns the cells."""
    from tools.classroom.steps import GradedRun

    def run(seal, *sources, **settings):
        monkeypatch.setenv(workplace.SEAL, seal)
        nb = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
        where = {"nbgrader": {"assignment": "01", "notebook": "a"}}
        where["metadata"] = {"path": str(room / "autograded" / "ada" / "01")}
        step = GradedRun(**{"memory": 512, "whole": True} | settings)
        run.step = step
        return notebooks.code_cells(step.preprocess(nb, where)[0])

    return run


def errors(cell):
    """Return the kinds of errors that a cell shows."""
    return [o.ename for o in cell.outputs if o.output_type == "error"]


@pytest.mark.parametrize("seal", SEALS)
def test_each_try_is_caught_and_the_rest_goes_on(run, room, seal):
    places = {"room": str(room), "home": str(room.parents[1]), "root": str(files.ROOT)}
    tries = {
        name: source.format(**places, secret=SECRET)
        for name, source in TRIES.items()
        if name not in OF_LINUX or os.path.isdir("/proc")
    }
    before = everything(room.parents[1])
    cells = run(seal, *(CATCHES.format(source) for source in tries.values()), "1 + 1")
    for name, cell in zip(tries, cells, strict=False):
        assert not notebooks.stream(cell), name
        (kind,) = errors(cell)
        expected = SAID.get(name, ("FileNotFoundError", "PermissionError", "OSError"))
        assert kind in expected, name
    assert cells[-1].outputs[0].data["text/plain"] == "2"
    assert everything(room.parents[1]) == before
    assert not (files.ROOT / "helpers" / "a.txt").exists()
    assert not run.step.workplace.folder.exists()


def everything(folder):
    """Return {path: text} of all files below a folder."""
    return {p: p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}


OWN = """\
import os, socket, tempfile
from pathlib import Path

with socket.create_server(("127.0.0.1", 0)) as own:
    socket.create_connection(own.getsockname(), timeout=5)
tempfile.TemporaryFile().write(b"1")
print(Path("own.txt").read_text(), os.listdir("."), os.listdir(Path.home()))
Path("mine.txt").write_text("mine")
import helpers.core.run"""


@pytest.mark.parametrize("seal", SEALS)
def test_its_own_folder_and_its_loopback_are_its_own(run, room, seal):
    (cell,) = run(seal, OWN)
    assert notebooks.stream(cell) == "ada's ['own.txt'] []\n"
    assert errors(cell) == []
    own = room / "autograded" / "ada" / "01"
    assert sorted(os.listdir(own)) == ["a.ipynb", "own.txt"]


LEAVES = """\
import subprocess, sys
words = [sys.executable, "-c", "import time; time.sleep(77)"]
subprocess.Popen(words, start_new_session=True)
print("left")"""


@pytest.mark.parametrize("seal", SEALS)
def test_what_it_starts_ends_with_it(run, seal):
    (cell,) = run(seal, LEAVES)
    if seal == BY_SYSTEM:
        assert notebooks.stream(cell) == "left\n"
    else:
        assert errors(cell) == ["PermissionError"]
    deadline = time.monotonic() + 60
    while any("time.sleep(77)" in word for word in words_of_all()):
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.1)


def words_of_all():
    """Yield the words of the commands that run on this machine."""
    for process in psutil.process_iter(["cmdline"]):
        yield from process.info["cmdline"] or ()


@needs_namespaces
def test_under_a_seal_of_the_system_nothing_else_is_in_sight(run, room):
    look = (
        "import os\nprint(os.getpid(), [n for n in os.listdir('/proc') if n.isdigit()])"
    )
    rights = "print([l for l in open('/proc/self/status') if l.startswith('CapEff')])"
    code = "import ctypes\nprint(ctypes.CDLL(None).open({!r}.encode(), 0))"
    cells = run(BY_SYSTEM, look, rights, code.format(str(room / "gradebook.db")))
    said = [notebooks.stream(cell) for cell in cells]
    assert said == ["1 ['1']\n", "['CapEff:\\t0000000000000000\\n']\n", "-1\n"]


@needs_namespaces
def test_where_the_seal_cannot_be_closed_no_kernel_runs(run, monkeypatch):
    from tools.classroom import steps

    monkeypatch.setattr(steps, "Limits", lambda **_: sandbox.Limits(file=-1))
    with pytest.raises(RuntimeError, match="Kernel died before replying"):
        run(BY_SYSTEM, "1 + 1")


@pytest.mark.skipif(os.name != "posix", reason="this system has no such limit")
def test_a_submission_that_computes_too_long_loses_a_cell(run):
    burn = "while True:\n    pass"
    lost, after = run(workplace.which(), burn, "print('on')", longest=5)
    assert errors(lost) == ["KernelLost"]
    assert notebooks.stream(after) == "on\n"
