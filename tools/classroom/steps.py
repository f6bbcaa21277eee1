"""Two steps of nbgrader's grading, so that one cell costs one exercise at most.

A cell that is too slow is interrupted, which nbgrader does itself. Where the kernel
does not come back, or has died, the notebook runs again without that cell.
"""

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.filters import strip_ansi
from nbformat import NotebookNode, v4
from nbgrader import utils
from nbgrader.preprocessors import Execute, OverwriteCells
from traitlets import Bool, Dict, Integer, List, Unicode

from tools.execute import kernels

LOST = "this cell never ended, or ended the kernel: it was left out"
SLOW = "this cell took too long and was stopped"
STAY = "get_ipython().ask_exit = lambda: None"
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

    def preprocess(self, nb, resources=None, km=None):
        """Execute all cells, again without the one that lost the kernel.

        Raises the error of the last attempt once MOST_LOST cells are left out.
        """
        self.lost: set[int] = set()
        while True:
            try:
                return super().preprocess(nb, resources, km)
            except (CellTimeoutError, DeadKernelError):
                if len(self.lost) == MOST_LOST:
                    raise
                self.lost.add(self.running)
                self.log.warning("Once more without cell %s: %s", self.running, LOST)

    def start_new_kernel(self, **kwargs):
        """Start a kernel in which this checkout's helpers are the ones imported."""
        super().start_new_kernel(env=kernels.child_environment(), **kwargs)

    def preprocess_cell(self, cell, resources, index):
        """Execute a cell, unless it has lost the kernel before."""
        self.running = index
        if index not in self.lost:
            return super().preprocess_cell(cell, resources, index)
        cell.outputs = [v4.new_output("error", **error("KernelLost", LOST))]
        return cell, resources

    def on_cell_executed(self, **kwargs):
        """Record an error as nbgrader does, then shorten it for the student."""
        super().on_cell_executed(**kwargs)
        shorten_errors(kwargs["cell"])

    def _get_timeout(self, cell):
        """Return the seconds for a cell: an exercise needs little."""
        if cell is not None and (utils.is_solution(cell) or utils.is_grade(cell)):
            return self.exercise_timeout
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
