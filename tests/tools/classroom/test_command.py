"""The classroom: what is the teacher's stays, what is ours is renewed.

nbgrader itself runs in test_flow.py alone; here it is played.
"""

import argparse
from contextlib import contextmanager
from dataclasses import dataclass, field

import nbformat
import pytest

from helpers.core.errors import UserError
from helpers.page.exercises import find
from tools.classroom import command as classroom
from tools.classroom import grade as classroom_grade
from tools.classroom.crew import Crew
from tools.classroom.folder import last_error, open_classroom
from tools.classroom.workplace import SAID
from tools.course import notebooks
from tools.course.files import make_folder
from tools.editions.student import HIDDEN_TESTS, student_notebook
from tools.editions.teacher import source_notebook

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

LESSONS = notebooks.lessons()
NAME = "01_tiny.ipynb"


@pytest.fixture(autouse=True)
def released(monkeypatch):
    """Play nbgrader's release: the file as students get it; return who was released."""
    done = []

    def nbgrader(room, command, number, *_):
        (source,) = (room.root / "source" / number).glob("*.ipynb")
        target = make_folder(room.root / "release" / number) / source.name
        nbformat.write(student_notebook(notebooks.read(source)), target)
        done.append(number)
        return ""

    monkeypatch.setattr(classroom, "nbgrader", nbgrader)
    return done


@pytest.fixture
def lesson(a_course):
    """Return a lesson; `build(lesson)` makes the classroom beside it."""
    return a_course("01_tiny") / "notebooks" / NAME


def better(lesson):
    """Make the lesson a newer one."""
    nb = notebooks.read(lesson)
    nb.cells[0].source += " that is better"
    nbformat.write(nb, lesson)


def edit(path):
    """Edit a file as a teacher would; return its bytes."""
    path.write_text(
        path.read_text(encoding="utf-8").replace("tiny", "my own"), encoding="utf-8"
    )
    return path.read_bytes()


def build(lesson):
    """Build or renew the classroom; return (its root, what was said)."""
    root = lesson.parents[1] / "classroom"
    return root, list(classroom.build([lesson], root))


def files(root):
    """Return {path: bytes} of everything below a folder."""
    return {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_where_nbgrader_would_find_nothing_the_command_says_so_first(tmp_path, lesson):
    root = tmp_path / "[2026] course" / "classroom"
    with pytest.raises(UserError, match=r"brackets .* in .*\[2026\] course"):
        list(classroom.build([lesson], root))
    assert not root.parent.exists()


def test_what_is_ours_is_renewed_and_what_is_up_to_date_is_not(lesson, released):
    root, said = build(lesson)
    assert said == [
        "nbgrader_config.py is new",
        "source/01 is new; hand out release/01/",
    ]
    before = files(root)
    assert build(lesson)[1] == []
    assert files(root) == before
    for _ in range(2):  # and what was renewed is ours again
        better(lesson)
        assert build(lesson)[1] == ["source/01 was renewed; hand out release/01/"]
    for step in ("source", "release"):
        text = (root / step / "01" / NAME).read_text(encoding="utf-8")
        assert text.count("is better") == 2
    assert released == ["01"] * 3


@pytest.mark.parametrize(
    ("touched", "reason"),
    [
        (f"source/01/{NAME}", "you have edited it"),
        (f"release/01/{NAME}", "you have edited release/01"),
        (f"submitted/ada/01/{NAME}", "submitted/ holds work on it"),
        (f"autograded/ada/01/{NAME}", "autograded/ holds work on it"),
        (f"feedback/ada/01/{NAME}", "feedback/ holds work on it"),
        (".written.json", "you have edited it"),  # the record is lost
    ],
)
def test_what_is_edited_or_handed_in_stays(lesson, touched, reason):
    root, _ = build(lesson)
    make_folder((root / touched).parent)
    (root / touched).write_text("{}", encoding="utf-8")
    better(lesson)
    before = files(root)
    _, (sentence,) = build(lesson)
    after = files(root)
    assert f"source/01 was left as it is: {reason}" in sentence
    (new,) = after.keys() - before.keys()
    assert new.relative_to(root).as_posix() in sentence
    assert "is better" in new.read_text(encoding="utf-8")
    assert not new.is_relative_to(root / "source")
    before.pop(root / ".written.json")  # the course's own
    assert {p: after[p] for p in before} == before


def test_settings_and_grades_are_never_touched(lesson):
    root, _ = build(lesson)
    mine = {}
    for name in ("nbgrader_config.py", "gradebook.db", "source/01/data.txt"):
        (root / name).write_text(f"my {name}", encoding="utf-8")
        mine[root / name] = (root / name).read_bytes()
    better(lesson)
    build(lesson)
    assert {path: path.read_bytes() for path in mine} == mine


def test_a_refused_release_is_made_the_next_time(lesson, monkeypatch):
    for _ in range(2):  # the second time while an older release is there
        with monkeypatch.context() as refusing:
            refusing.setattr(classroom, "nbgrader", lambda *_: "no")
            with pytest.raises(UserError, match="Lesson 01 is not released: no"):
                build(lesson)
        assert build(lesson)[1] == ["source/01 is released; hand out release/01/"]
        better(lesson)


def test_a_release_that_is_gone_is_made_again(lesson):
    root, _ = build(lesson)
    (root / "release" / "01" / NAME).unlink()
    assert build(lesson)[1] == ["source/01 is released; hand out release/01/"]


def test_a_class_keeps_its_number_and_another_has_its_own(lesson):
    root, _ = build(lesson)
    number = open_classroom(root).hidden
    better(lesson)
    build(lesson)
    assert open_classroom(root).hidden == number
    others = {open_classroom(root.with_name(f"room {n}")).hidden for n in range(20)}
    assert len(others) > 1


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_source_is_the_student_edition_with_solutions_and_hidden_tests(path):
    worked = notebooks.read(path)
    source = source_notebook(worked, 48213)
    hidden = [c for c in source.cells if HIDDEN_TESTS[0] in c.source]
    for cell in hidden:
        (line,) = [x for x in cell.source.splitlines() if "hidden=48213" in x]
        visible = cell.source.partition("\n###")[0]
        assert line == visible.replace(")", ", hidden=48213)")
    student = student_notebook(source)  # takes solutions and hidden tests out
    assert student.cells == student_notebook(worked).cells
    assert source.metadata.pixels == student_notebook(worked).metadata.pixels
    assert not any(cell.get("outputs") for cell in source.cells)
    assert not any("worked-only" in notebooks.tags(cell) for cell in source.cells)
    ids = [c.metadata.nbgrader.grade_id for c in notebooks.exercises(worked)]
    exercises = [find(id.removeprefix("check-").replace("-", ".")) for id in ids]
    assert len(hidden) == sum(bool(exercise.hidden) for exercise in exercises)


@dataclass(frozen=True)
class Played(Crew):
    """A crew that plays nbgrader: `asked` grows by who is graded, and "bad" fails."""

    asked: list = field(default_factory=list)

    def nbgrader(self, command, number, student, *_):
        name = student.removeprefix("--student=")
        if command == "autograde":
            if name == "bad":
                return "nbgrader could not do it: no"
            self.asked.append(name)
            done = make_folder(self.room.root / "autograded" / name / number)
            (done / NAME).write_text("graded", encoding="utf-8")
        return ""

    def points(self, lesson, names):
        graded = {path.parent.name for path in self.room.root.glob("autograded/*/*")}
        return {name: {"check-1-1": 1.0} if name in graded else {} for name in names}


@pytest.fixture
def graded(lesson, monkeypatch):
    """Return (root, students that nbgrader was asked to grade)."""
    root, _ = build(lesson)
    asked = []

    @contextmanager
    def crew(room, lessons):
        yield Played(room, {}, None, asked)

    monkeypatch.setattr(classroom_grade, "crew", crew)
    monkeypatch.setattr(classroom_grade, "at_once", lambda: 1)  # in order
    return root, asked


def submit(root, student, name=NAME, text='{"cells": []}'):
    """Put a file where a teacher puts what a student has sent."""
    folder = root / "submitted" / student / "01"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def grade(lesson, root):
    """Grade, with the classroom read anew from its folder."""
    return classroom_grade.grade(open_classroom(root), [lesson])


def test_who_was_graded_is_not_graded_again_until_something_changes(lesson, graded):
    root, asked = graded
    for student in ("ada", "ben"):
        submit(root, student)
    assert grade(lesson, root) == 0
    assert grade(lesson, root) == 0
    assert asked == ["ada", "ben"]
    submit(root, "ben", text='{"cells": [], "more": 1}')
    grade(lesson, root)
    assert asked == ["ada", "ben", "ben"]
    edit(root / "source" / "01" / NAME)
    grade(lesson, root)
    assert asked == ["ada", "ben", "ben", "ada", "ben"]


def test_one_students_failure_ends_nobody_elses_grading(lesson, graded, capsys):
    root, asked = graded
    submit(root, "ada")
    submit(root, "bad")
    submit(root, "broken", text="not a notebook")
    submit(root, "cyn")
    submit(root, "lost", name="a.txt")
    submit(root, "two", name="a.ipynb")
    submit(root, "two", name="b.ipynb")
    submit(root, "zoe", name="a.txt")
    (root / "submitted" / "zoe" / "01" / NAME).symlink_to(root / ".written.json")
    assert grade(lesson, root) == 1
    assert asked == ["ada", "cyn"]
    said = capsys.readouterr().out
    assert "bad: nbgrader could not do it: no" in said
    assert f"{NAME} cannot be read as a notebook: it is no JSON; ask for" in said
    for name, holds in (
        ("lost", "a.txt: ask for the .ipynb file"),
        ("two", "a.ipynb, b.ipynb: leave the one that counts"),
    ):
        folder = root / "submitted" / name / "01"
        assert f"{name}: {folder} holds {holds}" in said
    assert "zoe: " in said and f"{NAME} is a link, and links are not followed" in said
    assert any(sentence in said for sentence in SAID.values())


def test_grades_of_who_was_graded_are_written_for_platforms(lesson, graded, capsys):
    root, _ = graded
    for student in ("ada", "bad"):
        submit(root, student)
    assert grade(lesson, root) == 1
    assert "grades: grades/canvas-01.csv, grades/mo" in capsys.readouterr().out
    text = (root / "grades" / "moodle-01.csv").read_text(encoding="utf-8")
    assert [line.split(",")[2:] for line in text.splitlines()[1:]] == [['"ada"', '"1"']]


def test_a_class_list_that_cannot_be_read_is_said_before_anybody_is_graded(
    lesson, graded
):
    root, asked = graded
    submit(root, "ada")
    (root / "students.csv").write_text("name", encoding="utf-8")
    with pytest.raises(UserError, match="needs a column 'folder'"):
        grade(lesson, root)
    assert asked == []


def test_the_only_notebook_is_graded_under_any_name(lesson, graded, capsys):
    root, asked = graded
    submit(root, "ada", name="my work.ipynb")
    assert grade(lesson, root) == 0
    assert asked == ["ada"]
    assert "01/ada is mended: it was named my work.ipynb\n" in capsys.readouterr().out
    assert files(root / "submitted").keys() == {
        root / "submitted" / "ada" / "01" / "my work.ipynb"
    }
    assert (root / "mended" / "ada" / "01" / NAME).exists()


def test_a_notebook_outside_a_lessons_folder_is_named(lesson, graded, capsys):
    root, _ = graded
    submit(root, "ada")
    for place in ("loose.ipynb", "Ben_123_file_/01_tiny.ipynb"):
        path = root / "submitted" / place
        make_folder(path.parent)
        path.write_text("{}", encoding="utf-8")
    grade(lesson, root)
    said = capsys.readouterr().out
    for place in ("loose.ipynb", "Ben_123_file_/01_tiny.ipynb"):
        assert f"submitted/{place} is graded for nobody: it has to be in sub" in said


def test_nothing_handed_in_is_one_sentence(lesson, graded):
    with pytest.raises(UserError, match="Nothing to grade: no submitted/STUDENT/NN/"):
        grade(lesson, graded[0])


def test_nbgraders_error_is_one_line(lesson):
    log = (
        "[AutogradeApp | ERROR] There was an error\n"
        "    Traceback\n"
        "    nbconvert.ConversionException: no kernel\n"
    )
    said = last_error(log)
    assert "could not do it: nbconvert.ConversionException: no kernel" in said
    assert "There was an error" in last_error(log.splitlines()[0])
    assert "no reason given" in last_error("")


def test_the_command_says_when_nothing_is_to_be_done(lesson, capsys):
    arguments = argparse.Namespace(lessons=[], grade=False)
    assert classroom.main(arguments) == 0
    assert "classroom: source/01 is new" in capsys.readouterr().out
    assert classroom.main(arguments) == 0
    assert "is up to date" in capsys.readouterr().out
