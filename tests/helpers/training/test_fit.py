"""The training loop: what it does to a model, and what it refuses."""

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.core.errors import UserError
from helpers.training.fit import (
    History,
    accuracy,
    evaluation_mode,
    finite,
    fit,
    predict,
    rate_at,
    record,
)

DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()


def batches(seed=0, number=None):
    """Yield batches of an easy task: is the first of four numbers above zero?"""
    generator = torch.Generator().manual_seed(seed)
    made = 0
    while number is None or made < number:
        x = torch.randn(32, 4, generator=generator)
        yield x, (x[:, 0] > 0).long()
        made += 1


def network(seed=0, device="cpu"):
    """Return a small network with dropout, as every other."""
    torch.manual_seed(seed)
    layers = nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1)
    return nn.Sequential(*layers, nn.Linear(16, 2)).to(device)


@pytest.mark.parametrize("device", DEVICES)
def test_a_model_learns_where_it_stands(device):
    model = network(device=device)
    history = fit(model, batches(), 150)
    assert history.final_loss() < 0.3 < 0.6 < history.losses[0]
    assert len(history.losses) == 150
    assert history.cpu_seconds > 0
    assert model.training
    assert next(model.parameters()).device.type == device


def test_same_seed_same_losses_bit_for_bit():
    runs = [fit(network(seed), batches(seed), 20).losses for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_one_step_is_one_step_of_adamw():
    ours, theirs = network(), network()
    x, y = next(batches())
    torch.manual_seed(3)
    fit(ours, iter([(x, y)]), 1, lr=0.01, weight_decay=0.1)
    torch.manual_seed(3)
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=0.1)
    F.cross_entropy(theirs(x), y).backward()
    optimizer.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def one_weight(optimizer_lr=1.0, momentum=0.0):
    """Return a model y = w x with w = 0 and plain SGD for it."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    return model, torch.optim.SGD(model.parameters(), optimizer_lr, momentum=momentum)


def output_sum(model, batch):
    """Return a loss whose gradient is the same at every step."""
    return model(batch[0]).sum()


def test_the_rate_of_a_given_optimizer_follows_the_schedule():
    model, optimizer = one_weight()
    data = iter([(torch.ones(1, 1),)] * 10)
    fit(model, data, 10, loss=output_sum, optimizer=optimizer, warm_up=0.4)
    # Every step moves the weight down by the rate: the sum of the schedule.
    total = sum(rate_at(step, 10, 0.4) for step in range(10))
    assert model.weight.item() == pytest.approx(-total)


def test_an_optimizer_can_be_used_for_two_fits():
    model, optimizer = one_weight()
    for _ in range(2):
        data = iter([(torch.ones(1, 1),)] * 10)
        fit(model, data, 10, loss=output_sum, optimizer=optimizer)
    total = sum(rate_at(step, 10, 0.2) for step in range(10))
    assert model.weight.item() == pytest.approx(-2 * total)


def test_the_loss_before_a_step_is_a_mean_of_those_up_to_it():
    history = History(losses=[4.0, 3.0, 2.0, 0.0])
    assert history.loss_before(3, last=2) == 2.5
    assert history.loss_before(2, last=10) == 3.5
    assert history.loss_before(1, last=1) == 4.0
    assert history.final_loss(2) == history.loss_before(4, last=2) == 1.0


def two_weights():
    """Return a model y = u x + v x with u = v = 0 and plain SGD for each alone."""
    model = nn.ModuleList([one_weight()[0], one_weight()[0]])
    model.forward = lambda x: model[0](x) + model[1](x)
    rates = (1.0, 0.1)
    pairs = zip(model, rates, strict=True)
    return model, [torch.optim.SGD(part.parameters(), lr) for part, lr in pairs]


def test_several_optimizers_share_one_schedule():
    model, optimizers = two_weights()
    data = iter([(torch.ones(1, 1),)] * 10)
    fit(model, data, 10, loss=output_sum, optimizer=optimizers, warm_up=0.4)
    total = sum(rate_at(step, 10, 0.4) for step in range(10))
    moved = [-part.weight.item() for part in model]
    assert moved == pytest.approx([total, 0.1 * total])


def test_clip_bounds_the_gradient_of_all_optimizers_together():
    model, optimizers = two_weights()
    data = iter([(torch.ones(1, 1),)])
    fit(model, data, 1, loss=output_sum, optimizer=optimizers, clip=1.0)
    moved = [-part.weight.item() for part in model]
    assert moved == pytest.approx([0.5**0.5, 0.1 * 0.5**0.5], rel=1e-4)


def test_the_rate_rises_linearly_then_falls_as_half_a_cosine():
    rates = [rate_at(step, 100, 0.2) for step in range(101)]
    assert rates[:20] == pytest.approx([(k + 1) / 20 for k in range(20)])
    assert rates[20] == 1
    assert rates[60] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0)
    assert rates[20:] == sorted(rates[20:], reverse=True)


@pytest.mark.parametrize("warm_up", [0, 0.2, 1])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_rate_of_short_runs_is_a_share_above_zero(steps, warm_up):
    assert all(0 < rate_at(step, steps, warm_up) <= 1 for step in range(steps))
    assert 0 <= rate_at(steps, steps, warm_up) <= 1


@pytest.mark.parametrize(("clip", "moved"), [(None, 3.0), (0.5, 0.5), (10, 3.0)])
def test_clip_bounds_the_gradient(clip, moved):
    model, optimizer = one_weight()
    data = iter([(torch.full((1, 1), 3.0),)])
    fit(model, data, 1, loss=output_sum, optimizer=optimizer, clip=clip)
    assert -model.weight.item() == pytest.approx(moved, rel=1e-4)


@pytest.mark.parametrize(
    ("steps", "every", "places"),
    [(10, 4, [0, 4, 8, 10]), (8, 4, [0, 4, 8]), (3, 100, [0, 3])],
)
def test_measurements_are_taken_in_evaluation_mode(steps, every, places):
    modes = []

    def measure(model):
        modes.append(model.training)
        return 0.5

    model = network()
    history = fit(model, batches(), steps, measure=measure, every=every)
    assert history.records == [(place, 0.5) for place in places]
    assert not any(modes)
    assert model.training


def test_measuring_does_not_change_what_is_learned():
    def measure(model):
        return predict(model, torch.ones(5, 4)).sum().item()

    plain = fit(network(), batches(), 12).losses
    assert fit(network(), batches(), 12, measure=measure, every=2).losses == plain


def test_final_loss_is_the_mean_of_the_last_steps():
    history = fit(network(), batches(), 30)
    assert history.final_loss(4) == pytest.approx(sum(history.losses[-4:]) / 4)
    assert history.final_loss(99) == pytest.approx(sum(history.losses) / 30)


def test_batches_that_end_early_are_a_user_error():
    with pytest.raises(UserError, match="ended after 3 of 5 training steps"):
        fit(network(), batches(number=3), 5)


def test_exactly_enough_batches_are_enough_as_a_list_too():
    assert len(fit(network(), list(batches(number=3)), 3).losses) == 3


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_before_it_spoils_the_weights(value):
    x, y = next(batches())
    model = network()
    with pytest.raises(UserError, match=f"loss became {value} at step 1"):
        bad = lambda m, batch: F.cross_entropy(m(batch[0]), batch[1]) * batch[2]  # noqa: E731
        fit(model, iter([(x, y, torch.tensor(f)) for f in (1.0, value)]), 2, loss=bad)
    assert all(p.isfinite().all() for p in model.parameters())
    assert finite(0.5, 0) == 0.5


@pytest.mark.parametrize("steps", [0, -3])
def test_no_steps_are_a_user_error(steps):
    with pytest.raises(UserError, match=f"{steps} training steps"):
        fit(network(), batches(), steps)


def test_a_model_without_parameters_cannot_train_but_can_predict():
    with pytest.raises(ValueError, match="empty parameter list"):
        fit(nn.Flatten(), batches(), 1)
    assert predict(nn.Flatten(), torch.ones(3, 2, 2)).shape == (3, 4)


def test_evaluation_mode_keeps_a_frozen_layer_frozen():
    model = network().train()
    model[1].eval()
    with pytest.raises(RuntimeError, match="stop"), evaluation_mode(model):
        assert not any(layer.training for layer in model.modules())
        raise RuntimeError("stop")
    record(SimpleNamespace(records=[]), 0, model, lambda m: 0.0)
    predict(model, torch.ones(2, 4))
    modes = [layer.training for layer in model]
    assert modes == [True, False, True, True, True]
    assert model.training


@pytest.mark.parametrize("batch_size", [1, 4, 500])
@pytest.mark.parametrize("device", DEVICES)
def test_predict_is_the_model_in_evaluation_mode(batch_size, device):
    model, x = network(device=device), torch.randn(9, 4)
    logits = predict(model, x, batch_size)
    torch.testing.assert_close(logits, model.eval()(x.to(device)).detach().cpu())
    assert not logits.requires_grad


def test_accuracy_is_the_share_that_is_right():
    images = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [2.0, 0.0]])
    labels = torch.tensor([0, 1, 0, 0])
    assert (
        accuracy(nn.Identity(), SimpleNamespace(images=images, labels=labels)) == 0.75
    )


def test_the_accuracy_of_nothing_is_a_user_error():
    empty = SimpleNamespace(images=torch.empty(0, 4), labels=torch.empty(0).long())
    with pytest.raises(UserError, match="empty set"):
        accuracy(network(), empty)


def test_a_smoothed_history_is_the_means_of_equal_stretches():
    history = History(losses=[4.0, 2.0, 3.0, 1.0, 8.0, 0.0])
    assert history.smoothed(3) == ([1.5, 3.5, 5.5], [3.0, 2.0, 4.0])
    assert history.smoothed(99) == ([1, 2, 3, 4, 5, 6], history.losses)
