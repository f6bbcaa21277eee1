"""The stand-in has SmolLM2's form, and is the same file every time."""

from collections import Counter

import pytest

from helpers.checkpoints.small_llama import NO_TOKEN, SPECIAL, TEMPLATE, write_small
from helpers.core.files import sha256
from helpers.models.llama.gguf import read_header


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The file, written."""
    path = tmp_path_factory.mktemp("small") / "small.gguf"
    write_small(path)
    return path


@pytest.fixture(scope="module")
def header(file):
    """What its header says."""
    with open(file, "rb") as opened:
        return read_header(opened)


def test_it_is_small_and_the_same_every_time(file, tmp_path):
    write_small(tmp_path / "again.gguf")
    assert sha256(tmp_path / "again.gguf") == sha256(file)
    assert file.stat().st_size < 12e6


def test_its_tensors_are_as_many_and_of_the_same_types(header):
    _, table, _ = header
    assert Counter(row.kind for row in table) == {3: 210, 0: 61, 8: 1}
    assert len({row.name for row in table}) == 272
    shapes = {row.name: row.shape for row in table}
    assert shapes["token_embd.weight"] == (len(header[0]["tokenizer.ggml.tokens"]), 288)
    assert shapes["blk.29.attn_k.weight"] == (96, 288)
    assert shapes["blk.0.ffn_down.weight"] == (288, 320)


def test_its_fields_and_tokens_are_those_of_a_chat_model(header):
    said = header[0]
    assert said["llama.block_count"] == 30
    assert said["llama.attention.head_count"] == 9
    assert said["llama.attention.head_count_kv"] == 3
    assert said["llama.rope.freq_base"] == 100_000
    assert said["tokenizer.chat_template"] == TEMPLATE
    tokens, kinds = (said[f"tokenizer.ggml.{n}"] for n in ("tokens", "token_type"))
    assert tokens[:17] == SPECIAL and kinds == [3] * 17 + [1] * (len(tokens) - 17)
    assert len(set(tokens)) == len(tokens) == said["llama.vocab_size"]
    assert len(tokens) - 17 - len(said["tokenizer.ggml.merges"]) == 256 - len(NO_TOKEN)
    for pair in said["tokenizer.ggml.merges"]:
        assert {*pair.split(" "), pair.replace(" ", "")} <= set(tokens)
