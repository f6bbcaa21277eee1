"""Lesson 06's exercises judge what an answer does: every right form is accepted.

That references, stubs and known wrong answers are told apart, test_answers.py checks.
"""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.v2.functional as vision
from support.judged import verdict_on_wrong
from torch import nn
from torch.optim import SGD, AdamW

from helpers.lessons.lesson06.exercises import EXERCISES
from helpers.models.adaptation.transfer import Frozen, with_new_head
from helpers.models.vision.resnet import DeepNet, ResidualBlock
from helpers.page.exercises import judge_answer
from helpers.training.fit import evaluation_mode, predict


def head_of_zeros(model, classes):
    model.fc = nn.Linear(model.fc.weight.shape[1], classes)
    nn.init.zeros_(model.fc.weight)
    return model


def step_of(make, clear=False):
    """Return the training step with the optimizer make(model, lr)."""

    def answer(model, images, labels, lr):
        optimizer = make(model, lr)
        if clear:
            optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
        return model

    return answer


def learning(model):
    return filter(lambda p: p.requires_grad, model.parameters())


def stay_evaluated(model):
    for part in (model.stem, model.blocks):
        part.requires_grad_(False).eval()
        part.train = lambda mode=True: None
    return model


def each_frozen(model):
    model.stem = Frozen(model.stem)
    model.blocks = nn.Sequential(*map(Frozen, model.blocks))
    return model


def asked_as_a_copy(model, images, labels):
    logits = copy.deepcopy(model).eval()(images)
    return (logits.argmax(dim=1) == labels).float().mean().item(), model


def asked_by_predict(model, images, labels):
    right = predict(model, images, batch_size=4).argmax(dim=1) == labels
    return right.sum().item() / len(labels), model


def one_by_one(images, labels, augment, n_test):
    n = len(images) - n_test
    copies = [augment(image[None]) for image in images[:n]]
    training = torch.cat([images[:n], *copies]), labels[:n].repeat(2)
    return *training, images[-n_test:], labels[-n_test:]


def cut_after(images, labels, augment, n_test):
    train, test = images[:-n_test], images[-n_test:]
    copies = augment(images)[:-n_test]
    own, theirs = labels[:-n_test], labels[-n_test:]
    return [torch.cat([train, copies]), torch.cat([own, own]), test, theirs]


def predicted(model, picture, mean, std):
    seen = vision.normalize(picture, mean.tolist(), std.tolist())
    return model.eval()(seen.unsqueeze(0)).argmax(dim=1).item()


def saving_by_hand(ks, ours, baseline, k):
    target = dict(zip(ks, baseline, strict=True))[k]
    if ours[0] >= target:
        return k / ks[0]
    i = next(i for i, share in enumerate(ours) if share >= target)
    part = (target - ours[i - 1]) / (ours[i] - ours[i - 1])
    return np.float64(k / (ks[i - 1] * (ks[i] / ks[i - 1]) ** part))


def norms(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]


def filled_anew(model, images):
    for norm in norms(model):
        norm.reset_running_stats()
        norm.momentum = None
    model.train()
    model(images)
    for norm in norms(model):
        norm.momentum = 0.1
    return model.eval()


def layer_by_layer(model, images):
    """Set each norm's averages, without Bessel's correction, on its way in."""

    def measure(norm, inputs):
        norm.running_mean.copy_(inputs[0].mean(dim=(0, 2, 3)))
        norm.running_var.copy_(inputs[0].var(dim=(0, 2, 3), correction=0))

    hooks = [norm.register_forward_pre_hook(measure) for norm in norms(model.eval())]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    return model


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("6.1", head_of_zeros),
        ("6.2", step_of(lambda model, lr: AdamW(learning(model), lr))),
        ("6.2", step_of(lambda model, lr: SGD(list(learning(model)), lr))),
        ("6.2", step_of(lambda m, lr: SGD(m.parameters(), lr, 0.9), clear=True)),
        (
            "6.2",
            step_of(
                lambda m, lr: AdamW([{"params": [p], "lr": lr} for p in learning(m)])
            ),
        ),
        ("6.3", stay_evaluated),
        ("6.3", each_frozen),
        ("6.4", asked_as_a_copy),
        ("6.4", asked_by_predict),
        ("6.7", one_by_one),
        ("6.7", cut_after),
        ("6.8", predicted),
        ("6.5", saving_by_hand),
        ("6.6", filled_anew),
        ("6.6", layer_by_layer),
    ],
)
def test_every_right_form_is_accepted(id, answer):
    verdict = judge_answer(EXERCISES[id], answer, hidden=0)
    assert verdict.state == "correct", verdict.message


def without_blocks(model, *_):
    model.blocks = nn.Identity()
    return model


def without_norms(model, images):
    model.stem[1] = nn.Identity()
    model.blocks = nn.Identity()
    return model


def asked_and_shown_again(model, images, labels):
    """Ask rightly, and let the norms learn from the test pictures after that."""
    answer = asked_by_predict(model, images, labels)
    with torch.no_grad():
        model(images)
    return answer


def asked_twice(model, images, labels):
    """Prepare a backward pass the first time only."""
    with evaluation_mode(model):
        model(images)
    return asked_by_predict(model, images, labels)


def means_alone(model, images):
    old = [norm.running_var.clone() for norm in norms(model)]
    model = filled_anew(model, images)
    for norm, variance in zip(norms(model), old, strict=True):
        norm.running_var.copy_(variance)
    return model


@pytest.mark.parametrize(
    ("id", "answer", "said"),
    [
        ("6.1", with_new_head, "Asked was the model itself."),
        ("6.2", lambda m, x, y, lr: m, "moved: nothing"),
        ("6.3", lambda m: EXERCISES["6.3"].reference(copy.deepcopy(m)), "in a copy"),
        ("6.1", lambda m, k: DeepNet(ResidualBlock, 8, 4, k), "received   DeepNet("),
        ("6.1", lambda model, classes: None, "is a `return` missing?"),
        ("6.2", without_blocks, "received   (net: stops: AttributeError"),
        ("6.3", without_blocks, "received   (net: stops: RuntimeError"),
        ("6.4", lambda model, images, labels: 0.375, "received   0.375"),
        ("6.4", asked_and_shown_again, "averages: moved"),
        ("6.4", asked_twice, "backward: prepared"),
        ("6.7", lambda *given: given[:2], "received   ("),
        ("6.5", lambda *given: math.inf, "received   inf"),
        ("6.6", means_alone, "received   (net: means: "),
        ("6.6", without_norms, "received   (net: stops: "),
    ],
)
def test_other_answers_get_a_verdict(id, answer, said):
    verdict = judge_answer(EXERCISES[id], answer)
    assert verdict.state == "wrong"
    assert said in verdict.message


WRONG = [(id, i) for id, e in EXERCISES.items() for i in range(len(e.wrong))]


@pytest.mark.parametrize(("id", "number"), WRONG)
def test_a_verdict_is_short_and_asks_a_question(id, number):
    head, *shown = verdict_on_wrong(EXERCISES[id], number).message.split("\n")
    assert "?" in head
    said = [line.split()[0] for line in shown[:3]]
    assert said in (["for", "expected", "received"], ["for", "line"])
    assert all(len(line) < 330 and " at 0x" not in line for line in shown)


@pytest.mark.parametrize("id", EXERCISES)
def test_a_case_is_what_it_was_after_the_reference_had_it(id):
    exercise = EXERCISES[id]
    first, again = exercise.cases(), exercise.cases()
    judge_answer(exercise, exercise.reference)
    assert repr(first) == repr(again)
    assert len(first) >= 3


def test_left_over_gradients_are_in_the_copies_that_an_answer_gets():
    model, *_ = copy.deepcopy(EXERCISES["6.2"].cases()[0])
    frozen = [p for p in model.parameters() if not p.requires_grad]
    assert frozen
    assert all(p.grad is not None for p in frozen)
    assert all(p.grad is None for p in learning(model))


def test_a_step_is_tried_and_taken_back():
    model, *_ = EXERCISES["6.3"].cases()[1]  # in evaluation mode
    state = copy.deepcopy(model.state_dict())
    assert "fc weights" in repr(model)
    assert not any(layer.training for layer in model.modules())
    assert all(torch.equal(v, state[n]) for n, v in model.state_dict().items())


@pytest.mark.parametrize(
    ("id", "number", "said"),
    [
        ("6.1", 5, "fc: weight (4, 16), bias (4,), with old rows"),
        ("6.2", 0, "frozen: stem, blocks.0, blocks.1; moved: stem, blocks.0,"),
        ("6.3", 0, "changes: stem statistics, blocks statistics, fc weights"),
        ("6.4", 0, "(0.125, (net: in train mode: 28 of 28 layers; not: nothing; av"),
        ("6.4", 3, "in train mode: 28 of 28 layers; not: nothing"),
        ("6.7", 0, "[5.0, 4.0], tensor [2]"),
        ("6.6", 3, "momentum: 1.0"),
    ],
)
def test_what_was_received_shows_the_fault(id, number, said):
    message = verdict_on_wrong(EXERCISES[id], number).message
    assert said in message.partition("received")[2]
