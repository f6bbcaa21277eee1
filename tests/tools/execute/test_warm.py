"""A process forked from a warm one: as one of its own, or else one of its own."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from support.tiny_lessons import code, tiny_cells

from tools.course import notebooks
from tools.execute import fork, kernels, warm
from tools.execute.proxy import USAGE
from tools.execute.schedule import Job, run_jobs

pytestmark = pytest.mark.skipif(not warm.possible(), reason="forks are Linux's")
LIBRARIES = ("numpy", "ipykernel.kernelapp", "sets")
MODULES = {
    "whoami": """\
import os, sys
facts = [os.getcwd(), dict(os.environ), sys.path, sys.argv, __name__, hash("a")]
facts += [sys.stdin.read(), sys.flags]
print(repr(facts))
print("to stderr", file=sys.stderr)""",
    "pid": "import os; print(os.getpid())",
    "draws": "import random, numpy; print(random.random(), numpy.random.rand())",
    "waits": """\
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
try:
    time.sleep(600)
except KeyboardInterrupt:
    child.kill()
    print("interrupted", flush=True)
    sys.exit(7)""",
    "works": """\
import time
while time.process_time() < 0.5:
    pass""",
    "ends": """\
import os, sys, atexit
atexit.register(print, "at exit")
exec(sys.argv[1])""",
    "sets": "import os; os.environ['SET'] = 'by an import'",
    "warns": "import warnings; warnings.warn('old', FutureWarning)",
    "threads": """\
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()""",
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """A folder of modules to run, in a path with a space."""
    folder = tmp_path_factory.mktemp("some modules")
    for name, source in MODULES.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def environment(modules):
    """The variables of a server and of what it forks."""
    return kernels.child_environment(modules)


@pytest.fixture(scope="module")
def server(environment):
    """A warm process without the heavy libraries."""
    with warm.forked(environment, libraries=LIBRARIES) as found:
        yield found


def run(command, environment, **options):
    """Run a command; return what it printed and its exit code."""
    options = {"input": "typed", "capture_output": True, "text": True} | options
    done = subprocess.run(command, env=environment, **options)
    return done.stdout, done.stderr, done.returncode


def plain(module, *arguments):
    """Return the words that a server is to replace."""
    return [sys.executable, "-m", module, *arguments]


def test_a_fork_is_as_a_process_of_its_own(server, environment, tmp_path):
    own = environment | {"PIXELS_X": "1", "JUPYTER_PATH": "a"}
    own["PYTHONPATH"] = os.pathsep.join([str(tmp_path), own["PYTHONPATH"]])
    words = server.command("whoami", "-f", "a b"), plain("whoami", "-f", "a b")
    own["SET"] = "by an import"
    forked, expected = (run(each, own, cwd=tmp_path) for each in words)
    assert forked == expected
    assert str(tmp_path) in forked[0] and "typed" in forked[0]


def test_it_is_forked_and_draws_its_own_random_numbers(server, environment):
    with subprocess.Popen(
        server.command("pid"), env=environment, stdout=subprocess.PIPE
    ) as proxy:
        assert int(proxy.stdout.read()) != proxy.pid
    one, two = (run(server.command("draws"), environment)[0] for _ in range(2))
    assert not set(one.split()) & set(two.split())


@pytest.mark.parametrize(
    ("source", "printed", "code"),
    [
        ("", "at exit\n", 0),
        ("sys.exit(3)", "at exit\n", 3),
        ("sys.exit('why')", "at exit\n", 1),
        ("raise ValueError('why')", "at exit\n", 1),
        ("os._exit(4)", "", 4),
        ("os.kill(os.getpid(), 9)", "", -9),
        ("os.kill(os.getpid(), 15)", "", -15),
    ],
)
def test_it_ends_as_a_process_of_its_own(server, environment, source, printed, code):
    out, err, ended = run(server.command("ends", source), environment)
    assert (out, ended) == (printed, code)
    assert ("why" in err) is ("why" in source)


@pytest.fixture
def waiting(server, environment):
    """The proxy of a process that waits, and the process that one has started."""
    with subprocess.Popen(
        server.command("waits"), env=environment, stdout=subprocess.PIPE, text=True
    ) as proxy:
        yield proxy, psutil.Process(int(proxy.stdout.readline()))


def test_an_interruption_is_passed_on(waiting):
    proxy, started = waiting
    proxy.send_signal(signal.SIGINT)
    assert proxy.communicate(timeout=60)[0] == "interrupted\n"
    assert proxy.returncode == 7
    assert psutil.wait_procs([started], timeout=60)[1] == []


def test_the_end_of_the_proxy_is_that_of_the_process_and_all_it_started(waiting):
    proxy, started = waiting
    forked = started.parent()
    assert forked.pid != proxy.pid
    proxy.kill()
    assert psutil.wait_procs([forked, started], timeout=60)[1] == []


def test_nothing_outlives_the_server(environment):
    with warm.forked(environment, libraries=()) as server:
        proxy = subprocess.Popen(
            server.command("waits"), env=environment, stdout=subprocess.PIPE, text=True
        )
        started = psutil.Process(int(proxy.stdout.readline()))
        forked = started.parent()
        assert forked.pid != proxy.pid
    assert psutil.wait_procs([forked, started], timeout=60)[1] == []
    assert proxy.communicate(timeout=60) == ("", None)
    assert proxy.returncode in (1, -signal.SIGKILL)  # who was faster to tell it


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
    assert "'SET': 'by an import'" in run(server.command("whoami"), environment)[0]
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


def test_what_it_has_used_is_noted(server, environment, tmp_path):
    note = tmp_path / "usage"
    run(server.command("works"), environment | {USAGE: str(note)})
    used = json.loads(note.read_text(encoding="utf-8"))
    assert used["cpu_seconds"] >= 0.5
    assert used["megabytes"] > 10


def test_torch_is_seeded_anew():
    import numpy as np
    import torch

    drawn = []
    for _ in range(2):
        torch.manual_seed(0)
        np.random.seed(0)
        fork.make_own()
        drawn.append((torch.rand(1).item(), np.random.rand()))
    assert not set(drawn[0]) & set(drawn[1])


BURN = "while __import__('time').process_time() < 1:\n    pass"
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
FORKED = "import sys\nprint(any('parent_handle' in word for word in sys.argv))"


def test_the_kernel_of_a_job_is_forked_and_its_usage_is_its_own(
    tmp_path, write_lesson, modules, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(modules))  # where the import that sets is
    cells = tiny_cells(code(BURN), code(FIGURE), code(FORKED))
    source = write_lesson(tmp_path, "01_tiny", cells)
    libraries = (*LIBRARIES, "matplotlib.pyplot")
    with warm.Servers(libraries) as servers:
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
