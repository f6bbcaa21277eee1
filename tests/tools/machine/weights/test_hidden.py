"""Weights that are there and hidden are nowhere, for a lesson as for the command."""

import subprocess
import sys
from pathlib import Path

from tools.course import files
from tools.machine.weights.table import ALL

SCRIPT = """
import importlib.util, sys
from importlib import metadata
from pathlib import Path
from tools.machine.weights.table import ALL, in_cache, in_hub, in_package, place
from tools.machine.weights.hidden import hide

def seen():
    modules = {Path(path).parts[0] for w in ALL for path, _ in w.files}
    specs = [importlib.util.find_spec(name) for name in sorted(modules)]
    return [w.name for w in ALL if in_package(w, "")], [s is not None for s in specs]

print(*seen())
hide()
print(*seen(), *map(place, ALL))
print(*(f.exists() for w in ALL for p, _ in w.files for f in [in_cache(w, p)] if f))
print(metadata.version("packaging") != "", len(metadata.files("numpy")) > 9)
from helpers.checkpoints.minilm import open_minilm
open_minilm()
"""


def test_what_is_there_is_hidden_from_every_finder(tmp_path, monkeypatch):
    """With stand-ins for all packages, and for what the course's cache could hold."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    cache.mkdir()
    for weights in ALL:
        for path, _ in weights.files:
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).touch()
            (cache / Path(path).name).touch()
        info = site / f"{weights.package.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        text = f"Name: {weights.package}\nVersion: 1.0\n"
        (info / "METADATA").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("PIXELS_DATA", str(cache))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=files.ROOT, capture_output=True, check=True
    )
    before, after, cached, others, said = done.stdout.decode().splitlines()
    names = [weights.name for weights in ALL]
    assert before == f"{names} [True, True, True]"
    assert after.strip() == "[] [False, False, False]"
    assert set(cached.split()) == {"False"}
    assert others == "True True"
    assert said.startswith("MiniLM is not installed") and not done.stderr
