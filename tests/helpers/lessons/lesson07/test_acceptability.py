"""Sentences to be judged, and the ways to judge them."""

import copy

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import grammar
from helpers.lessons.lesson07.acceptability import (
    BATCH,
    GAPS,
    TOKENS,
    Judge,
    agreeing,
    batches,
    by_logistic,
    by_way,
    judged,
    last_states,
    log_probability,
    new_model,
    right_by_twins,
    share_right,
    shown,
    trained,
    twins,
    word_counts,
)

pytestmark = pytest.mark.usefixtures("seeded")


def agrees(ids_nt):
    """Return whether each verb has its noun's number, read off the words."""
    nouns = ((ids_nt >= grammar.NOUN) & (ids_nt < grammar.FILLER)).long().argmax(dim=1)
    noun = ids_nt[torch.arange(len(ids_nt)), nouns]
    return grammar.is_plural(noun) == grammar.is_plural(ids_nt[:, -1])


def test_sentences_end_in_their_verb_and_are_filled_up_before_their_noun():
    ids_nt = agreeing(300, 0)
    assert ids_nt.shape == (300, TOKENS)
    filled = (ids_nt == grammar.PERIOD).sum(dim=1)
    assert set((TOKENS - 2 - filled).tolist()) == set(GAPS)
    kinds = torch.stack([grammar.kinds_of(row[row != 0]) for row in ids_nt[:1]])
    assert kinds[0, 0] == 1
    assert agrees(ids_nt).all()
    whole = grammar.sentences(300, 0, GAPS)
    assert torch.equal(ids_nt[:, -1], whole.ids[whole.verb_places()])
    rows = [grammar.text(row[row != grammar.PERIOD]) + " ." for row in ids_nt]
    assert " ".join(rows) == grammar.text(whole.ids)


def test_a_twin_differs_in_the_number_of_its_verb_alone():
    ids_nt = agreeing(50, 1)
    before = ids_nt.clone()
    twins_nt = twins(ids_nt)
    assert torch.equal(ids_nt, before)
    assert torch.equal(twins_nt[:, :-1], ids_nt[:, :-1])
    assert not agrees(twins_nt).any()
    assert torch.equal((twins_nt[:, -1] - ids_nt[:, -1]).abs(), torch.full((50,), 4))
    assert torch.equal(twins(twins_nt), ids_nt)


def test_half_of_the_judged_agree_and_their_labels_say_so():
    ids_nt, labels_n = judged(100, 2)
    assert labels_n.sum() == 50
    assert torch.equal(agrees(ids_nt).long(), labels_n)
    assert 5 < labels_n[:50].sum() < 45  # mixed
    assert torch.equal(judged(100, 2)[0], ids_nt)
    assert not torch.equal(judged(100, 3)[0], ids_nt)


def test_the_first_sentences_are_shown_without_filling():
    test = judged(6, 0)
    rows = shown(test, 2).rows
    assert [row[1] for row in rows] == test[1][:2].tolist()
    assert rows[0][0] == grammar.text(test[0][0]).replace(". ", "")


@pytest.mark.parametrize("n", [0, 7])
def test_an_odd_number_of_judged_sentences_is_refused(n):
    with pytest.raises(UserError, match=f"^{n} judged sentences asked for; it must be"):
        judged(n, 0)


def test_a_new_model_comes_from_its_seed_and_moves_no_other():
    before = torch.get_rng_state()
    one, same, other = new_model(1), new_model(1), new_model(2)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.head.weight, same.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)
    assert one(torch.tensor([[0, 1]]))[0].shape == (1, 2, 33)


def test_a_judge_starts_undecided_and_reads_the_last_state():
    model, ids_nt = new_model(0), agreeing(3, 0)
    judge = Judge(model)
    assert torch.equal(judge(ids_nt), torch.zeros(3, 2))
    states = model.recurrent(model.embedding(ids_nt))[0][:, -1]
    assert torch.equal(last_states(model, ids_nt), states)
    judge.fc.bias.data = torch.tensor([0.0, 1.0])
    labels_n = torch.tensor([1, 0, 1])
    assert share_right(judge, (ids_nt, labels_n)) == pytest.approx(2 / 3)


def test_training_fits_four_sentences_in_place():
    model, known = new_model(0), judged(4, 3)
    start = copy.deepcopy(model)
    judge = trained(model, known, 30, 3e-2, 0)
    assert share_right(judge, known) == 1
    assert not judge.training
    assert judge.model is model
    assert not torch.equal(model.embedding.weight, start.embedding.weight)
    again = trained(start, known, 30, 3e-2, 0)
    assert torch.equal(again.fc.weight, judge.fc.weight)


def test_batches_hold_sentences_with_their_own_labels():
    ids_nt, labels_n = judged(40, 4)
    served = batches(ids_nt, labels_n, 5)
    (ids_bt, labels_b), (others_bt, _) = next(served), next(served)
    assert ids_bt.shape == (BATCH, TOKENS)
    assert torch.equal(agrees(ids_bt).long(), labels_b)
    assert not torch.equal(ids_bt, others_bt)
    assert torch.equal(next(batches(ids_nt, labels_n, 5))[0], ids_bt)


def test_words_are_counted_and_fillings_are_not():
    counts_nv = word_counts(torch.tensor([[0, 0, 1, 17, 17, 25]]))
    assert counts_nv.shape == (1, 33)
    assert counts_nv[0, [1, 17, 25]].tolist() == [1, 2, 1]
    assert counts_nv.sum() == 4


def test_a_logistic_regression_is_asked_about_the_second_features():
    seen, asked = torch.tensor([[-1.0], [1.0]]), torch.tensor([[-2.0], [2.0], [3.0]])
    labels = torch.tensor([0, 1]), torch.tensor([0, 1, 0])
    assert by_logistic((seen, asked.requires_grad_()), labels, 1.0) == pytest.approx(
        2 / 3
    )


def test_a_table_is_by_way_then_labels_then_draw():
    found = [[{"a": 1, "b": 2}, {"a": 3, "b": 4}], [{"a": 5, "b": 6}, {"a": 7, "b": 8}]]
    assert by_way(found, (4, 16)) == {
        "a": {4: (1, 5), 16: (3, 7)},
        "b": {4: (2, 6), 16: (4, 8)},
    }


def test_a_log_probability_is_that_of_the_words_after_the_first():
    logits_btv = torch.randn(2, 3, 5, dtype=torch.float64)
    ids_bt = torch.tensor([[0, 4, 2], [1, 1, 3]])
    p_btv = logits_btv.softmax(dim=-1)
    expected = [p_btv[0, 0, 4] * p_btv[0, 1, 2], p_btv[1, 0, 1] * p_btv[1, 1, 3]]
    found = log_probability(logits_btv, ids_bt)
    torch.testing.assert_close(found, torch.stack(expected).log())


def test_a_sentence_counts_as_right_above_its_twin():
    ids, labels = judged(20, 5)
    agreeing_score = {True: 1.0, False: -1.0}

    def score(logits, ids_nt):
        return torch.tensor([agreeing_score[bool(x)] for x in agrees(ids_nt)])

    model = new_model(1).train()
    assert right_by_twins(score, model, (ids, labels)) == 1.0
    assert right_by_twins(score, model, (ids, 1 - labels)) == 0.0
    assert model.training
    wrong = ids[labels == 0], labels[labels == 0]
    assert right_by_twins(lambda logits, ids: torch.zeros(10), model, wrong) == 1.0
