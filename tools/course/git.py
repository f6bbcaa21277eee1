"""What git knows about this checkout."""

import subprocess
from pathlib import Path

from helpers.core.errors import UserError


def names(root: Path, wanted: str, *words: str) -> list[str]:
    """Return the names that git prints, each ended by a zero byte; `wanted` says in an
    error what was asked, such as "what has changed".

    Raises UserError where git, its history or the named revision is missing.
    """
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True)
    except FileNotFoundError:
        raise UserError(f"Git knows {wanted}, and there is no git here.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(f"Git cannot say {wanted}: {(said or ['?'])[0]}")
    return [name for name in done.stdout.decode("utf-8").split("\0") if name]


def tracked(root: Path, *folders: str) -> list[str]:
    """Return the files in folders of the checkout that git tracks and that are there,
    from its top, sorted. Raises UserError where this is no checkout."""
    found = names(root, "which files belong to the course", "ls-files", "-z", *folders)
    return sorted(name for name in found if (root / name).is_file())
