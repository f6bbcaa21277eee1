"""nbgrader's settings for the classroom: its nbgrader_config.py calls `settle`."""

import os
import sys
from pathlib import Path

from tools.execute import kernels

NAME = "nbgrader_config.py"
TEXT = '''\
"""nbgrader's settings for this classroom: yours to edit, never overwritten."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT.parent))  # the course, wherever it has been moved

from tools.classroom.config import settle  # noqa: E402

c = get_config()  # noqa: F821: nbgrader provides it
settle(c, ROOT)

# c.GradedRun.exercise_timeout = 20  # seconds for an exercise's cell, or its check
# c.GradedRun.timeout = 300  # seconds for any other cell
# c.GradedRun.memory = 4096  # megabytes for a submission
# c.GradedRun.longest = 3600  # computing seconds for a submission
# c.GradedRun.whole = True  # run cells that no exercise needs, too
'''


def settle(c, root: Path) -> None:
    """Set, in nbgrader's Config `c`, all that it needs for the classroom at `root`."""
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
    from nbgrader import preprocessors as steps

    from tools.classroom.handout import beside
    from tools.classroom.inactive import Inactive, markdown
    from tools.classroom.steps import GradedRun, RestoredCells

    # nbgrader calls `alembic` by its name.
    scripts = Path(sys.executable).parent
    if os.environ.get("PATH", "").split(os.pathsep)[0] != str(scripts):
        os.environ["PATH"] = kernels.first("PATH", scripts)
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.course_id = "from-pixels-to-transformers"
    c.GradedRun.source = str(root / "source")
    c.ClearSolutions.code_stub = {"python": "..."}  # the stub that `check` knows
    c.Autograde.sanitize_preprocessors = exchanged(
        steps.OverwriteCells, RestoredCells, "sanitize_preprocessors"
    )
    c.Autograde.autograde_preprocessors = [
        *exchanged(steps.Execute, GradedRun, "autograde_preprocessors"),
        Inactive,
    ]
    # Else what lies beside a source goes to every student, with the feedback.
    sources = (folder for folder in (root / "source").glob("*") if folder.is_dir())
    c.Autograde.exclude_overwriting = {path.name: beside(path) for path in sources}
    # `check` raises when an answer is wrong: a warning alone must cost nothing.
    c.IgnorePattern.enabled, c.IgnorePattern.pattern = True, r"(?s)."
    # The pages go to students: without the hidden tests, and so their number.
    own = [steps.GetGrades, steps.ClearHiddenTests, Inactive, CSSHTMLHeaderPreprocessor]
    c.GenerateFeedback.preprocessors = own
    # There, and in the formgrader.
    c.HTMLExporter.filters = {"markdown2html": markdown}


def exchanged(step: type, own: type, name: str) -> list[type]:
    """Return nbgrader's own list of steps called `name`, one exchanged for ours."""
    from nbgrader.converters import Autograde

    steps = getattr(Autograde, name).default_args[0]
    return [own if each is step else each for each in steps]
