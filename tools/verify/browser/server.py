"""`make lab`'s own server, on a folder of its own, for a browser that we drive.

Nothing of the user's is read or written: study/, the home folder, JupyterLab's settings
and workspaces, IPython's profile and history are all in the folder of this run.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, Error

from helpers.core.errors import UserError
from tools.course import files
from tools.execute import kernels
from tools.execute.processes import end_family
from tools.lab import lab

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/\S*token=(\w+)")
PATIENCE = 120  # seconds until JupyterLab has said its address
OPTIONS = (
    "--ServerApp.port=0",  # the system chooses a free one
    "--LabApp.expose_app_in_browser=True",  # page.py speaks to window.jupyterapp
)
# What would make a kernel here differ from a learner's.
NOT_A_LEARNERS = ("PIXELS_QUIET", "NBGRADER_EXECUTION")


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: `base` is its address, `folder` what it serves."""

    base: str
    token: str
    folder: Path

    def address(self, name: str) -> str:
        """Return the address that opens a lesson of study/, and no earlier one."""
        return f"{self.base}/lab/tree/study/{name}?token={self.token}&reset"


def own_environment(home: Path) -> dict[str, str]:
    """Return `make lab`'s environment with everything personal inside `home`."""
    jupyter = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = kernels.at_home(home) | dict.fromkeys(NOT_A_LEARNERS)
    own |= {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        **{f"JUPYTER_{name}": str(home / name.lower()) for name in jupyter},
    }
    del own["PIXELS_DATA"]  # what a class shares is asked for as ever
    changed = lab.lab_environment(lab.LEARNER) | own
    return {name: text for name, text in changed.items() if text is not None}


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve folder/root, which holds study/, while the block runs; then stop all.

    Raises UserError when JupyterLab ends, or says no address in time.
    """
    root = files.make_folder(folder / "root")
    home = files.make_folder(folder / "home")
    start = lab.command(lab.runs_as_root(), display=False, root=root)
    log = folder / "server.log"
    with open(log, "w", encoding="utf-8") as written:
        process = subprocess.Popen(
            [*start, *OPTIONS],
            env=own_environment(home),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        base, token = said_address(process, log)
        yield Server(base, token, root)
    finally:
        end_family(process, patience=20)  # it ends its kernels first


def said_address(process: subprocess.Popen, log: Path) -> tuple[str, str]:
    """Return address and token once JupyterLab has said them. Raises UserError."""
    for _ in range(4 * PATIENCE):
        if found := ADDRESS.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[1], found[2]
        if process.poll() is not None:
            break
        time.sleep(0.25)
    raise UserError(f"JupyterLab did not start; what it said is in {log}.")


NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--force-color-profile=srgb"),
)
INSTALL = (
    "There is no Chromium or Chrome here, and Playwright could not fetch its own: "
    "install one of them (on Debian: apt install chromium) and run this again."
)


def start_browser(chromium: BrowserType, folder: Path) -> Browser:
    """Start the system's Chromium or Chrome, or else Playwright's own, with a home
    inside `folder`. Raises UserError when there is none and none can be fetched."""
    home = str(files.make_folder(folder / "home"))
    own_home = os.environ | {"HOME": home, "USERPROFILE": home}
    launch = partial(chromium.launch, args=list(FLAGS), env=own_home)
    if on_path := [path for name in NAMES if (path := shutil.which(name))]:
        return launch(executable_path=on_path[0])
    with suppress(Error):  # Playwright knows where Chrome's installers put it
        return launch(channel="chrome")
    own = Path(chromium.executable_path)
    if not own.is_file():
        fetch = [sys.executable, "-m", "playwright", "install", "chromium"]
        if subprocess.call(fetch) or not own.is_file():
            raise UserError(INSTALL)
    return launch()
