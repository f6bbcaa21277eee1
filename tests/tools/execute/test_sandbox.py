"""What a sealed process is shown, and where the system lets nobody seal one."""

import subprocess
import sys

import pytest

from tools.course import files
from tools.execute import linux, sandbox

needs_namespaces = pytest.mark.skipif(
    not sandbox.possible(), reason="this system lets nobody make namespaces"
)
INSIDE = """\
import os, sys
from pathlib import Path
from tools.execute.sandbox import Limits, enter

room, shown, kept = map(Path, sys.argv[1:])
enter([shown], [kept], Limits(), room)
"""


def inside(tmp_path, source):
    """Run `source` in a sealed process; return what it printed and its exit status."""
    for name in ("room", "shown", "kept", "hidden"):
        (tmp_path / name).mkdir()
        if name != "room":
            (tmp_path / name / "file").write_text(name, encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("room", "shown", "kept")]
    command = [sys.executable, "-c", INSIDE + source, *paths]
    done = subprocess.run(
        command, cwd=files.ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    return done.stdout + done.stderr, done.returncode


@needs_namespaces
def test_what_is_shown_can_be_read_and_what_is_kept_written(tmp_path):
    source = """\
print((shown / "file").read_text(), sorted(os.listdir(shown.parent)))
(kept / "new").write_text("new")
for folder in (shown, Path("/")):
    try:
        (folder / "new").write_text("new")
    except OSError as error:
        print(error.strerror)
"""
    said, status = inside(tmp_path, source)
    assert said == "shown ['kept', 'shown']\n" + "Read-only file system\n" * 2
    assert status == 0
    assert (tmp_path / "kept" / "new").read_text(encoding="utf-8") == "new"


@needs_namespaces
@pytest.mark.parametrize(("source", "status"), [("os._exit(3)", 3), ("1 / 0", 1)])
def test_the_process_that_waits_ends_as_the_sealed_one_does(tmp_path, source, status):
    assert inside(tmp_path, source)[1] == status


@needs_namespaces
def test_what_stands_below_a_shown_folder_or_behind_a_link_is_shown_once(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    asked = [tmp_path / name for name in ("a/b", "link", "a", "none")]
    assert sandbox.places(asked) == [tmp_path / "a", tmp_path / "link"]


def test_a_system_that_makes_no_namespaces_is_told_from_one_that_does(monkeypatch):
    asked = []

    def run(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "Operation not permitted")

    monkeypatch.setattr(sandbox.subprocess, "run", run)
    monkeypatch.setattr(sandbox.sys, "platform", "linux")
    assert sandbox.possible.__wrapped__() is False
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    assert sandbox.possible.__wrapped__() is False
    assert len(asked) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="these are calls of Linux")
def test_a_refused_call_raises_the_systems_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        linux.make_read_only(str(tmp_path / "none"))
