"""`python -m tools lab`: the student edition, then JupyterLab on its first page."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files
from tools.editions.student import write_edition
from tools.execute import kernels

SETTINGS = Path(__file__).parent  # its labconfig/ turns JupyterLab's news off
LEARNER = SETTINGS / "learner"  # switches off what the extra `classroom` adds
FIRST_PAGE = "00_start_here.ipynb"


def has_display() -> bool:
    """Return whether a browser could open a window here: without one, JupyterLab would
    open it in the terminal."""
    named = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(named) or not sys.platform.startswith("linux")


def runs_as_root() -> bool:
    """Return whether this process may do everything, as in most containers."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def command(
    is_root: bool,
    display: bool,
    root: Path | None = None,
    page: str = f"study/{FIRST_PAGE}",
) -> list[str]:
    """Return the command that starts JupyterLab: this machine only, with its token.

    `root`: the folder that is served, the checkout if not given. `page`: what opens.
    """
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={root or files.ROOT}",
        f"--LabApp.default_url=/lab/tree/{page}",
    ]
    if is_root:  # containers; everywhere else JupyterLab's refusal is right
        options.append("--allow-root")
    if not display:
        options.append("--no-browser")
    return [sys.executable, "-m", "tools.lab.server", *options]


def lab_environment(*configs: Path) -> dict[str, str]:
    """Return the environment: helpers can be imported, and no news is asked for.

    `configs`: folders of Jupyter's configuration that go before the course's own. With
    LEARNER, JupyterLab is the same whether the extra `classroom` is installed or not.
    """
    return os.environ | {
        "JUPYTER_CONFIG_PATH": kernels.first("JUPYTER_CONFIG_PATH", *configs, SETTINGS),
        "PYTHONPATH": kernels.first("PYTHONPATH", files.ROOT),
    }


def become(start: Sequence[str], environment: Mapping[str, str]) -> int:
    """Become another program, and return its exit code where only a child can."""
    sys.stdout.flush()
    if os.name == "posix":  # one process: signals reach JupyterLab itself
        os.execve(start[0], start, environment)
    return subprocess.call(start, env=environment)


def main(arguments: argparse.Namespace) -> int:
    """Prepare study/ and become JupyterLab; return its exit code."""
    if files.NOTEBOOKS.is_dir():  # a published course brings study/ ready
        for sentence in write_edition(files.STUDY):
            print(f"study: {sentence}")
    if not (files.STUDY / FIRST_PAGE).exists():
        raise UserError(f"There is no study/{FIRST_PAGE} to open.")
    start = command(runs_as_root(), has_display())
    return become(start, lab_environment(LEARNER))
