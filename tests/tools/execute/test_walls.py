"""The walls around a kernel: what they refuse, even to root, and what they let by."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress

import pytest

from tools.course import files
from tools.execute import seal
from tools.execute.walls import Walls

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
        "os.remove(home + '/link')",
        "os.rename(home, out + '/home')",
        "os.chmod(home, 0o777)",
        "os.chown(home + '/there', -1, -1)",
        "os.lchown(home + '/there', -1, -1)",
        "os.chown(home + '/link', -1, -1, follow_symlinks=False)",
        "os.utime(home + '/there')",
        "os.link(home + '/there', out + '/a')",
        "sqlite3.connect(home + '/a').execute('create table t (a)')",
        "sqlite3.connect(f'file:{home}/a', uri=True).execute('create table t (a)')",
        "open(out + '/link/a', 'w')",
        "os.chdir(home) or open('a', 'w')",
    ],
    "network": [
        "socket.getaddrinfo('localhost', 80)",
        "socket.gethostbyname('localhost')",
        "socket.getaddrinfo('192.0.2.1', 80)",
        "socket.getnameinfo(('192.0.2.1', 80), socket.NI_NUMERICHOST)",
        "socket.socket(type=socket.SOCK_DGRAM).bind(('', 0))",
    ],
}
# Only here: Windows has none of them.
OF_POSIX = [
    "os.mkdir('a', dir_fd=folder)",
    "os.open('a', os.O_CREAT | os.O_WRONLY, dir_fd=folder)",
    "os.open('there', os.O_TRUNC | os.O_RDWR, dir_fd=folder)",
    "os.open(b'../home/there', os.O_RDWR, dir_fd=os.open(out, os.O_RDONLY))",
    "os.rename('there', out + '/there', src_dir_fd=folder)",
    "os.rename(out + '/free', 'free', dst_dir_fd=folder)",
    "os.link(out + '/free', 'a', dst_dir_fd=folder)",
    "os.link('there', out + '/a', src_dir_fd=folder)",
    "os.symlink(out + '/free', 'a', dir_fd=folder)",
    "os.remove('there', dir_fd=folder)",
    "os.chmod('there', 0o600, dir_fd=folder)",
    "os.chown('there', -1, -1, dir_fd=folder)",
    "os.utime('there', dir_fd=folder)",
    "os.mkfifo('a', dir_fd=folder)",
    "os.mkfifo(home + '/a')",
    "os.mknod('a', dir_fd=folder)",
    "os.fchmod(there, 0o600)",
    "os.fchown(there, -1, -1)",
    "os.utime(there)",
]
OF_LINUX = [
    "os.setxattr(home + '/there', 'user.a', b'1')",
    "os.setxattr(there, 'user.a', b'1')",
    "os.removexattr(home + '/there', 'user.held')",
]
if os.name == "posix":
    REFUSED["home"] += OF_POSIX
if sys.platform == "linux":
    REFUSED["home"] += OF_LINUX
# Reached by nobody: addresses and names that are kept for documentation.
FAR = [
    "socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "socket.socket().connect_ex(('192.0.2.1', 80))",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 9))",
    "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b''], [], 0, ('192.0.2.1', 9))",
    "socket.socket().connect(('127.0.0.2', 9))",
    "socket.socket().connect(('localhost', 9))",
    "socket.create_server(('0.0.0.0', 0))",
    "socket.create_server(('::', 0), family=socket.AF_INET6)",
    "socket.getaddrinfo('pixels.invalid', 80)",
    "socket.gethostbyname_ex('pixels.invalid')",
    "socket.gethostbyaddr('192.0.2.1')",
    "import urllib.request as web; web.urlopen('http://pixels.invalid/')",
]
ALLOWED = [
    "open(home + '/there').read()",
    "os.listdir(home)",
    "open(out + '/a', 'w')",
    "os.rename(out + '/free', out + '/a')",
    "os.remove(out + '/link')",
    "os.mkdir('b', dir_fd=os.open(out, os.O_RDONLY))" if os.name == "posix" else "",
    "os.open('there', os.O_RDONLY, dir_fd=folder)" if os.name == "posix" else "",
    "sqlite3.connect(':memory:').execute('create table t (a)')",
    "a, b = socket.socketpair(); a.sendall(b'1')",
    "socket.create_connection(address, timeout=5)",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', address)",
    "own = socket.create_server(('127.0.0.1', 0))",
    "os.access(home, os.R_OK) or 1 / 0",
    "os.access(home, os.W_OK) and 1 / 0",
    "os.access(out, os.W_OK) or 1 / 0",
]
A_WEB_SERVER = """\
import http.client, threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

SimpleHTTPRequestHandler.log_message = lambda *_: None
with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as web:
    threading.Thread(target=web.handle_request).start()
    asker = http.client.HTTPConnection("127.0.0.1", web.server_port, timeout=10)
    asker.request("GET", "/none")
    assert asker.getresponse().status == 404
"""
START = """\
import os, socket, sqlite3, sys
home, out, port = sys.argv[1:]
address = ("127.0.0.1", int(port))
if os.name == "posix":
    folder, there = os.open(home, os.O_RDONLY), os.open(home + "/there", os.O_RDONLY)
"""


@pytest.fixture
def room(tmp_path):
    """A folder `home`, a folder `out`; in each a file, and a link to the other."""
    return furnished(tmp_path)


def furnished(room):
    """Put into a folder what is in a room; return it."""
    for name, file in (("home", "there"), ("out", "free")):
        (room / name).mkdir(parents=True)
        (room / name / file).write_text("whole", encoding="utf-8")
    (room / "home" / "link").symlink_to(room / "out" / "free")
    (room / "out" / "link").symlink_to(room / "home")
    with suppress(OSError, AttributeError):  # no disk keeps these, no other system
        os.setxattr(room / "home" / "there", "user.held", b"1")
    return room


def keeps_attributes(room):
    """Return whether the disk keeps attributes of a file."""
    with suppress(OSError, AttributeError):
        return os.listxattr(room / "home" / "there") == ["user.held"]
    return False


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
    ("wall", "source"),
    [(wall, s) for wall, all_ in REFUSED.items() for s in all_]
    + [("network", s) for s in FAR],
)
def test_what_a_wall_refuses_is_recorded(room, server, wall, source):
    before = facts(room / "home")
    done = python(room, server, source)
    assert done.returncode == 1
    error = "PermissionError" if wall == "home" else "no network"
    assert error in done.stderr
    assert f'"wall": "{wall}"' in (room / "log").read_text(encoding="utf-8")
    assert facts(room / "home") == before


def facts(folder):
    """Return what a folder holds, and all that the walls keep of it."""
    there = folder / "there"
    names = sorted(os.listdir(folder))
    return (
        names,
        there.read_text(encoding="utf-8"),
        there.stat().st_nlink,
        [
            (path.lstat().st_mode, path.lstat().st_mtime_ns)
            for path in (folder, *map(folder.joinpath, names))
        ],
    )


def test_everything_else_goes_on_unrecorded(room, server):
    done = python(room, server, "\n".join([*ALLOWED, A_WEB_SERVER]))
    assert (done.returncode, done.stderr) == (0, "")
    assert (room / "log").read_text(encoding="utf-8") == ""


def test_without_walls_all_of_it_would_work(tmp_path, server):
    """Or else the tests above would pass without any wall."""
    for number, source in enumerate((*REFUSED["home"], *REFUSED["network"])):
        room = furnished(tmp_path / str(number))
        if source in OF_LINUX and not keeps_attributes(room):
            continue
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
from tools.execute import walls
held = json.loads(os.environ[walls.VARIABLE])
os.environ[walls.VARIABLE] = json.dumps(held | {"log": out + "/log"})
walls.stand()
open(home + "/a", "w")"""


def test_a_fork_goes_on_behind_the_same_walls_with_its_own_log(room, server):
    assert "PermissionError" in python(room, server, AGAIN).stderr
    assert (room / "log").read_text(encoding="utf-8") == ""
    logged = (room / "out" / "log").read_text(encoding="utf-8").splitlines()
    assert len(logged) == 1 and '"wall": "home"' in logged[0]


CLOSED = """\
import subprocess
from pathlib import Path
from tools.execute.walls import Walls, hold

inner = home + "/inner"
os.mkdir(inner)
Path(inner, "own").write_text("own")
hold(Walls(out + "/log", False, {}, [out], [home], [inner], True))
"""
ONLY = {
    "open(home + '/there')": "PermissionError",
    "os.listdir(home)": "PermissionError",
    "list(os.scandir(home))": "PermissionError",
    "os.chdir(home) or os.listdir()": "PermissionError",
    "open(inner + '/new', 'w')": "Read-only file system",
    "open(out + '/../new', 'w')": "Read-only file system",
    "subprocess.run(['true'])": "no other process",
    "os.system('true')": "no other process",
    "os.kill(os.getppid(), 0)": "no other process",
    "print(open(inner + '/own').read(), os.listdir(inner))": "",
    "open(out + '/new', 'w').close() or os.kill(os.getpid(), 0)": "",
}


@pytest.mark.parametrize(("source", "error"), ONLY.items())
def test_all_can_be_closed_but_what_is_named(room, server, source, error):
    done = python(room, server, CLOSED + source, options=("-S",))
    assert (done.returncode, error in done.stderr) == (1 if error else 0, True)


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


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_one_that_is_alone_meets_no_other_process_at_a_socket(tmp_path):
    own, other = str(tmp_path / "own" / "s"), str(tmp_path / "s")
    only = [str(tmp_path / "own")]
    walls = Walls(str(tmp_path / "log"), True, {}, only)
    alone = Walls(str(tmp_path / "log"), True, {}, only, alone=True)
    with socket.socket(socket.AF_UNIX) as end:
        for event in ("socket.connect", "socket.bind", "socket.sendto"):
            assert walls.error(event, (end, other)) is None
            for address in (own, own.encode(), None):
                assert alone.error(event, (end, address)) is None
            for address in (other, other.encode(), b"\0abstract", "\0abstract"):
                assert alone.error(event, (end, address))[0] == "network"
