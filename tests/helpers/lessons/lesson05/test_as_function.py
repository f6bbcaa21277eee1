"""A layer as a function: its parameters come from outside, and get the gradients."""

import pytest
import torch
from torch import nn

from helpers.lessons.lesson05.as_function import as_function


def test_a_function_uses_the_parameters_that_it_is_given():
    x, weight, bias = torch.randn(3, 4), torch.randn(2, 4), torch.randn(2)
    y = as_function(nn.Linear(4, 2))(x, weight, bias)
    torch.testing.assert_close(y, x @ weight.T + bias)


def test_gradients_reach_what_is_given_and_not_the_layer():
    layer, weight = nn.Linear(4, 2, bias=False), torch.ones(2, 4, requires_grad=True)
    as_function(layer)(torch.ones(1, 4), weight).sum().backward()
    assert weight.grad.tolist() == [[1.0] * 4] * 2
    assert layer.weight.grad is None


def test_a_missing_parameter_is_noticed():
    with pytest.raises(ValueError):
        as_function(nn.Linear(4, 2))(torch.ones(1, 4), torch.ones(2, 4))
