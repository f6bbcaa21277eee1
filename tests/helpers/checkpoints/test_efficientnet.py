"""EfficientNet-Lite0's weights: from the package or the cache, checked, or one line.

The weights are drawn here, in a package that stops whoever imports it.
"""

import sys

import pytest
import torch
from support.picture_folders import STAND_IN as OTHER

from helpers.checkpoints import efficientnet as module
from helpers.checkpoints.efficientnet import (
    NotInstalled,
    imagenet_names,
    lite0,
    lite0_or,
    open_efficientnet,
    weights_file,
)
from helpers.core.errors import UserError
from helpers.core.files import sha256
from helpers.models.vision.efficientnet import EfficientNetLite0

STAND_IN = "weights-of-a-stand-in"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return (file, network): the network with weights drawn at random."""
    torch.manual_seed(0)
    network = EfficientNetLite0().eval()
    for name, value in network.named_buffers():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    path = tmp_path_factory.mktemp("weights") / module.NAME
    torch.save(network.state_dict(), path)
    return path, network


@pytest.fixture(autouse=True)
def site(drawn, tmp_path, monkeypatch):
    """Packages and cache of this test's own, and the drawn weights' checksum."""
    monkeypatch.setattr(module, "DIGEST", sha256(drawn[0]))
    monkeypatch.setattr(module, "PACKAGE", STAND_IN)
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "course"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    return tmp_path / "site"


def install(site, content):
    """Install a package as pip does: its files listed in a RECORD."""
    inside = f"stand_in/models/{module.NAME}"
    (site / inside).parent.mkdir(parents=True)
    (site / inside).write_bytes(content)
    (site / "stand_in" / "__init__.py").write_text("raise SystemExit", encoding="utf-8")
    notes = site / f"{STAND_IN.replace('-', '_')}-0.1.0.dist-info"
    notes.mkdir()
    about = f"Name: {STAND_IN}\nVersion: 0.1.0\n"
    (notes / "METADATA").write_text(about, encoding="utf-8")
    record = f"stand_in/__init__.py,,\n{inside},,\n"
    (notes / "RECORD").write_text(record, encoding="utf-8")
    return site / inside


def cached(tmp_path, content):
    (tmp_path / "course").mkdir(exist_ok=True)
    (tmp_path / "course" / module.NAME).write_bytes(content)
    return tmp_path / "course" / module.NAME


def test_the_file_is_found_in_the_package_which_is_not_imported(drawn, site):
    file = install(site, drawn[0].read_bytes())
    assert weights_file() == file
    assert "stand_in" not in sys.modules


def test_the_courses_cache_comes_first(drawn, site, tmp_path, capsys):
    install(site, drawn[0].read_bytes())
    kept = cached(tmp_path, drawn[0].read_bytes())
    assert weights_file() == kept
    assert capsys.readouterr().out == ""


def test_a_damaged_file_in_the_cache_is_ignored_in_a_line(
    drawn, site, tmp_path, capsys
):
    kept, file = cached(tmp_path, b"half"), install(site, drawn[0].read_bytes())
    assert weights_file() == file
    said = capsys.readouterr().out
    assert said == f"{kept} has another checksum than the true one; it is ignored.\n"


def test_the_network_answers_as_the_one_that_was_stored(drawn, site):
    install(site, drawn[0].read_bytes())
    network, x = open_efficientnet(), torch.rand(2, 3, 64, 64)
    assert not any(layer.training for layer in network.modules())
    with torch.no_grad():
        torch.testing.assert_close(network(x), drawn[1](x))


def test_the_backbone_is_all_but_the_last_layer(drawn, site):
    install(site, drawn[0].read_bytes())
    backbone, x = lite0(64), torch.rand(2, 3, 64, 64)
    assert (backbone.size, lite0().size) == (64, 224)
    body = backbone.body().eval()
    with torch.no_grad():
        torch.testing.assert_close(drawn[1]._fc(body(x)), drawn[1](x))
    assert body(x).shape == (2, backbone.width)
    assert all(p.requires_grad and not p.is_meta for p in body.parameters())
    torch.nn.init.zeros_(body._conv_stem.weight)
    again = backbone.body()._conv_stem.weight
    assert torch.equal(again, drawn[1]._conv_stem.weight)


def test_a_black_and_a_white_pixel_arrive_as_tensorflow_has_them():
    mean, std = torch.tensor(module.MEAN), torch.tensor(module.STD)
    for byte in (0, 127, 255):
        expected = torch.full((3,), (byte - 127) / 128)
        torch.testing.assert_close((byte / 255 - mean) / std, expected)


def test_without_the_package_one_line_says_how_to_get_it(capsys):
    with pytest.raises(NotInstalled, match="not installed; to get it, type pixels"):
        lite0()
    assert open_efficientnet() is None
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.endswith("is left out.\n")


def test_in_its_place_comes_what_the_course_has(drawn, site, capsys):
    assert lite0_or(OTHER) is OTHER
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.endswith("Going on with the stand-in.\n")
    install(site, drawn[0].read_bytes())
    assert (lite0_or(OTHER).name, lite0_or(OTHER).size) == (module.TITLE, 128)
    assert capsys.readouterr().out == ""


def test_a_package_without_a_list_of_its_files_counts_as_absent(drawn, site):
    install(site, drawn[0].read_bytes())
    next(site.glob("*.dist-info/RECORD")).unlink()
    with pytest.raises(NotInstalled):
        weights_file()


@pytest.mark.parametrize("keep", [slice(1, None), slice(-1)])
def test_other_weights_are_never_opened(drawn, site, keep, monkeypatch, capsys):
    file = install(site, drawn[0].read_bytes()[keep])
    monkeypatch.setattr(torch, "load", None)  # would raise
    with pytest.raises(UserError, match="another checksum"):
        lite0()
    assert open_efficientnet() is None
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and str(file) in said
    file.unlink()
    # From Python 3.12 on, a package does not list a file that is gone; nor does any
    # Python's once something has imported `importlib_metadata`.
    with pytest.raises(UserError, match=r"is absent|not installed"):
        lite0()


def test_a_pickle_with_the_right_checksum_is_not_run(site, monkeypatch, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save({"_fc.bias": Trap()}, tmp_path / "trap.pth")
    monkeypatch.setattr(module, "DIGEST", sha256(tmp_path / "trap.pth"))
    install(site, (tmp_path / "trap.pth").read_bytes())
    with pytest.raises(Exception, match="Weights only load failed"):
        open_efficientnet()
    assert not (tmp_path / "sprung").exists()


def test_the_names_are_imagenets():
    names = imagenet_names()
    assert len(names) == 1000
    assert [names[k] for k in (0, 281, 999)] == ["tench", "tabby", "toilet tissue"]
