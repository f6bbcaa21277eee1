"""Which build of PyTorch is installed: no CUDA where there is no GPU."""

import http.server
import os
import subprocess
import sys
import threading
import time

import pytest

from tools.machine import torch_index
from tools.machine.torch_index import CPU, answers, choice

URL = "https://example.org/cu130"


def never(address):
    raise AssertionError(f"{address} was asked")


@pytest.mark.parametrize(
    ("asked", "platform", "gpu", "found", "index", "said"),
    [
        ("", "linux", False, lambda _: True, CPU, "TORCH_INDEX=default takes the one"),
        ("", "linux", False, lambda _: False, "", "cannot be reached"),
        ("", "linux", True, never, "", "A GPU is seen"),
        ("", "darwin", False, never, "", ""),
        (URL, "linux", False, never, URL, ""),
        ("default", "linux", False, never, "", ""),
    ],
)
def test_the_build_follows_from_what_is_there(asked, platform, gpu, found, index, said):
    chosen, sentence = choice(asked, platform, gpu, found)
    assert chosen == index
    assert said in sentence and bool(said) is bool(sentence)


@pytest.fixture
def address():
    """The address of a server on this machine: /torch/ is a page, /slow/ one whose
    first line never ends, /odd/ speaks no HTTP."""
    ended = threading.Event()

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/slow/":
                while not ended.wait(0.1):
                    self.wfile.write(b"H")
            elif self.path == "/odd/":
                self.wfile.write(b"220 mail\r\n\r\n")
            else:
                self.send_response(200 if self.path == "/torch/" else 404)
                self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        ended.set()
        server.shutdown()


def test_an_address_answers_or_not(address):
    assert answers(f"{address}/torch/")
    assert not answers(f"{address}/other/")
    assert not answers(f"{address}/odd/")
    assert not answers("http://127.0.0.1:9/torch/")
    assert not answers("no address")


def test_an_answer_that_never_ends_is_not_waited_for(address, monkeypatch):
    monkeypatch.setattr(torch_index, "SECONDS", 1)
    began = time.monotonic()
    assert not answers(f"{address}/slow/")
    assert time.monotonic() - began < 4


def test_as_a_script_it_prints_the_index_alone():
    environment = {**os.environ, "TORCH_INDEX": URL}
    done = subprocess.run(
        [sys.executable, torch_index.__file__], env=environment, capture_output=True
    )
    assert (done.stdout.decode().split(), done.stderr) == ([URL], b"")
