"""A layer as a function of its input and its parameters."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.func import functional_call


def as_function(layer: nn.Module) -> Callable[..., Tensor]:
    """Return what a layer computes as a function (x, *parameters), these in the order
    of the layer's own."""
    names = [name for name, _ in layer.named_parameters()]

    def call(x: Tensor, *parameters: Tensor) -> Tensor:
        return functional_call(layer, dict(zip(names, parameters, strict=True)), x)

    return call
