"""`pixels lock`: what uv resolves becomes versions for pip's -c, and hashes for CI."""

import sys
from argparse import Namespace
from types import SimpleNamespace

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from support.project import PROJECT, PYPROJECT, constraints

from helpers.core.errors import UserError
from tools.course import files
from tools.machine import lock

FOUND = """\
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
httpx2-jsfetch==1.0 ; python_full_version >= '3.12' and sys_platform == 'emscripten' \\
    --hash=sha256:cc
nvidia-cublas==13.1 ; sys_platform == 'linux' \\
    --hash=sha256:dd
numpy==2.4.6 \\
    --hash=sha256:ee
torch==2.14.1 \\
    --hash=sha256:ff
triton==3.8.0 ; python_full_version < '3.15' and sys_platform == 'linux' \\
    --hash=sha256:ab
"""
LOCKED = """\
colorama==0.4.6; sys_platform == "win32" \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.4.6 \\
    --hash=sha256:ee
torch==2.14.1; sys_platform != "linux" \\
    --hash=sha256:ff
"""
BEFORE = "# Why.\n# Only so.\ncolorama==0.4.6\nNumPy==2.4.5\nold==1.0\ntorch==2.14.1\n"
AFTER = "# Why.\n# Only so.\ncolorama==0.4.6\nnumpy==2.4.6\ntorch==2.14.1\n"


# Stands in for uv: it is given the pins of before, and the sources' requirements.
UV = """
import sys
code, words, out, found, seed, *sources = sys.argv[1:]
assert open(out, encoding="utf-8").read() == seed
assert "setuptools" in open(sources[1], encoding="utf-8").read()
open(out, "w", encoding="utf-8").write(found)
print(words, file=sys.stderr)
sys.exit(int(code))
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course to be locked, and what uv's stand-in answers: exit code and words."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (tmp_path / lock.CONSTRAINTS).write_text(BEFORE, encoding="utf-8")
    course = SimpleNamespace(root=tmp_path, answer=("0", ""))

    def command(sources, out, upgrade):
        given = [*course.answer, str(out), FOUND, BEFORE, *map(str, sources)]
        return [sys.executable, "-c", UV, *given]

    monkeypatch.setattr(lock, "ROOT", tmp_path)
    monkeypatch.setattr(lock, "command", command)
    return course


def test_both_files_are_written_and_what_moved_is_told(course, capsys):
    assert lock.main(Namespace(upgrade=[])) == 0
    assert (course.root / lock.CONSTRAINTS).read_text(encoding="utf-8") == AFTER
    written = (course.root / lock.LOCK).read_text(encoding="utf-8")
    assert written == lock.HEADER + LOCKED
    assert capsys.readouterr().out.splitlines() == [
        "numpy: 2.4.5 → 2.4.6",
        "old: 1.0 → —",
        "constraints.txt and requirements.lock: 3 packages",
    ]


def test_where_uv_finds_nothing_its_words_are_told_and_nothing_is_written(course):
    course.answer = ("1", "no solution\n  found")
    with pytest.raises(UserError, match="since uv said: no solution found"):
        lock.main(Namespace(upgrade=[]))
    assert (course.root / lock.CONSTRAINTS).read_text(encoding="utf-8") == BEFORE
    assert not (course.root / lock.LOCK).exists()


def test_two_versions_of_a_package_are_refused():
    twice = "numpy==2.4.6 ; python_version < '3.12'\nnumpy==2.5.0\n"
    with pytest.raises(UserError, match="No one version of numpy suits"):
        lock.kept(lock.read(twice))


@pytest.mark.parametrize(
    ("upgrade", "words"),
    [
        ([], []),
        (["jinja2", "pillow"], ["--upgrade-package"] * 2 + ["jinja2", "pillow"]),
        (["all"], ["--upgrade"]),
    ],
)
def test_no_version_moves_unless_it_is_asked_to(upgrade, words):
    found = lock.command([files.ROOT / "pyproject.toml"], files.ROOT / "x", upgrade)
    moving = [w for w in found if w.startswith("--upgrade") or w in upgrade]
    assert sorted(moving) == sorted(words)
    assert {"--universal", "--generate-hashes", "--all-extras"} < set(found)
    assert found[found.index("--only-binary") + 1] == ":all:"
    assert found[found.index("--python-version") + 1] == "3.11"


# -------------------------------------------------------------- the course's own files

TEXT = (files.ROOT / lock.LOCK).read_text(encoding="utf-8")
PINS = lock.read(TEXT)
MACHINES = [
    default_environment() | {"sys_platform": system, "os_name": name} | version
    for system, name in (("linux", "posix"), ("darwin", "posix"), ("win32", "nt"))
    for version in (
        {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.4"}
        for minor in (11, 12, 13)
    )
]


def test_the_lock_holds_what_constraints_holds_with_hashes_and_no_address():
    found = {canonicalize_name(p.requirement.name): p.requirement for p in PINS}
    pinned = constraints()
    assert {n: r.specifier for n, r in found.items()} == {
        n: r.specifier for n, r in pinned.items()
    }
    assert all(pin.hashes for pin in PINS) and len(found) == len(PINS) > 100
    hashes = [text for pin in PINS for text in pin.hashes]
    assert {len(text) for text in hashes} == {len("--hash=sha256:") + 64}
    assert "://" not in TEXT and not any(p.requirement.url for p in PINS)
    assert "--index" not in TEXT and "--find-links" not in TEXT


def test_the_files_are_as_the_command_writes_them():
    assert lock.lock(PINS) == TEXT
    text = (files.ROOT / lock.CONSTRAINTS).read_text(encoding="utf-8")
    assert lock.constraints(PINS, lock.comment_of(text)) == text


@pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda m: f"{m['sys_platform']} {m['python_version']}"
)
def test_everywhere_it_holds_all_that_is_asked_for(machine):
    extras = PROJECT["optional-dependencies"].values()
    asked = PROJECT["dependencies"] + [text for extra in extras for text in extra]
    here = {
        pin.requirement.name: pin.requirement.specifier
        for pin in PINS
        if not pin.requirement.marker or pin.requirement.marker.evaluate(machine)
    }
    pair = {"torch", "torchvision"} if machine["sys_platform"] == "linux" else set()
    assert not pair & set(here)
    for requirement in map(Requirement, [*asked, "setuptools>=77"]):
        name = canonicalize_name(requirement.name)
        if name not in pair:
            (pinned,) = here[name]
            assert pinned.version in requirement.specifier


def test_nothing_of_one_build_of_pytorch_is_in_it():
    names = [pin.requirement.name for pin in PINS]
    assert not [n for n in names if n.startswith(("nvidia-", "cuda-", "triton"))]
