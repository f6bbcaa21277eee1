"""Muon's step against the exact one and against PyTorch's, and who moves what."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import AdamW, Muon

from helpers.models.optimizers.muon import muon_and_adamw, orthogonalised
from helpers.models.transformer.gpt import GPT

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


def test_there_are_five_steps():
    g, _ = gradient((6, 9))
    assert torch.equal(orthogonalised(g), orthogonalised(g, 5))


@every_shape
def test_a_step_of_pytorchs_muon_goes_the_same_way(shape):
    weight, (g, exact) = nn.Parameter(torch.zeros(shape)), gradient(shape)
    weight.grad = g.clone()
    plain = {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}
    Muon([weight], lr=1.0, **plain).step()
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


# ---------------------------------------------------------------- who moves what


def both(**options):
    """Return a GPT and its two optimizers."""
    model = GPT(11, 16, 2, 2, longest=8, tied=False)
    return model, muon_and_adamw(model, **options)


def moved_by(optimizer):
    """Return the ids of the parameters that an optimizer moves."""
    return [id(p) for group in optimizer.param_groups for p in group["params"]]


@pytest.mark.parametrize("tied", [True, False])
def test_every_parameter_has_exactly_one_optimizer(tied):
    model = GPT(11, 16, 2, 2, longest=8, tied=tied)
    muon, adamw = muon_and_adamw(model)
    assert isinstance(muon, Muon) and isinstance(adamw, AdamW)
    found = moved_by(muon) + moved_by(adamw)
    assert sorted(found) == sorted(id(p) for p in model.parameters())


def test_muon_has_the_matrices_of_the_body_and_nothing_else():
    model, (muon, _) = both()
    names = {id(p): name for name, p in model.named_parameters()}
    inside = "self_attn.in_proj_weight", "self_attn.out_proj.weight"
    inside += "linear1.weight", "linear2.weight"
    wanted = {f"body.layers.{layer}.{name}" for layer in (0, 1) for name in inside}
    assert {names[one] for one in moved_by(muon)} == wanted


def test_learning_rates_are_as_asked():
    def rates(optimizers):
        return [group["lr"] for one in optimizers for group in one.param_groups]

    assert rates(both()[1]) == [0.01, 5e-3]
    assert rates(both(matrix_lr=0.3, lr=0.7)[1]) == [0.3, 0.7]


def test_a_step_of_both_moves_every_parameter():
    model, optimizers = both()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    ids = torch.randint(11, (4, 8))
    F.cross_entropy(model(ids)[0].mT, ids).backward()
    for optimizer in optimizers:
        optimizer.step()
    for name, p in model.named_parameters():
        assert p.isfinite().all() and not torch.equal(p, before[name]), name


def test_a_step_of_muon_is_as_large_as_adams_usual_one():
    _, (muon, _) = both(matrix_lr=0.5)
    for weight in muon.param_groups[0]["params"]:
        nn.init.zeros_(weight)  # so that nothing decays
        weight.grad = gradient(weight.shape)[0]
    muon.step()
    for weight in muon.param_groups[0]["params"]:  # the root of the mean square
        assert 0.6 < weight.detach().square().mean().sqrt() / (0.2 * 0.5) < 1.25


def test_weights_decay_by_a_tenth_of_the_rate():
    model, optimizers = both(matrix_lr=0.5, lr=0.2)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    for optimizer in optimizers:
        optimizer.step()
    torch.testing.assert_close(
        model.head.weight, before["head.weight"] * (1 - 0.2 * 0.1)
    )
    name = "body.layers.0.linear1.weight"
    wanted = before[name] * (1 - 0.5 * 0.1)
    torch.testing.assert_close(dict(model.named_parameters())[name], wanted)
