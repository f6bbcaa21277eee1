"""`python -m tools publish`: the tree works by itself, and nobody's file is lost."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from argparse import Namespace

import nbformat
import pytest
import yaml
from nbformat import v4
from packaging.version import Version
from support.project import constraints
from support.tiny_lessons import code, tiny_cells

from helpers.core.errors import UserError
from tools import __main__ as tools_main
from tools.course import files as course_files
from tools.course import notebooks
from tools.editions.student import student_edition
from tools.execute import kernels
from tools.publish import colab as publish_colab
from tools.publish import command as publish
from tools.publish import folder as publish_folder
from tools.publish import links
from tools.publish import tree as publish_tree
from tools.publish.folder import LIST, renew
from tools.publish.place import NO_HUB, Place

PLACE = Place("https://github.com/a/b", "student", NO_HUB)
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, write_lesson):
    """The published tree of two tiny lessons."""
    folder = tmp_path_factory.mktemp("lessons")
    hidden = "x = 1\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"
    write_lesson(folder, "00_tiny", tiny_cells(code(hidden)))
    write_lesson(folder, "01_other", tiny_cells())
    return publish_tree.tree(PLACE, folder=folder)


@pytest.fixture(scope="module")
def real():
    """The published tree of the course."""
    return publish_tree.tree(PLACE)


def page(tree, name):
    """Return a notebook of a tree."""
    return nbformat.reads(tree[name].decode(), as_version=4)


def git(folder, *words):
    """Call git in a folder, as somebody, whatever this machine's settings are; return
    what it prints."""
    names = ("user.name=a", "user.email=a@b.org", "commit.gpgsign=false")
    settings = [word for name in names for word in ("-c", name)]
    command = ["git", *settings, *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode()


# ---------------------------------------------------------------- what is in it


def test_it_holds_what_a_student_needs_and_nothing_else(real):
    lessons = [path.name for path in notebooks.lessons()]
    assert {f"study/{name}" for name in lessons} < real.keys()
    assert {f"colab/{name}" for name in lessons} < real.keys()
    wanted = "helpers/page/claims.py data/README.md data/pretrained/digits.safetensors "
    wanted += "tools/__main__.py tools/labconfig/default_setting_overrides.json "
    wanted += "pyproject.toml constraints.txt environment.yml LICENSE Makefile "
    wanted += "README.md LINKS.md .gitignore .gitattributes"
    assert set(wanted.split()) <= real.keys()
    tops = {name.partition("/")[0] for name in real}
    assert not tops & {"notebooks", "tests", "CLAIMS.md", "teaching", "build"}
    assert not any("__pycache__" in n or n.startswith("data/cache") for n in real)
    assert sum(map(len, real.values())) < 10e6


def test_caches_and_hidden_files_stay_at_home(tmp_path):
    for name in publish_tree.FILES:
        (tmp_path / name).touch()
    here = ("helpers/a.py", "data/set/b.json", "tools/c.py")
    gone = ("data/cache/d.pt", "helpers/__pycache__/a.pyc", "tools/.e.half-written")
    for name in (*here, *gone, "data/.ipynb_checkpoints/f"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    found = dict(publish_tree.sources(tmp_path))
    assert found.keys() == {*here, *publish_tree.FILES}


def test_a_missing_file_is_one_sentence(tmp_path, write_lesson):
    write_lesson(tmp_path / "notebooks", "00_tiny", tiny_cells())
    with pytest.raises(UserError, match=r"LICENSE cannot be read"):
        publish_tree.tree(PLACE, tmp_path, tmp_path / "notebooks")


def test_students_get_no_solution_and_only_colab_the_install_cell(tiny):
    for name in ("00_tiny.ipynb", "01_other.ipynb"):
        study, colab = page(tiny, f"study/{name}"), page(tiny, f"colab/{name}")
        for secret in ("return 42", "SOLUTION", "HIDDEN"):
            assert secret not in tiny[f"study/{name}"].decode()
            assert secret not in tiny[f"colab/{name}"].decode()
        assert publish_colab.ID not in [cell.id for cell in study.cells]
        first = notebooks.code_cells(colab)[0]
        assert first.id == publish_colab.ID and PLACE.repository in first.source
        assert notebooks.code_cells(colab)[1:] == notebooks.code_cells(study)
        assert notebooks.parameters(study) == notebooks.parameters(colab)


def test_lessons_are_the_student_edition_of_make_student(real):
    path = notebooks.lessons()[0]
    assert page(real, f"study/{path.name}") == student_edition(path)


def test_the_readme_has_the_links_that_work(tiny):
    text = tiny["README.md"].decode()
    assert links.colab(PLACE, "colab/00_tiny.ipynb") in text
    assert "$" not in text
    assert NO_HUB not in text
    at_hub = Place(PLACE.repository, PLACE.branch, "https://hub.uni.edu")
    assert (
        "https://hub.uni.edu/hub/"
        in publish_tree.guides(at_hub, {"a": "A"})["LINKS.md"]
    )


def test_conda_takes_the_cpu_build_and_the_pinned_versions(tiny):
    *_, from_pip = yaml.safe_load(tiny["environment.yml"])["dependencies"]
    index, pins, own = from_pip["pip"]
    assert index == "--extra-index-url=https://download.pytorch.org/whl/cpu"
    assert (pins, own) == ("-c constraints.txt", "-e .[test]")
    assert Version("2.14.1+cpu") > Version("2.14.1")  # so pip takes it where it is
    assert Version("2.14.1+cpu") in constraints()["torch"].specifier


def test_an_environment_without_the_line_to_change_is_one_sentence(tmp_path):
    path = tmp_path / "environment.yml"
    path.write_text("name: x\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"environment.yml needs the line"):
        publish_tree.adapted(tmp_path)


# ---------------------------------------------------------------- it works by itself

WHERE = """
import sys
files = [getattr(m, "__file__", None) or "" for n, m in list(sys.modules.items())
         if n.partition(".")[0] == "helpers"]
print(len(files), [f for f in files if f and not f.startswith({root!r})])
"""


def test_the_first_lesson_of_the_tree_runs_without_the_course(real, tmp_path):
    # Its kernel is told no path, as on a hub.
    root = (tmp_path / "a b" / "course").resolve()
    assert renew(root, real) == []
    source = root / links.STUDY / notebooks.lessons()[0].name
    nb = nbformat.read(source, as_version=4)
    nb.cells.append(v4.new_code_cell(WHERE.format(root=str(root))))
    nbformat.write(nb, source)
    job = {"source": source, "target": root / "out.ipynb", "folder": source.parent}
    job = {name: str(path) for name, path in job.items()}
    job |= {"parameters": {}, "how": "store", "environment": {"PYTHONPATH": None}}
    done = subprocess.run(
        [sys.executable, "-m", "tools.execute.worker"],
        cwd=root,
        env=kernels.child_environment(root) | {"PYTHONPATH": str(root)},
        input=json.dumps(job),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert json.loads(done.stdout.splitlines()[-1])["error"] == ""
    run = nbformat.read(root / "out.ipynb", as_version=4)
    assert {
        v for cell in notebooks.exercises(run) for v in notebooks.verdicts(cell)
    } == {"○"}
    modules, _, elsewhere = notebooks.stream(run.cells[-1]).strip().partition(" ")
    assert int(modules) > 10
    assert elsewhere == "[]"


# ---------------------------------------------------------------- written twice


def test_a_second_time_nothing_is_written_anew(tmp_path):
    files = {"a.txt": b"1", "b/c.txt": b"2"}
    renew(tmp_path, files)
    os.utime(tmp_path / "a.txt", (1, 1))
    assert renew(tmp_path, files) == []
    assert (tmp_path / "a.txt").stat().st_mtime == 1


def test_what_is_ours_is_renewed_and_removed_and_the_rest_stays(tmp_path):
    folder = tmp_path / "publish"
    renew(folder, {"a.txt": b"1", "b/c.txt": b"2"})
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert renew(folder, {"a.txt": b"3"}) == []
    assert (folder / "a.txt").read_bytes() == b"3"
    assert not (folder / "b/c.txt").exists()
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_what_somebody_changed_is_moved_aside_or_stays(tmp_path):
    folder = tmp_path / "publish"
    renew(folder, {"a.txt": b"1", "b.txt": b"2"})
    for text in ("mine", "mine again"):
        (folder / "a.txt").write_text(text, encoding="utf-8")
        (folder / "b.txt").write_text(text, encoding="utf-8")
        in_the_way, *stays = renew(folder, {"a.txt": b"1"})[::-1]
        assert in_the_way.startswith("a.txt was not ours; it is now ")
        assert len(stays) == (text == "mine")
    aside = sorted((tmp_path / "publish-aside").rglob("a.txt"))
    found = [path.read_text(encoding="utf-8") for path in aside]
    assert found == ["mine", "mine again"]
    assert (folder / "a.txt").read_bytes() == b"1"
    assert (folder / "b.txt").read_text(encoding="utf-8") == "mine again"


def test_a_folder_where_a_file_belongs_is_moved_aside(tmp_path):
    folder = tmp_path / "publish"
    (folder / "a.txt").mkdir(parents=True)
    (folder / "a.txt" / "mine").touch()
    (said,) = renew(folder, {"a.txt": b"1"})
    assert (tmp_path / "publish-aside/1/a.txt/mine").exists()
    assert "a.txt was not ours" in said


@pytest.mark.parametrize("text", ["", "[]", "7", '{"../../x": "y", "/x": "y"}'])
def test_a_list_that_is_broken_removes_nothing(tmp_path, text):
    folder = tmp_path / "a" / "publish"
    folder.mkdir(parents=True)
    (folder / LIST).write_text(text, encoding="utf-8")
    assert publish_folder.written(folder) == {}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "b").write_text("a file", encoding="utf-8")
    with pytest.raises(UserError, match="Cannot write to"):
        renew(tmp_path, {"b/c.txt": b"1"})


# ---------------------------------------------------------------- the command


@pytest.fixture
def here(tmp_path, monkeypatch, write_lesson):
    """A course of one tiny lesson that is published to a folder of its own."""
    root = tmp_path / "my course"
    write_lesson(root / "notebooks", "00_tiny", tiny_cells())
    monkeypatch.setattr(course_files, "ROOT", root)
    monkeypatch.setattr(course_files, "NOTEBOOKS", root / "notebooks")
    monkeypatch.setattr(publish, "FOLDER", root / "build" / "publish")
    monkeypatch.setattr(publish, "GUIDE", root / "TEACHING.md")
    monkeypatch.setattr(publish, "settings", lambda _: PLACE)
    defaults = (publish_tree.tree.__defaults__[0], root / "notebooks")
    monkeypatch.setattr(publish_tree.tree, "__defaults__", defaults)
    return root


def run(**options):
    """Return the exit code of the command."""
    nothing = {"repository": None, "branch": None, "hub": None}
    return publish.main(Namespace(**nothing | options))


def test_the_placeholder_stops_it_with_one_sentence(capsys, monkeypatch, tmp_path):
    text = '[publish]\nrepository = "OWNER/NAME"\n'
    path = tmp_path / "publish.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(publish.settings, "__defaults__", (None, path))
    assert tools_main.main(["publish", "--branch", "x"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("publish.toml, line 2: repository is still 'OWNER/NAME'")
    assert said.count("\n") == 1


def test_it_prints_how_to_push_and_the_links(here, capsys):
    assert run() == 0
    said = capsys.readouterr().out
    assert "    cd build/publish\n    git init --initial-branch=student\n" in said
    assert "    git remote add origin https://github.com/a/b\n" in said
    assert links.colab(PLACE, "colab/00_tiny.ipynb") in said
    assert said.splitlines()[-1].startswith(f"! {NO_HUB} is a placeholder")


def test_the_guide_is_renewed_by_the_settings_and_by_no_option(here, capsys):
    guide = here / "TEACHING.md"
    guide.write_text(f"top\n{links.block('old')}\nend\n", encoding="utf-8")
    run(hub="https://hub.uni.edu")
    assert "old" in guide.read_text(encoding="utf-8")
    run()
    assert "TEACHING.md: links renewed" in capsys.readouterr().out
    text = guide.read_text(encoding="utf-8")
    assert text.startswith("top\n") and text.endswith("\nend\n")
    assert links.binder(PLACE, "study/00_tiny.ipynb") in text
    run()
    assert "links renewed" not in capsys.readouterr().out


def typed(printed, remote):
    """Return what the indented lines of a text tell git, with another remote."""
    lines = [line for line in printed.splitlines() if line.startswith("    git ")]
    words = [shlex.split(line)[1:] for line in lines]
    return [[w.replace(PLACE.repository, str(remote)) for w in c] for c in words]


@needs_git
def test_the_printed_commands_publish_it_again_and_again(here, tmp_path, capsys):
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    run()
    first = typed(capsys.readouterr().out, remote)
    start, again = first[:5], first[5:]
    for words in start:
        git(publish.FOLDER, *words)
    assert "study/00_tiny.ipynb" in git(
        remote, "ls-tree", "-r", "--name-only", "student"
    )

    edit(here, "# A better lesson")  # the next time: an ordinary commit
    run()
    for words in typed(capsys.readouterr().out, remote):
        git(publish.FOLDER, *words)
    assert git(remote, "rev-list", "--count", "student").strip() == "2"

    publish.FOLDER.rename(tmp_path / "cleaned")
    edit(here, "# The best lesson")
    run()
    for words in [*start[:2], *again, *start[2:]]:
        git(publish.FOLDER, *words)
    assert git(remote, "rev-list", "--count", "student").strip() == "3"
    changed = git(remote, "diff", "--name-only", "student~1", "student").split()
    lesson = {"study/00_tiny.ipynb", "colab/00_tiny.ipynb"}
    assert set(changed) == lesson | {"README.md", "LINKS.md", LIST}


def edit(root, title):
    """Give the tiny lesson another title."""
    path = root / "notebooks" / "00_tiny.ipynb"
    nb = nbformat.read(path, as_version=4)
    nb.cells[0].source = title
    nbformat.write(nb, path)


@needs_git
def test_a_changed_lesson_survives_the_merge_that_nbgitpuller_makes(here, tmp_path):
    run()
    for words in (
        ["init", "-q", "-b", "student"],
        ["add", "."],
        ["commit", "-qm", "1"],
    ):
        git(publish.FOLDER, *words)
    learner = tmp_path / "learner"
    address = publish.FOLDER.as_uri()
    git(tmp_path, "clone", "-q", "--depth", "1", "-b", "student", address, str(learner))
    mine, other = learner / "study/00_tiny.ipynb", learner / "colab/00_tiny.ipynb"
    text = mine.read_text(encoding="utf-8").replace("    ...", "    return 'mine'")
    mine.write_text(text, encoding="utf-8", newline="\n")
    assert "mine" in text
    edit(here, "# A better lesson")
    run()
    git(publish.FOLDER, "commit", "-qam", "2")
    # What nbgitpuller 1.3 does with a clone that has changes.
    git(learner, "fetch", "-q")
    git(learner, "commit", "-qam", "mine")
    git(learner, "merge", "-q", "-Xours", "origin/student")
    assert mine.read_text(encoding="utf-8") == text
    assert "# A better lesson" in other.read_text(encoding="utf-8")
    assert git(learner, "status", "--porcelain") == ""
