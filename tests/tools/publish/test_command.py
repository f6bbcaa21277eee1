"""`python -m tools publish`: the tree works by itself, and nobody's file is lost."""

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import v4
from packaging.version import Version
from support.git import git
from support.project import constraints
from support.tiny_lessons import code, tiny_cells

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.course.files import make_folder
from tools.execute import kernels
from tools.publish import command as publish
from tools.publish import links
from tools.publish import tree as publish_tree
from tools.publish.folder import LIST, renew
from tools.publish.place import NO_HUB, Place

PLACE = Place("https://github.com/a/b", "student", NO_HUB)
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")


def published():
    """Return the published tree of the course."""
    return publish_tree.tree(PLACE, links.table(PLACE, publish_tree.titles()))


@pytest.fixture(scope="module")
def real():
    """The published tree of the course itself."""
    return published()


# ---------------------------------------------------------------- what is in it


def test_it_holds_what_a_student_needs_and_nothing_else(real):
    lessons = [path.name for path in notebooks.lessons()]
    assert {f"study/{name}" for name in lessons} < real.keys()
    assert {f"colab/{name}" for name in lessons} < real.keys()
    assert "tools/lab/labconfig/default_setting_overrides.json" in real
    tops = {name.partition("/")[0] for name in real}
    assert not tops & {"notebooks", "tests", "CLAIMS.md", "teaching", "build"}
    assert sum(map(len, real.values())) < 10e6


@needs_git
def test_only_what_git_tracks_is_published(tmp_path):
    for name in publish_tree.FILES:
        (tmp_path / name).touch()
    here = ("helpers/a.py", "data/set/b.json", "tools/c ä.py")
    for name in (*here, "data/class_list.csv", "data/cache/d.pt", "tools/.e"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    git(tmp_path, "init")
    git(tmp_path, "add", *here)
    assert dict(publish_tree.sources(tmp_path)).keys() == {*here, *publish_tree.FILES}
    (tmp_path / here[0]).unlink()
    assert here[0] not in dict(publish_tree.sources(tmp_path))


@needs_git
def test_without_a_checkout_nothing_is_published(tmp_path):
    for name in publish_tree.FILES:
        (tmp_path / name).touch()
    with pytest.raises(UserError, match="Git cannot say which files belong to the cou"):
        dict(publish_tree.sources(tmp_path))


def test_students_get_no_solution_and_only_colab_the_install_cell(
    a_course, write_lesson
):
    hidden = "x = 1\n### BEGIN HIDDEN TESTS\nassert x\n### END HIDDEN TESTS"
    write_lesson(a_course() / "notebooks", "00_tiny", tiny_cells(code(hidden)))
    tree = published()
    study, colab = (tree[f"{n}/00_tiny.ipynb"].decode() for n in ("study", "colab"))
    for secret in ("return 42", "SOLUTION", "HIDDEN"):
        assert secret not in study and secret not in colab
    assert (PLACE.repository in study, PLACE.repository in colab) == (False, True)


def test_the_readme_has_the_links_that_work(real):
    text = real["README.md"].decode()
    for lesson in notebooks.lessons():
        assert links.colab(PLACE, f"colab/{lesson.name}") in text
    assert "$" not in text
    assert NO_HUB not in text


def test_conda_takes_the_cpu_build_and_the_pinned_versions(real):
    *_, from_pip = yaml.safe_load(real["environment.yml"])["dependencies"]
    index, pins, own = from_pip["pip"]
    assert index == "--extra-index-url=https://download.pytorch.org/whl/cpu"
    assert (pins, own) == ("-c constraints.txt", "-e .")
    assert Version("2.14.1+cpu") in constraints()["torch"].specifier


# ---------------------------------------------------------------- it works by itself

# Installed or not, an import of it fails.
BLOCK = """
import sys
sys.modules["nbgrader"] = None
try:
    import nbgrader
except ModuleNotFoundError as error:
    print(error)
"""
WHERE = """
import sys
files = [getattr(m, "__file__", None) or "" for n, m in list(sys.modules.items())
         if n.partition(".")[0] == "helpers"]
print(len(files), [f for f in files if f and not f.startswith({root!r})])
"""


def test_the_first_lesson_of_the_tree_runs_without_the_course_and_nbgrader(
    real, tmp_path
):
    # Its kernel is told no path, as on a hub.
    root = (tmp_path / "a b" / "course").resolve()
    assert renew(root, real) == []
    source = root / links.STUDY / notebooks.lessons()[0].name
    nb = nbformat.read(source, as_version=4)
    nb.cells.insert(0, v4.new_code_cell(BLOCK))
    nb.cells.append(v4.new_code_cell(WHERE.format(root=str(root))))
    nbformat.write(nb, source)
    job = {"source": source, "target": root / "out.ipynb", "folder": source.parent}
    job = {name: str(path) for name, path in job.items()}
    job |= {
        "parameters": {"BUDGET": 0.02},
        "how": "store",
        "environment": {"PYTHONPATH": None},
    }
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
    assert "import of nbgrader halted" in notebooks.stream(run.cells[0])
    modules, _, elsewhere = notebooks.stream(run.cells[-1]).strip().partition(" ")
    assert int(modules) > 10
    assert elsewhere == "[]"


# ---------------------------------------------------------------- written twice


def test_what_is_ours_is_renewed_and_removed_and_the_rest_is_kept(tmp_path):
    folder, aside = tmp_path / "publish", tmp_path / "publish-aside"
    renew(folder, {"a.txt": b"1", "b/c.txt": b"2", "d.txt": b"3"})
    for name in ("a.txt", "d.txt", "notes.txt"):
        (folder / name).write_bytes(b"mine")
    d, a = renew(folder, {"a.txt": b"4"})
    assert a == f"a.txt was not ours; it is now {Path('publish-aside/1/a.txt')}"
    assert d.startswith("d.txt was not ours;")
    found = {p.name: p.read_bytes() for p in folder.rglob("*.txt")}
    assert found == {"a.txt": b"4", "notes.txt": b"mine"}
    assert renew(folder, {"a.txt": b"5"}) == []  # what was renewed is ours again
    (folder / "a.txt").unlink()
    (folder / "a.txt").mkdir()  # a folder makes room as well
    assert len(renew(folder, {"a.txt": b"1"})) == 1
    assert (aside / "2/a.txt").is_dir()
    kept = [(aside / "1" / name).read_bytes() for name in ("a.txt", "d.txt")]
    assert kept == [b"mine", b"mine"]


@pytest.mark.parametrize("absolute", [True, False])
def test_a_list_that_names_files_elsewhere_touches_none(tmp_path, absolute):
    folder, other = tmp_path / "a" / "b", tmp_path / "theirs.txt"
    renew(folder, {"a.txt": b"1"})
    other.write_bytes(b"theirs")
    digest = hashlib.sha256(b"theirs").hexdigest()
    name = str(other) if absolute else "../../theirs.txt"
    (folder / LIST).write_text(json.dumps({name: digest}), encoding="utf-8")
    assert renew(folder, {"a.txt": b"1"}) == []
    assert other.read_bytes() == b"theirs"


# ---------------------------------------------------------------- the command


@pytest.fixture
def folder(a_course, monkeypatch):
    """The folder to which a course of one tiny lesson is published."""
    monkeypatch.setattr(publish, "settings", lambda **_: PLACE)
    guide = make_folder(a_course("00_tiny") / "teaching") / "README.md"
    guide.write_text(f"top\n{links.BEGIN}old{links.END}\nend\n", encoding="utf-8")
    return a_course() / "build" / "publish"


def run(**options):
    """Return the exit code of the command."""
    nothing = {"repository": None, "branch": None, "hub": None}
    return publish.main(Namespace(**nothing | options))


def test_it_prints_how_to_push_and_the_links(folder, capsys):
    assert run() == 0
    said = capsys.readouterr().out
    assert "    cd build/publish\n    git init --initial-branch=student\n" in said
    assert links.colab(PLACE, "colab/00_tiny.ipynb") in said
    assert said.splitlines()[-1].startswith("For links to your JupyterHub, set hub")


def test_the_guide_is_renewed_by_the_settings_and_by_no_option(folder, capsys):
    guide = folder.parents[1] / "teaching" / "README.md"
    run(hub="https://hub.uni.edu")
    assert "old" in guide.read_text(encoding="utf-8")
    for said in (True, False):
        run()
        assert ("teaching/README.md: links renewed" in capsys.readouterr().out) is said
    text = guide.read_text(encoding="utf-8")
    assert text.startswith("top\n") and text.endswith("\nend\n")
    assert links.binder(PLACE, "study/00_tiny.ipynb") in text


@needs_git
def test_a_lesson_that_git_does_not_track_is_not_published(folder, capsys):
    root = folder.parents[1]
    git(root, "init")
    git(root, "add", ".")
    shutil.copy(root / "notebooks/00_tiny.ipynb", root / "notebooks/01_draft.ipynb")
    assert run() == 0
    said = capsys.readouterr().out
    assert "! notebooks/01_draft.ipynb is left out: git does not track it" in said
    assert said.count("01_draft") == 1
    names = {path.name for path in folder.rglob("*.ipynb")}
    assert names == {"00_tiny.ipynb"}


def typed(printed, remote):
    """Return what the indented lines of a text tell git, with another remote."""
    lines = [line for line in printed.splitlines() if line.startswith("    git ")]
    words = [shlex.split(line)[1:] for line in lines]
    return [[w.replace(PLACE.repository, str(remote)) for w in c] for c in words]


@needs_git
def test_the_printed_commands_publish_it_again_and_again(folder, tmp_path, capsys):
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", str(remote))
    run()
    first = typed(capsys.readouterr().out, remote)
    start, again = first[:5], first[5:]
    for words in start:
        git(folder, *words)
    assert "study/00_tiny.ipynb" in git(
        remote, "ls-tree", "-r", "--name-only", "student"
    )

    edit(folder.parents[1], "# A better lesson")  # the next time: an ordinary commit
    run()
    for words in typed(capsys.readouterr().out, remote):
        git(folder, *words)
    assert git(remote, "rev-list", "--count", "student").strip() == "2"

    folder.rename(tmp_path / "cleaned")
    edit(folder.parents[1], "# The best lesson")
    run()
    for words in [*start[:2], *again, *start[2:]]:
        git(folder, *words)
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
def test_a_changed_lesson_survives_the_merge_that_nbgitpuller_makes(folder, tmp_path):
    run()
    for words in ("init -q -b student", "add .", "commit -qm 1"):
        git(folder, *words.split())
    learner = tmp_path / "learner"
    address = folder.as_uri()
    git(tmp_path, "clone", "-q", "--depth", "1", "-b", "student", address, str(learner))
    mine, other = learner / "study/00_tiny.ipynb", learner / "colab/00_tiny.ipynb"
    text = mine.read_text(encoding="utf-8").replace("    ...", "    return 'mine'")
    mine.write_text(text, encoding="utf-8", newline="\n")
    assert "mine" in text
    edit(folder.parents[1], "# A better lesson")
    run()
    git(folder, "commit", "-qam", "2")
    # What nbgitpuller 1.3 does with a clone that has changes.
    git(learner, "fetch", "-q")
    git(learner, "commit", "-qam", "mine")
    git(learner, "merge", "-q", "-Xours", "origin/student")
    assert mine.read_text(encoding="utf-8") == text
    assert "# A better lesson" in other.read_text(encoding="utf-8")
    assert git(learner, "status", "--porcelain") == ""
