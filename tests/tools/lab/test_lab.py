"""`python -m tools lab`: this machine only, with its token, on the first page."""

import json
import os
import re
import subprocess
import time
import urllib.request
from argparse import Namespace

import pytest
from support.tiny_lessons import tiny_cells

from helpers.core.errors import UserError
from tools.course import files
from tools.lab import lab


@pytest.fixture
def checkout(tmp_path, monkeypatch, write_lesson):
    """A checkout in a path with a space, with a first page."""
    root = tmp_path / "with space"
    write_lesson(root / "notebooks", "00_start_here", tiny_cells())
    monkeypatch.setattr(files, "ROOT", root)
    monkeypatch.setattr(files, "STUDY", root / "study")
    monkeypatch.setattr(lab.write_edition, "__defaults__", (root / "notebooks",))
    return root


def test_root_and_missing_display_are_the_only_reasons_for_their_options():
    plain = lab.command(is_root=False, display=True)
    assert not {"--allow-root", "--no-browser"} & set(plain)
    assert "--allow-root" in lab.command(is_root=True, display=True)
    assert "--no-browser" in lab.command(is_root=False, display=False)


@pytest.mark.parametrize(
    ("platform", "environment", "display"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_only_linux_without_a_display_has_none(platform, environment, display):
    assert lab.has_display(platform, environment) is display


def test_without_a_first_page_it_says_so(checkout):
    (checkout / "notebooks/00_start_here.ipynb").rename(
        checkout / "notebooks/01_other.ipynb"
    )
    with pytest.raises(UserError, match=r"no study/00_start_here.ipynb"):
        lab.main(Namespace())


def test_jupyterlab_becomes_this_process_after_study_is_filled(checkout, monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda *call: started.append(call))
    monkeypatch.setattr(lab.subprocess, "call", lambda *call, **_: 0)
    lab.main(Namespace())
    assert (checkout / "study/00_start_here.ipynb").exists()
    if os.name == "posix":
        assert f"--ServerApp.root_dir={checkout}" in started[0][1]
        configs = started[0][2]["JUPYTER_CONFIG_PATH"].split(os.pathsep)
        assert configs[:2] == [str(lab.LEARNER), str(lab.SETTINGS)]


def test_another_folder_can_be_served_and_the_extensions_left_on(tmp_path):
    start = lab.command(is_root=False, display=True, root=tmp_path)
    assert f"--ServerApp.root_dir={tmp_path}" in start
    configs = lab.lab_environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert configs[0] == str(lab.SETTINGS) and str(lab.LEARNER) not in configs


def test_a_published_course_opens_the_lessons_it_brings(
    checkout, monkeypatch, write_lesson
):
    write_lesson(checkout / "study", "00_start_here", tiny_cells())
    monkeypatch.setattr(files, "NOTEBOOKS", checkout / "none")
    monkeypatch.setattr(lab.write_edition, "__defaults__", (files.NOTEBOOKS,))
    started = []
    monkeypatch.setattr(os, "execve", lambda *call: started.append(call))
    monkeypatch.setattr(lab.subprocess, "call", lambda *call, **_: started.append(call))
    lab.main(Namespace())
    assert started


@pytest.fixture
def server(checkout, tmp_path):
    """A running JupyterLab; yields the address that it prints, with its token."""
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    own = {name: str(tmp_path / name) for name in folders}
    lab.write_edition(files.STUDY)
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    process = subprocess.Popen(
        lab.command(is_root, display=False),
        env=lab.lab_environment(lab.LEARNER) | own,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+/\S+token=\S+", line):
                yield found[0]
                break
        else:
            pytest.fail("JupyterLab ended without printing an address")
    finally:
        process.terminate()
        process.communicate()


def fetch(address):
    """Return status and text of a page."""
    try:
        with urllib.request.urlopen(address) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""
    except urllib.error.URLError:  # printed, but not listening yet
        time.sleep(0.1)
        return fetch(address)


def test_jupyterlab_answers_with_the_token_and_asks_for_no_news(server):
    address, _, token = server.partition("?")
    base = address.partition("/lab")[0]
    settings = f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification"
    page = f"{base}/api/contents/study/00_start_here.ipynb?content=0"
    assert address == f"{base}/lab/tree/study/00_start_here.ipynb"
    assert fetch(server)[0] == 200
    assert fetch(page)[0] == 403  # without the token
    assert fetch(f"{page}&{token}")[0] == 200
    assert '"default": "false"' in fetch(f"{settings}?{token}")[1]


def test_what_the_extra_classroom_adds_is_switched_off(server):
    address, _, token = server.partition("?")
    base = address.partition("/lab")[0]
    page = fetch(server)[1]
    config = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    off = json.loads(config[1])["disabledExtensions"]
    assert {"@jupyter/nbgrader", "@jupyterlab/mathjax3-extension"} <= set(off)
    assert {"jupyterlab-rise", "@jupyter-notebook/lab-extension"} <= set(off)
    for path in ("formgrader", "courses", "rise/study/00_start_here.ipynb"):
        assert fetch(f"{base}/{path}?{token}")[0] == 404
