"""Downloads arrive whole or not at all, and land where they may."""

import hashlib
import socket
import sys
import urllib.error

import pytest

from helpers.core import files
from helpers.core.errors import UserError

URL = "https://example.org/weights"
WHOLE = b"every byte of it" * 1000
DIGEST = hashlib.sha256(WHOLE).hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache of this test's own."""
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("PIXELS_QUIET", "1")
    return tmp_path / "cache"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout elsewhere, without PIXELS_DATA."""
    root = tmp_path / "a checkout"
    root.mkdir()
    (root / "pyproject.toml").touch()
    monkeypatch.setattr(files, "ROOT", root)
    monkeypatch.delenv("PIXELS_DATA")
    user = lambda *args, **kwargs: tmp_path / "user"  # noqa: E731
    monkeypatch.setattr("platformdirs.user_cache_path", user)
    return root


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_pixels_data_comes_first(folder):
    assert files.cache_folder() == folder
    assert folder.is_dir()


def test_a_checkout_keeps_its_own_cache(checkout):
    assert files.cache_folder() == checkout / "data" / "cache"
    assert names(checkout / "data" / "cache") == []  # the trial file is gone


def test_a_read_only_checkout_uses_the_users_cache(checkout, tmp_path):
    # A file in the way stops root as well, which a permission would not.
    (checkout / "data").write_text("in the way", encoding="utf-8")
    assert files.cache_folder() == tmp_path / "user"
    assert (tmp_path / "user").is_dir()


def test_an_installed_copy_makes_no_data_folder(checkout, tmp_path):
    (checkout / "pyproject.toml").unlink()
    assert files.cache_folder() == tmp_path / "user"
    assert names(checkout) == []


@pytest.mark.skipif(sys.platform != "linux", reason="XDG is how Linux says it")
def test_xdg_cache_home_is_obeyed(tmp_path, monkeypatch):
    monkeypatch.delenv("PIXELS_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(files, "ROOT", tmp_path)
    assert files.cache_folder() == tmp_path / "xdg" / "pixels-to-transformers"


def test_a_file_as_cache_folder_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"file cannot be made .* set PIXELS_DATA"):
        files.cache_folder()
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_sha256_of_a_file(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert files.sha256(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_fetch_downloads_once(folder, serve):
    asked = serve(WHOLE)
    for _ in range(2):
        assert files.fetch(URL, "weights", DIGEST).read_bytes() == WHOLE
    assert asked == [(URL, files.TIMEOUT)]
    assert names(folder) == ["weights"]
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("arrives", [WHOLE[:-1], b"", b"x" + WHOLE[1:]])
def test_half_or_altered_download_leaves_nothing(folder, serve, arrives):
    serve(arrives)
    with pytest.raises(UserError, match="damaged or only half there"):
        files.fetch(URL, "weights", DIGEST)
    assert names(folder) == []


@pytest.mark.parametrize(
    "error", [urllib.error.URLError("no route"), TimeoutError("timed out")]
)
def test_no_network_is_one_sentence(folder, serve, error):
    serve(error)
    with pytest.raises(UserError, match=r"could not be downloaded from .*example\.org"):
        files.fetch(URL, "weights", DIGEST)
    assert names(folder) == []
    assert socket.getdefaulttimeout() is None


def test_a_damaged_file_is_kept_aside_and_fetched_again(folder, serve, capsys):
    asked = serve(WHOLE)
    folder.mkdir()
    (folder / "weights.damaged-1").write_bytes(b"older")
    (folder / "weights").write_bytes(WHOLE[:100])
    assert files.fetch(URL, "weights", DIGEST).read_bytes() == WHOLE
    assert (folder / "weights.damaged-1").read_bytes() == b"older"
    assert (folder / "weights.damaged-2").read_bytes() == WHOLE[:100]
    assert len(asked) == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_a_damaged_file_that_cannot_move_is_named(tmp_path, capsys):
    files.set_aside(tmp_path / "absent")  # a rename that fails, also for root
    assert "absent is damaged (wrong checksum) and cannot" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "name", "digest"),
    [
        ("http://example.org/weights", "weights", DIGEST),
        ("file:///etc/passwd", "weights", DIGEST),
        (URL, "../weights", DIGEST),
        (URL, "/tmp/weights", DIGEST),
        (URL, "weights", DIGEST[:8]),
        (URL, "weights", ""),
    ],
)
def test_unsafe_requests_are_refused(serve, url, name, digest):
    asked = serve(WHOLE)
    with pytest.raises(ValueError, match="needs an https address"):
        files.fetch(url, name, digest)
    assert asked == []
