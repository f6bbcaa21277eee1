"""How lesson 05 trains its GPTs: the page's loop, and what surrounds it."""

import math
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from support.stored_lesson import load
from torch import nn
from torch.optim import AdamW

from helpers.lessons.lesson05 import recipe
from helpers.models.recurrent.lstm import start_at_frequencies
from helpers.models.transformer.gpt import GPT
from helpers.training import language
from helpers.training.fit import History, finite, fit, rate_at
from helpers.training.muon import Muon, muon_and_adamw
from tools.course import files

V = 7
TEXT = torch.tensor([0, 1, 0, 2, 0, 3, 4, 5, 0, 6]).repeat(40)  # period 10
SHARES = torch.bincount(TEXT) / len(TEXT)
UNIGRAM = -(SHARES * SHARES.log()).sum().item()
PAGE = load(files.NOTEBOOKS / "05_transformer_blocks.ipynb")


def small(seed=0):
    """Return a new GPT with a head of its own, which knows the frequencies."""
    torch.manual_seed(seed)
    return start_at_frequencies(GPT(V, 16, 2, 1, tied=False), TEXT)


@pytest.fixture
def train_gpt():
    """Return the page's training loop, on a short text."""
    names = {"recipe": recipe, "language": language, "History": History, "F": F}
    names |= {"nn": nn, "finite": finite, "train_ids": TEXT}
    names["run"] = SimpleNamespace(device=torch.device("cpu"))
    (cell,) = (c.source for c in PAGE.code if "def train_gpt(" in c.source)
    exec(cell, names)
    return names["train_gpt"]


def test_the_loop_trains_as_fit_does(train_gpt):
    ours, theirs = small(), small()
    history = train_gpt(ours, 12, 3)
    settings = {"loss": language.window_loss, "warm_up": 0.05, "clip": 1.0}
    windows, both = language.random_windows(TEXT, 32, 64, 3), muon_and_adamw(theirs)
    wanted = fit(theirs, windows, 12, optimizer=both, **settings)
    assert history.losses == pytest.approx(wanted.losses, rel=1e-4)
    assert history.losses[-1] < history.losses[0] and history.cpu_seconds > 0
    for weight, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-3, atol=1e-3)


def test_a_gpt_learns_a_periodic_text_from_the_frequencies_on(train_gpt):
    silent = small()
    nn.init.zeros_(silent.head.weight)  # all that it says is its head's bias
    start = train_gpt(silent, 1, 0).losses[0]
    assert start == pytest.approx(UNIGRAM, rel=0.02) and start < math.log(V) - 0.1
    losses = train_gpt(small(), 60, 0).losses
    assert len(losses) == 60
    assert sum(losses[-5:]) / 5 < 0.5 * UNIGRAM


def test_the_draw_decides_the_windows(train_gpt):
    losses = [train_gpt(small(), 3, draw).losses for draw in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize(("steps", "at"), [(9, [0, 4]), (2, [0, 1]), (1, [0])])
def test_a_sample_before_and_half_way_changes_nothing(train_gpt, steps, at):
    seen = []

    def sample(gpt):
        torch.rand(5)  # even one that draws from the common generator
        seen.append(gpt)
        return len(seen)

    gpt = small()
    history, plain = train_gpt(gpt, steps, 0, sample), train_gpt(small(), steps, 0)
    assert history.records == [(step, n) for n, step in enumerate(at, start=1)]
    assert all(one is gpt for one in seen) and plain.records == []
    assert history.losses == plain.losses


def test_a_loss_that_is_no_number_is_said(train_gpt):
    gpt = small()
    nn.init.constant_(gpt.head.bias, math.nan)
    with pytest.raises(Exception, match="loss became nan at step 0"):
        train_gpt(gpt, 3, 0)


def test_rates_rise_over_a_twentieth_and_fall_to_nothing():
    gpt = small()
    optimizers, schedules = recipe.muon_and_adamw(gpt, 40)
    muon, adamw = optimizers
    assert isinstance(muon, Muon) and isinstance(adamw, AdamW)
    first = [one.param_groups[0]["lr"] for one in optimizers]
    assert first == [0.02 / 2, 0.005 / 2]  # two of 40 steps are warm-up
    rates = []
    for _ in range(40):
        rates.append(muon.param_groups[0]["lr"] / 0.02)
        for part in (*optimizers, *schedules):
            part.step()
    assert rates == pytest.approx([rate_at(step, 40, 0.05) for step in range(40)])
    assert [one.param_groups[0]["lr"] for one in optimizers] == pytest.approx([0, 0])


def test_the_time_of_all_steps_is_noted(monkeypatch):
    clock = iter([10.0, 17.5])
    monkeypatch.setattr(recipe, "cpu_seconds", lambda: next(clock))
    history = History()
    assert list(recipe.timed(4, history)) == [0, 1, 2, 3]
    assert history.cpu_seconds == 7.5
