"""What the tests of forked processes share: a warm one, and modules to run."""

import pytest

from tools.execute import kernels, warm

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
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" ignores it
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
try:
    print(child.pid, flush=True)
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
def libraries():
    """What the server imports: not the heavy ones."""
    return "numpy", "ipykernel.kernelapp", "sets"


@pytest.fixture(scope="module")
def server(environment, libraries):
    """A warm process."""
    with warm.forked(environment, libraries=libraries) as found:
        yield found
