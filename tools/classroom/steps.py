"""Two steps of nbgrader's grading, so that one cell costs one exercise at most.

A cell that is too slow is interrupted, which nbgrader does itself. Where the kernel
does not come back, or has died, the notebook runs again without that cell. Cells that
no exercise needs are left out (`tools.classroom.needed`), and checks do not run in the
kernel: what they find is judged here (`tools.classroom.judge`).
"""

import secrets
import time
from functools import partial
from pathlib import Path

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode, v4
from nbgrader import utils
from nbgrader.preprocessors import Execute, OverwriteCells
from traitlets import Bool, Dict, Integer, List, Unicode

from tools.classroom import gradebook, needed, workplace
from tools.classroom.checks import Check, Stopped, parted
from tools.classroom.crew import kernels_are_gone
from tools.classroom.workplace import Workplace
from tools.execute.sandbox import Limits

LOST = "this cell never ended, or ended the kernel: it was left out"
SLOW = "this cell took too long and was stopped"
STAY = "get_ipython().ask_exit = lambda: None"
LOSSES = (CellTimeoutError, DeadKernelError)
MOST_LOST = 5  # cells to leave out at most


def error(name: str, message: str) -> dict:
    """Return an error as a kernel would report it."""
    return {"ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


class GradedRun(Execute):
    """Execute a submission, whatever its cells do."""

    timeout = Integer(300, help="seconds for a cell").tag(config=True)
    exercise_timeout = Integer(20, help="seconds for an exercise").tag(config=True)
    error_on_timeout = Dict(error("CellTimeoutError", SLOW))
    # Else `exit()` would end the kernel.
    extra_arguments = List([f"--InteractiveShellApp.exec_lines={STAY}"])
    # Else a student's tag would keep a check from running, and so from failing.
    skip_cells_with_tag = Unicode("(no such tag)")
    source = Unicode("", help="folder of the teacher's versions").tag(config=True)
    whole = Bool(False, help="run what no exercise needs, too").tag(config=True)
    memory = Integer(4_096, help="megabytes for a submission").tag(config=True)
    longest = Integer(3_600, help="computing seconds for it").tag(config=True)
    # What a student's file calls its kernel does not choose one.
    kernel_name = Unicode("python3")

    def preprocess(self, nb, resources=None, km=None):
        """Execute what the exercises need, again without a cell that lost the kernel,
        and all of it where that was too little.

        Raises the error of the last attempt once MOST_LOST cells are left out.
        """
        self.lost: set[int] = set()
        self.excused = False
        self.shortened = {}
        if not self.whole:
            self.shortened = needed.shortened(nb, self.teachers(resources))
        with gradebook.others_may_write():
            while True:
                try:
                    done = self.run_sealed(nb, resources, km)
                except (CellTimeoutError, RuntimeError) as failure:
                    self.leave_out_the_cell_of(failure)
                    continue
                if not (missed := needed.missed(nb, self.shortened)):
                    return done
                self.shortened = {}
                self.log.warning("Once more, with all cells: no %s", missed)

    def leave_out_the_cell_of(self, failure: Exception) -> None:
        """Leave out the cell that runs, unless all kernels of the class have gone: once
        that may be another submission's doing. Raises what is no cell's failure."""
        if kernels_are_gone() and not self.excused:
            self.excused = True
            self.log.warning("Once more: the kernels of all have gone")
            return
        if len(self.lost) == MOST_LOST or not isinstance(failure, LOSSES):
            raise failure
        self.lost.add(self.running)
        self.log.warning("Once more without cell %s: %s", self.running, LOST)

    def teachers(self, resources) -> Path:
        """Return where the teacher's version of what is graded should stand."""
        names = resources["nbgrader"]
        notebook = f"{names['notebook']}.ipynb"
        return Path(self.source, names["assignment"], notebook)

    def run_sealed(self, nb, resources, km):
        """Execute in a kernel with a workplace of its own, gone at the end."""
        limits = Limits(memory=self.memory * 2**20, seconds=self.longest)
        handed_in = resources["metadata"].get("path")
        self.workplace = Workplace(handed_in, limits, workplace.which())
        try:
            return super().preprocess(nb, resources, km)
        except (CellTimeoutError, RuntimeError):
            self.log.warning("The kernel has said: %s", self.workplace.told())
            raise
        finally:
            self.workplace.close()

    def create_kernel_manager(self):
        """Return what starts a kernel in the workplace."""
        manager = super().create_kernel_manager()
        self.workplace.connect(manager)
        return manager

    def start_new_kernel(self, **kwargs):
        """Start a sealed kernel in which this checkout's helpers are those imported.

        The one place where a process begins that runs what a student has written.
        """
        told = workplace.environment()
        own = str(self.workplace.own)
        super().start_new_kernel(env=told, **kwargs | {"cwd": own})

    def preprocess_cell(self, cell, resources, index):
        """Execute a cell, or of one that no exercise needs what others need of it;
        unless it has lost the kernel before. Judge what a check cell asks for."""
        self.running, self.spent = index, 0.0
        checks, rest = parted(cell.source) if utils.is_grade(cell) else ([], "")
        if index in self.lost:
            cell.outputs = [v4.new_output("error", **error("KernelLost", LOST))]
        elif checks:
            self.run_checks(cell, index, checks, rest)
        elif index not in self.shortened:
            return super().preprocess_cell(cell, resources, index)
        else:
            self.run_shortened(cell, resources, index)
        return cell, resources

    def run_checks(self, cell, index, checks: list[Check], rest: str):
        """Judge what a check cell asks for, once all else in it has run. Its outputs
        are those of that and the judge's alone."""
        # Where they are used: they bring PyTorch, which other commands do without.
        from helpers.page.verdicts import wrapped
        from tools.classroom.judge import judge

        cell.outputs = []
        try:
            cell.outputs += self.run_beside(cell, index, rest).outputs
            for check in checks:
                ask = partial(self.ask, cell, index, check.answer)
                right, text = judge(check, ask)
                shown = f"{wrapped(text)}\n"
                cell.outputs.append(v4.new_output("stream", name="stdout", text=shown))
                if not right:
                    failed = error("ExerciseFailed", text)
                    cell.outputs.append(v4.new_output("error", **failed))
                    break
        except Stopped as stopped:
            if stopped.__cause__:
                raise stopped.__cause__ from None
            cell.outputs += stopped.args
        shorten_errors(cell)

    def ask(self, cell, index, answer: str, asked: list[tuple]) -> tuple[bytes, bytes]:
        """Let the kernel answer questions on an answer; return what it hands over.

        Raises Stopped with the cell's error, or from that of a kernel that is lost; of
        the kinds of errors that a judge has to do with, it is none.
        """
        from tools.classroom.judge import code_for, handed_over

        path = self.workplace.channel / secrets.token_hex(8)
        self.run_beside(cell, index, code_for(answer, path, asked))
        return handed_over(path)

    def run_beside(self, cell, index, source: str) -> NotebookNode:
        """Execute code as a graded cell, of which the notebook shows nothing; return
        the cell. Raises Stopped as `ask` does."""
        beside = v4.new_code_cell(source, metadata=cell.metadata)
        started = time.monotonic()
        self.nb.cells[index] = beside  # where nbclient looks for what it displays
        try:
            self.execute_cell(beside, index, store_history=False)
        except (CellTimeoutError, RuntimeError) as failure:
            raise Stopped from failure
        finally:
            self.nb.cells[index] = cell
            for places in self._display_id_map.values():
                places.pop(index, None)  # no later cell changes what is judged
            self.spent += time.monotonic() - started
        if failed := [o for o in beside.outputs if o.output_type == "error"]:
            raise Stopped(*failed)
        return beside

    def run_shortened(self, cell, resources, index):
        """Execute the definitions in a cell that others need, and say so there."""
        whole, cell.source = cell.source, self.shortened[index]
        try:
            cell.outputs = []
            super().preprocess_cell(cell, resources, index)
        finally:
            cell.source = whole
        note = v4.new_output("stream", name="stdout", text=f"({needed.LEFT_OUT})\n")
        cell.outputs = [note, *(o for o in cell.outputs if o.output_type == "error")]

    def on_cell_executed(self, **kwargs):
        """Record an error as nbgrader does, then shorten it for the student."""
        super().on_cell_executed(**kwargs)
        shorten_errors(kwargs["cell"])

    def _get_timeout(self, cell):
        """Return the seconds for a cell: an exercise needs little, with all that is
        asked of its answer."""
        if cell is not None and (utils.is_solution(cell) or utils.is_grade(cell)):
            return max(1, self.exercise_timeout - self.spent)
        return super()._get_timeout(cell)


def shorten_errors(cell: NotebookNode) -> None:
    """Keep of a traceback what stands in the notebook, of a check's its first line:
    the rest is this machine's paths, and the hidden tests."""
    for output in cell.outputs:
        if output.output_type != "error":
            continue
        if utils.is_grade(cell):
            first = output.evalue.partition("\n")[0]
            output.evalue, output.traceback = first, [f"{output.ename}: {first}"]
        parts = output.traceback
        output.traceback = [p for p in parts if not strip_ansi(p).startswith("File ")]


class RestoredCells(OverwriteCells):
    """Restore the check cells that a student has edited or deleted."""

    add_missing_cells = Bool(True).tag(config=True)

    def preprocess_cell(self, cell, resources, index):
        """Restore a cell; one pasted from elsewhere, or twice, is no graded one.

        nbgrader takes the id from such a cell, and then stops for want of it.
        """
        cell, resources = super().preprocess_cell(cell, resources, index)
        if "grade_id" not in cell.metadata.get("nbgrader", {}):
            cell.metadata.pop("nbgrader", None)
        return cell, resources

    def add_missing_grade_cells(self, nb, resources):
        """Add each missing check cell after the nearest graded or solution cell that
        comes before it in the lesson; at the end where the student has none.

        nbgrader's own stops with an error when a check's solution cell is gone too.
        """
        source = self.gradebook.find_notebook(self.notebook_id, self.assignment_id)
        points = {cell.name: cell.max_score for cell in source.grade_cells}
        at = len(nb.cells)
        for cell in source.source_cells:
            if cell.name in places(nb):
                at = places(nb)[cell.name] + 1
            elif cell.name in points:
                new = self.missing_cell_transform(cell, points[cell.name])
                new["id"] = v4.new_code_cell().id
                nb.cells.insert(at, new)
                at += 1
        return nb, resources


def places(nb: NotebookNode) -> dict[str, int]:
    """Return where nbgrader's cells stand in a notebook, by their id."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in nb.cells]
    return {id: place for place, id in enumerate(ids) if id}
