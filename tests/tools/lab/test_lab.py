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


@pytest.mark.parametrize(
    ("platform", "variable", "is_root", "added"),
    [
        ("linux", "DISPLAY", False, set()),
        ("linux", "WAYLAND_DISPLAY", True, {"--allow-root"}),
        ("linux", "OTHER", False, {"--no-browser"}),
        ("darwin", "OTHER", False, set()),
    ],
)
def test_root_and_missing_display_alone_have_options(
    platform, variable, is_root, added, monkeypatch
):
    monkeypatch.setattr(lab.sys, "platform", platform)
    monkeypatch.setattr(os, "environ", {variable: ":0"})
    found = {*lab.command(is_root, lab.has_display())}
    assert {"--allow-root", "--no-browser"} & found == added


def test_without_a_first_page_it_says_so(a_course):
    a_course("01_other")
    with pytest.raises(UserError, match=r"no study/00_start_here.ipynb"):
        lab.main(Namespace())


@pytest.mark.parametrize("published", [False, True])
def test_jupyterlab_starts_once_study_is_there(
    a_course, monkeypatch, write_lesson, published
):
    calls = []
    monkeypatch.setattr(lab, "become", lambda *call: calls.append(call))
    root = a_course(*([] if published else ["00_start_here"]))
    if published:  # it brings its lessons ready
        write_lesson(files.STUDY, "00_start_here", tiny_cells())
    lab.main(Namespace())
    assert (root / "study/00_start_here.ipynb").exists()
    ((command, environment),) = calls
    assert f"--ServerApp.root_dir={root}" in command
    assert command[1:3] == ["-m", "tools.lab.server"]  # half the time of jupyterlab's
    configs = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert configs[:2] == [str(lab.LEARNER), str(lab.SETTINGS)]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere it starts a process")
def test_it_becomes_the_program_itself(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "execve", lambda *call: calls.append(call))
    monkeypatch.setattr(lab.subprocess, "call", lambda *_, **__: 7)
    assert lab.become(["python", "-m", "x"], {"A": "b"}) == 7
    assert calls == [("python", ["python", "-m", "x"], {"A": "b"})]


THEMES = "@jupyterlab/apputils-extension:themes"
CONFIGURED = {  # by a reader, in the folder of Jupyter's configuration
    "jupyter_server_config.py": "c.ServerApp.base_url = '/mine/'",
    f"lab/user-settings/{THEMES.replace(':', '/')}.jupyterlab-settings": (
        '{"theme": "JupyterLab Dark"}'
    ),
}


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """A reader who has configured Jupyter, IPython and Python, and chosen a theme;
    return the folder of Jupyter's configuration."""
    monkeypatch.delenv("JUPYTER_NO_CONFIG", raising=False)
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    for name in (*names, "IPYTHONDIR", "PYTHONSTARTUP", "MATPLOTLIBRC"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "JUPYTER_CONFIG_DIR"
    for name, text in CONFIGURED.items():
        files.make_folder((folder / name).parent)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_of_what_is_configured_only_what_is_chosen_in_menus_reaches_jupyterlab(
    a_course, configured, tmp_path, monkeypatch
):
    root = a_course()
    found = lab.lab_environment(lab.LEARNER)
    changed = {name for name in found if found[name] != os.environ.get(name)}
    assert {"IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MATPLOTLIBRC"} < changed
    assert found["IPYTHONDIR"] == str(root / "build/lab/ipython")
    assert "PYTHONSTARTUP" not in found
    assert found["JUPYTERLAB_SETTINGS_DIR"] == str(configured / "lab/user-settings")
    assert found["JUPYTERLAB_WORKSPACES_DIR"] == str(configured / "lab/workspaces")
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path))
    assert lab.lab_environment()["JUPYTERLAB_SETTINGS_DIR"] == str(tmp_path)
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")  # the reader wants none of it
    wanted = lab.lab_environment(lab.LEARNER)
    assert not {"JUPYTER_NO_CONFIG", "JUPYTERLAB_WORKSPACES_DIR"} & set(wanted)
    assert str(lab.LEARNER) in wanted["JUPYTER_CONFIG_PATH"]


@pytest.fixture
def server(a_course, configured):
    """A running JupyterLab; yields the address that it prints, with its token."""
    a_course("00_start_here")
    lab.write_edition(files.STUDY)
    process = subprocess.Popen(
        lab.command(lab.runs_as_root(), display=False),
        env=lab.lab_environment(lab.LEARNER),
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


def test_jupyterlab_answers_with_its_token_alone_asks_for_no_news_and_has_no_extras(
    server,
):
    """A theme that the reader has chosen stays; another server's settings do not."""
    address, _, token = server.partition("?")
    base = address.partition("/lab")[0]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", base)
    settings = f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification"
    page = f"{base}/api/contents/study/00_start_here.ipynb?content=0"
    assert address == f"{base}/lab/tree/study/00_start_here.ipynb"
    assert fetch(page)[0] == 403  # without the token
    assert fetch(f"{page}&{token}")[0] == 200
    assert '"default": "false"' in fetch(f"{settings}?{token}")[1]
    themes = fetch(f"{base}/lab/api/settings/{THEMES}?{token}")[1]
    assert json.loads(themes)["settings"] == {"theme": "JupyterLab Dark"}
    shown = fetch(server)[1]
    config = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', shown, re.S)
    off = json.loads(config[1])["disabledExtensions"]
    assert {"@jupyter/nbgrader", "@jupyterlab/mathjax3-extension"} <= set(off)
    assert {"jupyterlab-rise", "@jupyter-notebook/lab-extension"} <= set(off)
    for path in ("formgrader", "courses", "rise/study/00_start_here.ipynb"):
        assert fetch(f"{base}/{path}?{token}")[0] == 404
