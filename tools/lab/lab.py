"""`python -m tools lab`: the student edition, then JupyterLab on its first page."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir

from helpers.core.errors import UserError
from tools.course import files
from tools.editions.student import write_edition
from tools.execute import defaults, kernels

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
    """Return the environment: helpers can be imported, no news is asked for, and server
    and kernels start from defaults (`tools.execute.defaults`).

    Of what a reader has configured, JupyterLab keeps what one chooses in its menus:
    theme, shortcuts, editor, and which tabs were open. That lies in the reader's own
    folder, and what is changed here is changed there. It keeps nothing that runs code
    or makes it another server: Jupyter's configuration files, a password, extensions
    that are switched on or off, IPython's profile and its start-up files, so also no
    nbgrader_config.py but the classroom's. In their place Jupyter and IPython have
    folders in build/lab, where a history may grow.

    `configs`: folders of Jupyter's configuration that go before the course's own. With
    LEARNER, JupyterLab is the same whether the extra `classroom` is installed or not.
    """
    own = files.make_folder(files.BUILD / "lab")
    return defaults.environment(
        **chosen_in_menus(),
        IPYTHONDIR=str(files.make_folder(own / "ipython")),
        JUPYTER_CONFIG_DIR=str(files.make_folder(own / "jupyter")),
        JUPYTER_CONFIG_PATH=os.pathsep.join(map(str, (*configs, SETTINGS))),
        PYTHONPATH=kernels.first("PYTHONPATH", files.ROOT),
    )


def chosen_in_menus() -> dict[str, str]:
    """Return where JupyterLab keeps what the reader has chosen in its menus: the same
    folders as without the course; {} for a reader who wants none of that."""
    if os.environ.get("JUPYTER_NO_CONFIG"):
        return {}
    folder = Path(jupyter_config_dir(), "lab")
    usual = {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    return {name: os.environ.get(name) or path for name, path in usual.items()}


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
