"""`pixels check`: each lack is one line, and the verdict is the exit code."""

import shutil
import socket
import sys
from argparse import Namespace
from types import SimpleNamespace

import psutil
import pytest
import torch
import torchvision
from support.project import constraints
from support.tiny_lessons import claim_source, code, tiny_cells

from helpers.core.errors import UserError
from helpers.data.images import fonts
from tools.course import files
from tools.machine import command as machine
from tools.machine import packages, parts
from tools.machine.packages import Note
from tools.machine.weights import table


def refuse(error):
    """Return a function that raises."""

    def refusing(*_, **__):
        raise error

    return refusing


@pytest.mark.parametrize(
    ("changes", "sign", "text"),
    [
        ({}, "✓", "as in constraints.txt"),
        ({"jinja2": "0.1"}, "!", "1 that only others need"),
        ({"jinja2": None}, "✓", "as in constraints.txt"),
        ({"ruff": "0.1", "jinja2": "1"}, "!", "ruff 0.1 (pinned {ruff}), 1 that only"),
        ({"torch": "{torch}+cpu"}, "✓", "as in constraints.txt"),
        ({"torch": None, "ruff": "1"}, "✗", 'missing: torch; type "/a b/python" -m '),
    ],
)
def test_packages_are_as_pinned_or_the_line_names_them(
    changes, sign, text, monkeypatch
):
    pinned = {name: str(pin.specifier)[2:] for name, pin in constraints().items()}
    found = pinned | {k: v and v.format(**pinned) for k, v in changes.items()}

    def version(name):
        if found[name] is None:
            raise packages.metadata.PackageNotFoundError
        return found[name]

    monkeypatch.setattr(packages.metadata, "version", version)
    monkeypatch.setattr(sys, "executable", "/a b/python")
    said = machine.look(packages.packages)
    assert said[0] == sign and text.format(**pinned) in said[1]


@pytest.mark.parametrize("name", ["packages", "server", "torch", "fonts", "GPU"])
def test_the_parts_work_here(name):
    sign, text = machine.look(machine.CHECKS[name])
    assert sign != "✗", text


def knows(**what):
    """Return a function that tells of these amounts."""
    return lambda *_: SimpleNamespace(**what)


MISSING_OPERATOR = RuntimeError("operator torchvision::nms does not exist\nat")
LITTLE = knows(available=2**30, free=1.9e9)
ONE, TWO = (SimpleNamespace(cpu_count=lambda n=n: n) for n in (1, 2))
DENIED = refuse(OSError(13, "Permission denied"))


@pytest.mark.parametrize(
    ("name", "place", "attribute", "instead", "sign", "text"),
    [
        ("memory", psutil, "virtual_memory", LITTLE, "✗", "1.0 GiB free; 2 are"),
        ("disk", shutil, "disk_usage", LITTLE, "✗", "1.9 GB free; 2 are needed"),
        ("cores", parts, "os", ONE, "!", "up to twice as long"),
        ("cores", parts, "os", TWO, "✓", "2"),
        ("server", socket, "create_connection", DENIED, "✗", "Permission denied"),
        ("server", socket, "create_server", DENIED, "✗", "Permission denied"),
        ("torch", torchvision.ops, "nms", refuse(MISSING_OPERATOR), "✗", "one index"),
        ("fonts", fonts, "font_styles", lambda _: [1], "✗", "1 styles of letters inst"),
        ("fonts", fonts, "font_styles", DENIED, "✗", "0 styles of letters instead"),
        ("GPU", torch.cuda, "is_available", lambda: False, "✓", "none, and none"),
    ],
)
def test_what_is_not_enough_or_broken_is_one_line(
    name, place, attribute, instead, sign, text, monkeypatch
):
    monkeypatch.setattr(place, attribute, instead)
    found, said = machine.look(machine.CHECKS[name])
    assert found == sign and text in said and "\n" not in said


def test_a_folder_that_cannot_be_made_fails(tmp_path, monkeypatch):
    (tmp_path / "here").write_text("a file", encoding="utf-8")
    monkeypatch.setattr(files, "STUDY", tmp_path / "here")
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "here"))
    for name in ("study", "cache"):
        sign, text = machine.look(machine.CHECKS[name])
        assert sign == "✗" and str(tmp_path / "here") in text
    monkeypatch.setattr(files, "STUDY", tmp_path / "study")
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path))
    assert [machine.look(machine.CHECKS[n])[0] for n in ("study", "cache")] == ["✓"] * 2


@pytest.mark.parametrize(
    ("true", "installed", "sign", "text"),
    [
        (True, True, "✓", "MiniLM, EfficientNet-Lite0, SmolLM2-135M have the right"),
        (False, False, "!", "MiniLM, EfficientNet-Lite0, SmolLM2-135M not there, so"),
        (False, True, "✗", "wrong checksum; type pixels weights"),
    ],
)
def test_weights_that_are_absent_are_noted_and_others_fail(
    true, installed, sign, text, tmp_path, monkeypatch
):
    package = tmp_path if installed else None
    monkeypatch.setattr(table, "place", lambda _: "installed" if true else "")
    monkeypatch.setattr(table, "in_package", lambda *_: package)
    found, said = machine.look(machine.CHECKS["weights"])
    assert found == sign and text in said


@pytest.mark.parametrize(
    ("name", "sign"), [("a [x] course", "!"), ("a {2026} course, 1*", "!"), ("b", "✓")]
)
def test_a_folder_in_which_only_nbgrader_cannot_work_is_told(
    name, sign, tmp_path, monkeypatch
):
    monkeypatch.setattr(files, "ROOT", tmp_path / name)
    found, said = machine.look(machine.CHECKS["folder"])
    assert found == sign and str(tmp_path / name) in said
    assert ("rename the folder" in said) is (sign == "!")


@pytest.fixture
def run(monkeypatch):
    """Return a function that calls the command with some lessons and other checks, and
    returns its exit code."""

    def run(*names, **checks):
        monkeypatch.setattr(machine, "CHECKS", checks)
        return machine.main(Namespace(lessons=names))

    return run


def test_lessons_run_after_every_check_and_the_last_line_is_the_verdict(
    a_course, capsys, write_lesson, run
):
    root = a_course("00_tiny")
    write_lesson(files.NOTEBOOKS, "01_fails", [code(claim_source(held=False))])
    broken = refuse(OSError("libcudart.so.13: cannot open\nshared object"))
    assert run(python=lambda: "3", cores=refuse(Note("1"))) == 0
    first, second, third, _, last = capsys.readouterr().out.splitlines()
    assert (first, second) == ("✓ python         3", "! cores          1")
    assert third.startswith("✓ lesson 00      to the end in ")
    assert third.endswith("1 of 1 claims held")
    assert last == "ready (1 !: the lessons ran all the same)"
    assert (root / "build/check/00_tiny.ipynb").exists()
    assert run("1", torch=broken) == 1
    first, second, _, last = capsys.readouterr().out.splitlines()
    assert first == "✗ torch          OSError: libcudart.so.13: cannot open"
    assert second.startswith("✗ lesson 01      claim 1.1 did not hold (see ")
    assert last.startswith("not ready (2 ✗): do what each line")


def test_in_a_learners_copy_open_exercises_are_fine(
    a_course, capsys, write_lesson, run
):
    a_course()
    cells = tiny_cells()
    cells[3].source = "def answer(): ..."
    write_lesson(files.STUDY, "00_tiny", cells)
    write_lesson(files.STUDY, "01_fails", [code("1 / 0")])
    assert run() == 0
    assert run("01") == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_a_wrong_name_is_told_before_anything_is_checked(a_course, run):
    a_course("00_tiny")
    with pytest.raises(UserError, match="There is no lesson '99'"):
        run("99", x=refuse(SystemExit))
