"""Which browser `make e2e` drives: the system's Chromium or Chrome, else Playwright's.

Nothing here imports Playwright: it comes with the extra `e2e` only.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from helpers.errors import UserError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
WINDOWS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--force-color-profile=srgb"),
)
INSTALL = (
    "There is no Chromium or Chrome here, and Playwright could not fetch its own: "
    "install one of them (on Debian: apt install chromium) and run this again."
)


def usual_places(environment: Mapping[str, str]) -> list[Path]:
    """Return where a browser is installed without being on PATH (macOS, Windows)."""
    folders = [environment[name] for name in WINDOWS if environment.get(name)]
    chrome = Path("Google", "Chrome", "Application", "chrome.exe")
    return [*map(Path, MAC), *(Path(folder) / chrome for folder in folders)]


def system_browser(
    path: str | None = None, places: Iterable[Path] | None = None
) -> str | None:
    """Return the system's Chromium or Chrome, None where there is none.

    `path`: what to look through instead of PATH; `places`: instead of the usual ones.
    """
    for name in NAMES:
        if found := shutil.which(name, path=path):
            return found
    places = usual_places(os.environ) if places is None else places
    return next((str(place) for place in places if place.is_file()), None)


def browser_path(own: str) -> str:
    """Return the browser to start; `own` is where Playwright keeps one, if it does.

    Raises UserError when there is none and none can be fetched.
    """
    if found := system_browser():
        return found
    if not Path(own).is_file():
        fetch = [sys.executable, "-m", "playwright", "install", "chromium"]
        if subprocess.call(fetch) or not Path(own).is_file():
            raise UserError(INSTALL)
    return own
