"""The four files of Fashion-MNIST: from the cache, the system, or the network."""

import gzip
import hashlib
import os
import tempfile
import zlib
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.files import NETWORK_ERRORS, cache_folder, network_timeout, set_aside

# Debian's package `dataset-fashion-mnist`.
SYSTEM = Path("/usr/share/datasets/fashion-mnist")
# SHA-256 of what is inside the archives: these differ by where they were packed.
DIGESTS = {
    "train-images-idx3-ubyte": (
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    ),
    "train-labels-idx1-ubyte": (
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
    ),
    "t10k-images-idx3-ubyte": (
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    ),
    "t10k-labels-idx1-ubyte": (
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    ),
}


def content(name: str) -> bytes:
    """Return the content of one of the four files, checked by SHA-256.

    Looked for in the course cache (laid out as torchvision does), then in the
    system's package, then downloaded. Raises UserError when all three fail.
    """
    cached = cache_folder() / "FashionMNIST" / "raw" / name
    if cached.is_file():
        if sound(data := cached.read_bytes(), name):
            return data
        set_aside(cached)
    packed = SYSTEM / f"{name}.gz"
    if packed.is_file():
        if sound(data := unpacked(packed), name):
            return data
        print(f"{packed} is damaged (wrong checksum); ignored.")
    download(cached.parent)
    return cached.read_bytes()


def sound(data: bytes, name: str) -> bool:
    """Return whether `data` is the true content of the file `name`."""
    return hashlib.sha256(data).hexdigest() == DIGESTS[name]


def unpacked(archive: Path) -> bytes:
    """Return what is in a gzip archive; nothing when it is damaged."""
    try:
        with gzip.open(archive) as file:
            return file.read()
    except (OSError, EOFError, zlib.error):
        return b""


def download(folder: Path) -> None:
    """Download the four files through torchvision and move them, checked, into
    `folder`. Raises UserError when one does not arrive whole."""
    from torchvision.datasets import FashionMNIST

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Beside the final place, so that moving a file is one step, or none.
        with tempfile.TemporaryDirectory(dir=folder) as arriving, network_timeout():
            raw = Path(FashionMNIST(arriving, download=True).raw_folder)
            for name in DIGESTS:
                if not sound((raw / name).read_bytes(), name):
                    raise RuntimeError(f"{name} arrived damaged (wrong checksum)")
                os.replace(raw / name, folder / name)
    except (*NETWORK_ERRORS, RuntimeError, EOFError, zlib.error) as error:
        reason = " ".join(str(error).split())  # torchvision's has several lines
        raise UserError(
            f"Fashion-MNIST is neither in the course cache ({folder}) nor in the "
            f"system's package dataset-fashion-mnist ({SYSTEM}), and it could not be "
            f"downloaded ({reason})."
        ) from error
