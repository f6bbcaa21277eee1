"""What examples in the prompt do: the draws, the margins, and the stored table."""

from types import SimpleNamespace

import pytest
import torch

from helpers.checkpoints.smollm import SmolLM
from helpers.lessons.lesson08 import few_shot
from helpers.lessons.lesson08.reviews import JUDGED, LABELS, SHOWN, answered, question
from helpers.models.llama.blocks import Llama, Sizes

IDS = {LABELS[0]: [1], LABELS[1]: [2]}


def letters(text: str) -> SimpleNamespace:
    return SimpleNamespace(ids=IDS.get(text, [3 + ord(c) % 60 for c in text]))


@pytest.fixture(scope="module")
def smollm():
    torch.manual_seed(0)
    sizes = Sizes(64, channels=24, layers=2, n_heads=6, kv_heads=3, inner=8)
    model = Llama(sizes).requires_grad_(False)
    return SmolLM(SimpleNamespace(encode=letters), model, {}, real=False)


def test_no_review_is_shown_and_judged_and_half_are_positive():
    texts = [text for text, _ in SHOWN + JUDGED]
    assert len(set(texts)) == len(texts) == 48
    assert sum(label for _, label in SHOWN) == sum(label for _, label in JUDGED) == 12
    assert answered("Good.", 1) == "Review: Good.\nSentiment: positive\n\n"
    assert answered("Good.", 0).startswith(question("Good."))


def test_the_ways_share_their_reviews_and_differ_in_labels_or_order():
    for seed in range(5):
        orders = few_shot.orders(seed)
        assert list(orders) == list(few_shot.WAYS)
        true = orders["true"]
        assert sum(label for _, label in true) == few_shot.EACH == len(set(true)) / 2
        assert set(true) <= set(SHOWN)
        assert orders["flipped"] == [(text, 1 - label) for text, label in true]
        assert [text for text, _ in orders["shuffled"]] == [text for text, _ in true]
        assert sum(label for _, label in orders["shuffled"]) == few_shot.EACH
        for way, labels in ("first", [1] * 4 + [0] * 4), ("last", [0] * 4 + [1] * 4):
            shown = orders[f"positives {way}"]
            assert [label for _, label in shown] == labels
            assert set(shown) == set(true)
    assert few_shot.examples(0) != few_shot.examples(1)


def test_margins_are_those_of_one_text_at_a_time(smollm):
    texts, shown = ["Good.", "Rather long and bad."], few_shot.examples(0)[:2]
    ours = few_shot.margins(smollm, shown, texts)
    for text, margin in zip(texts, ours, strict=True):
        prompt = "".join(answered(*row) for row in shown) + question(text)
        logits = smollm.model(smollm.encode(prompt)[None])[0][0, -1]
        assert margin == pytest.approx((logits[2] - logits[1]).item(), abs=1e-5)
    alone = few_shot.margins(smollm, [], texts)
    assert not torch.allclose(alone, ours)
    assert not smollm.model.norm._forward_pre_hooks


def test_right_and_ranked_follow_the_border_and_the_order():
    truth = few_shot.TRUTH
    margins = truth.double() + 5
    assert few_shot.right(margins) == 0.5
    assert few_shot.right(margins, 5.5) == few_shot.ranked(margins) == 1
    assert few_shot.right(-margins, -5.5) == few_shot.ranked(-margins) == 0
    assert few_shot.ranked(torch.zeros(len(truth))) == 0.5


def test_what_is_asked(monkeypatch):
    given = torch.cat([few_shot.TRUTH.double() + 1, torch.tensor([1.5])])
    monkeypatch.setattr(few_shot, "margins", lambda *_: given)
    found = few_shot.ask(None, [("a", 0), ("b", 1)])
    assert list(found.values()) == [0.5, 1, 1, 1, 1, 1]
    assert list(found) == list(few_shot.KINDS)


def test_a_small_study_has_the_form_of_the_stored_one(monkeypatch, smollm):
    ask = dict.fromkeys(few_shot.KINDS, 0.5)
    monkeypatch.setattr(few_shot, "ask", lambda *_: ask)
    table, stored = few_shot.measure(smollm, range(2)), few_shot.stored()
    assert {len(next(iter(row.values()))) for row in table.values()} == {1, 2}
    names = {f"{way}: {kind}" for way, kinds in stored.items() for kind in kinds}
    assert set(table) == names
    assert {len(x) for x in stored["true"].values()} == {few_shot.DRAWS}


def test_what_is_told_of_the_stored_table():
    stored = few_shot.stored()
    shown = few_shot.summary(stored)
    assert [row[0] for row in shown.rows] == ["no examples", *few_shot.WAYS]
    true = stored["true"]["right"]
    assert shown.rows[1][1] == pytest.approx(sum(true) / len(true))
    assert shown.rows[1][2] == f"{min(true):.2f} to {max(true):.2f}"
    few = {"said positive": [0.75, 0.75], "last is positive": [1, 0]}
    table = dict.fromkeys(few_shot.WAYS[:3], few)
    assert few_shot.like_the_last(table) == [0.75, 0.25] * 3
    ax = few_shot.ways_figure(stored).axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == list(stored)
