"""What is asked of encoders that meet text without a mask."""

import math

import pytest
import torch

from helpers.data.tasks import grammar
from helpers.lessons.lesson07 import why_80_10_10 as why
from helpers.lessons.lesson07.known_limit import Encoder, small


class Copies(Encoder):
    """Says with certainty what it sees, or the word `off` further on."""

    off = 0

    def forward(self, ids_bt):
        own = torch.nn.functional.one_hot((ids_bt + self.off) % 33, 34)
        return 5.0 * own, ids_bt


def test_a_network_that_copies_pays_for_exchanged_words_alone():
    model = small(Copies, 0)
    wrong = math.log2(33 + math.exp(5))  # 5 nats behind what it sees
    assert why.replaced_bits(model, 1) == pytest.approx(wrong, rel=1e-4)


def test_half_of_the_sentences_have_a_verb_of_the_wrong_number():
    rows, right = why.sentences_to_judge(400, 1)
    assert rows.shape == (400, 8)
    assert 150 < right.sum() < 250
    assert (rows[:, [0, 5]] == 0).all()
    agree = grammar.is_plural(rows[:, 1]) == grammar.is_plural(rows[:, 4])
    assert torch.equal(agree.long(), right)


def test_a_reader_finds_what_stands_in_the_state(monkeypatch):
    def told(model, ids_bt):
        agree = grammar.is_plural(ids_bt[:, 1]) == grammar.is_plural(ids_bt[:, 4])
        sign = 2 * agree[:, None, None].float() - 1
        noise = torch.randn(
            *ids_bt.shape, 3, generator=torch.Generator().manual_seed(0)
        )
        return torch.cat([sign.expand(-1, 8, 1), noise], dim=2)

    monkeypatch.setattr(why, "states", told)
    assert why.judged_right(None, 64, 1) == 1.0
    monkeypatch.setattr(why, "states", lambda m, x: told(m, x)[..., 1:])
    assert 0.4 < why.judged_right(None, 64, 1) < 0.6


def test_each_way_trains_as_it_says():
    same = small(Encoder, 3).state_dict()
    untrained = why.trained("untrained", 3).state_dict()
    assert all(torch.equal(v, same[n]) for n, v in untrained.items())
    ways = [why.trained(way, 3, steps=2).head.weight for way in why.WAYS]
    assert not any(
        torch.equal(a, b) for a, b in zip(ways, ways[1:] + ways[:1], strict=True)
    )


def test_a_small_study_has_the_form_of_the_stored_one():
    table, stored = why.measure(range(1), steps=1), why.stored()
    assert {way: list(rows) for way, rows in table.items()} == {
        way: list(rows) for way, rows in stored.items()
    }
    assert {len(x) for rows in stored.values() for x in rows.values()} == {why.SEEDS}


def test_means_are_over_the_seeds():
    table = {way: {k: [0.2, 0.4] for k in why.LABELS} for way in why.WAYS}
    table |= {f"{way}: bits": {0: [1.0, 4.0]} for way in why.WAYS}
    shown = why.means(table)
    assert shown.header[-1] == "bits, exchanged"
    for way, row in zip(why.WAYS, shown.rows, strict=True):
        assert row == [way, *[pytest.approx(0.3)] * 3, pytest.approx(2.5)]
