"""A projection block as a function of bare kernels, compared with torchvision's."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from helpers.page.parity import largest_gap

KERNELS = ("conv1.weight", "conv2.weight", "downsample.0.weight")


def fresh_norm(x_bchw: Tensor) -> Tensor:
    """Return what a new batch norm, gain 1 and bias 0, makes of a batch."""
    return F.batch_norm(x_bchw, None, None, training=True)


def gap_on_kernels(block: Callable, library: nn.Module, x_bchw: Tensor) -> float:
    """Return the largest gap between block(x, first, second, skip, norm, stride) and
    torchvision's block on the kernels of the latter, in double precision: outputs, and
    the gradients of x and of each kernel.

    The library's norms are new; the stride is the library's own.
    """
    library = library.double().train()
    kernels = [library.get_parameter(name) for name in KERNELS]

    def ours(x_bchw: Tensor, *kernels: Tensor) -> Tensor:
        return block(x_bchw, *kernels, fresh_norm, library.stride)

    def theirs(x_bchw: Tensor, *kernels: Tensor) -> Tensor:
        return functional_call(
            library, dict(zip(KERNELS, kernels, strict=True)), x_bchw
        )

    return largest_gap(ours, theirs, x_bchw.double(), *kernels)
