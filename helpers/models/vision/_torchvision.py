"""The layer of torchvision that a lesson's network has, imported when one is built.

torchvision brings PyTorch's compiler along: two CPU seconds in the first cell of every
lesson that uses anything of the residual networks, were it imported with them.
"""

import torch
from torch import nn


def Conv2dNormActivation(*sizes: int, **settings) -> nn.Sequential:
    """Return torchvision's convolution with norm and ReLU: what its class takes."""
    with torch.device("cpu"):  # a network of no numbers is built on the meta device
        from torchvision.ops import Conv2dNormActivation as layer
    return layer(*sizes, **settings)
