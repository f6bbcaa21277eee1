"""Denoising autoencoder, its loss, and the best possible denoiser of known pictures.

The loss is that of Vincent et al. 2008, doi:10.1145/1390156.1390294. That the best
denoiser points along the gradient of the noisy data's log density is due to Miyasawa
1961, and for autoencoders to Alain and Bengio 2012, arXiv:1211.4246.
"""

import torch
from torch import Tensor, nn


class Denoiser(nn.Module):
    """Noisy pictures (B, P) -> clean ones (B, P): g(f(x)), by way of D features."""

    def __init__(self, P: int = 64, inner: int = 256, D: int = 128):
        super().__init__()
        self.f = nn.Sequential(
            nn.Linear(P, inner), nn.ReLU(), nn.Linear(inner, D), nn.ReLU()
        )
        self.g = nn.Sequential(nn.Linear(D, inner), nn.ReLU(), nn.Linear(inner, P))

    def forward(self, noisy_bp: Tensor) -> Tensor:
        return self.g(self.f(noisy_bp))


def denoising_loss(model: nn.Module, clean_bp: Tensor, noise_bp: Tensor) -> Tensor:
    """Return ‖x − g(f(x + noise))‖², summed over pixels, its mean over pictures."""
    gap_bp = clean_bp - model(clean_bp + noise_bp)
    return gap_bp.square().sum(dim=1).mean()


def likelihoods(noisy_bp: Tensor, known_np: Tensor, sigma: float) -> Tensor:
    """Return ln of how likely each known picture becomes each noisy one, up to a
    constant: (B, N), for Gaussian noise of standard deviation sigma."""
    return -torch.cdist(noisy_bp, known_np).square() / (2 * sigma**2)


def best_denoiser(noisy_bp: Tensor, known_np: Tensor, sigma: float) -> Tensor:
    """Return the mean of the known pictures, weighted by their likelihood: (B, P)."""
    return likelihoods(noisy_bp, known_np, sigma).softmax(dim=1) @ known_np
