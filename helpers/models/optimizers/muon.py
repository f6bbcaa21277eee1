"""Muon optimizer: orthogonalised gradient steps for matrices (lesson 05)."""

from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer


def orthogonalised(gradient_oi: Tensor, steps: int = 5) -> Tensor:
    """Return a gradient (O, I) whose singular values are all brought near 1, with the
    coefficients of Jordan et al. (2024, kellerjordan.github.io/posts/muon)."""
    a, b, c = 3.4445, -4.775, 2.0315
    x_oi = gradient_oi / gradient_oi.norm().clamp_min(1e-7)  # none is above 1
    for _ in range(steps):
        gram_oo = x_oi @ x_oi.mT
        x_oi = a * x_oi + (b * gram_oo + c * gram_oo @ gram_oo) @ x_oi
    return x_oi


def muon_and_adamw(
    model: nn.Module, matrix_lr: float = 0.01, lr: float = 5e-3
) -> list[Optimizer]:
    """Return Muon for the matrices in the model's `body`, AdamW for all the rest."""
    matrices = [p for p in model.body.parameters() if p.dim() == 2]
    known = set(map(id, matrices))
    rest = [p for p in model.parameters() if id(p) not in known]
    muon = Muon(matrices, lr=matrix_lr, adjust_lr_fn="match_rms_adamw")
    return [muon, AdamW(rest, lr=lr, weight_decay=0.1, fused=True)]
