"""A process is ended with all that it has started, also where it does not listen."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tools.execute.processes import end_family, family

CHILD = "import subprocess, sys, time; print(flush=True); time.sleep(600)"
PARENT = f"""\
import signal, subprocess, sys
{{}}
with subprocess.Popen([sys.executable, "-c", {CHILD!r}]) as child:
    child.wait()"""
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.mark.parametrize(
    ("setting", "patience", "ended_by"),
    [("", 0.0, "SIGKILL"), ("", 60.0, "SIGTERM"), (DEAF, 0.1, "SIGKILL")],
)
def test_what_a_process_has_started_ends_with_it(setting, patience, ended_by):
    command = [sys.executable, "-c", PARENT.format(setting)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # the child is there
        both = family(process.pid)
        end_family(process, patience)
        end_family(process, patience)  # and once more does nothing
    assert len(both) == 2
    if os.name == "posix":
        assert process.returncode == -signal.Signals[ended_by]
    _, alive = psutil.wait_procs(both, timeout=60)
    assert alive == []
    assert family(process.pid) == []
