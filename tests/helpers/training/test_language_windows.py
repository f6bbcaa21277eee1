"""The loss of a GPT on windows."""

import pytest
import torch
import torch.nn.functional as F

from helpers.models.transformer.gpt import GPT
from helpers.training.language import window_loss

V, B, T = 7, 3, 6


pytestmark = pytest.mark.usefixtures("seeded")


def small():
    """Return a new GPT with a head of its own."""
    return GPT(V, 16, 2, 1, tied=False)


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
