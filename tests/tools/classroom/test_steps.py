"""A kernel runs what a submission needs, and all of it where that was too little."""

import nbformat
import psutil
import pytest
from nbclient.exceptions import DeadKernelError
from nbformat import v4
from support.tiny_lessons import GRADED

from tools.classroom import workplace
from tools.classroom.needed import LEFT_OUT
from tools.classroom.workplace import KERNELS
from tools.course import notebooks
from tools.course.files import make_folder
from tools.execute import warm

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

WHERE = {"nbgrader": {"assignment": "01", "notebook": "tiny"}, "metadata": {}}


@pytest.fixture
def steps():
    """Return the module: it imports nbgrader."""
    from tools.classroom import steps

    return steps


@pytest.fixture
def run(steps, tmp_path):
    """Return a function that executes an answer, and what a student adds, in a lesson
    that trains; it returns the code cells."""
    lesson = v4.new_notebook(
        cells=[
            v4.new_code_cell("def half(n):\n    return n / 2\n\n\nnet = [half(6)]"),
            v4.new_code_cell("net.append('trained')"),
            v4.new_code_cell("...", metadata={"nbgrader": GRADED | {"grade": False}}),
        ]
    )
    nbformat.write(lesson, make_folder(tmp_path / "01") / "tiny.ipynb")

    def run(answer, *own, **settings):
        nb = nbformat.from_dict(lesson)
        nb.cells[2].source = answer
        nb.cells += [v4.new_code_cell(source) for source in own]
        step = steps.GradedRun(source=str(tmp_path), kernel_name="python3", **settings)
        run.step = step
        return notebooks.code_cells(step.preprocess(nb, WHERE)[0])

    return run


def printed(cells):
    """Return what each cell has printed, or its error."""
    return [
        notebooks.stream(c) + "".join(o.get("ename", "") for o in c.outputs)
        for c in cells
    ]


def test_what_is_left_out_is_said_and_stays_as_it_was(run):
    cells = run("print(half(2))")
    assert printed(cells) == [f"({LEFT_OUT})\n", f"({LEFT_OUT})\n", "1.0\n"]
    assert cells[0].source.endswith("net = [half(6)]")


def test_what_needs_the_training_gets_it(run):
    assert printed(run("print(net)")) == ["", "", "[3.0, 'trained']\n"]


def test_what_reading_the_source_has_missed_runs_after_all(run):
    hides = "import builtins\n\nprint(builtins.eval('net'))"
    assert printed(run(hides)) == ["", "", "[3.0, 'trained']\n"]
    assert printed(run("print(nothing)"))[1:] == [f"({LEFT_OUT})\n", "NameError"]


def test_a_teacher_may_have_all_run(run):
    assert printed(run("print(half(2))", whole=True)) == ["", "", "1.0\n"]


def test_a_cell_that_ends_the_kernel_is_the_one_that_is_left_out(run):
    cells = run("print(half(2))", "import os\n\nos._exit(1)", "print('on')")
    assert printed(cells)[2:] == ["1.0\n", "KernelLost", "on\n"]


@pytest.mark.skipif(not warm.possible(), reason="nothing is forked here")
def test_the_end_of_all_kernels_costs_nobody_a_cell(run, steps, monkeypatch):
    whole, ended = steps.GradedRun.preprocess_cell, []

    def preprocess_cell(step, cell, resources, index):
        if cell.source == "print('on')" and not ended:
            (server,) = filter(serves, psutil.Process().children())
            kernels = server.children(recursive=True)
            server.kill()
            ended.append(psutil.wait_procs(kernels, timeout=30))
        return whole(step, cell, resources, index)

    monkeypatch.setattr(steps.GradedRun, "preprocess_cell", preprocess_cell)
    libraries = ["ipykernel.kernelapp"]
    with warm.forked(workplace.environment(), libraries=libraries) as server:
        monkeypatch.setenv(KERNELS, str(server.folder / "socket"))
        cells = run("print(half(2))", "print('on')")
    assert printed(cells)[2:] == ["1.0\n", "on\n"]
    ((gone, alive),) = ended
    assert gone and not alive
    assert run.step.excused


def serves(process):
    """Return whether a process is a server that forks kernels."""
    return "tools.execute.fork_server" in process.cmdline()


def test_no_cell_is_to_blame_when_the_kernels_of_all_have_gone(steps, monkeypatch):
    step = steps.GradedRun()
    step.lost, step.excused, step.running = set(), False, 7
    monkeypatch.setattr(steps, "kernels_are_gone", lambda: True)
    step.leave_out_the_cell_of(RuntimeError("no kernel"))
    assert step.lost == set()
    with pytest.raises(RuntimeError, match="no kernel"):
        step.leave_out_the_cell_of(RuntimeError("no kernel"))
    step.leave_out_the_cell_of(DeadKernelError())
    assert step.lost == {7}
