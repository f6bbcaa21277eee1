"""Bits per character of three kinds of model, and the stored table."""

import math

import pytest
import torch

from helpers.checkpoints.smollm import SmolLM
from helpers.data.text.corpus import Characters, Corpus
from helpers.lessons.lesson08 import text_bits
from helpers.models.language.ngram import KneserNey
from helpers.models.llama.blocks import Llama, Sizes

LINES = [f"Line {i} says that it is the {i}th of them." for i in range(60)]
TEXT = "\n".join(LINES)


class Encoded:
    def __init__(self, ids):
        self.ids = ids


class Pairs:
    """A tokenizer whose tokens are two characters of ASCII, the first token one."""

    def encode(self, text):
        parts = [text[:1], *(text[i : i + 2] for i in range(1, len(text), 2))]
        return Encoded([sum(map(ord, part)) % 128 for part in parts])

    def decode(self, ids, skip_special_tokens):
        return "\n" * len(ids)


@pytest.fixture(scope="module")
def smollm():
    torch.manual_seed(0)
    sizes = Sizes(128, 12, 2, 3, 1, 16)
    return SmolLM(Pairs(), Llama(sizes).eval().requires_grad_(False), {}, real=False)


def test_bits_are_per_character_after_the_first_token(smollm):
    nats = torch.full((3,), math.log(2))
    assert text_bits.bits_per_character(nats, "\nüüüüüü", "\n") == pytest.approx(0.5)
    nats = smollm.nats(smollm.encode("\nabcdef")).sum().item()
    expected = nats / math.log(2) / 6
    assert text_bits.smollm_bits(smollm, "abcdef") == pytest.approx(expected)


def test_every_character_counts_once_for_character_models():
    characters = Characters("ab\n")
    model = KneserNey(characters.encode("ab\nab\nab"), 1, len(characters))
    chances = model.probabilities(characters.encode("ba")[None])[0]
    bits = -chances.log2().mean().item()
    assert text_bits.counted_bits(model, characters, "ba") == pytest.approx(bits)
    assert math.isfinite(text_bits.counted_bits(model, characters, "aé"))
    network = text_bits.trained_lstm(characters.encode("ab\n" * 4000), 4, 1, 0)
    whole = text_bits.lstm_bits(network, characters, "ba")
    ids = characters.encode("\nba")
    logits = network(ids[None, :-1])[0][0]
    nats = torch.nn.functional.cross_entropy(logits, ids[1:]).item()
    assert whole == pytest.approx(nats / math.log(2), abs=1e-5)


def test_counting_learns_from_what_is_to_learn_from():
    counted = text_bits.counting(Corpus("own", TEXT, "zzz"))
    assert counted(LINES[5]) < 1 < counted("Something else") and text_bits.ORDER == 8


def test_draws_are_whole_lines_and_share_none():
    drawn = text_bits.drawn_texts(TEXT, 5, 100, 3)
    assert drawn == text_bits.drawn_texts(TEXT, 5, 100, 3) and len(drawn) == 5
    lines = [line for text in drawn for line in text.split("\n")]
    assert len(set(lines)) == len(lines) and set(lines) <= set(LINES)
    assert all(len(text) >= 100 for text in drawn)
    assert text_bits.drawn_texts(TEXT, 5, 100, 4) != drawn
    for text in text_bits.drawn_texts("abc" * 200, 4, 50, 0):
        assert len(text) == 50 and text in "abc" * 200
    assert text_bits.drawn_texts("abc", 2, 50, 0) == ["abc", "abc"]


def test_texts_to_exchange_words_in(smollm):
    famous, own = text_bits.famous_texts(), text_bits.own_texts()
    assert famous["Zen of Python"].startswith("Beautiful is better")
    assert len(own) == 8
    assert all(
        len(text) <= text_bits.CUT + 60 for text in [*famous.values(), *own.values()]
    )
    one, two = text_bits.exchanged(smollm, own["letter"], (0, 1))
    assert one != two and own["letter"] not in (one, two)


def test_a_small_study_has_the_form_of_the_stored_one(smollm, monkeypatch):
    docs = Corpus("docs", "\n".join(LINES * 20), TEXT)
    monkeypatch.setattr(text_bits, "corpus", lambda: docs)
    kinds = {kind: [LINES[1]] for kind in text_bits.KINDS}
    monkeypatch.setattr(text_bits, "test_texts", lambda docs: kinds)
    monkeypatch.setattr(text_bits, "DRAWS", 1)
    table = text_bits.measure_models(smollm, 1) | text_bits.measure_exchange(smollm)
    assert set(text_bits.stored()) == set(table)
    for name, rows in text_bits.stored().items():
        assert list(rows) == list(table[name])
    assert text_bits.losses(table, "own")["poem"] == pytest.approx(
        table["own: poem"][1][0] - table["own: poem"][0][0]
    )


def test_the_stored_table_is_of_so_many_texts():
    stored = text_bits.stored()
    for name, rows in stored.items():
        if name.startswith(text_bits.MODELS):
            assert len(rows[0]) == text_bits.EACH, name
        else:
            assert len(rows[1]) == text_bits.DRAWS, name


def test_means_are_over_the_texts():
    pairs = [f"{m}: {k}" for m in text_bits.MODELS for k in text_bits.KINDS]
    table = {name: {0: [i, i + 1.0]} for i, name in enumerate(pairs)}
    assert text_bits.by_kind(table).rows[1] == ["new texts (2)", 1.5, 5.5, 9.5, 13.5]
    assert set(text_bits.new_less_old(table).values()) == {1.0}
