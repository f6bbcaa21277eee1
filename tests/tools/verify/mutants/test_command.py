"""`pixels mutants`: what mutmut is asked, where, and when too little is noticed."""

import os
import tomllib
from argparse import Namespace

import pytest
from support.project import PYPROJECT

from helpers.core.errors import UserError
from tools.course import files
from tools.verify.mutants import command

CONFIG = tomllib.loads(PYPROJECT)["tool"]["mutmut"]
# Stands in for mutmut: it notes where and how it is called, and says what is told.
STAND_IN = """
import os
import sys
from pathlib import Path

def cli():
    with open(os.environ["CALLS"], "a", encoding="utf-8") as calls:
        print(os.getcwd(), *sys.argv[1:], sep="|", file=calls)
    if sys.argv[1] == "run":
        sys.exit(int(os.environ["CODE"]))
    if sys.argv[1] == "results":
        print(Path(os.environ["SAYS"]).read_text(encoding="utf-8"))
    if sys.argv[1] == "show":
        print(f"# {sys.argv[2]}: so\\n-√ is right\\n+√ is wrong\\n")
"""
SMALL = {
    "pyproject.toml": '[tool.mutmut]\nonly_mutate = ["helpers/page/*"]',
    "helpers/page/__init__.py": "",
    "helpers/page/a.py": "def f(x):\n    return x + 1",
    "helpers/page/b.py": "",
    "helpers/core/c.py": "",
    "notes.txt": "a reader's own",
}


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Return a function that runs the command in a small course, with the stand-in: it
    returns its exit code and the calls of mutmut."""
    root, site = tmp_path / "a course", tmp_path / "site"
    for name, text in SMALL.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (site / "mutmut").mkdir(parents=True)
    (site / "mutmut" / "__main__.py").write_text(STAND_IN, encoding="utf-8")
    monkeypatch.setattr(files, "ROOT", root)
    monkeypatch.setattr(files, "BUILD", root / "build")
    if not hasattr(os, "fork"):  # on Windows
        monkeypatch.setattr(os, "fork", None, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(site))
    for name in ("CALLS", "SAYS"):
        monkeypatch.setenv(name, str(tmp_path / name))

    def run(modules=(), statuses=("killed",), code=0):
        names = [f"helpers.page.a.x_f__mutmut_{i}" for i in range(len(statuses))]
        lines = [f"    {n}: {s}" for n, s in zip(names, statuses, strict=True)]
        (tmp_path / "SAYS").write_text("\n".join(lines), encoding="utf-8")
        (tmp_path / "CALLS").write_text("", encoding="utf-8")
        monkeypatch.setenv("CODE", str(code))
        found = command.main(Namespace(modules=list(modules), jobs=3))
        calls = (tmp_path / "CALLS").read_text(encoding="utf-8").splitlines()
        return found, [call.split("|") for call in calls]

    return run


def everything_in(folder):
    """Return the files below a folder, without those of build/."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] != "build"}


def test_mutmut_works_in_a_copy_and_what_nobody_noticed_is_shown(asked, capsys):
    for _ in range(2):  # what the first has left is in nobody's way
        code, calls = asked(statuses=["killed", "survived", "no tests", "timeout"])
    assert code == 1
    copy = str(files.ROOT / "build" / "mutants" / "course")
    assert calls == [
        [copy, "run", "--max-children=3", "helpers.page.a.*", "helpers.page.b.*"],
        [copy, "results", "--all", "true"],
        [copy, "show", "helpers.page.a.x_f__mutmut_1"],
        [copy, "show", "helpers.page.a.x_f__mutmut_2"],
    ]
    assert everything_in(files.ROOT) == set(SMALL)
    printed = capsys.readouterr().out.splitlines()
    assert printed.count("+√ is wrong") == 4
    assert printed[-4].split() == ["helpers.page.a", "4", "2", "1", "50.0%"]
    assert printed[-3].split() == ["all", "4", "2", "1", "50.0%"]
    assert printed[-1] == "50.0% noticed; 97% are needed"


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["killed"] * 97 + ["survived"] * 3, 0),
        (["killed"] * 96 + ["survived"] * 4, 1),
        (["killed"] * 96 + ["no tests"] * 4, 1),
        (["killed"] * 90 + ["timeout", "segfault", "suspicious"] * 3, 0),
        (["killed"] + ["not checked", "skipped"] * 9, 0),  # none was tried
    ],
)
def test_from_97_of_100_on_enough_is_noticed(asked, statuses, code):
    assert asked(statuses=statuses)[0] == code


def test_only_what_is_asked_for_is_changed(asked):
    _, calls = asked(["page.b"])
    assert calls[0][2:] == ["--max-children=3", "helpers.page.b.*"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"code": 1}, "mutmut ended with 1"),
        ({"statuses": []}, "finds nothing to change in helpers.page.a, helpers.page.b"),
        ({"modules": ["page.c"]}, "no module 'helpers.page.c'; did you mean"),
        ({"modules": ["core"]}, "no module 'helpers.core'"),
    ],
)
def test_what_cannot_be_is_one_sentence(asked, options, said):
    with pytest.raises(UserError, match=said):
        asked(**options)


def test_where_nothing_can_be_forked_it_says_so(monkeypatch):
    monkeypatch.delattr(os, "fork", raising=False)
    with pytest.raises(UserError, match="WSL"):
        command.main(Namespace(modules=[], jobs=1))


MODULES = ["helpers.models.cnn", "helpers.page.a", "helpers.page.ab"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], MODULES),
        (["page"], MODULES[1:]),
        (["page.a"], ["helpers.page.a"]),
        (["helpers/page/a.py"], ["helpers.page.a"]),
        (["helpers.models/", "page.ab", "page"], [MODULES[0], MODULES[2], MODULES[1]]),
    ],
)
def test_a_module_is_named_by_its_path_or_as_it_is_imported(names, found):
    assert command.chosen(names, MODULES) == found


def test_what_the_configuration_names_is_there():
    for name in ("source_paths", "also_copy", "pytest_add_cli_args_test_selection"):
        assert all((files.ROOT / path).is_dir() for path in CONFIG[name])
    modules = command.mutated(files.ROOT)
    assert {"helpers.page.compare", "helpers.models.vision.cnn"} <= set(modules)
    assert {name.split(".")[1] for name in modules} == {"page", "models"}
