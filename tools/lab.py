"""`python -m tools lab`: the student edition, then JupyterLab on its first page."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from helpers.errors import UserError
from tools import course
from tools.student_edition import write_edition

SETTINGS = Path(__file__).parent  # its labconfig/ turns JupyterLab's news off
FIRST_PAGE = "00_start_here.ipynb"


def has_display(platform: str, environment: Mapping[str, str]) -> bool:
    """Return whether a browser could open a window here."""
    if not platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def command(is_root: bool, display: bool) -> list[str]:
    """Return the command that starts JupyterLab: this machine only, with its token."""
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={course.ROOT}",
        f"--LabApp.default_url=/lab/tree/study/{FIRST_PAGE}",
    ]
    if is_root:  # containers; everywhere else JupyterLab's refusal is right
        options.append("--allow-root")
    if not display:
        options.append("--no-browser")
    return [sys.executable, "-m", "jupyterlab", *options]


def lab_environment() -> dict[str, str]:
    """Return the environment: helpers can be imported, and no news is asked for."""
    configs = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    modules = [str(course.ROOT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        "JUPYTER_CONFIG_PATH": os.pathsep.join(part for part in configs if part),
        "PYTHONPATH": os.pathsep.join(part for part in modules if part),
    }


def main(arguments: argparse.Namespace) -> int:
    """Prepare study/ and become JupyterLab; return its exit code."""
    for sentence in write_edition(course.STUDY):
        print(f"study: {sentence}")
    if not (course.STUDY / FIRST_PAGE).exists():
        raise UserError(f"There is no study/{FIRST_PAGE} to open.")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    start = command(is_root, has_display(sys.platform, os.environ))
    sys.stdout.flush()
    if os.name == "posix":  # one process: signals reach JupyterLab itself
        os.execve(sys.executable, start, lab_environment())
    return subprocess.call(start, env=lab_environment())
