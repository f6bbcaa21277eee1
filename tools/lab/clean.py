"""Remove what can be made again; what a learner wrote and downloads stay."""

import argparse
import shutil
from pathlib import Path

from helpers.core.files import ROOT

FOLDERS = ("build", ".pytest_cache", ".ruff_cache")
SOURCES = ("helpers", "tools", "tests", "notebooks")
CACHES = ("__pycache__", ".ipynb_checkpoints", ".pytest_cache")


def main(arguments: argparse.Namespace, root: Path = ROOT) -> int:
    """Remove build/ and the caches of the tools below `root`; return 0."""
    found = [root / name for name in FOLDERS]
    for source in SOURCES:
        found += [p for name in CACHES for p in (root / source).rglob(name)]
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    print("removed build/ and caches; study/, classroom/, data/cache/, .venv/ stay")
    return 0
