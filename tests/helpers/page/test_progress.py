"""Progress: from the learner's own notebooks and record, and never lost."""

import json
from argparse import Namespace

import nbformat
import pytest
from nbformat import v4

from helpers.core.errors import UserError
from helpers.page import exercises, progress
from tools.course import files, notebooks
from tools.editions import student
from tools.lab import progress as command


def page(folder, name, *answers):
    """Write a notebook whose checks (id, what was printed) have run, or not."""
    cells = [v4.new_markdown_cell("# A page")]
    for id, printed in answers:
        cell = v4.new_code_cell(f'check("{id}", answer)')
        cell.metadata["nbgrader"] = {"grade": True, "grade_id": f"check-{id}"}
        if printed:
            cell.outputs = [v4.new_output("stream", text=printed, name="stdout")]
        cells.append(cell)
    path = folder / name
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


SOLVED, TRIED, UNTOUCHED = "correct", "wrong", "not attempted"


def test_the_verdicts_of_saved_notebooks_are_read(tmp_path):
    page(
        tmp_path,
        "any name.ipynb",
        ("1.1", "a print of mine\n✓ 1.1  correct\n"),
        ("1.2", "✗ 1.2  Your kernel is turned around.\n   for  ✓ 1.3\n"),
        ("1.10", "○ 1.10  not attempted yet\n"),
        ("1.3", ""),
    )
    found = progress.found_in(tmp_path)
    assert found == {"1.1": SOLVED, "1.2": TRIED, "1.3": UNTOUCHED, "1.10": UNTOUCHED}
    assert list(found) == ["1.1", "1.2", "1.3", "1.10"]


def test_a_verdict_shown_without_grading_counts_for_nothing(tmp_path):
    path = page(tmp_path, "00.ipynb", ("0.1", "✓ 0.1  correct\n"))
    nb = notebooks.read(path)
    del nb.cells[1].metadata["nbgrader"]
    nbformat.write(nb, path)
    assert progress.found_in(tmp_path) == {}


def test_only_what_is_printed_to_the_page_is_a_verdict(tmp_path):
    path = page(tmp_path, "01.ipynb", ("1.1", "✓ 1.1  correct\n"), ("1.2", ""))
    nb = notebooks.read(path)
    nb.cells[1].outputs.insert(0, v4.new_output("display_data", {"text/plain": "a"}))
    complaint = v4.new_output("stream", text="✓ 1.2  correct\n", name="stderr")
    nb.cells[2].outputs = [complaint]
    words = v4.new_markdown_cell("Say why.", metadata={"nbgrader": {"grade": True}})
    nb.cells.append(words)  # graded by hand: it has no outputs
    nbformat.write(nb, path)
    assert progress.found_in(tmp_path) == {"1.1": SOLVED, "1.2": UNTOUCHED}


def test_a_verdict_may_stand_in_a_later_output_and_a_check_in_a_later_line(tmp_path):
    path = page(tmp_path, "01.ipynb", ("1.1", "Here it comes:\n"))
    nb = notebooks.read(path)
    nb.cells[1].source = 'answer = 3\ncheck("1.1", answer)'
    figure = v4.new_output("display_data", {"text/plain": "a figure"})
    verdict = v4.new_output("stream", text="✓ 1.1  correct\n", name="stdout")
    nb.cells[1].outputs += [figure, verdict]
    nbformat.write(nb, path)
    assert progress.found_in(tmp_path) == {"1.1": SOLVED}


def test_a_byte_order_mark_that_an_editor_has_added_hides_nothing(tmp_path):
    path = page(tmp_path, "01.ipynb", ("1.1", "✓ 1.1  correct\n"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert progress.found_in(tmp_path) == {"1.1": SOLVED}


def test_the_best_of_two_editions_counts(tmp_path):
    page(tmp_path, "04.ipynb", ("4.1", "✓ 4.1  correct\n"), ("4.2", "✗ 4.2  no\n"))
    page(tmp_path, "04.new-abcd.ipynb", ("4.1", ""), ("4.2", ""), ("4.3", ""))
    expected = {"4.1": SOLVED, "4.2": TRIED, "4.3": UNTOUCHED}
    assert progress.found_in(tmp_path) == expected


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"cells": [{}]}', "\0\xff"])
def test_a_file_that_is_no_notebook_hides_nothing(tmp_path, text):
    (tmp_path / "broken.ipynb").write_text(text, encoding="latin-1")
    page(tmp_path, "01.ipynb", ("1.1", "✓ 1.1  correct\n"))
    assert progress.found_in(tmp_path) == {"1.1": SOLVED}


@pytest.fixture
def kernel(monkeypatch):
    """As in a fresh kernel: nobody listens, nothing has to be right."""
    monkeypatch.setattr(exercises, "_listeners", {})
    monkeypatch.setattr(progress, "_folder", None)
    monkeypatch.setitem(exercises._settings, "raise", False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def test_every_check_is_written_down_once_and_never_taken_back(tmp_path, kernel):
    progress.follow("00", tmp_path)
    progress.follow("00", tmp_path)  # the cell was run again
    right = exercises.find("0.1").reference
    for answer in (..., lambda *_: "wrong", right, right, lambda *_: "wrong"):
        exercises.check("0.1", answer)
    lines = (tmp_path / progress.RECORD).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["state"] for line in lines if line] == [TRIED, SOLVED]
    assert progress.found_in(tmp_path) == {"0.1": SOLVED}


def test_without_a_folder_it_is_where_the_kernel_runs(tmp_path, kernel, monkeypatch):
    monkeypatch.chdir(tmp_path)
    progress.follow("00")
    exercises.check("0.1", exercises.find("0.1").reference)
    assert progress.found_in(tmp_path) == {"0.1": SOLVED}


@pytest.mark.parametrize("state", [UNTOUCHED, "perfect"])
def test_what_is_no_attempt_is_not_written_down(tmp_path, kernel, state):
    progress.write_down("1.1", TRIED)  # no lesson is open: nothing is kept
    progress.follow("00", tmp_path)
    progress.write_down("1.1", state)
    assert not list(tmp_path.iterdir())


def test_the_record_keeps_the_best_of_its_lines(tmp_path):
    lines = [("1.1", s) for s in (TRIED, SOLVED, TRIED)] + [("1.2", TRIED)]
    entries = [json.dumps({"exercise": id, "state": state}) for id, state in lines]
    (tmp_path / progress.RECORD).write_text("\n".join(entries), encoding="utf-8")
    assert progress.found_in(tmp_path) == {"1.1": SOLVED, "1.2": TRIED}


def test_cleared_outputs_lose_nothing(tmp_path, kernel):
    progress.follow("00", tmp_path)
    exercises.check("0.1", exercises.find("0.1").reference)
    page(tmp_path, "00.ipynb", ("0.1", ""), ("0.2", ""))
    assert progress.found_in(tmp_path) == {"0.1": SOLVED, "0.2": UNTOUCHED}


def test_an_upgrade_loses_nothing(tmp_path, write_lesson, kernel):
    from support.tiny_lessons import tiny_cells

    write_lesson(tmp_path / "notebooks", "01_tiny", tiny_cells())
    study = tmp_path / "study"
    student.write_edition(study, tmp_path / "notebooks")
    progress.follow("01", study)
    exercises.check("0.1", exercises.find("0.1").reference)
    newer = [*tiny_cells(), v4.new_markdown_cell("A new paragraph.")]
    write_lesson(tmp_path / "notebooks", "01_tiny", newer)
    assert student.write_edition(study, tmp_path / "notebooks")
    assert len(list(study.glob("*.ipynb"))) == 2
    assert progress.found_in(study)["0.1"] == SOLVED


def test_what_is_no_line_of_ours_is_passed_over(tmp_path):
    good = json.dumps({"exercise": "1.1", "state": SOLVED})
    bad = ["", "{", "7", '{"exercise": "1.2"}', '{"exercise": 3, "state": "wrong"}']
    bad += ['{"exercise": "1.4", "state": "perfect"}', good[:20]]
    lines = "\n".join([good, *bad]).encode() + b"\n\xff\n"
    (tmp_path / progress.RECORD).write_bytes(lines)
    assert progress.found_in(tmp_path) == {"1.1": SOLVED}


def test_after_a_line_cut_short_the_next_one_counts(tmp_path, kernel):
    (tmp_path / progress.RECORD).write_text('{"exercise": "1.', encoding="utf-8")
    progress.follow("00", tmp_path)
    exercises.check("0.1", exercises.find("0.1").reference)
    assert progress.found_in(tmp_path) == {"0.1": SOLVED}


def test_the_worked_edition_and_grading_write_nothing(
    tmp_path, kernel, monkeypatch, capsys
):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    progress.follow("00", tmp_path)
    exercises.check("0.1", exercises.find("0.1").reference)
    monkeypatch.delenv("NBGRADER_EXECUTION")
    monkeypatch.setitem(exercises._settings, "raise", True)
    progress.follow("00", tmp_path)
    exercises.check("0.1", exercises.find("0.1").reference)
    assert not list(tmp_path.iterdir())
    said = "In your own copy (make lab), your progress stands here.\n"
    assert sum(said == line for line in capsys.readouterr().out.splitlines(True)) == 2


def test_the_open_lesson_is_pointed_at(tmp_path, kernel, capsys):
    page(tmp_path, "00.ipynb", ("0.1", "✓ 0.1  correct\n"), ("0.2", "✗ 0.2  no\n"))
    page(tmp_path, "01.ipynb", ("1.1", ""), ("1.2", ""))
    progress.follow("01", tmp_path)
    assert capsys.readouterr().out.splitlines() == [
        "Your progress: 1 of 4 solved.  ✓ solved  ✗ tried  ○ untouched",
        "  00  ✓✗",
        "→ 01  ○○",
    ]


def test_before_anything_is_saved_it_says_so(tmp_path, kernel, capsys):
    progress.follow("00", tmp_path)
    assert "appears here once you have saved" in capsys.readouterr().out


def test_the_command_names_each_exercise(tmp_path, capsys):
    page(tmp_path, "01.ipynb", ("1.1", "✓ 1.1  correct\n"), ("1.2", "✗ 1.2  no\n"))
    page(tmp_path, "02.ipynb", ("2.1", ""), ("2.2", ""))
    assert command.main(Namespace(folder=str(tmp_path))) == 0
    assert capsys.readouterr().out.splitlines() == [
        "lesson  solved  tried, not yet right  untouched",
        "------  ------  --------------------  ---------",
        "01      1.1     1.2                   -",
        "02      -       -                     2.1 2.2",
        "",
        "1 of 4 solved",
    ]


def test_without_lessons_the_command_says_where_they_come_from(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "STUDY", tmp_path / "study")
    with pytest.raises(UserError, match=r"No exercise found in .*study: `make lab`"):
        command.main(Namespace(folder=None))


def test_every_exercise_of_the_course_is_seen():
    found = progress.found_in(files.NOTEBOOKS)
    checks = [
        c
        for path in notebooks.lessons()
        for c in notebooks.exercises(notebooks.read(path))
    ]
    assert len(found) == len(checks) >= 50
    assert set(found.values()) == {SOLVED}
