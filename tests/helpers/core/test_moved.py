"""An older copy of a lesson asks for what has moved, and is told what to do."""

import os
import subprocess
import sys

import pytest

from helpers.core.files import ROOT

# The first import of the helpers in lessons 04 and 06 before there were rooms.
OLD = (
    "from helpers import attention_limits, attention_plots, claims, plotting",
    "from helpers import claims, data, label_curve, plotting, pretrained",
)
SIGNPOST = ROOT / "tools/publish/published/helpers.py"


@pytest.fixture(params=["checkout", "published"])
def path(request, tmp_path, symlink, monkeypatch):
    """A folder from which Python imports helpers: the course's, or the signpost of a
    published course."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    if request.param == "checkout":
        return ROOT
    symlink(tmp_path / "helpers", ROOT / "helpers")
    signpost = tmp_path / "study" / "helpers" / "__init__.py"
    signpost.parent.mkdir(parents=True)
    signpost.write_bytes(SIGNPOST.read_bytes())
    return tmp_path / "study"


def ipython(source, path):
    """Run a cell as a kernel would; return (exit code, what it shows)."""
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", source],
        cwd=path,
        env=os.environ | {"PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("source", OLD)
def test_an_old_import_says_in_its_last_line_what_to_do(path, source):
    code, said = ipython(source, path)
    first = source.split()[3].strip(",")
    last = said.strip().splitlines()[-1]
    assert code == 1
    assert last.startswith(f"ImportError: there is no helpers.{first} any more")
    assert "`make lab` puts the newer one beside it" in last


def test_every_room_is_imported_as_before(path):
    rooms = sorted(p.name for p in (ROOT / "helpers").iterdir() if p.is_dir())
    rooms = [name for name in rooms if name.isidentifier() and name[0] != "_"]
    source = f"from helpers import {', '.join(rooms)}; import helpers.core.errors"
    assert "core" in rooms
    assert ipython(f"{source}; print(hasattr(core, 'errors'))", path) == (0, "True\n")
