"""A label's score, and the ways with which it is compared."""

import pytest
import torch

from helpers.checkpoints.smollm import SmolLM
from helpers.data.text.libraries import Texts
from helpers.lessons.lesson08 import zero_shot as zero
from helpers.models.llama.blocks import Llama, Sizes


class Signs:
    """A tokenizer whose tokens are the characters of ASCII."""

    class Encoded:
        def __init__(self, ids):
            self.ids = ids

    def encode(self, text):
        return self.Encoded([ord(sign) % 128 for sign in text])

    def decode(self, ids, skip_special_tokens):
        return "".join(map(chr, ids))


@pytest.fixture(scope="module")
def smollm():
    torch.manual_seed(0)
    sizes = Sizes(128, 12, 2, 3, 1, 16)
    return SmolLM(Signs(), Llama(sizes).eval().requires_grad_(False), {}, real=False)


def test_a_score_is_what_the_whole_text_costs_more_than_the_prompt(smollm):
    prompt, answers = "A text.\nIt is", [" a", " tiger", " on"]
    scores = zero.label_scores(*zero.read_labels(smollm, prompt, answers))
    for score, answer in zip(scores, answers, strict=True):
        nats = smollm.nats(smollm.encode(prompt + answer))[-len(answer) :]
        assert score.item() == pytest.approx(-nats.sum().item(), abs=1e-4)


def test_scores_of_texts_have_a_row_each(smollm):
    one, two = zero.scores_of(smollm, ["a", "b"], "So {} is")
    assert one.shape == (6,) and not torch.equal(one, two)
    assert torch.allclose(zero.scores_of(smollm, ["b"], "So {} is")[0], two, atol=1e-5)


def test_the_nearest_is_by_angle():
    known = torch.tensor([[10.0, 0.0], [0.0, 1.0]])
    asked = torch.tensor([[0.2, 0.1], [1.0, 3.0]])
    assert zero.nearest(known, torch.tensor([4, 7]), asked).tolist() == [4, 7]


def test_words_tell_where_each_class_has_its_own():
    texts = [f"{name} {name} it" for name in zero.LABELS]
    labels = torch.arange(6)
    train, test = Texts(texts, labels), Texts(texts[::-1], labels.flip(0))
    assert torch.equal(zero.told("counted words", None, train, test, 0), test.labels)
    four = Texts(texts * 4, labels.repeat(4))
    assert torch.equal(zero.told("counted words", None, four, test, 0), test.labels)

    def vectors_of(texts):
        return torch.tensor([[float(n in text) for n in zero.LABELS] for text in texts])

    for known in (train, four):
        assert torch.equal(zero.told("MiniLM", vectors_of, known, test, 0), test.labels)


def test_a_small_study_has_the_form_of_the_stored_one(smollm, monkeypatch):
    texts = [f"{name} {name} it" for name in zero.LABELS for _ in range(25)]
    part = Texts(texts, torch.arange(6).repeat_interleave(25))
    monkeypatch.setattr(zero, "KS", (1,))
    monkeypatch.setattr(zero, "PROMPT", "So {}:")

    def vectors_of(texts):
        return torch.tensor([[float(n in text) for n in zero.LABELS] for text in texts])

    table = zero.measure(smollm, vectors_of, part, part)
    assert table["MiniLM"] == {1: [1.0] * 5} == table["counted words"]
    assert all(len(table[way][0]) == 5 for way in zero.FREE)


def test_what_is_taken_off_a_score(smollm):
    scores = torch.tensor([[-1.0, -3.0], [-2.0, -8.0]])
    none, nothing, mean = zero.shifts(smollm, scores, "So {}:").values()
    assert none == 0 and mean.tolist() == [-1.5, -5.5]
    assert nothing.exp().sum().item() == pytest.approx(1)


def test_the_stored_table_is_whole():
    stored = zero.stored()
    assert [list(rows) for rows in stored.values()] == [
        [0],
        [0],
        [0],
        [1, 4, 16],
        [1, 4, 16],
    ]
    shares = [x for rows in stored.values() for row in rows.values() for x in row]
    assert len(shares) == 9 * zero.DRAWS and all(0 <= x <= 1 for x in shares)
