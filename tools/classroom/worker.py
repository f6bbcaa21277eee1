"""One command of nbgrader's, as one of several on a class at the same time.

    python -m tools.classroom.worker autograde 01 --student=ada

It does what `python -m nbgrader` would, in the folder that it is started in, and has
the gradebook to itself while it writes there.
"""

import sys
from contextlib import nullcontext
from pathlib import Path

from nbgrader.apps.nbgraderapp import NbGraderApp

from tools.classroom import gradebook

READERS = {"generate_feedback"}  # the commands that write no grade


def main(words: list[str]) -> None:
    """Run nbgrader; ends the process with 1 where nbgrader could not do it."""
    reads = words[0] in READERS
    with nullcontext() if reads else gradebook.writing(Path.cwd()):
        NbGraderApp.launch_instance(words)


if __name__ == "__main__":
    main(sys.argv[1:])
