"""Muon's step against the exact one and against PyTorch's, and all at once."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import Muon

from helpers.models.optimizers.muon import orthogonalised

SHAPES = [(48, 16), (16, 48), (24, 24), (8, 64)]
every_shape = pytest.mark.parametrize("shape", SHAPES)


pytestmark = pytest.mark.usefixtures("seeded")


def gradient(shape, least=0.2):
    """Return a random matrix with singular values from 1 down to `least`, and the
    nearest one with all at 1."""
    u, s, v = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    return u * torch.linspace(1, least, len(s)) @ v, u @ v


def cosine(a, b):
    """Return the cosine of the angle between two matrices, read as vectors."""
    return F.cosine_similarity(a.flatten(), b.flatten(), dim=0).item()


# ---------------------------------------------------------------- one step


@every_shape
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_all_singular_values_come_near_1_in_the_same_directions(shape, size):
    g, exact = gradient(shape)
    found = orthogonalised(size * g)
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.6 and values.max() < 1.25
    assert cosine(found, exact) > 0.97 > cosine(g, exact) + 0.01
    u, _, v = torch.linalg.svd(g, full_matrices=False)
    inside = u.mT @ found @ v.mT  # diagonal where the directions are the same
    assert (inside - inside.diagonal().diag()).abs().max() < 1e-3


def test_every_step_is_the_polynomial_of_every_singular_value():
    g, _ = gradient((3, 5))
    s = torch.linalg.svdvals(g / g.norm())
    for steps in range(4):
        found = torch.linalg.svdvals(orthogonalised(g, steps))
        torch.testing.assert_close(found, s.sort(descending=True).values)
        s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5


def test_there_are_four_steps():
    g, _ = gradient((6, 9))
    assert torch.equal(orthogonalised(g), orthogonalised(g, 4))
    assert not torch.allclose(orthogonalised(g), orthogonalised(g, 5), atol=0.01)


@every_shape
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_all_at_once_is_one_by_one(shape, dtype):
    sizes = torch.tensor([1e-3, 1.0, 1e3]).to(dtype)  # each has a norm of its own
    several = sizes[:, None, None] * torch.randn(3, *shape, dtype=dtype)
    wanted = torch.stack([orthogonalised(g) for g in several])
    gap = 1e-4 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(orthogonalised(several), wanted, rtol=0, atol=gap)


def test_a_coarse_gradient_stays_coarse():
    g = gradient((6, 9))[0]
    found = orthogonalised(g.bfloat16())
    assert found.dtype == torch.bfloat16
    assert cosine(found.float(), orthogonalised(g)) > 0.99


@every_shape
def test_lying_or_standing_makes_no_difference(shape):
    g = gradient(shape)[0].double()
    torch.testing.assert_close(orthogonalised(g.mT).mT, orthogonalised(g))


@every_shape
def test_a_step_of_pytorchs_muon_goes_the_same_way(shape):
    weight, (g, exact) = nn.Parameter(torch.zeros(shape)), gradient(shape)
    weight.grad = g.clone()
    plain = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    Muon([weight], lr=1.0, ns_steps=4, **plain).step()
    step = -weight.detach()
    assert cosine(orthogonalised(g), step) > 0.999 > cosine(exact, step)
    adjusted = max(1, shape[0] / shape[1]) ** 0.5  # how PyTorch scales by default
    assert (step.norm() / orthogonalised(g).norm()).item() == pytest.approx(
        adjusted, rel=0.01
    )


@every_shape
def test_no_gradient_is_no_step(shape):
    assert torch.equal(orthogonalised(torch.zeros(shape)), torch.zeros(shape))


def test_what_is_given_stays_as_it_was():
    g, _ = gradient((6, 9))
    before = g.clone()
    orthogonalised(g)
    assert torch.equal(g, before)
