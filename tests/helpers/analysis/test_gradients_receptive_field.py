"""How far back an output reaches: known layers, and convolutions."""

import pytest
import torch
from torch import nn

from helpers.analysis.gradients import Convolutions, gradient_by_distance
from helpers.models.transformer.attention import MultiHeadAttention

pytestmark = pytest.mark.usefixtures("seeded")


class Does(nn.Module):
    """Call a function and return what it gives, outputs first."""

    def __init__(self, function):
        super().__init__()
        self.function, self.weight = function, nn.Parameter(torch.ones(1))

    def forward(self, x):
        self.seen = x
        return self.function(x) * self.weight, "another thing"


def chi(channels):
    """Return the mean norm of standard normals."""
    halves = torch.tensor([(channels + 1) / 2, channels / 2])
    return 2**0.5 * halves.lgamma().diff().neg().exp().item()


def test_a_layer_that_returns_its_input_reaches_nothing_before_it():
    found = gradient_by_distance(Does(lambda x: x), 6, 4, seed=0)
    assert found.shape == (6,)
    assert found.ne(0).tolist() == [True] + [False] * 5


def test_a_shift_by_three_reaches_three_steps_back():
    found = gradient_by_distance(Does(lambda x: x.roll(3, dims=1)), 6, 4, seed=0)
    assert found.ne(0).tolist() == [False, False, False, True, False, False]


@pytest.mark.parametrize("factor", [1, -2])
def test_reach_is_the_mean_norm_of_a_random_direction(factor):
    found = gradient_by_distance(Does(lambda x: factor * x), 2, 9, seed=0, count=4000)
    assert found[0].item() == pytest.approx(abs(factor) * chi(9), rel=0.02)


@pytest.mark.parametrize("rate", [0.5, 0.9])
def test_a_fading_sum_reaches_as_far_as_it_fades(rate):
    def fading(x):
        T = x.shape[1]
        age = torch.arange(T)[:, None] - torch.arange(T)
        return (rate ** age.clamp(min=0) * (age >= 0)) @ x

    found = gradient_by_distance(Does(fading), 8, 3, seed=0)
    assert (found / found[0]).tolist() == pytest.approx([rate**k for k in range(8)])


def test_the_last_output_alone_is_asked():
    found = gradient_by_distance(Does(lambda x: x.cumsum(dim=1)), 5, 3, seed=0)
    assert found.tolist() == pytest.approx([found[0].item()] * 5)
    later = gradient_by_distance(
        Does(lambda x: x.flip(1).cumsum(dim=1).flip(1)), 5, 3, seed=0
    )
    assert later.ne(0).tolist() == [True] + [False] * 4


def test_sequences_are_standard_normals_and_as_many_as_asked_for():
    layer = Does(lambda x: x)
    gradient_by_distance(layer, 30, 20, seed=0)
    assert layer.seen.shape == (64, 30, 20)
    assert layer.seen.mean().item() == pytest.approx(0, abs=0.02)
    assert layer.seen.std().item() == pytest.approx(1, abs=0.02)
    gradient_by_distance(layer, 3, 2, seed=0, count=5)
    assert layer.seen.shape == (5, 3, 2)


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU])
def test_it_depends_on_its_seed_alone(layer):
    layer, before = layer(4, 4, batch_first=True), torch.get_rng_state()
    found = gradient_by_distance(layer, 6, 4, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(5)
    assert torch.equal(found, gradient_by_distance(layer, 6, 4, seed=3))
    assert not torch.equal(found, gradient_by_distance(layer, 6, 4, seed=4))
    assert found.shape == (6,) and found.all() and not found.requires_grad


def test_no_parameter_is_left_with_a_gradient():
    layer = Convolutions(4, 2)
    gradient_by_distance(layer, 6, 4, seed=0)
    assert all(p.grad is None for p in layer.parameters())


def test_the_precision_is_that_of_the_layer():
    assert (
        gradient_by_distance(Convolutions(4, 2).double(), 6, 4, seed=0).dtype
        == torch.float64
    )


def test_attention_reaches_everything():
    assert gradient_by_distance(MultiHeadAttention(8, 2), 12, 8, seed=0).min() > 1e-3


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_convolutions_reach_as_many_steps_back_as_there_are_layers(layers):
    found = gradient_by_distance(Convolutions(4, layers), 9, 4, seed=0)
    assert found.ne(0).tolist() == [k <= layers for k in range(9)]


def test_convolutions_keep_the_shape_and_return_a_tuple():
    (found,) = Convolutions(4, 3)(torch.randn(2, 7, 4))
    assert found.shape == (2, 7, 4) and found.abs().max() < 1


def test_convolutions_are_over_time_with_a_tanh_after_each():
    layer, x = Convolutions(3, 2), torch.randn(2, 5, 3)
    convolutions = [part for part in layer.stack if isinstance(part, nn.Conv1d)]
    assert len(convolutions) == 2
    y = x
    for part in convolutions:
        padded = nn.functional.pad(y, (0, 0, 1, 1))
        y = part.bias + sum(
            padded[:, k : k + 5] @ part.weight[:, :, k].T for k in range(3)
        )
        y = y.tanh()
    torch.testing.assert_close(layer(x)[0], y)
