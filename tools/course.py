"""The course on disk: its folders, its lessons, and what stands in a notebook."""

import ast
import os
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.claims import COLLECT, MIME
from helpers.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
STUDY = ROOT / "study"
BUILD = ROOT / "build"
VERDICT = re.compile(r"^([✓○✗]) \d+\.\d+", re.MULTILINE)


def title(nb: NotebookNode) -> str:
    """Return the heading a notebook opens with, "" where there is none."""
    first = nb.cells[0].source.partition("\n")[0] if nb.cells else ""
    return first.removeprefix("# ") if first.startswith("# ") else ""


def lessons(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the lessons in order. Raises UserError when there is none."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise UserError(f"No lesson found: {folder} holds no file like 01_name.ipynb.")
    return found


def choose(names: Iterable[str], folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the lessons called `names` ("1", "01", "01_cnn…"), all when empty.

    Raises UserError for a name that no lesson has.
    """
    known = lessons(folder)
    chosen = set()
    for name in names:
        stem = Path(name).stem
        number = f"{int(stem):02d}" if stem.isdecimal() else None
        match = [p for p in known if p.stem == stem or p.stem[:2] == number]
        if not match:
            all_names = ", ".join(path.stem for path in known)
            raise UserError(f"There is no lesson {name!r}; there are {all_names}.")
        chosen.update(match)
    return [path for path in known if path in chosen] or known


def read(path: Path) -> NotebookNode:
    """Return the notebook in `path`. Raises UserError when it is not one."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path} cannot be read as a notebook: {reason}") from error


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def parameters(nb: NotebookNode) -> dict[str, object]:
    """Return name and default of everything in the cell tagged `parameters`.

    Raises ValueError where the cell holds anything but `NAME = literal`.
    """
    found = {}
    for cell in code_cells(nb):
        if "parameters" in tags(cell):
            for statement in ast.parse(cell.source).body:
                if not isinstance(statement, ast.Assign):
                    raise ValueError(f"not NAME = literal: {ast.unparse(statement)}")
                (target,) = statement.targets
                found[ast.unparse(target)] = ast.literal_eval(statement.value)
    return found


def claims(nb: NotebookNode) -> list[dict]:
    """Return the records of all claims that the executed notebook shows, with the
    number of their `cell` among the lesson's own code cells."""
    own = [cell for cell in code_cells(nb) if "injected-parameters" not in tags(cell)]
    return [
        output.data[MIME] | {"cell": number}
        for number, cell in enumerate(own)
        for output in cell.outputs
        if MIME in output.get("data", {})
    ]


def exercises(nb: NotebookNode) -> list[NotebookNode]:
    """Return the cells that check an exercise (nbgrader's graded cells)."""
    cells = code_cells(nb)
    return [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]


def stream(cell: NotebookNode, name: str = "stdout") -> str:
    """Return what a cell has printed to "stdout" or "stderr"."""
    return "".join(o.text for o in cell.outputs if o.get("name") == name)


def verdicts(cell: NotebookNode) -> list[str]:
    """Return the signs ✓ ○ ✗ with which the checks of a cell have answered."""
    return VERDICT.findall(stream(cell))


def child_environment(root: Path = ROOT) -> dict[str, str]:
    """Return the environment in which kernels and tests run: one thread, no bars.

    Two notebooks run at once, so each gets one thread. The checkout at `root` comes
    first on the import path: what is executed is what stands there, wherever it was
    installed.
    """
    path = [str(root), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "IPYTHONDIR": str(quiet_profile()),
        "OMP_NUM_THREADS": "1",
        COLLECT: "",  # only the ledger sets it
        "PIXELS_QUIET": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",  # Windows would say ✓ in a code page without it
        "PYTHONPATH": os.pathsep.join(part for part in path if part),
    }


def quiet_profile() -> Path:
    """Write the IPython profile of executed kernels: errors only, no history."""
    folder = BUILD / "ipython"
    config = folder / "profile_default" / "ipython_kernel_config.py"
    text = "c.IPKernelApp.log_level = 40\nc.HistoryManager.enabled = False\n"
    make_folder(config.parent)
    if not config.exists() or config.read_text(encoding="utf-8") != text:
        config.write_text(text, encoding="utf-8")
    return folder


def write_whole(path: Path, text: str) -> None:
    """Write a file that is never seen half: it replaces the old one in one step."""
    half = path.with_name(f".{path.name}.half-written")
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)


def make_folder(folder: Path) -> Path:
    """Create a folder for output. Raises UserError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK):
        raise UserError(f"Cannot write to {folder}: permission denied.")
    return folder
