"""The walls around a kernel: what they refuse, even to root, and what they let by."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from tools.course import files
from tools.verify.habits import seal
from tools.verify.habits.walls import Walls

REFUSED = {
    "home": [
        "open(home + '/a', 'w')",
        "open(home + '/there', 'r+')",
        "os.open(home.encode() + b'/a', os.O_CREAT | os.O_WRONLY)",
        "os.mkdir(home + '/a')",
        "os.rename(out + '/free', home + '/free')",
        "os.replace(home + '/there', out + '/there')",
        "os.link(out + '/free', home + '/a')",
        "os.symlink(out + '/free', home + '/a')",
        "os.truncate(home + '/there', 0)",
        "os.remove(home + '/there')",
        "os.chmod(home, 0o777)",
        "sqlite3.connect(home + '/a')",
        "open(out + '/link/a', 'w')",
        "os.chdir(home) or open('a', 'w')",
    ],
    "network": [
        "socket.create_connection(address, timeout=1)",
        "socket.socket().connect_ex(address)",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', address)",
        "socket.getaddrinfo('localhost', 80)",
        "socket.gethostbyname('localhost')",
    ],
}
ALLOWED = [
    "open(home + '/there').read()",
    "os.listdir(home)",
    "open(out + '/a', 'w')",
    "os.rename(out + '/free', out + '/a')",
    "a, b = socket.socketpair(); a.sendall(b'1')",
    "socket.create_server(('127.0.0.1', 0))",
    "os.access(home, os.R_OK) or 1 / 0",
    "os.access(home, os.W_OK) and 1 / 0",
    "os.access(out, os.W_OK) or 1 / 0",
]
START = """\
import os, socket, sqlite3, sys
home, out, port = sys.argv[1:]
address = ("127.0.0.1", int(port))
"""


@pytest.fixture
def room(tmp_path):
    """A folder `home` with a file, a folder `out` with a file and a link to `home`."""
    for name, file in (("home", "there"), ("out", "free")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("whole", encoding="utf-8")
    (tmp_path / "out" / "link").symlink_to(tmp_path / "home")
    return tmp_path


@pytest.fixture
def server():
    """A server on this machine, reached unless something is in the way."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def python(room, server, source, launcher=(), options=()):
    """Run `source` behind the walls; return what became of the process."""
    folders = {"home": str(room / "home")}
    walls = Walls(str(room / "log"), network=True, folders=folders)
    command = [*launcher, sys.executable, *options, "-c", START + source]
    return subprocess.run(
        [*command, str(room / "home"), str(room / "out"), str(server[1])],
        env=os.environ | walls.as_environment(),
        cwd=files.ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("wall", "source"), [(wall, s) for wall, all_ in REFUSED.items() for s in all_]
)
def test_what_a_wall_refuses_is_recorded(room, server, wall, source):
    done = python(room, server, source)
    assert done.returncode == 1
    error = "PermissionError" if wall == "home" else "no network"
    assert error in done.stderr
    assert f'"wall": "{wall}"' in (room / "log").read_text(encoding="utf-8")
    assert (room / "home" / "there").read_text(encoding="utf-8") == "whole"
    assert sorted(os.listdir(room / "home")) == ["there"]


def test_everything_else_goes_on_unrecorded(room, server):
    done = python(room, server, "\n".join(ALLOWED))
    assert (done.returncode, done.stderr) == (0, "")
    assert (room / "log").read_text(encoding="utf-8") == ""


def test_without_walls_all_of_it_would_work(room, server):
    """Or else the tests above would pass without any wall."""
    for source in (*REFUSED["home"], *REFUSED["network"]):
        (room / "home" / "there").write_text("whole", encoding="utf-8")
        (room / "out" / "free").write_text("whole", encoding="utf-8")
        for made in (room / "home" / "a", room / "home" / "free"):
            made.rmdir() if made.is_dir() else made.unlink(missing_ok=True)
        done = python(room, server, source, options=BARE)
        assert done.returncode == 0, (source, done.stderr)


def test_walls_stand_in_what_a_process_starts(room, server):
    inner = "import sys; open(sys.argv[1] + '/a', 'w')"
    command = f"[sys.executable, '-c', {inner!r}, home]"
    source = f"import subprocess; subprocess.run({command}, check=True)"
    assert "CalledProcessError" in python(room, server, source).stderr
    assert '"wall": "home"' in (room / "log").read_text(encoding="utf-8")


AGAIN = """\
import json
from tools.verify.habits import walls
held = json.loads(os.environ[walls.VARIABLE])
os.environ[walls.VARIABLE] = json.dumps(held | {"log": out + "/log"})
walls.stand()
open(home + "/a", "w")"""


def test_a_fork_goes_on_behind_the_same_walls_with_its_own_log(room, server):
    assert "PermissionError" in python(room, server, AGAIN).stderr
    assert (room / "log").read_text(encoding="utf-8") == ""
    logged = (room / "out" / "log").read_text(encoding="utf-8").splitlines()
    assert len(logged) == 1 and '"wall": "home"' in logged[0]


UNSHARE = ["unshare", "--map-root-user", "--net", "--mount", "true"]
needs_namespaces = pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.run(UNSHARE).returncode != 0,
    reason="this system lets nobody make namespaces",
)
BARE = ("-I", "-S")  # without sitecustomize: what Python's walls do not see


OWN = """\
with socket.create_server(("127.0.0.1", 0)) as own, open(out + "/a", "w"):
    socket.create_connection(own.getsockname(), timeout=5)"""


@needs_namespaces
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("open(home + '/a', 'w')", "Read-only file system"),
        ("socket.create_connection(address, timeout=1)", "Connection refused"),
        (OWN, ""),
    ],
)
def test_the_system_refuses_what_python_does_not_see(room, server, source, error):
    assert python(room, server, source, options=BARE).returncode == 0
    (room / "home" / "a").unlink(missing_ok=True)
    launcher = seal.launcher(True, (str(room / "home"),))
    done = python(room, server, source, launcher, BARE)
    assert (launcher != (), done.returncode) == (True, 1 if error else 0)
    assert error in done.stderr


@pytest.mark.parametrize("program", ["false", "no-such-program"])
def test_a_system_without_namespaces_gets_no_launcher(monkeypatch, program):
    monkeypatch.setattr(seal, "UNSHARE", (program,))
    assert seal.launcher(True, (f"/no/{program}",)) == ()
