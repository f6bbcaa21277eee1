"""MiniLM under transformers' heads: what is copied, fed, frozen, read back."""

import pytest
import torch
import torch.nn.functional as F
from transformers import (
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
)
from transformers.utils import logging

from helpers.checkpoints.minilm import open_minilm
from helpers.checkpoints.text_transfer import Tuning
from helpers.core.errors import UserError
from helpers.data.tasks.meetings import Meeting
from helpers.lessons.lesson07.workflow import (
    IGNORED,
    at_sentence,
    by_list,
    head_loss,
    in_turn,
    inputs,
    largest_gap,
    outputs,
    padded,
    percent,
    quiet_loading,
    read,
    span_loss,
    tuned,
    with_head,
    word_kinds,
    word_tokens,
)

minilm = open_minilm()
needs_minilm = pytest.mark.skipif(minilm is None, reason="MiniLM is not installed")
TEXTS = ["Selby paid Camden.", "On Monday it rained in Wetherby, and nobody was paid."]


def encoded():
    return [read(minilm, text) for text in TEXTS]


@needs_minilm
@pytest.mark.parametrize(
    "kind",
    [
        BertForSequenceClassification,
        BertForTokenClassification,
        BertForQuestionAnswering,
    ],
)
def test_minilm_is_in_it_and_the_head_is_new(kind):
    before = torch.get_rng_state()
    model = with_head(kind, minilm, ("no", "yes"), seed=1, frozen=2)
    other = with_head(kind, minilm, ("no", "yes"), seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    own, theirs = minilm.model.state_dict(), model.bert.state_dict()
    assert all(torch.equal(own[name], value) for name, value in theirs.items())
    heads = [n for n, p in model.named_parameters() if not n.startswith("bert.")]
    assert heads and not torch.equal(
        model.get_parameter(heads[0]), other.get_parameter(heads[0])
    )
    assert model.config.id2label == {0: "no", 1: "yes"} and not model.training
    assert not any(p.requires_grad for p in model.bert.embeddings.parameters())
    learns = [
        all(p.requires_grad for p in layer.parameters())
        for layer in model.bert.encoder.layer
    ]
    assert learns == [False] * 2 + [True] * 4
    assert {m.p for m in model.bert.modules() if hasattr(m, "p")} == {0.0}


@needs_minilm
def test_training_moves_what_learns_at_two_rates():
    model = with_head(BertForTokenClassification, minilm, "ab", seed=0)
    old = {name: value.clone() for name, value in model.state_dict().items()}
    targets = [[IGNORED, *[1] * (len(e.ids) - 2), IGNORED] for e in encoded()]
    feed = in_turn(encoded(), targets, 2)
    before = torch.get_rng_state()
    history = tuned(model, feed, head_loss, 5, Tuning(steps=1, lr=1e-4, head_lr=1e-2))
    assert torch.equal(torch.get_rng_state(), before)
    assert len(history.losses) == 1 and not model.training
    moved = {n: (v - old[n]).abs().max().item() for n, v in model.state_dict().items()}
    assert 5e-3 < moved["classifier.weight"] < 2e-2
    assert 5e-5 < moved["bert.encoder.layer.5.output.dense.weight"] < 2e-4
    assert moved["bert.encoder.layer.2.output.dense.weight"] == 0
    assert moved["bert.embeddings.word_embeddings.weight"] == 0


@needs_minilm
def test_filling_changes_no_answer():
    model = with_head(BertForTokenClassification, minilm, "abc", seed=0)
    together, alone = (
        outputs(model, encoded()),
        (outputs(model, [e]) for e in encoded()),
    )
    for one, other, encoding in zip(together, alone, encoded(), strict=True):
        assert one.shape == (len(encoding.ids), 3)
        assert torch.allclose(one, next(other), atol=1e-5)


@needs_minilm
def test_losses_are_those_of_the_definition():
    one = encoded()
    tokens = with_head(BertForTokenClassification, minilm, "abc", seed=0)
    targets = [[IGNORED] + [2] * (len(e.ids) - 1) for e in one]
    batch = next(in_turn(one, targets, 2))
    logits = tokens(batch[0], batch[2], batch[1]).logits
    mine = F.cross_entropy(logits.flatten(0, 1), batch[3].flatten(), ignore_index=-100)
    assert torch.allclose(head_loss(tokens, batch), mine)
    assert (batch[3] == IGNORED).sum() == 2 + abs(len(one[0].ids) - len(one[1].ids))
    spans = with_head(BertForQuestionAnswering, minilm, "ab", seed=0)
    batch = next(in_turn(one, [[1, 2], [3, 3]], 2))
    said = spans(batch[0], batch[2], batch[1])
    mine = F.cross_entropy(said.start_logits, batch[3][:, 0])
    mine = (mine + F.cross_entropy(said.end_logits, batch[3][:, 1])) / 2
    assert torch.allclose(span_loss(spans, batch), mine)


@needs_minilm
def test_every_text_comes_once_before_any_comes_again():
    three = [*encoded(), read(minilm, "Again.")]
    feed = in_turn(three, [0, 1, 2], 2)
    labels = [next(feed)[3].tolist() for _ in range(4)]
    assert [len(part) for part in labels] == [2, 1, 2, 1]
    assert sorted(labels[0] + labels[1]) == sorted(labels[2] + labels[3]) == [0, 1, 2]


@needs_minilm
def test_pairs_know_question_and_sentence():
    pair = read(minilm, "Selby paid Camden.", "Who paid?")
    assert inputs([pair])["token_type_ids"][0].unique().tolist() == [0, 1]
    first, last = word_tokens(pair, 1, 0, 0)
    assert pair.tokens[first : last + 1] == ["se", "##lby"]
    assert at_sentence(pair, torch.arange(len(pair.ids))).min() == pair.tokens.index(
        "se"
    )
    with pytest.raises(UserError, match="not among"):
        word_tokens(pair, 1, 9, 9)


@needs_minilm
def test_a_word_is_told_at_its_first_piece():
    model = with_head(BertForTokenClassification, minilm, "ab", seed=0)
    one = read(minilm, "Selby paid Camden.")
    said = next(outputs(model, [one])).argmax(dim=1)
    places = [one.tokens.index(t) for t in ("se", "paid", "camden", ".")]
    assert word_kinds(model, [one]) == said[places].tolist()


@needs_minilm
def test_saved_and_loaded_it_is_the_same(tmp_path):
    model = with_head(BertForQuestionAnswering, minilm, "ab", seed=0)
    with quiet_loading():
        assert not logging.is_progress_bar_enabled()
        model.save_pretrained(tmp_path)
        eager = {"attn_implementation": "eager"}
        again = BertForQuestionAnswering.from_pretrained(tmp_path, **eager)
    assert logging.is_progress_bar_enabled()
    assert largest_gap(model, again, encoded()) == 0
    with torch.no_grad():
        again.qa_outputs.bias[1] += 0.5
    assert largest_gap(model, again, encoded()) == pytest.approx(0.5, abs=1e-4)


def test_a_list_knows_what_it_has_seen():
    told = [
        Meeting("", ["On", "Selby", "met"], [0, 1, 0], []),
        Meeting("", ["Selby", "in", "Selby"], [2, 0, 2], []),
    ]
    words = ["Selby", "met", "On", "Ashby", "21", "near"]
    assert by_list(told, words, unknown=1) == [2, 0, 0, 1, 1, 0]


def test_percent_of_answers_as_wanted():
    assert percent([1, 2, 3, 4], [1, 0, 3, 0]) == 50
    assert percent([[1, 2]], [[1, 2]]) == 100
    with pytest.raises(ValueError):
        percent([1], [1, 1])


def test_rows_are_filled_up():
    assert padded([[1, 2], [3]], IGNORED).tolist() == [[1, 2], [3, IGNORED]]


@needs_minilm
@pytest.mark.parametrize(
    ("text", "said"),
    [(" ", "blank"), ("☃☃", "knows no character"), ("It rained. " * 60, "cut it into")],
)
def test_what_no_head_can_read_is_said(text, said):
    with pytest.raises(UserError, match=said) as error:
        read(minilm, text)
    assert str(error.value).count(".") == 1 + text.count("." * 9)
