"""What works here works on Windows: the same bytes, and text that is UTF-8."""

import ast
import shutil
import subprocess

import pytest

from tools.course import files

FOLDERS = ("helpers", "tools", "tests")
SOURCES = [p for name in FOLDERS for p in sorted((files.ROOT / name).rglob("*.py"))]


def unnamed(source: str) -> list[int]:
    """Return the lines that open a text, of a file or a process, without saying in
    which encoding."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if is_text(call) and not says(call)]


def is_text(call: ast.Call) -> bool:
    """Return whether a call opens, reads or writes text."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in ("run", "Popen", "check_output"):
        return any(keyword.arg == "text" for keyword in call.keywords)
    modes = [word for word in call.args[1:2] if isinstance(word, ast.Constant)]
    text = not any("b" in str(mode.value) for mode in modes)
    is_open = isinstance(call.func, ast.Name) and name == "open"
    return name in ("read_text", "write_text") or (is_open and text)


def says(call: ast.Call) -> bool:
    """Return whether a call names the encoding."""
    return any(keyword.arg == "encoding" for keyword in call.keywords)


def test_every_text_is_opened_in_a_named_encoding():
    found = {
        path.relative_to(files.ROOT).as_posix(): lines
        for path in SOURCES
        if (lines := unnamed(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("open(p)", [1]),
        ("open(p, 'w')", [1]),
        ("open(p, 'rb')", []),
        ("open(p, encoding='utf-8')", []),
        ("\na.b(p).read_text()", [2]),
        ("p.write_text('é')", [1]),
        ("p.write_text('é', encoding='utf-8')", []),
        ("subprocess.run(c, text=True)", [1]),
        ("subprocess.run(c)", []),
        ("Image.open(p)", []),
    ],
)
def test_a_text_without_an_encoding_is_seen(source, lines):
    assert unnamed(source) == lines


def test_every_file_is_checked_out_with_the_same_bytes():
    if not ((files.ROOT / ".git").exists() and shutil.which("git")):
        pytest.skip("this is no checkout of git")
    listed = subprocess.run(
        ["git", "ls-files", "--eol"],
        cwd=files.ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.splitlines()
    assert listed
    for line in listed:
        facts, _, name = line.partition("\t")
        index, _, *attributes = facts.split()
        assert index in ("i/lf", "i/none", "i/-text"), name
        assert {"eol=lf", "attr/-text"} & set(attributes), name
