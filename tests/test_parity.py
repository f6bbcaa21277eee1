"""The comparison with the library notices outputs, gradients, shapes and NaN."""

import pytest
import torch

from helpers.parity import largest_gap

X = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)


def test_equal_functions_have_no_gap():
    assert largest_gap(lambda x: x.relu(), torch.relu, X) == 0.0


def test_the_gap_is_the_largest_difference():
    assert largest_gap(lambda x: x + 0.25, lambda x: x, X) == pytest.approx(0.5)


def test_equal_outputs_with_another_gradient_are_noticed():
    assert largest_gap(lambda x: x + 0 * x.detach(), lambda x: x, X) == 0.0
    assert largest_gap(lambda x: 2 * x - x.detach(), lambda x: x, X) > 1


@pytest.mark.parametrize("ours", [lambda x: x[:2], lambda x: x * float("nan")])
def test_other_shapes_and_nan_are_refused(ours):
    with pytest.raises(ValueError, match=r"shapes differ|not a finite number"):
        largest_gap(ours, lambda x: x, X)


def test_every_input_counts():
    assert largest_gap(lambda x, y: x * y.detach() + 0 * y, torch.mul, X, X) > 1
