"""Files: written whole, never over another; the download cache, checked by SHA-256."""

import hashlib
import http.client
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.core.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 10.0  # seconds without a byte before the network counts as absent
# What a missing, slow or broken network raises.
NETWORK_ERRORS = (OSError, http.client.HTTPException)


def cache_folder() -> Path:
    """Return the folder for downloads: PIXELS_DATA, else `data/cache` of the
    checkout, else (checkout read-only) the user's cache folder.

    A folder that PIXELS_DATA names may be read-only, so that a class can share one.
    Raises UserError when there is no such folder and none can be made.
    """
    if named := os.environ.get("PIXELS_DATA"):
        return made_folder(Path(named).expanduser().resolve())
    checkout = ROOT / "data" / "cache"
    # Only a checkout has a pyproject.toml; an installed copy has no data folder.
    if (ROOT / "pyproject.toml").is_file() and writable(checkout):
        return checkout
    from platformdirs import user_cache_path

    return made_folder(user_cache_path("pixels-to-transformers", appauthor=False))


def expanded(path: str | Path) -> Path:
    """Return a path with "~" expanded; as it is where nobody has that name, so that
    whoever looks for it says that there is nothing."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def made_folder(folder: Path) -> Path:
    """Return `folder`, made if need be. Raises UserError when that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"The cache folder {folder} cannot be made ({error.strerror}); "
            "set PIXELS_DATA to a folder that you may write to."
        ) from error
    return folder


def writable(folder: Path) -> bool:
    """Return whether a file can be made in `folder` (which is made if need be)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # os.access tells lies to root and on network drives; a file does not.
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that is never seen half: it replaces an old one in one step."""
    half = half_written(path, content)
    try:
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def create(path: Path, content: str | bytes) -> bool:
    """Write a file that does not exist yet, whole or not at all.

    Returns False, and touches nothing, when there is a file of that name.
    """
    half = half_written(path, content)
    try:
        os.link(half, path)  # unlike a rename, this never replaces a file
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        return create_exclusively(path, content)
    finally:
        half.unlink()
    return True


def half_written(path: Path, content: str | bytes) -> Path:
    """Write content beside `path`, under a name that no other process has."""
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}.half-written")
    try:
        half.write_bytes(as_bytes(content))
    except OSError:
        half.unlink(missing_ok=True)
        raise
    return half


def create_exclusively(path: Path, content: str | bytes) -> bool:
    """Do what `create` does, where only its last resort is available."""
    try:
        file = open(path, "xb")  # noqa: SIM115
    except FileExistsError:
        return False
    try:
        with file:
            file.write(as_bytes(content))
    except BaseException:
        path.unlink()
        raise
    return True


def as_bytes(content: str | bytes) -> bytes:
    """Return text as UTF-8, bytes as they are: the same on every system."""
    return content.encode() if isinstance(content, str) else content


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def intact(path: Path, digest: str) -> bool:
    """Return whether `path` is there and its content has this SHA-256."""
    return path.is_file() and sha256(path) == digest


def set_aside(path: Path) -> None:
    """Rename a damaged file to a free name beside it, and say so in one line."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError:
        print(f"{path} is damaged (wrong checksum) and cannot be moved; ignored.")
    else:
        print(f"{path} was damaged (wrong checksum); it is now {aside.name}.")


@contextmanager
def network_timeout(seconds: float = TIMEOUT) -> Iterator[None]:
    """Give up on silent servers meanwhile: urllib's callers offer no other way."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def fetch(url: str, name: str, sha256: str) -> Path:
    """Return the path of `name` in the cache, downloaded from `url` if need be.

    The content must have the SHA-256 `sha256`: a damaged cached file is set aside and
    fetched again, and a download gets its name only when it is whole. Raises
    ValueError for an address that is not https, a `name` that is a path, or a
    checksum of the wrong length; UserError when nothing whole arrives.
    """
    if not url.startswith("https://") or Path(name).name != name or len(sha256) != 64:
        raise ValueError("fetch needs an https address, a plain name and a SHA-256")
    path = cache_folder() / name
    if intact(path, sha256):
        return path
    if path.exists():
        set_aside(path)
    download(url, path, sha256)
    return path


def download(url: str, path: Path, digest: str) -> None:
    """Download to `path`, atomically. Raises UserError when it fails."""
    from torch.hub import download_url_to_file

    try:
        with network_timeout():
            quiet = bool(os.environ.get("PIXELS_QUIET"))
            download_url_to_file(url, str(path), digest, progress=not quiet)
    except RuntimeError as error:  # torch.hub's word for a wrong checksum
        raise UserError(
            f"What came from {url} is damaged or only half there (wrong checksum), "
            "and nothing was kept; please try again."
        ) from error
    except NETWORK_ERRORS as error:
        raise UserError(
            f"{path.name} could not be downloaded from {url} ({error}); "
            f"check the network, or put the file into {path.parent} yourself."
        ) from error
