"""ImageNet's weights: checked, from the cache or the network, or one clear line.

The weights are drawn here; the network is never asked.
"""

import urllib.error

import pytest
import torch
import torchvision
from support.picture_folders import STAND_IN

from helpers.checkpoints import imagenet
from helpers.core.errors import UserError
from helpers.core.files import sha256


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return (file, network): torchvision's ResNet-18 with weights drawn at random."""
    torch.manual_seed(0)
    network = torchvision.models.resnet18().eval()
    for name, value in network.named_buffers():
        if name.endswith("running_mean"):
            value.normal_(0, 0.1)
        elif name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
    path = tmp_path_factory.mktemp("weights") / imagenet.NAME
    torch.save(network.state_dict(), path)
    return path, network


@pytest.fixture(autouse=True)
def places(drawn, tmp_path, monkeypatch, serve):
    """Caches of this test's own, the drawn weights' checksum, and no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "course"))
    monkeypatch.setenv("PIXELS_QUIET", "1")
    monkeypatch.setattr(imagenet, "DIGEST", sha256(drawn[0]))
    serve(urllib.error.URLError("no route to host"))
    return tmp_path


def put(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / imagenet.NAME).write_bytes(content)


def test_the_name_the_address_and_the_checksum_are_torchvisions(monkeypatch):
    monkeypatch.undo()
    weights = torchvision.models.ResNet18_Weights.IMAGENET1K_V1
    assert weights.url == imagenet.URL
    prefix = imagenet.NAME.removesuffix(".pth").split("-")[1]
    assert len(imagenet.DIGEST) == 64 and imagenet.DIGEST.startswith(prefix)
    transform = weights.transforms()
    assert (tuple(transform.mean), tuple(transform.std)) == (
        imagenet.MEAN,
        imagenet.STD,
    )


def test_features_are_torchvisions_before_its_last_layer(drawn, places):
    file, network = drawn
    put(places / "torch" / "hub" / "checkpoints", file.read_bytes())
    backbone = imagenet.imagenet()
    body, x = backbone.body().eval(), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network.fc(body(x)), network(x))
        assert body(x).shape == (2, backbone.width)
    assert all(p.requires_grad and not p.is_meta for p in body.parameters())


def test_a_body_trained_on_leaves_the_next_one_as_it_was(drawn, places):
    put(places / "course", drawn[0].read_bytes())
    body = imagenet.imagenet().body
    first = body()
    torch.nn.init.zeros_(first.conv1.weight)
    assert torch.equal(body().conv1.weight, drawn[1].conv1.weight)


def test_weights_from_before_batch_norm_counted_its_batches_fit(drawn, tmp_path):
    old = {k: v for k, v in drawn[1].state_dict().items() if "num_batches" not in k}
    torch.save(old, tmp_path / "old.pth")
    body = imagenet.resnet18(tmp_path / "old.pth")
    assert not any(value.is_meta for value in body.state_dict().values())
    body.train()(torch.rand(2, 3, 32, 32))
    assert body.bn1.num_batches_tracked == 1


def test_a_download_is_kept_and_asked_for_once(drawn, places, serve):
    asked = serve(drawn[0].read_bytes())
    for _ in range(2):
        assert imagenet.weights_file() == places / "course" / imagenet.NAME
    assert [address for address, _ in asked] == [imagenet.URL]
    assert sha256(imagenet.weights_file()) == imagenet.DIGEST


def test_a_file_in_torchs_cache_is_used_where_it_is(drawn, places):
    hub = places / "torch" / "hub" / "checkpoints"
    put(hub, drawn[0].read_bytes())
    assert imagenet.weights_file() == hub / imagenet.NAME
    assert not (places / "course").exists()


def test_without_weights_and_network_one_line_says_so(capsys):
    assert imagenet.imagenet_or(STAND_IN) is STAND_IN
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "could not be downloaded" in said and "no route to host" in said
    assert said.endswith("Going on with the stand-in.\n")


def test_damaged_weights_are_never_loaded(drawn, places, monkeypatch, capsys):
    hub, whole = places / "torch" / "hub" / "checkpoints", drawn[0].read_bytes()
    put(hub, whole[:-1])
    put(places / "course", b"x" + whole[1:])
    monkeypatch.setattr(torch, "load", None)  # would raise
    assert imagenet.imagenet_or(STAND_IN) is STAND_IN
    said = capsys.readouterr().out.splitlines()
    assert "another checksum" in said[0] and "ignored" in said[0]
    assert "was damaged (wrong checksum)" in said[1]
    assert said[2].endswith("Going on with the stand-in.") and len(said) == 3
    assert (hub / imagenet.NAME).read_bytes() == whole[:-1]  # torch's, not ours


def test_a_damaged_download_leaves_nothing(drawn, places, serve):
    serve(drawn[0].read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged or only half there"):
        imagenet.imagenet()
    assert list((places / "course").iterdir()) == []


def test_a_pickle_under_the_right_name_is_not_run(places, monkeypatch, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save({"conv1.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(Exception, match="Weights only load failed"):
        imagenet.resnet18(tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save(torchvision.models.squeezenet1_1().state_dict(), tmp_path / "other")
    with pytest.raises(RuntimeError, match="Missing key"):
        imagenet.resnet18(tmp_path / "other")


def test_pictures_are_read_and_learned_from_as_these_weights_need(drawn, places):
    put(places / "course", drawn[0].read_bytes())
    backbone = imagenet.imagenet()
    assert (backbone.size, backbone.width) == (imagenet.SIDE, 512)
    assert (backbone.mean, backbone.std) == (imagenet.MEAN, imagenet.STD)
    assert (backbone.lr, backbone.batch) == (imagenet.LR, imagenet.BATCH)
    assert isinstance(backbone.batch, int) and backbone.lr < 1e-3
