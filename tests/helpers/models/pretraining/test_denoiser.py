"""The denoiser: its loss is the formula's, its best case follows from the density."""

import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.pretraining.denoiser import (
    Denoiser,
    best_denoiser,
    denoising_loss,
    likelihoods,
)


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_pictures_become_pictures_by_way_of_features():
    model = Denoiser(P=9, inner=7, D=5)
    assert model.f(torch.ones(2, 9)).shape == (2, 5)
    assert model(torch.ones(2, 9)).shape == (2, 9)
    kinds = [type(layer).__name__ for layer in (*model.f, *model.g)]
    assert kinds == ["Linear", "ReLU"] * 3 + ["Linear"]


def test_default_sizes():
    shapes = [tuple(p.shape) for p in Denoiser().parameters() if p.dim() == 2]
    assert shapes == [(256, 64), (128, 256), (256, 128), (64, 256)]


def test_the_loss_sums_over_pixels_and_means_over_pictures():
    double = nn.Linear(2, 2, bias=False)
    double.weight.data = 2 * torch.eye(2)
    clean = torch.tensor([[1.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
    noise = torch.tensor([[0.5, 0.0], [0.0, -1.0], [0.0, 0.0]])
    # 2 (x + n) - x is (2, 0), (0, 1) and (1, 1): squares 4, 1 and 2.
    torch.testing.assert_close(
        denoising_loss(double, clean, noise), torch.tensor(7 / 3)
    )
    given = clean.clone()
    denoising_loss(double, clean, noise)
    assert torch.equal(clean, given)


def test_the_loss_is_mse_loss_times_the_pixels_gradients_too():
    model = Denoiser(P=6, inner=5, D=4).double()
    clean, noise = random(3, 6), random(3, 6, seed=1)
    ours = denoising_loss(model, clean, noise)
    theirs = 6 * F.mse_loss(model(clean + noise), clean)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    pair = [torch.autograd.grad(x, [*model.parameters()]) for x in (ours, theirs)]
    torch.testing.assert_close(*pair, rtol=1e-10, atol=1e-12)


def test_the_best_denoiser_goes_along_the_gradient_of_the_log_density():
    known, sigma = random(7, 4), 0.7
    noisy = random(3, 4, seed=2).requires_grad_()
    density = torch.distributions.MultivariateNormal(
        known, sigma**2 * torch.eye(4).double()
    )
    log_p = density.log_prob(noisy[:, None]).logsumexp(dim=1)
    (slope,) = torch.autograd.grad(log_p.sum(), noisy)
    arrow = best_denoiser(noisy, known, sigma) - noisy
    torch.testing.assert_close(arrow, sigma**2 * slope, rtol=1e-9, atol=1e-10)
    gap = log_p - likelihoods(noisy, known, sigma).logsumexp(dim=1)
    torch.testing.assert_close(gap, gap[:1].expand(3), rtol=1e-9, atol=1e-10)


def test_with_little_noise_the_best_answer_is_the_nearest_known_picture():
    known = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    found = best_denoiser(torch.tensor([[0.1, 0.2], [0.9, 0.7]]), known, 0.05)
    torch.testing.assert_close(found, known, rtol=0, atol=1e-6)
