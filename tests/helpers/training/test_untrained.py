"""Untrained networks: one seed decides all, and norms can be settled."""

from functools import partial

import pytest
import torch

from helpers.models.vision.resnet import DeepNet, PlainBlock, ResidualBlock
from helpers.training.untrained import set_norm_statistics, untrained


def test_an_untrained_network_depends_on_its_seed_alone():
    make = partial(DeepNet, ResidualBlock, 8)
    state = torch.random.get_rng_state()
    first, again, other = (untrained(make, seed) for seed in (3, 3, 4))
    assert torch.equal(state, torch.random.get_rng_state())
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not torch.equal(first.fc.weight, other.fc.weight)
    assert not torch.equal(first.stem[0].weight, other.stem[0].weight)


def test_an_untrained_network_has_he_weights_and_new_norms():
    model = untrained(partial(DeepNet, PlainBlock, 8, width=64), 0)
    kernel, norm = model.blocks[1].branch[0], model.blocks[0].branch[1]
    assert kernel.weight.var().item() == pytest.approx(2 / (9 * 128), rel=0.05)
    assert norm.weight.unique().tolist() == [1] and not norm.bias.any()
    assert not norm.running_mean.any() and not model.fc.bias.any()
    assert norm.running_var.unique().tolist() == [1]


def test_settled_norms_have_the_statistics_of_the_pictures():
    model = untrained(partial(DeepNet, PlainBlock, 8), 0)
    norm, images = model.stem[1], torch.rand(20, 1, 8, 8)
    momentum = norm.momentum
    assert set_norm_statistics(model, images) is model and not model.training
    seen = model.stem[0](images).detach()
    assert torch.allclose(norm.running_mean, seen.mean(dim=(0, 2, 3)), atol=1e-5)
    spread = seen.transpose(0, 1).flatten(1).var(dim=1)
    assert torch.allclose(norm.running_var, spread, rtol=1e-4)
    assert norm.momentum == momentum
