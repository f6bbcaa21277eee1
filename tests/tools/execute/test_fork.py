"""A process forked from a warm one is as one of its own, and ends with its asker."""

import json
import os
import signal
import subprocess
import sys

import psutil
import pytest

from tools.execute import fork, warm
from tools.execute.proxy import USAGE

pytestmark = pytest.mark.skipif(not warm.possible(), reason="forks are Linux's")


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
        server.command("waits"),
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as proxy:
        yield proxy, psutil.Process(int(proxy.stdout.readline()))
        proxy.kill()


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
            server.command("waits"),
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        started = psutil.Process(int(proxy.stdout.readline()))
        forked = started.parent()
        assert forked.pid != proxy.pid
    assert psutil.wait_procs([forked, started], timeout=60)[1] == []
    assert proxy.communicate(timeout=60) == ("", None)
    assert proxy.returncode in (1, -signal.SIGKILL)  # who was faster to tell it


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
