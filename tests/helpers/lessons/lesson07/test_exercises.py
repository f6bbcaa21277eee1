"""The exercises of lesson 07: what each verdict says, to whom."""

import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from helpers.lessons.lesson07.exercises import (
    EXERCISES,
    best_span_reference,
    noisy_target,
    spread_labels_reference,
    windows_reference,
)
from helpers.page.exercises import judge_answer


def by_index(ids_bt, draw_bt, random_bt, special_bt, mask_id, share=0.15):
    inputs_bt, targets_bt = ids_bt.clone(), torch.full_like(ids_bt, -100)
    chosen_bt = (draw_bt < share) & ~special_bt
    targets_bt[chosen_bt] = ids_bt[chosen_bt]
    swap_bt = chosen_bt & (draw_bt / share < 0.9)
    inputs_bt[swap_bt] = random_bt[swap_bt]
    inputs_bt[chosen_bt & (draw_bt / share < 0.8)] = mask_id
    return inputs_bt, targets_bt


def by_places(inputs, targets, first):
    places = [i for i, id in enumerate(targets) if id >= first]
    ends = [*places[1:], len(targets)]
    spans = {targets[a]: targets[a + 1 : b] for a, b in zip(places, ends, strict=True)}
    return [word for id in inputs for word in spans.get(id, [id])]


def two_losses(logits_btv, limit_btv, targets_bt):
    flat = targets_bt.flatten()
    model = F.cross_entropy(logits_btv.flatten(0, 1), flat)
    return (
        (model - F.nll_loss(limit_btv.flatten(0, 1).log(), flat)) / math.log(2)
    ).item()


RIGHT = [("7.1", by_index), ("7.2", by_places), ("7.3", two_losses)]


@pytest.mark.parametrize(("id", "answer"), RIGHT)
def test_every_right_form_is_accepted(id, answer):
    verdict = judge_answer(EXERCISES[id], answer, hidden=0)
    assert verdict.state == "correct", verdict.message


def in_place(ids_bt, *rest):
    inputs_bt, targets_bt = by_index(ids_bt, *rest)
    ids_bt.copy_(inputs_bt)
    return ids_bt, targets_bt


@pytest.mark.parametrize(
    ("id", "answer", "said"),
    [
        ("7.1", in_place, "changed the input `ids_bt`"),
        ("7.1", lambda *given: by_index(*given)[0], "tensor"),
        ("7.2", lambda *given: torch.tensor(by_places(*given)), "list"),
        ("7.3", lambda *given: two_losses(*given) + 0.01, "0.01 too large"),
    ],
)
def test_other_answers_get_a_verdict(id, answer, said):
    verdict = judge_answer(EXERCISES[id], answer)
    assert verdict.state == "wrong"
    assert said in verdict.message


def by_cross_entropy(logits_btv, ids_bt):
    nats = F.cross_entropy(logits_btv[:, :-1].mT, ids_bt[:, 1:], reduction="none")
    return -nats.sum(dim=1)


def by_loops(logits_btv, ids_bt):
    scores = []
    for logits_tv, ids_t in zip(logits_btv, ids_bt, strict=True):
        logs = torch.log_softmax(logits_tv, -1)
        scores.append(sum(logs[t, ids_t[t + 1]] for t in range(len(ids_t) - 1)))
    return torch.stack(scores)


def paired_by_places(documents):
    true = [(d[i], d[i + 1]) for d in documents for i in range(len(d) - 1)]
    m = max(len(d) - 1 for d in documents)
    moved = [true[(i + m) % len(true)][1] for i in range(len(true))]
    return [(a, b, 0) for a, b in true] + [
        (true[i][0], moved[i], 1) for i in range(len(true))
    ]


RIGHT_FORMS = [("7.4", by_cross_entropy), ("7.4", by_loops), ("7.5", paired_by_places)]


@pytest.mark.parametrize(("id", "answer"), RIGHT_FORMS)
def test_another_right_form_is_accepted(id, answer):
    assert judge_answer(EXERCISES[id], answer, hidden=3).state == "correct"


@pytest.mark.parametrize("id", EXERCISES)
def test_known_wrong_answers_are_named(id):
    exercise = EXERCISES[id]
    for known in exercise.wrong:
        verdict = judge_answer(exercise, known.answer, hidden=3)
        assert verdict.state == "wrong"
        assert known.message in verdict.message


STEP = EXERCISES["7.6"]


def verdict(answer):
    return judge_answer(STEP, answer, hidden=5)


def test_the_formula_by_hand_is_accepted():
    for answer in (
        lambda model, clean, noise: (clean - model(noise + clean)).pow(2).mean(),
        lambda model, clean, noise: F.mse_loss(clean, model(clean.add(noise))),
    ):
        assert verdict(answer).state == "correct"


def test_the_step_as_given_is_told_what_its_target_is():
    def given(model, clean, noise):
        clean += noise
        return F.mse_loss(model(clean), clean)

    found = verdict(given)
    assert found.state == "wrong" and "as noisy as the input" in found.message
    assert STEP.wrong[0].answer is noisy_target


def test_a_right_loss_that_spoils_the_data_is_not_enough():
    def spoils(model, clean, noise):
        target = clean.clone()
        clean += noise
        return F.mse_loss(model(clean), target)

    found = verdict(spoils)
    assert found.state == "wrong" and "`clean` in place" in found.message


def test_a_loss_without_gradient_is_not_enough():
    for cut in (lambda loss: loss.detach(), lambda loss: loss.item()):
        found = verdict(lambda m, c, n, cut=cut: cut(F.mse_loss(m(c + n), c)))
        assert found.state == "wrong"


def test_every_known_slip_is_named():
    for wrong in STEP.wrong:
        found = verdict(wrong.answer)
        assert found.state == "wrong" and wrong.message[:40] in found.message


def test_each_word_is_labelled_once():
    labels = spread_labels_reference([3, 0], [None, 0, 0, 1, None])
    assert labels == [-100, 3, -100, 0, -100]


def test_the_best_span_is_the_best_of_all_pairs():
    generator = torch.Generator().manual_seed(0)
    for T, longest in ((1, 3), (5, 2), (7, 7), (6, 1)):
        start_t, end_t = torch.randn(2, T, generator=generator)
        pairs = [(i, j) for i in range(T) for j in range(i, min(T, i + longest))]
        best = max(pairs, key=lambda p: start_t[p[0]] + end_t[p[1]])
        assert best_span_reference(start_t, end_t, longest) == best


def test_windows_cover_everything_once_but_for_the_overlap():
    for n in range(1, 30):
        for size in range(2, 8):
            for overlap in range(size):
                found = windows_reference(n, size, overlap)
                assert found[0][0] == 0 and found[-1][1] == n
                for one, after in pairwise(found):
                    assert one[1] - one[0] == size and one[1] - after[0] == overlap
                    assert after[1] > one[1]


def test_tensors_are_no_lists():
    def as_tensor(labels_w, word_of_t):
        return torch.tensor(spread_labels_reference(labels_w, word_of_t))

    assert judge_answer(EXERCISES["7.7"], as_tensor).state == "wrong"
