"""Git as somebody, whatever this machine's settings are."""

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Call git in a folder; return what it prints."""
    names = ("user.name=a", "user.email=a@b.org", "commit.gpgsign=false")
    settings = [word for name in names for word in ("-c", name)]
    command = ["git", *settings, *words]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done.stdout.decode()
