"""What grades a class is started warm where that is possible, and told no more than it
needs."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from tools.classroom import crew as crews
from tools.classroom import workplace
from tools.classroom.folder import LOG, logged, open_classroom
from tools.course import notebooks
from tools.course.files import make_folder
from tools.editions.teacher import source_notebook
from tools.execute.fork_server import differing
from tools.execute.warm import Warm


@pytest.fixture
def room(tmp_path):
    """Return a classroom that holds the teacher's version of lesson 00."""
    room = open_classroom(tmp_path / "a room")
    (lesson,) = notebooks.choose(["00"])
    make_folder(room.source(lesson).parent)
    nb = source_notebook(notebooks.read(lesson), room.hidden)
    nbformat.write(nb, room.source(lesson))
    return room


def test_without_a_warm_process_each_begins_anew(room, monkeypatch):
    @contextmanager
    def none(*_, **__):
        yield None

    monkeypatch.setattr(crews, "forked", none)
    with crews.crew(room, notebooks.choose(["00"])) as ready:
        assert ready.command("a.b", "c") == [sys.executable, "-m", "a.b", "c"]
        assert crews.KERNELS not in ready.environment
        assert not crews.kernels_are_gone()
        assert ready.points(Path("00_start_here.ipynb"), ["ada"]) == {"ada": {}}


def test_the_kernels_are_told_nothing_of_the_class(room, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv("A_SECRET_OF_THE_TEACHER", "told to nobody")

    @contextmanager
    def forked(environment, libraries):
        asked.append((dict(environment), list(libraries)))
        yield Warm(tmp_path / f"warm {len(asked)}")

    monkeypatch.setattr(crews, "forked", forked)
    with crews.crew(room, notebooks.choose(["00"])) as ready:
        for_nbgrader, for_kernels = asked
        assert ready.warm.folder.name == "warm 1"
        assert "warm 2" in ready.environment[crews.KERNELS]
        for name in os.environ.keys() | ready.environment.keys():
            monkeypatch.delenv(name, raising=False)
        for name, text in ready.environment.items():
            monkeypatch.setenv(name, text)
        # As nbgrader's process asks for a kernel: a fork is one.
        assert differing(workplace.environment(), for_kernels[0], {}) == []
    told = json.dumps(for_kernels)
    assert str(room.hidden) not in told
    assert str(room.root) not in told
    assert "A_SECRET_OF_THE_TEACHER" in for_nbgrader[0]
    assert "A_SECRET_OF_THE_TEACHER" not in told
    assert "tools.classroom.worker" in for_nbgrader[1]
    assert {"helpers.page.setup", "helpers.lessons.lesson00.exercises"} < {
        *for_kernels[1]
    }
    assert not any("classroom" in name for name in for_kernels[1])


def test_what_commands_say_at_once_stays_apart_in_one_log(room):
    def say(word):
        source = f"print('{word} begins'); raise ValueError('{word} ends')"
        return logged(room, [sys.executable, "-c", source], os.environ)

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(say, "ab"))
    for word, line in zip("ab", said, strict=True):
        assert line.startswith(f"nbgrader could not do it: ValueError: {word} ends")
    log = (room.root / LOG).read_text(encoding="utf-8").splitlines()
    order = [line[0] for line in log if line.endswith("begins")]
    first = log.index(f"ValueError: {order[0]} ends")
    assert first < log.index(f"{order[1]} begins")


@pytest.mark.parametrize(
    ("limit", "free", "at_once"),
    [(None, 64, 4), ("max 100000", 64, 4), ("200000 100000", 64, 2), ("50 100", 64, 1),
     (None, 3, 3), (None, 0, 1)],
)  # fmt: skip
def test_as_many_at_once_as_there_are_cores_and_memory(
    limit, free, at_once, monkeypatch, tmp_path
):
    if limit:
        (tmp_path / "cpu.max").write_text(f"{limit}\n", encoding="utf-8")
    monkeypatch.setattr(crews, "CPU_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(4), raising=False)
    memory = SimpleNamespace(available=free * crews.MEMORY + 1)
    monkeypatch.setattr(crews.psutil, "virtual_memory", lambda: memory)
    assert crews.at_once() == at_once


def test_a_lesson_without_a_teachers_version_or_with_magics_is_no_obstacle(room):
    (lesson,) = notebooks.choose(["00"])
    source = room.source(lesson)
    nb = notebooks.read(source)
    nb.cells.append(nbformat.v4.new_code_cell("%time 1 + 1"))
    nbformat.write(nb, source)
    assert "helpers.page.setup" in crews.imported(source)
    source.unlink()
    assert crews.imported(source) == []
