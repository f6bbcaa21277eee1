"""`pixels test`: every step runs, failures are counted, nothing hides."""

import re
import subprocess
import sys
from argparse import Namespace

import pytest
from nbval.plugin import get_sanitize_patterns

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.execute import kernels, warm
from tools.verify import changed, suite
from tools.verify.suite import Count


def refuse(_):
    raise UserError("No lesson found.")


THREE = {"a": lambda _: Count(3, 1), "b": refuse, "c": lambda _: Count(40, 0)}


def run(*names, passed_on=(), lessons=(), steps=THREE):
    """Return the exit code of the command as typed."""
    asked = Namespace(steps=list(names), lessons=lessons, passed_on=list(passed_on))
    return suite.main(asked, steps)


@pytest.mark.parametrize(
    ("names", "code", "headings", "last"),
    [
        ((), 1, ["a", "b", "c"], "43 passed, 2 failed"),
        (("c",), 0, ["c"], "40 passed, 0 failed"),
        (("c", "a"), 1, ["a", "c"], "43 passed, 1 failed"),
    ],
)
def test_the_steps_that_are_asked_for_run_and_the_last_line_sums_up(
    names, code, headings, last, capsys
):
    assert run(*names) == code
    printed = capsys.readouterr().out.splitlines()
    found = [line for line in printed if line.startswith("==")]
    assert found == [f"== {name} ==" for name in headings]
    assert ("No lesson found." in printed) is ("b" in headings)
    assert printed[-1] == last


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"names": ["unti"]}, "There is no step 'unti'; did you mean unit?"),
        ({"names": ["ruff"], "passed_on": ["-x"]}, "Only changed, unit, nbval pass on"),
        ({"names": ["nbval"], "lessons": ["99"]}, "There is no lesson '99'"),
    ],
)
def test_what_cannot_be_is_told_before_the_first_step(typed, sentence, capsys):
    with pytest.raises(UserError, match=re.escape(sentence)):
        run(*typed.pop("names"), **typed, steps=suite.STEPS)
    assert "==" not in capsys.readouterr().out


def test_pytest_gets_what_follows_and_a_lesson_restricts_the_notebooks(
    monkeypatch, tmp_path
):
    tmp_path = files.make_folder(tmp_path / "{2026} [x] course")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    for name in ("00_a", "01_b", "02_c"):
        text = " " * int(name[:2])
        (tmp_path / f"{name}.ipynb").write_text(text, encoding="utf-8")
    monkeypatch.setattr(notebooks.choose, "__defaults__", (tmp_path,))
    monkeypatch.setattr(files, "BUILD", tmp_path)
    seen = []
    monkeypatch.setattr(suite, "ran", lambda words, **_: seen.append(words) or 0)
    monkeypatch.setattr(
        suite, "run_lessons", lambda paths, *_, **__: seen.append(paths) or []
    )
    monkeypatch.setattr(warm, "possible", lambda: False)
    run(passed_on=["-k", "x"], steps=suite.STEPS)
    run("nbval", "papermill", lessons=["0-1"], steps=suite.STEPS)
    unit, nbval, papermill = seen
    assert unit[-2:] == ["-k", "x"]
    paths = [tmp_path / "00_a.ipynb", tmp_path / "01_b.ipynb"]
    # The longer one first; relative: pytest reads what follows a bracket otherwise.
    assert nbval[-2:] == ["01_b.ipynb", "00_a.ipynb"] and papermill == paths


def test_what_has_changed_is_a_step_of_its_own_only_when_it_is_asked_for(
    monkeypatch, tmp_path, capsys
):
    asked = Namespace(steps=[], passed_on=[])
    assert "changed" not in suite.choose(asked, suite.STEPS)
    seen, found = [], {"tests/a.py": changed.OWN, "tests/b.py": "that reach it"}
    monkeypatch.setattr(files, "BUILD", tmp_path)
    monkeypatch.setattr(changed, "select", lambda since: ([since, "x.py"], found))
    monkeypatch.setattr(changed, "checks", lambda *_: [["form"]])
    for codes, count, says in (
        ((0, 0), Count(3, 0), False),
        ((1, 2), Count(2, 1), True),  # the form is wrong; the time was out
        ((0, 1), Count(2, 1), True),
        ((0, 3), Count(3, 1), False),  # a crash
    ):
        left = iter(codes)

        def ran(command, left=left):
            seen.append(command)
            code = next(left)
            if command != ["form"]:
                broken = int(code == 1)
                (tmp_path / "changed.xml").write_text(
                    f'<testsuites><testsuite tests="2" failures="{broken}" errors="0" '
                    'skipped="0"><testcase classname="tests.a"/></testsuite>'
                    "</testsuites>",
                    encoding="utf-8",
                )
            return code

        monkeypatch.setattr(suite, "ran", ran)
        step = Namespace(since="HEAD", passed_on=["-v"])
        assert suite.of_changes(step) == count
        assert ("2 of 2 (tests/a.py, tests/b.py)" in capsys.readouterr().out) is says
    assert seen[1][-3:] == ["tests/a.py", "tests/b.py", "-v"]


BROKEN = {"tests": 20, "failures": 2, "errors": 1, "skipped": 4}
FINE = {"tests": 5, "failures": 0, "errors": 0, "skipped": 0}


@pytest.mark.parametrize(
    ("code", "counts", "expected"),
    [
        (1, BROKEN, Count(13, 3)),
        (0, FINE, Count(5, 0)),
        (3, FINE, Count(5, 1)),  # a crash, without a failed test
        (4, {}, Count(0, 1)),  # an old report is not taken for a new one
    ],
)
def test_tests_are_counted_from_the_report(
    code, counts, expected, monkeypatch, tmp_path
):
    def report(counts):
        attributes = " ".join(f'{key}="{value}"' for key, value in counts.items())
        xml = f"<testsuites><testsuite {attributes}/></testsuites>"
        (tmp_path / "name.xml").write_text(xml, encoding="utf-8")

    def ran(_):
        if counts:
            report(counts)
        return code

    report(FINE)
    monkeypatch.setattr(files, "BUILD", tmp_path)
    monkeypatch.setattr(suite, "ran", ran)
    assert suite.pytest("name", "tests") == expected


def test_tests_are_not_told_what_this_command_was_told(monkeypatch):
    monkeypatch.setenv("PIXELS_LESSONS", "01")
    monkeypatch.setenv("PIXELS_DATA", "kept")
    script = "import os; found = os.environ; assert 'PIXELS_LESSONS' not in found; "
    assert suite.ran(["-c", script + "assert found['PIXELS_DATA'] == 'kept'"]) == 0


def test_what_children_print_is_utf8_whatever_the_system_would_write(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")  # as on Windows
    command = [sys.executable, "-c", "print('✓')"]
    child = kernels.child_environment()
    printed = subprocess.run(command, env=child, capture_output=True).stdout
    assert printed.decode().strip() == "✓"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<A at 0x7f00aa12>", "<A at ADDRESS>"),
        ("640x480", "640x480"),
        ("took 12.5 s", "took DURATION"),
        ("3 sheep", "3 sheep"),
        ("loss  40%|####   | 4/10", "lossPROGRESS"),
        ("40% of them", "40% of them"),
    ],
)
def test_the_sanitizer_touches_what_differs_and_nothing_else(text, clean):
    rules = (files.ROOT / "tests" / "sanitize.cfg").read_text(encoding="utf-8")
    for pattern, replacement in get_sanitize_patterns(rules):
        text = re.sub(pattern, replacement, text)
    assert text == clean
