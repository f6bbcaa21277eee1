"""The loss of a GPT on windows, and that it writes what is most probable."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.transformer.gpt import GPT
from helpers.training.language import greedy, window_loss

V, B, T = 7, 3, 6


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
