"""How GPTs learn to write, and that they write what is most probable."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import AdamW

from helpers.models.transformer.gpt import GPT
from helpers.training import language
from helpers.training.language import greedy, learn_windows, random_windows, window_loss
from helpers.training.muon import Muon

V, B, T = 7, 3, 6
TEXT = torch.tensor([0, 1, 0, 2, 0, 3, 4, 5, 0, 6]).repeat(40)  # period 10
SHARES = torch.bincount(TEXT) / len(TEXT)
UNIGRAM = -(SHARES * SHARES.log()).sum().item()


pytestmark = pytest.mark.usefixtures("seeded")


def small():
    """Return a new GPT with a head of its own."""
    return GPT(V, 16, 2, 1, tied=False)


# ---------------------------------------------------------------- learning


def test_the_loss_is_the_mean_over_all_places_of_all_windows():
    logits, targets = torch.randn(B, T, V), torch.randint(V, (B, T))
    loss = window_loss(lambda ids: (logits, None), (torch.zeros(B, T), targets))
    wanted = F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
    assert loss.shape == () and loss.item() == pytest.approx(wanted.item())
    logs = logits.log_softmax(dim=-1)
    each = [logs[b, t, targets[b, t]].item() for b in range(B) for t in range(T)]
    assert loss.item() == pytest.approx(-sum(each) / (B * T), rel=1e-5)


def test_the_model_is_given_the_inputs_and_gets_a_gradient():
    model, inputs = small(), torch.randint(V, (B, T))
    loss = window_loss(model, (inputs, inputs.roll(-1, 1)))
    wanted = F.cross_entropy(model(inputs)[0].mT, inputs.roll(-1, 1))
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    assert all(p.grad.any() for p in model.parameters())


@pytest.mark.parametrize(
    ("more", "sizes"), [({}, (32, 64)), ({"batch_size": 5, "window": 9}, (5, 9))]
)
def test_training_is_as_it_was_asked_for(monkeypatch, more, sizes):
    calls = []

    def fit(*given, **options):
        calls.append((given, options, gpt.head.bias.clone()))
        return 7

    monkeypatch.setattr(language, "fit", fit)
    gpt = small()
    assert learn_windows(gpt, TEXT, 11, 3, **more) == 7
    (((model, windows, steps), options, bias),) = calls
    assert (model, steps) == (gpt, 11) and options.pop("label")
    torch.testing.assert_close(bias.softmax(dim=0), SHARES, rtol=0.05, atol=0)
    for found, wanted in zip(
        next(windows), next(random_windows(TEXT, *sizes, 3)), strict=True
    ):
        assert found.shape == sizes and torch.equal(found, wanted)
    muon, adamw = options.pop("optimizer")
    assert isinstance(muon, Muon) and isinstance(adamw, AdamW)
    assert options == {"loss": window_loss, "warm_up": 0.05, "clip": 1.0}


def test_a_gpt_learns_a_periodic_text_from_the_frequencies_on():
    model, silent = small(), small()
    nn.init.zeros_(silent.head.weight)  # all that it says is its head's bias
    start = learn_windows(silent, TEXT, 1, 0, 64, 20).losses[0]
    assert start == pytest.approx(UNIGRAM, rel=0.02) and start < math.log(V) - 0.1
    history = learn_windows(model, TEXT, 60, 0, 8, 20)
    assert len(history.losses) == 60
    assert history.final_loss(5) < 0.5 * UNIGRAM


def test_the_same_seed_gives_the_same_losses_and_another_does_not():
    def losses(seed):
        torch.manual_seed(0)
        return learn_windows(small(), TEXT, 3, seed, 4, 8).losses

    assert losses(1) == losses(1) != losses(2)


# ---------------------------------------------------------------- writing


def test_greedy_writing_is_what_the_logits_say_and_keeps_no_history():
    model, ids, kept = GPT(V, 16, 4, 2), torch.randint(V, (B, 4)), []
    for weight in (p for p in model.parameters() if p.dim() == 2):
        nn.init.normal_(weight)  # so that what it writes depends on what it reads
    model.head.register_forward_hook(lambda *call: kept.append(call[-1]))
    found = greedy(model, ids, 5)
    assert found.shape == (B, 5) and not any(y.requires_grad for y in kept)
    whole = torch.cat([ids, found], dim=1)
    assert torch.equal(model(whole)[0].argmax(dim=-1)[:, 3:-1], found)
    assert (found[:, 1:] != found[:, :-1]).any()


@pytest.mark.parametrize("n", [1, 4])
def test_only_the_last_place_counts_and_the_state_is_handed_on(n):
    calls = []

    def model(ids_bt, state):
        calls.append((ids_bt.tolist(), state))
        return F.one_hot((2 * ids_bt + 1) % V, V).float(), len(calls)

    found = greedy(model, torch.tensor([[1, 4], [3, 5]]), n)
    assert found.tolist() == [[2, 5, 4, 2][:n], [4, 2, 5, 4][:n]]
    wanted = [[[1, 4], [3, 5]], *([[a], [b]] for a, b in [(2, 4), (5, 2), (4, 5)])]
    assert calls == list(zip(wanted, [None, 1, 2, 3], strict=True))[:n]
