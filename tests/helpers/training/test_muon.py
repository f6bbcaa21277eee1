"""Muon's steps against PyTorch's, and which optimizer moves what."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import AdamW
from torch.optim import Muon as TorchMuon

from helpers.models.optimizers.muon import orthogonalised
from helpers.models.transformer.gpt import GPT
from helpers.training.muon import Muon, muon_and_adamw, soon_orthogonalised

pytestmark = pytest.mark.usefixtures("seeded")


def test_several_steps_are_those_of_pytorchs_muon():
    """Of five matrices of two shapes, momentum, decay and sizes included: to the
    thousandths that PyTorch's 16 bits leave."""
    shapes = [(48, 16), (16, 48), (24, 24), (48, 16), (24, 24)]
    start = [torch.randn(shape) for shape in shapes]
    pair = [[nn.Parameter(w.clone()) for w in start] for _ in range(2)]
    options = {"ns_steps": 4, "adjust_lr_fn": "match_rms_adamw"}
    optimizers = Muon(pair[0], lr=0.1), TorchMuon(pair[1], lr=0.1, **options)
    for _ in range(4):
        gradients = [torch.randn(shape) for shape in shapes]
        for weights, optimizer in zip(pair, optimizers, strict=True):
            for weight, g in zip(weights, gradients, strict=True):
                weight.grad = g.clone()
            optimizer.step()
    for ours, theirs, w in zip(*pair, start, strict=True):
        moved = (theirs - w).norm()
        assert (ours - theirs).norm() < 0.02 * moved and moved > 0.5


def test_a_matrix_without_a_gradient_stays():
    left, moved = (nn.Parameter(torch.ones(4, 4)) for _ in range(2))
    moved.grad = torch.randn(4, 4)
    Muon([left, moved], lr=0.1).step()
    assert torch.equal(left, torch.ones(4, 4)) and not torch.equal(moved, left)


@pytest.mark.parametrize("shape", [(3, 16, 64), (2, 24, 24)])
@pytest.mark.parametrize("steps", [1, 2, 4, 6])
def test_less_work_gives_the_same_directions(shape, steps):
    g = torch.randn(shape, dtype=torch.float64)
    wanted = orthogonalised(g, steps)
    torch.testing.assert_close(soon_orthogonalised(g, steps), wanted)
    found = soon_orthogonalised(g.float(), steps).double()
    assert (found - wanted).norm() < 1e-4 * wanted.norm()
    assert torch.equal(soon_orthogonalised(0 * g), 0 * g)


def test_less_work_is_enough_where_most_directions_are_weak():
    u, v = (torch.linalg.qr(torch.randn(128, 128))[0] for _ in range(2))
    g = (u * torch.logspace(0, -6, 128) @ v)[None]
    wanted = orthogonalised(g.double())
    assert (soon_orthogonalised(g) - wanted).norm() < 1e-3 * wanted.norm()


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

    assert rates(both()[1]) == [0.02, 5e-3]
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
        weight.grad = torch.randn(weight.shape)
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
