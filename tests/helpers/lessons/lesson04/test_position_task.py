"""What stands where: the tagger, its loss, its marks, and that it learns."""

import math

import pytest
import torch
from torch import nn

from helpers.data.tasks.sequences import UNASKED, n_back
from helpers.lessons.lesson04 import position_task
from helpers.lessons.lesson04.position_task import POSITIONS, Tagger, learn_order
from helpers.models.transformer.positions import sinusoidal
from helpers.training.sequence_tasks import (
    flawless,
    right_and_asked,
    right_answers,
    tag_loss,
)

every_kind = pytest.mark.parametrize("positions", POSITIONS)


pytestmark = pytest.mark.usefixtures("seeded")


class Says(nn.Module):
    """Give the answers (B, T, questions) the largest logits, whatever is asked."""

    def __init__(self, answers):
        super().__init__()
        self.answers, self.head = torch.tensor(answers), nn.Linear(1, 1)

    def forward(self, ids):
        self.asked = ids
        return nn.functional.one_hot(self.answers, 10).float().requires_grad_()


# ---------------------------------------------------------------- the tagger


def test_there_are_four_kinds_of_positions():
    assert set(POSITIONS) == {"none", "sinusoidal", "learned", "rotary"}


@every_kind
@pytest.mark.parametrize(("n_heads", "questions"), [(1, 1), (2, 3)])
def test_every_place_has_ten_logits_for_each_question(positions, n_heads, questions):
    model = Tagger(positions, n_heads, questions, channels=8, longest=7)
    assert model.attention.n_heads == n_heads
    for T in (1, 5, 7):
        assert model(torch.randint(10, (4, T))).shape == (4, T, questions, 10)


def test_a_tagger_has_one_head_one_question_and_room_for_24():
    model = Tagger("learned")
    assert model.attention.n_heads == 1 and model.table.shape == (24, 64)
    assert model(torch.zeros(2, 24, dtype=torch.long)).shape == (2, 24, 1, 10)


@pytest.mark.parametrize("positions", ["relative", "", None])
def test_another_kind_of_positions_is_refused(positions):
    with pytest.raises(ValueError, match=rf"positions are {positions!r}, none of"):
        Tagger(positions)


@every_kind
def test_only_learned_positions_are_trained(positions):
    model = Tagger(positions, channels=8)
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert frozen == (set() if positions == "learned" else {"table"})
    model(torch.randint(10, (3, 5))).square().sum().backward()
    assert (model.table.grad is not None) == (positions == "learned")
    others = [p for name, p in model.named_parameters() if name != "table"]
    assert all(p.grad is not None and p.grad.any() for p in others)


def test_tables_hold_what_their_kind_says():
    tables = {kind: Tagger(kind, channels=64).table for kind in POSITIONS}
    assert not tables["none"].any() and not tables["rotary"].any()
    assert torch.equal(tables["sinusoidal"], sinusoidal(24, 64))
    assert tables["learned"].std().item() == pytest.approx(0.3, rel=0.1)
    assert tables["learned"].mean().item() == pytest.approx(0, abs=0.05)


@every_kind
def test_only_rotary_positions_turn_the_attention(positions):
    assert Tagger(positions).attention.rotary is (positions == "rotary")


@every_kind
@torch.no_grad()
def test_logits_are_those_of_attention_and_a_shortcut(positions):
    model, ids = Tagger(positions, 2, 3, channels=8), torch.randint(10, (4, 6))
    nn.init.normal_(model.attention.in_proj_weight)
    x = model.embedding.weight[ids] + model.table[:6]
    x = x + model.attention(x)[0]
    wanted = x @ model.head.weight.T + model.head.bias
    found = model(ids)
    for question in range(3):
        part = wanted[..., 10 * question : 10 * (question + 1)]
        torch.testing.assert_close(found[:, :, question], part)


@every_kind
def test_positions_break_the_symmetry_of_places(positions):
    model, ids = Tagger(positions, channels=8), torch.randint(10, (4, 6))
    nn.init.normal_(model.attention.in_proj_weight)
    gap = (model(ids.flip(1)).flip(1) - model(ids)).abs().max().item()
    assert gap < 1e-5 if positions == "none" else gap > 1e-2


# ---------------------------------------------------------------- loss


def test_the_loss_is_the_mean_over_the_answers_that_are_asked():
    shares = torch.tensor([[[0.1, 0.6, 0.3]], [[0.5, 0.25, 0.25]], [[0.2, 0.2, 0.6]]])
    answers = torch.tensor([[[UNASKED], [1], [2]]])
    loss = tag_loss(lambda ids: shares.log()[None] + 4, (torch.zeros(1, 3), answers))
    assert loss.item() == pytest.approx(-(math.log(0.25) + math.log(0.6)) / 2)


def test_the_loss_is_over_all_questions_of_all_strings():
    answers = torch.tensor([[[0, 1]], [[1, UNASKED]]])
    shares = torch.tensor([[[[0.5, 0.5], [0.1, 0.9]]], [[[0.8, 0.2], [0.3, 0.7]]]])
    loss = tag_loss(lambda ids: shares.log(), (torch.zeros(2, 1), answers))
    assert loss.item() == pytest.approx(-math.log(0.5 * 0.9 * 0.2) / 3)


def test_answers_to_one_question_need_no_axis_of_their_own():
    logits = torch.randn(2, 3, 1, 10)
    answers = torch.tensor([[3, UNASKED, 4], [UNASKED, 0, 9]])
    loss = tag_loss(lambda ids: logits, (torch.zeros(2, 3), answers))
    with_axis = tag_loss(lambda ids: logits, (torch.zeros(2, 3), answers[..., None]))
    assert loss == with_axis
    logs = logits[:, :, 0].log_softmax(dim=-1)
    wanted = logs[0, 0, 3] + logs[0, 2, 4] + logs[1, 1, 0] + logs[1, 2, 9]
    assert loss.item() == pytest.approx(-wanted.item() / 4)


def test_unasked_answers_send_no_gradient():
    logits = torch.randn(1, 4, 2, 10, requires_grad=True)
    answers = torch.tensor([[[3, UNASKED], [UNASKED, 1], [5, 5], [UNASKED] * 2]])
    tag_loss(lambda ids: logits, (torch.zeros(1, 4), answers)).backward()
    assert logits.grad.any(dim=-1).tolist() == (answers != UNASKED).tolist()


def test_the_model_is_given_the_digits():
    model, ids = Says([[[1], [2]]]), torch.tensor([[4, 5]])
    tag_loss(model, (ids, torch.tensor([[[1], [2]]])))
    assert model.asked is ids


# ---------------------------------------------------------------- marks

# Two strings of three places, two questions.
ANSWERS = [
    [[1, UNASKED], [2, UNASKED], [3, 1]],
    [[4, UNASKED], [5, UNASKED], [6, 4]],
]
SAID = [
    [[1, 0], [2, 9], [3, 1]],  # all right
    [[4, 0], [0, 9], [0, 4]],  # two mistakes, in question 0
]


def batch_of(answers):
    """Return some digits and the answers."""
    answers = torch.tensor(answers)
    return torch.zeros(answers.shape[:2], dtype=torch.long), answers


def test_verdicts_say_what_is_right_and_what_was_asked():
    right, asked = right_and_asked(Says(SAID), batch_of(ANSWERS))
    assert right.dtype == asked.dtype == torch.bool
    assert asked.int().tolist() == [[[1, 0], [1, 0], [1, 1]]] * 2
    assert right[asked].int().tolist() == [1, 1, 1, 1, 1, 0, 0, 1]


def test_marks_of_one_question_need_no_axis_of_their_own():
    ids, answers = torch.zeros(2, 3), torch.tensor([[3, UNASKED, 4], [UNASKED, 0, 9]])
    model = Says([[[3], [1], [4]], [[2], [0], [8]]])
    right, asked = right_and_asked(model, (ids, answers))
    assert right.shape == asked.shape == (2, 3, 1)
    assert right_answers(model, (ids, answers)).tolist() == [0.75]
    assert flawless(model, (ids, answers)) == 0.5


def test_each_question_has_its_share_of_right_answers():
    shares = right_answers(Says(SAID), batch_of(ANSWERS))
    assert shares.tolist() == pytest.approx([4 / 6, 1.0])


def test_what_nobody_asked_is_neither_right_nor_wrong():
    answers = [[[UNASKED], [UNASKED], [7], [7]]]
    for said, share in [([7, 7, 7, 0], 0.5), ([0, 0, 7, 7], 1.0), ([7, 7, 0, 0], 0)]:
        model = Says([[[digit] for digit in said]])
        assert right_answers(model, batch_of(answers)).tolist() == [share]


def test_one_mistake_spoils_a_string():
    assert flawless(Says(SAID), batch_of(ANSWERS)) == 0.5
    assert flawless(Says(SAID[:1] * 2), batch_of(ANSWERS[:1] * 2)) == 1.0
    assert flawless(Says(SAID[1:]), batch_of(ANSWERS[1:])) == 0.0
    said = [SAID[0], SAID[0], SAID[0], SAID[1]]
    wanted = [ANSWERS[0], ANSWERS[0], ANSWERS[0], ANSWERS[1]]
    assert flawless(Says(said), batch_of(wanted)) == 0.75


def test_a_mistake_in_the_second_question_spoils_a_string_too():
    said = [SAID[0], [[4, 0], [5, 9], [6, 3]]]
    assert flawless(Says(said), batch_of(ANSWERS)) == 0.5
    shares = right_answers(Says(said), batch_of(ANSWERS))
    assert shares.tolist() == pytest.approx([1.0, 0.5])


@pytest.mark.parametrize("mark", [right_answers, flawless])
def test_marking_keeps_no_history(mark):
    model, logits = Tagger("none", channels=8), []
    model.register_forward_hook(lambda *call: logits.append(call[-1]))
    mark(model, next(n_back((1,), 5, 4, seed=0)))
    assert len(logits) == 1 and not logits[0].requires_grad
    assert isinstance(flawless(model, next(n_back((1,), 5, 4, seed=0))), float)


# ---------------------------------------------------------------- learning


def learned(positions, distances=(1,), steps=60):
    """Return the history, and the marks on new strings, of a small tagger."""
    torch.manual_seed(0)
    model = Tagger(positions, questions=len(distances), channels=32, longest=6)
    batches = n_back(distances, 6, 64, seed=0)
    history = learn_order(model, batches, steps, lr=0.01)
    test = next(n_back(distances, 6, 500, seed=1))
    return history, right_answers(model, test).tolist(), flawless(model, test)


@pytest.mark.parametrize(
    ("positions", "steps"), [("sinusoidal", 200), ("learned", 60), ("rotary", 60)]
)
def test_with_positions_a_tagger_learns_what_stood_one_place_before(positions, steps):
    history, (share,), whole = learned(positions, steps=steps)
    assert share > 0.95 and whole > 0.8
    assert len(history.losses) == steps
    assert history.final_loss(5) < 0.3 < history.losses[0]


def test_without_positions_it_cannot():
    _, (share,), whole = learned("none")
    assert share < 0.5 and whole < 0.1


def test_what_stands_here_needs_no_positions():
    _, (share,), whole = learned("none", (0,))
    assert share > 0.99 and whole > 0.95


def test_training_is_as_it_was_asked_for(monkeypatch):
    calls = []
    monkeypatch.setattr(position_task, "fit", lambda *a, **k: calls.append((a, k)) or 7)
    model, batches = Tagger("none", channels=8), n_back((1,), 6, 4, seed=0)
    assert learn_order(model, batches, 9, 0.5) == 7
    ((given, options),) = calls
    assert given == (model, batches, 9)
    assert options.pop("label")
    assert options == {"lr": 0.5, "loss": tag_loss, "clip": 1.0}
