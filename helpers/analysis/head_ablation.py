"""Attention heads of a Llama, watched or removed while it reads."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn

from helpers.models.llama.blocks import Llama

Head = tuple[int, int]  # layer and head, both counted from 0


@contextmanager
def kept_weights(model: Llama) -> Iterator[list[list[Tensor]]]:
    """Within the block, keep every attention weight: gives for each layer a list of
    (B, N, T, S), one for each pass."""
    kept: list[list[Tensor]] = [[] for _ in model.layers]
    with ExitStack() as hooks:
        for layer, found in zip(model.layers, kept, strict=True):

            def keep(_module, _inputs, output, found=found):
                found.append(output[1].detach())

            hooks.enter_context(layer.self_attn.register_forward_hook(keep))
        yield kept


@contextmanager
def without_heads(model: Llama, heads: Iterable[Head]) -> Iterator[None]:
    """Within the block, what these heads read is zero: nothing of it reaches o_proj.

    Raises IndexError for a layer or a head that the model does not have.
    """
    of_layer: dict[int, list[int]] = {}
    for layer, head in heads:
        if not 0 <= head < model.sizes.n_heads:
            raise IndexError(f"head {head} of {model.sizes.n_heads}")
        of_layer.setdefault(layer, []).append(head)
    with ExitStack() as hooks:
        for layer, gone in of_layer.items():
            o_proj = model.layers[layer].self_attn.o_proj
            silence = silenced(gone, model.sizes.n_heads)
            hooks.enter_context(o_proj.register_forward_pre_hook(silence))
        yield


def silenced(gone: list[int], n_heads: int):
    """Return a forward pre-hook that sets some heads' channels of (..., C) to zero, in
    a copy."""

    def hook(_module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        joined = inputs[0].unflatten(-1, (n_heads, -1)).clone()
        joined[..., gone, :] = 0
        return (joined.flatten(-2),)

    return hook
