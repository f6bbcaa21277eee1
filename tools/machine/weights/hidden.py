"""Hide the pretrained weights from this process, as if none were on this machine."""

import os
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from tools.machine.weights.table import ALL


def hide() -> None:
    """Hide packages, the hub's cache and the course's; nothing is changed on disk."""
    import huggingface_hub.constants

    packages = {canonicalize_name(weights.package) for weights in ALL}
    visible = metadata.Distribution.from_name

    def from_name(name: str) -> metadata.Distribution:
        if canonicalize_name(name) in packages:
            raise metadata.PackageNotFoundError(name)
        return visible(name)

    metadata.Distribution.from_name = staticmethod(from_name)
    for weights in ALL:
        for path, _ in weights.files:
            sys.modules[Path(path).parts[0]] = None  # so Python says there is none
    empty = tempfile.mkdtemp()
    huggingface_hub.constants.HF_HUB_CACHE = empty
    os.environ["PIXELS_DATA"] = empty
