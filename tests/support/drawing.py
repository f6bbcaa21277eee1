"""Parameters drawn anew: as layers start, many are 0 or 1 and hide a mistake."""

import torch
from torch import nn


@torch.no_grad()
def drawn(module: nn.Module, std: float = 0.3) -> nn.Module:
    """Return the module, all its parameters drawn anew with deviation `std`."""
    for weight in module.parameters():
        weight.normal_(0, std)
    return module
