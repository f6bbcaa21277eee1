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
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, Error, sync_playwright

from helpers.core.errors import UserError
from tools.course import files
from tools.execute import kernels
from tools.execute.processes import end_family
from tools.lab import lab

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*token=\w+")
PATIENCE = 120  # seconds until JupyterLab has said its address
# The system chooses a free port, and page.py speaks to window.jupyterapp.
OPTIONS = ("--ServerApp.port=0", "--LabApp.expose_app_in_browser=True")
# What would make a kernel here differ from a learner's, or JupyterLab read elsewhere.
NOT_A_LEARNERS = (
    *("PIXELS_QUIET", "NBGRADER_EXECUTION"),
    *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"),
)


def own_environment(home: Path) -> dict[str, str]:
    """Return `make lab`'s environment with everything personal inside `home`."""
    own = kernels.at_home(home) | dict.fromkeys(NOT_A_LEARNERS)
    del own["PIXELS_DATA"]  # what a class shares is asked for as ever
    changed = lab.lab_environment(lab.LEARNER) | own
    return {name: text for name, text in changed.items() if text is not None}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve folder/root, which holds study/, while the block runs; then stop all.
    The address opens the course's first page.

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
        yield said_address(process, log)
    finally:
        end_family(process, patience=20)  # it ends its kernels first


def said_address(process: subprocess.Popen, log: Path) -> str:
    """Return the address, with its token, once JupyterLab has said it. Raises UserError
    when it has ended before, or says none in time."""
    for _ in range(4 * PATIENCE):
        if found := ADDRESS.search(log.read_text(encoding="utf-8", errors="replace")):
            return found[0]
        if process.poll() is not None:
            break
        time.sleep(0.25)
    raise UserError(f"JupyterLab did not start; what it said is in {log}.")


NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start a browser, with a home inside `folder`, and close it afterwards.

    Raises UserError when there is none, when it does not start, or when it stops.
    """
    with sync_playwright() as playwright:
        try:
            with start_browser(playwright.chromium, folder) as started:
                yield started
        except Error as error:
            reason = str(error).splitlines()[0]
            raise UserError(
                f"The browser does not start, or has stopped: {reason} "
                "It needs Chromium or Chrome (on Debian: apt install chromium)."
            ) from None


def start_browser(chromium: BrowserType, folder: Path) -> Browser:
    """Start the system's Chromium or Chrome, or else Playwright's own, with a home
    inside `folder`. Raises Playwright's Error where none of them starts."""
    home = str(files.make_folder(folder / "home"))
    own_home = os.environ | {"HOME": home, "USERPROFILE": home}
    launch = partial(chromium.launch, env=own_home)
    if on_path := [path for name in NAMES if (path := shutil.which(name))]:
        return launch(executable_path=on_path[0])
    with suppress(Error):  # Playwright knows where Chrome's installers put it
        return launch(channel="chrome")
    # Nothing is fetched where it is there already.
    subprocess.call([sys.executable, "-m", "playwright", "install", "chromium"])
    return launch()
