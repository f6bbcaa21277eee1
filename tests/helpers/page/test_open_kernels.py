"""Where memory is short and other notebooks hold it, a page says so, in one line."""

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from helpers.core import memory
from helpers.page import open_kernels, setup
from helpers.page.open_kernels import other_kernels, tell_of_open_kernels

LAUNCH = ["python", "-m", "ipykernel_launcher", "-f", "kernel.json"]
GIB = 2**30


def process(pid, gib=1.0, cmdline=LAUNCH, username="ada", ppid=1):
    """Return a process as psutil lists it."""
    rss = SimpleNamespace(rss=int(gib * GIB))
    info = {"pid": pid, "ppid": ppid, "username": username, "cmdline": cmdline}
    return SimpleNamespace(info=info | {"memory_info": rss})


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets what is free, in GiB, and what runs beside the page's
    own kernel, which ada has started."""
    monkeypatch.delenv("PIXELS_QUIET", raising=False)

    def machine(free, *processes):
        amount = SimpleNamespace(available=int(free * GIB))
        own = process(os.getpid())
        monkeypatch.setattr(psutil, "virtual_memory", lambda: amount)
        monkeypatch.setattr(memory, "CGROUP", memory.Path("no container"))
        monkeypatch.setattr(psutil, "process_iter", lambda _: [own, *processes])
        monkeypatch.setattr(psutil.Process, "username", lambda _: "ada")

    return machine


def test_two_notebooks_that_hold_the_memory_are_told_in_one_line(machine, capsys):
    machine(0.8, process(5, 1.5), process(6, 0.9))
    tell_of_open_kernels()
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "0.8 GiB are free, a lesson needs 2." in said
    assert "2 other notebooks are open and hold 2.4 GiB: shut down" in said
    assert said.endswith(', in the tab "Running Terminals and Kernels".\n')


def test_one_notebook_is_told_as_one(machine, capsys):
    machine(0.8, process(5, 1.5))
    tell_of_open_kernels()
    assert "1 other notebook is open and holds 1.5 GiB:" in capsys.readouterr().out


@pytest.mark.parametrize(
    "other",
    [
        process(5, cmdline=["python", "-m", "http.server"]),
        process(5, username="grace"),
        process(5, username=None, cmdline=None),
        process(5, cmdline=None),
        SimpleNamespace(info=process(5).info | {"memory_info": None}),
    ],
)
def test_what_is_no_notebook_of_this_user_is_not_counted(other, machine, capsys):
    machine(0.8, other)
    tell_of_open_kernels()
    assert capsys.readouterr().out == ""


def test_a_worker_of_the_pages_own_kernel_is_not_counted(machine, capsys):
    machine(0.8, process(5, ppid=os.getpid()))  # in a fork, not that of the collection
    tell_of_open_kernels()
    assert capsys.readouterr().out == ""


def test_where_memory_is_free_nothing_is_asked_or_said(machine, capsys, monkeypatch):
    machine(2.0, process(5))
    monkeypatch.setattr(open_kernels, "other_kernels", lambda: pytest.fail("asked"))
    tell_of_open_kernels()
    assert capsys.readouterr().out == ""


def test_a_page_that_a_command_executes_prints_as_ever(machine, capsys, monkeypatch):
    machine(0.8, process(5))
    monkeypatch.setenv("PIXELS_QUIET", "1")
    tell_of_open_kernels()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("theme")
def test_the_first_cell_of_a_lesson_says_it(machine, capsys, monkeypatch):
    machine(0.8, process(5))
    monkeypatch.setattr(setup.progress, "follow", lambda _: None)
    setup.open_lesson("04", 0, 1.0, "cpu")
    assert capsys.readouterr().out.startswith("Memory is short: ")


def test_a_process_that_runs_as_a_kernel_does_is_found():
    wait = "import time; print(flush=True); time.sleep(60)"
    words = [sys.executable, "-c", wait, "-m", open_kernels.KERNEL]
    before = len(list(other_kernels()))
    with subprocess.Popen(words, stdout=subprocess.PIPE) as started:
        started.stdout.readline()  # it runs
        after = list(other_kernels())
        started.kill()
    assert len(after) > before and min(after) > 2**20
