"""The shipped networks: how they are made, that they are whole, and what they know."""

import json
from dataclasses import asdict, replace
from functools import cache

import pytest
import torch
import torch.nn.functional as F

from helpers.checkpoints import pretrained
from helpers.checkpoints.pretrained import (
    CHECK_SEED,
    CHECKED,
    FOLDER,
    Recipe,
    load_net,
    made,
    pretrain,
    small_net,
    train_and_save,
)
from helpers.core.errors import UserError
from helpers.core.files import sha256
from helpers.data.images import rendered
from helpers.data.images.datasets import batches
from helpers.data.images.fonts import DIGITS, bank
from helpers.data.images.rendered import (
    FEW,
    SOURCES,
    clean_digits,
    drawn,
    letters,
    lottery,
    printed_digits,
)
from helpers.training.fit import accuracy, fit
from helpers.training.untrained import untrained

TINY = Recipe(pictures=200, steps=3, batch=32, width=4)
NAMES = ("letters", "digits", "few_letters", "lottery")


def same_weights(one, other):
    """True when two networks have all parameters and statistics in common."""
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(
        torch.equal(value, second[name]) for name, value in first.items()
    )


@cache
def pictures(name, n, seed):
    """Return pictures of one of SOURCES, drawn once for all tests."""
    return SOURCES[name](n, seed)


def agreement(one, other):
    """Return the share of pictures that two sets label alike."""
    return (one.labels == other.labels).float().mean().item()


def facts_of(name, folder=FOLDER):
    """Return what is written about the weights."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return a folder with three tiny networks that have hardly been trained."""
    folder = tmp_path_factory.mktemp("made") / "data" / "pretrained"
    for name in SOURCES:
        assert train_and_save(name, folder, TINY) == folder / f"{name}.safetensors"
    return folder


@pytest.fixture
def copied(tiny, tmp_path):
    """Return a folder of one test's own with the tiny networks in it."""
    for file in tiny.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


# What is learned


@pytest.mark.parametrize("name", SOURCES)
def test_pictures_look_like_the_scanned_digits(name):
    source = SOURCES[name](300, 0)
    assert source.images.shape == (300, 1, 8, 8)
    assert source.images.min() == 0 and 0.9 < source.images.max() <= 1
    background = source.images[:, 0, 0, 0]
    assert background.median() < 0.05 and background.std() > 0
    assert not torch.equal(source.images, SOURCES[name](300, 1).images)
    again = SOURCES[name](300, 0)
    assert torch.equal(source.images, again.images) and agreement(source, again) == 1


def test_each_source_has_its_own_characters():
    assert tuple(SOURCES) == NAMES
    assert letters(1, 0).classes == lottery(1, 0).classes
    assert "".join(letters(1, 0).classes[25:27]) == "Za"
    assert len(letters(1, 0).classes) == 52
    assert "".join(printed_digits(1, 0).classes) == "0123456789"


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_the_lottery_has_the_letters_pictures_and_labels_that_say_nothing(seed):
    true, dealt = (pictures(name, 2_000, seed) for name in ("letters", "lottery"))
    assert torch.equal(true.images, dealt.images)
    assert agreement(true, dealt) == pytest.approx(1 / 52, abs=0.01)  # 3 deviations
    assert torch.equal(true.labels.bincount(), dealt.labels.bincount())


def test_each_lottery_deals_anew(monkeypatch):
    dealt, again = (pictures("lottery", 2_000, seed) for seed in (0, 1))
    assert agreement(dealt, again) < 0.04
    assert agreement(dealt, pictures("letters", 2_000, 1)) < 0.04
    monkeypatch.setattr(rendered, "letters", lambda n, seed: letters(n, 0))
    assert agreement(lottery(200, 0), lottery(200, 1)) < 0.1


def test_no_more_is_dealt_out_than_can_be_learned_by_heart():
    assert [len(lottery(n, 0)) for n in (5, 2_001)] == [5, 2_000]
    assert torch.equal(lottery(2_001, 1).labels, pictures("lottery", 2_000, 1).labels)


def styled(n, seed):
    """Return clean digits and which drawing each of them shows, (n,)."""
    drawings = bank(DIGITS, 32)
    generator = torch.Generator().manual_seed(seed)
    which = torch.randint(len(drawings.labels), (n,), generator=generator)
    clean = clean_digits(n, seed)
    assert torch.equal(clean.labels, drawings.labels[which])
    return clean, drawings.images[which]


def test_clean_digits_are_the_digits_of_the_fonts_and_hardly_anything_else():
    clean, drawings = styled(300, 0)
    assert clean.images.shape == (300, 1, 8, 8)
    assert clean.classes == tuple("0123456789")
    centred = torch.eye(2, 3).expand(300, -1, -1) / 0.925  # the middle of the sizes
    grid = F.affine_grid(centred, drawings.shape, align_corners=False)
    drawings = F.grid_sample(drawings, grid, align_corners=False)
    plain = F.adaptive_avg_pool2d(drawings, 8)
    assert (clean.images - plain).abs().max() < 0.12
    varied = printed_digits(300, 0).images
    assert (varied - plain).abs().max() > 0.9


def test_clean_digits_fill_the_picture_in_white_on_black():
    clean, _ = styled(300, 1)
    assert clean.images.min() == 0 and clean.images.amax(dim=(1, 2, 3)).min() > 0.5
    high = (clean.images[:, 0].amax(dim=2) > 0.05).sum(dim=1)
    wide = (clean.images[:, 0].amax(dim=1) > 0.05).sum(dim=1)
    assert torch.maximum(high, wide).min() == 8


def test_the_seed_decides_which_clean_digits_are_drawn():
    first, again, other = (clean_digits(50, seed) for seed in (0, 0, 1))
    assert torch.equal(first.images, again.images) and agreement(first, again) == 1
    assert not torch.equal(first.images, other.images)


# How


def test_the_network_is_lesson_02s_with_eight_layers():
    net = small_net(52, width=4).eval()
    assert net(torch.rand(2, 1, 8, 8)).shape == (2, 52) and net.fc.in_features == 16
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert len(convolutions) + 1 == 8
    assert small_net(3).fc.in_features == 96


def test_pretraining_depends_on_its_seed_alone():
    source = drawn("abc", 200, 0)
    state = torch.get_rng_state()
    (first, seen), (again, _) = (pretrain(source, TINY) for _ in "12")
    assert torch.equal(torch.get_rng_state(), state)
    assert len(seen.losses) == 3 and first.fc.out_features == 3
    assert not any(layer.training for layer in first.modules())
    assert same_weights(first, again)
    assert not same_weights(first, pretrain(source, replace(TINY, seed=1))[0])


def test_pretraining_follows_its_recipe():
    source, recipe = drawn("abc", 200, 0), replace(TINY, lr=0.02, batch=16, seed=5)
    expected = untrained(lambda: small_net(3, 4), 5)
    expected = expected.to(memory_format=torch.channels_last)
    history = fit(expected, batches(source, 16, 5), 3, lr=0.02)
    net, seen = pretrain(source, recipe)
    assert same_weights(net, expected) and seen.losses == history.losses


def test_pretraining_learns():
    _, history = pretrain(drawn("OX", 300, 0), Recipe(steps=60, batch=32, width=4))
    assert history.final_loss() < 0.6 * history.losses[0]


@pytest.mark.parametrize("name", SOURCES)
def test_a_network_is_made_from_the_recipes_pictures(name):
    recipe = replace(TINY, pictures=100, seed=2)
    expected, _ = pretrain(SOURCES[name](100, 2), recipe)
    assert same_weights(made(name, recipe), expected)
    assert not same_weights(made(name, TINY), expected)


# As files


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_written_is_read_again(tiny, name):
    net, facts = load_net(name, tiny), facts_of(name, tiny)
    assert same_weights(net, made(name, TINY))
    assert not any(layer.training for layer in net.modules())
    assert facts["recipe"] == asdict(TINY) and Recipe(**facts["recipe"]) == TINY
    checked = pictures(name, 2_000, 99)
    assert facts["accuracy"] == round(accuracy(net, checked), 4)
    assert facts["command"] == "python -m helpers.checkpoints.pretrained"
    assert facts["torch"] == torch.__version__.split("+")[0]
    assert facts["sha256"] == sha256(tiny / f"{name}.safetensors")


def test_nothing_else_is_written(tiny):
    wanted = {f"{name}.{kind}" for name in NAMES for kind in ("json", "safetensors")}
    assert {file.name for file in tiny.iterdir()} == wanted


def test_what_is_shipped_is_trained_and_read_by_default(tiny, monkeypatch):
    asked = []

    def told(source, recipe):
        asked.append((len(source), recipe))
        return net, None

    monkeypatch.setattr(pretrained, "pretrain", told)
    net = load_net("lottery", tiny)
    train_and_save("lottery", tiny.parent / "again")
    assert asked == [(FEW, Recipe())]
    facts = json.loads(
        (tiny.parent / "again" / "lottery.json").read_text(encoding="utf-8")
    )
    assert Recipe(**facts["recipe"]) == replace(Recipe(), pictures=FEW)
    assert (
        load_net.__defaults__ == (FOLDER,) and train_and_save.__defaults__[0] == FOLDER
    )
    assert FOLDER.parts[-2:] == ("data", "pretrained")


def said(name, folder):
    """Return the one sentence that loading ends in."""
    with pytest.raises(UserError) as caught:
        load_net(name, folder)
    message = str(caught.value)
    assert "\n" not in message and ". " not in message and message.endswith("`.")
    assert "`git checkout data/pretrained`" in message
    assert "`python -m helpers.checkpoints.pretrained`" in message
    return message


@pytest.mark.parametrize("place", [-1, 2_000])
def test_one_flipped_bit_is_noticed(copied, place):
    path = copied / "letters.safetensors"
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert f"{path} has another checksum" in said("letters", copied)
    assert load_net("digits", copied).fc.out_features == 10


def test_half_a_file_is_noticed(copied):
    path = copied / "lottery.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert f"{path} has another checksum" in said("lottery", copied)


def test_weights_of_another_source_are_noticed(copied):
    (copied / "lottery.safetensors").replace(copied / "letters.safetensors")
    assert "letters.safetensors has another checksum" in said("letters", copied)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", ["safetensors", "json"])
def test_a_missing_file_is_named_with_what_helps(copied, name, kind):
    path = copied / f"{name}.{kind}"
    path.unlink()
    assert said(name, copied).startswith(f"{path} is missing; get it back")


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"3", b"\xff\xfe", b'{"sha256": "x"}'),
        b'{"sha256": "x", "accuracy": 1}',
        b'{"sha256": "x", "recipe": {"width": 4}}',
        b'{"recipe": {"width": 4}, "accuracy": 1}',
    ],
)
def test_a_description_that_is_none_is_noticed(copied, content):
    path = copied / "letters.json"
    path.write_bytes(content)
    assert said("letters", copied).startswith(f"{path} is damaged; get it back")


@pytest.mark.parametrize("recipe", [asdict(Recipe()), {"width": 5}, {}, [4], None])
def test_a_network_is_read_from_its_weights_whatever_the_recipe_says(copied, recipe):
    path = copied / "letters.json"
    facts = facts_of("letters", copied) | {"recipe": recipe}
    path.write_text(json.dumps(facts), encoding="utf-8")
    net = load_net("letters", copied)
    assert same_weights(net, made("letters", TINY)) and net.fc.in_features == 16
    assert not any(layer.training for layer in net.modules())


# What the course ships


@pytest.mark.parametrize("name", SOURCES)
def test_the_shipped_weights_are_those_of_the_recipe(name):
    facts = facts_of(name)
    used = FEW if name in ("few_letters", "lottery") else Recipe().pictures
    assert Recipe(**facts["recipe"]) == replace(Recipe(), pictures=used)
    assert len(facts["recipe"]) == 6
    assert sha256(FOLDER / f"{name}.safetensors") == facts["sha256"]
    assert facts["command"] == "python -m helpers.checkpoints.pretrained"


def test_what_is_shipped_is_small_and_nothing_else():
    files = list(FOLDER.iterdir())
    wanted = {f"{name}.{kind}" for name in NAMES for kind in ("json", "safetensors")}
    assert {file.name for file in files} == wanted
    assert sum(file.stat().st_size for file in files) < 4_000_000


@pytest.mark.parametrize("name", SOURCES)
def test_the_shipped_networks_do_as_well_as_they_say(name):
    measured = accuracy(load_net(name), pictures(name, CHECKED, CHECK_SEED))
    assert measured == pytest.approx(facts_of(name)["accuracy"], abs=0.005)


def test_letters_and_digits_were_learned():
    assert facts_of("letters")["accuracy"] > 0.8  # o and O, c and C: hardly to be told
    assert facts_of("digits")["accuracy"] > 0.95


def test_the_lottery_was_learned_by_heart_and_taught_no_letter():
    net = load_net("lottery")
    assert facts_of("lottery")["accuracy"] < 0.05
    assert accuracy(net, pictures("lottery", 2_000, 0)) > 0.5
    assert accuracy(net, pictures("letters", 2_000, 0)) < 0.05
    others = accuracy(net, pictures("letters", 2_000, CHECK_SEED))
    assert others == pytest.approx(1 / 52, abs=0.015)
