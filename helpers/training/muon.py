"""Muon and AdamW, sharing a model's parameters: one for matrices, one for the rest."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer


class Muon(Optimizer):
    """Step along the orthogonalised running mean of the gradients, for matrices alone
    (Jordan et al. 2024). All matrices of a shape are orthogonalised at once."""

    def __init__(self, matrices: Iterable, lr: float, momentum=0.95, weight_decay=0.1):
        settings = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(matrices, settings)

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for same in by_shape(group["params"]):
                wide_noi = torch.stack([self.mean(p, group["momentum"]) for p in same])
                for p, step_oi in zip(same, soon_orthogonalised(wide_noi), strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    size = 0.2 * max(p.shape) ** 0.5  # as large as AdamW's usual step
                    p.sub_(lying(step_oi, p), alpha=group["lr"] * size)

    def mean(self, p: nn.Parameter, momentum: float) -> Tensor:
        """Return the running mean with the last gradient counted in once more, as
        Nesterov's, lying on its longer side."""
        mean = self.state[p].setdefault("mean", torch.zeros_like(p))
        mean.lerp_(p.grad, 1 - momentum)
        return lying(p.grad.lerp(mean, momentum), p)


def soon_orthogonalised(gradient_noi: Tensor, steps: int = 4) -> Tensor:
    """Return what `orthogonalised` does of gradients (N, O, I), but for rounding, in
    less work where they lie.

    Each of its steps is a product Q X, and Q is a polynomial of X's gram matrix alone.
    So the steps are taken with matrices (O, O), and only their product meets X.
    """
    a, b, c = 3.4445, -4.775, 2.0315
    size_n11 = gradient_noi.norm(dim=(-2, -1), keepdim=True)
    x_noi = gradient_noi / size_n11.clamp_min(1e-7)
    gram_noo, all_noo = x_noi @ x_noi.mT, None
    for left in reversed(range(steps)):
        step_noo = torch.baddbmm(gram_noo, gram_noo, gram_noo, beta=b, alpha=c)
        step_noo.diagonal(dim1=-2, dim2=-1).add_(a)
        all_noo = step_noo if all_noo is None else step_noo @ all_noo
        if left:  # the gram matrix of Q X; all these matrices commute
            gram_noo = step_noo @ (step_noo @ gram_noo)
    return all_noo @ x_noi


def lying(matrix: Tensor, p: Tensor) -> Tensor:
    """Return the matrix, transposed where p (O, I) has more rows than columns."""
    return matrix.mT if p.shape[0] > p.shape[1] else matrix


def by_shape(matrices: Iterable[nn.Parameter]) -> list[list[nn.Parameter]]:
    """Return the matrices that have a gradient, those of one shape together, however
    they lie."""
    same = {}
    for p in matrices:
        if p.grad is not None:
            same.setdefault((min(p.shape), max(p.shape)), []).append(p)
    return list(same.values())


def muon_and_adamw(
    model: nn.Module, matrix_lr: float = 0.02, lr: float = 5e-3
) -> list[Optimizer]:
    """Return Muon for the matrices in the model's `body`, AdamW for all the rest."""
    matrices = [p for p in model.body.parameters() if p.dim() == 2]
    known = set(map(id, matrices))
    rest = [p for p in model.parameters() if id(p) not in known]
    settings = {"lr": lr, "weight_decay": 0.1, "fused": True}
    return [Muon(matrices, matrix_lr), AdamW(rest, **settings)]
