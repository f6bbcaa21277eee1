"""What a reader has configured for other work reaches no kernel and no test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.tiny_lessons import code, tiny_cells

from tools.course import notebooks
from tools.execute import defaults, kernels
from tools.execute.schedule import Job, run_jobs

KERNEL = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
MARK = "import builtins; builtins.{0} = '{0}'\n"
ASK = """\
import builtins, json, matplotlib, os, sys
names = ("startup_file", "profile_startup", "profile_line", "a_kernel", "user_site")
marks = [name for name in names if hasattr(builtins, name)]
rc = {name: matplotlib.rcParams[name] for name in ("image.origin", "font.size")}
print(json.dumps([marks, rc, os.environ.get("A_KERNEL")]))"""
FROM_DEFAULTS = [[], {"image.origin": "upper", "font.size": 10.0}, None]


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """Let this process be that of a reader who has configured everything; return the
    home folder."""
    home = tmp_path / "home"
    texts = {
        "matplotlib/matplotlibrc": "image.origin: lower\nfont.size: 30\n",
        "startup.py": MARK.format("startup_file"),
        "ipython/profile_default/startup/00.py": MARK.format("profile_startup"),
        "ipython/profile_default/ipython_config.py": (
            "c = get_config()\nc.InteractiveShellApp.exec_lines = ["
            f"{MARK.format('profile_line').strip()!r}]"
        ),
        "jupyter/jupyter_config.py": MARK.format("jupyter_config"),
        "share/kernels/python3/kernel.json": json.dumps(
            {
                "argv": [sys.executable, *KERNEL],
                "display_name": "mine",
                "language": "python",
                "env": {"A_KERNEL": "of another course"},
            }
        ),
    }
    for name, text in texts.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    variables = {
        "HOME": ".",
        "MPLCONFIGDIR": "matplotlib",
        "MATPLOTLIBRC": "matplotlib",
        "PYTHONSTARTUP": "startup.py",
        "IPYTHONDIR": "ipython",
        "JUPYTER_CONFIG_DIR": "jupyter",
        "JUPYTER_CONFIG_PATH": "jupyter",
        "JUPYTER_PATH": "share",
    }
    for name, place in variables.items():
        monkeypatch.setenv(name, str(home / place))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    for name in ("JUPYTER_NO_CONFIG", "PYTHONNOUSERSITE", defaults.WARM):
        monkeypatch.delenv(name, raising=False)
    return home


def asked(source, python=sys.executable, **changes):
    """Return what a child says to a script, as JSON."""
    environment = kernels.child_environment(**changes)
    return json.loads(subprocess.check_output([python, "-c", source], env=environment))


def test_a_lesson_is_executed_from_defaults_in_any_path(hostile, write_lesson):
    """This starts a kernel by itself, as `pixels run`, `store` and `claims` do."""
    folder = hostile.parent / "a {2026} [x] course, {}"
    source = write_lesson(folder, "01_tiny", tiny_cells(code(ASK)))
    job = Job(source, folder / "out" / "01_tiny.ipynb", {"SEED": 1})
    (result,) = run_jobs([job])
    assert result.error == ""
    assert json.loads(notebooks.stream(result.notebook().cells[-1])) == FROM_DEFAULTS


def test_a_process_of_the_course_starts_from_defaults(hostile):
    source = "from jupyter_core.paths import jupyter_config_path, jupyter_path\n"
    source += "import json, matplotlib, sys; assert_holds = sys.flags.optimize == 0\n"
    source += "found = [*jupyter_config_path(), *jupyter_path()[:1]]\n"
    source += "print(json.dumps([found, matplotlib.matplotlib_fname(), assert_holds]))"
    folders, matplotlibrc, assert_holds = asked(source)
    assert not [folder for folder in folders if Path(folder).is_relative_to(hostile)]
    assert Path(matplotlibrc).parent.name == "mpl-data"
    assert assert_holds


@pytest.mark.parametrize("elsewhere", [True, False])
def test_the_readers_own_packages_stay_aside_unless_the_course_is_among_them(
    hostile, monkeypatch, elsewhere
):
    """Only outside of a virtual environment does Python look there at all."""
    source = "import site, json; print(json.dumps(site.ENABLE_USER_SITE))"
    if not elsewhere:
        monkeypatch.setattr(defaults.site, "USER_SITE", None)
        found = [p for p in sys.path if (Path(p) / "torch").is_dir()]
        monkeypatch.setattr(defaults.site, "USER_SITE", found[0])
    enabled = asked(source, getattr(sys, "_base_executable", sys.executable))
    assert enabled is not elsewhere


def test_tests_start_from_defaults_however_they_are_started():
    assert os.environ["MATPLOTLIBRC"] == defaults.matplotlib_file()
    assert not {"PYTHONSTARTUP", "JUPYTER_CONFIG_DIR", "MPLBACKEND"} & set(os.environ)
    assert Path(os.environ["IPYTHONDIR"]).parent.name == "build"


def test_only_the_folder_of_a_warm_server_goes_on(hostile, monkeypatch):
    monkeypatch.setenv(defaults.WARM, "/warm")
    assert kernels.child_environment()["JUPYTER_PATH"] == "/warm"
