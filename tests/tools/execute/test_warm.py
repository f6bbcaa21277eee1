"""Where processes are forked, where they start as ever, and which server serves."""

import subprocess

import pytest
from support.tiny_lessons import code, tiny_cells

from tools.course import notebooks
from tools.execute import kernels, warm
from tools.execute.schedule import Job, run_jobs

pytestmark = pytest.mark.skipif(not warm.possible(), reason="forks are Linux's")


def pid_and_own(command, environment):
    """Return the number of the process that a command started, and of what ran."""
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as proxy:
        return proxy.pid, int(proxy.stdout.read())


def test_where_a_variable_could_tell_it_is_a_process_of_its_own(server, environment):
    pid, own = pid_and_own(server.command("pid"), environment | {"TZ": "UTC"})
    assert pid == own
    pid, own = pid_and_own(server.command("pid"), environment | {"PIXELS_X": "1"})
    assert pid != own


def test_a_fork_has_forks_too_with_what_an_import_has_set(server, environment):
    inner = server.command("pid")
    facts = subprocess.check_output(
        server.command("whoami"),
        env=environment,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    )
    assert "'SET': 'by an import'" in facts
    pid, own = pid_and_own(inner, environment | {"SET": "by an import"})
    assert pid != own
    pid, own = pid_and_own(inner, environment | {"SET": "by another"})
    assert pid == own


@pytest.mark.parametrize(
    ("library", "reason"),
    [("warns", "an import warns: old"), ("threads", "have started 1 threads")],
)
def test_what_must_not_be_inherited_is_not_forked(environment, library, reason, capfd):
    with warm.forked(environment, libraries=[library]) as server:
        pid, own = pid_and_own(server.command("pid"), environment)
    assert pid == own
    assert reason in capfd.readouterr().err
    pid, own = pid_and_own(server.command("pid"), environment)  # no server at all
    assert pid == own


BURN = "while __import__('time').process_time() < 1:\n    pass"
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
FORKED = "import sys\nprint(any('parent_handle' in word for word in sys.argv))"


def test_the_kernel_of_a_job_is_forked_and_its_usage_is_its_own(
    tmp_path, write_lesson, libraries, modules, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(modules))  # where the import that sets is
    cells = tiny_cells(code(BURN), code(FIGURE), code(FORKED))
    source = write_lesson(tmp_path, "01_tiny", cells)
    with warm.Servers((*libraries, "matplotlib.pyplot")) as servers:
        servers.suited(kernels.child_environment())
        (result,) = run_jobs([Job(source, tmp_path / "out.ipynb")], servers=servers)
    assert result.error == ""
    figure, forked = result.notebook().cells[-2:]
    assert "image/png" in figure.outputs[0].data
    assert notebooks.stream(forked) == "True\n"
    assert result.cpu_seconds >= 1
    assert result.megabytes > 30  # its proxy has a third of that


def test_one_server_serves_what_is_alike(environment, monkeypatch):
    started = []

    def forked(*words):
        started.append(words)
        return warm.ExitStack()

    monkeypatch.setattr(warm, "forked", forked)
    with warm.Servers() as servers:
        servers.suited(environment)
        servers.suited(environment | {"PIXELS_X": "1"})
        assert len(started) == 1
        assert servers.suited(environment | {"HOME": "/"}, starts=1) is None
        assert len(started) == 1
        servers.suited(environment | {"HOME": "/"})
        servers.suited(environment, ("unshare",))
    assert len(started) == 3


@pytest.mark.parametrize(
    ("thing", "name", "value"),
    [(warm.sys, "platform", "darwin"), (warm.tempfile, "tempdir", "/tmp/" + "a" * 90)],
)
def test_without_forks_everything_starts_as_ever(
    environment, monkeypatch, thing, name, value
):
    monkeypatch.setattr(thing, name, value)
    with warm.Servers() as servers:
        assert servers.suited(environment) is None
