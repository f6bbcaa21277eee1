"""How sharp attention is before training: against slow and known answers."""

import pytest
import torch

from helpers.lessons.lesson04.softmax_saturation import (
    KEYS,
    Sharpness,
    against_width,
    even,
    jacobian_norm,
    sharpness,
)


def test_even_weights_have_entropy_one_and_a_sure_choice_has_none():
    rows = torch.stack([torch.full((5,), 0.2), torch.eye(5)[2]])
    assert even(rows).tolist() == pytest.approx([1.0, 0.0], abs=1e-6)


def test_half_of_the_keys_at_even_weights_have_half_of_the_bits():
    row = torch.tensor([[0.25] * 4 + [0.0] * 12])
    assert even(row).item() == pytest.approx(0.5)


def test_the_norm_is_that_of_the_jacobian_which_autograd_finds():
    scores = torch.tensor([0.3, -1.2, 2.0])
    jacobian = torch.autograd.functional.jacobian(lambda s: s.softmax(dim=0), scores)
    norms = jacobian_norm(scores.softmax(dim=0)[None])
    assert norms.item() == pytest.approx(jacobian.norm().item())


def test_a_sure_choice_passes_no_gradient():
    assert jacobian_norm(torch.eye(4)[:1]).item() == 0


def test_a_scale_of_zero_makes_every_choice_even_and_no_gradient():
    found = sharpness(8, 0.0, seed=0)
    assert found.entropy == pytest.approx(1)
    assert (found.median, found.largest) == (0, 0)
    w = 1 / KEYS
    assert found.jacobian == pytest.approx((w * (1 - w) * KEYS * w) ** 0.5, rel=1e-3)


def test_a_larger_scale_is_sharper():
    soft, sharp = (sharpness(16, scale, seed=1) for scale in (0.25, 4.0))
    assert sharp.entropy < 0.2 < soft.entropy - 0.5
    assert soft.largest < sharp.largest
    assert soft.median <= soft.largest and sharp.median <= sharp.largest


def test_the_gradient_is_that_of_a_finite_difference():
    """At a scale so small that the softmax is linear: the mean over queries of the
    gradient's norm is scale * |covariance of keys and values|, the same for all."""
    found = sharpness(3, 1e-4, seed=2)
    generator = torch.Generator().manual_seed(2)
    _, k_kd, v_k1 = (
        torch.randn(n, generator=generator) for n in ((256, 3), (64, 3), (64, 1))
    )
    slope = ((k_kd - k_kd.mean(dim=0)) * v_k1).mean(dim=0).norm().item()
    assert found.median == pytest.approx(1e-4 * slope, rel=1e-2)
    assert found.largest == pytest.approx(1e-4 * slope, rel=1e-2)


def test_the_seed_decides():
    assert sharpness(4, 1.0, 3) == sharpness(4, 1.0, 3) != sharpness(4, 1.0, 4)


@pytest.mark.parametrize("scaled", [False, True])
def test_every_measure_has_a_line_for_each_seed(scaled):
    lines = against_width((4, 9), (0, 1, 2), scaled)
    assert list(lines) == ["entropy", "jacobian", "median", "largest"]
    assert {(len(runs), len(runs[0])) for runs in lines.values()} == {(3, 2)}
    found = sharpness(9, 1 / 3 if scaled else 1.0, 2)
    assert Sharpness(*(lines[name][2][1] for name in lines)) == found
