"""Numerical parity with PyTorch: outputs and gradients, compared in one number."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call


def largest_gap(
    ours: Callable, library: Callable, *inputs: Tensor, mean: bool = False
) -> float:
    """Return the largest |ours - library's| over the output and all gradients.

    Both take the same `inputs`; the gradients are those of the sum (of the `mean`, as
    in training) of the squared output with respect to each input. Raises ValueError
    where the shapes differ, or where a result is not a finite number: NaN would hide
    any gap.
    """
    gaps = []
    pairs = zip(*(results(f, inputs, mean) for f in (ours, library)), strict=True)
    for a, b in pairs:
        if a.shape != b.shape:
            raise ValueError(f"shapes differ: {tuple(a.shape)} and {tuple(b.shape)}")
        gaps.append((a - b).abs().max().item() if a.numel() else 0.0)
    if not all(gap < float("inf") for gap in gaps):
        raise ValueError(f"a result is not a finite number: the gaps are {gaps}")
    return max(gaps)


def results(function: Callable, inputs: tuple, mean: bool = False) -> list[Tensor]:
    """Return the output, and the gradient with respect to each input."""
    inputs = tuple(x.detach().clone().requires_grad_() for x in inputs)
    output = function(*inputs)
    loss = output.square().mean() if mean else output.square().sum()
    return [output, *torch.autograd.grad(loss, inputs)]


def largest_module_gap(
    ours: nn.Module, library: nn.Module, *inputs: Tensor, mean: bool = False
) -> float:
    """Return the largest gap of two modules, as in `largest_gap`: outputs, and the
    gradients with respect to the inputs and to every parameter.

    Both need the same parameters under the same names. Raises ValueError where names
    or shapes differ, or a result is not a finite number.
    """
    names = [name for name, _ in ours.named_parameters()]
    theirs = dict(library.named_parameters())
    if set(names) != set(theirs):
        raise ValueError(f"parameters differ: {sorted(set(names) ^ set(theirs))}")
    values = [theirs[name] for name in names]
    differ = [n for n, p in ours.named_parameters() if not torch.equal(p, theirs[n])]
    if differ:
        raise ValueError(f"weights were not copied: {differ}")

    def called(module: nn.Module) -> Callable:
        def call(*tensors: Tensor) -> Tensor:
            x, weights = tensors[: len(inputs)], tensors[len(inputs) :]
            return functional_call(module, dict(zip(names, weights, strict=True)), x)

        return call

    return largest_gap(called(ours), called(library), *inputs, *values, mean=mean)


def with_same_weights(
    ours: nn.Module, library: nn.Module, std: float = 0.3
) -> tuple[nn.Module, nn.Module]:
    """Return both with the same weights, drawn anew with deviation `std`: biases start
    at 0 and gains at 1, where a mistake would not show."""
    for weight in library.parameters():
        nn.init.normal_(weight, std=std)
    ours.load_state_dict(library.state_dict())
    return ours, library


class InOneRow(nn.Module):
    """A recurrent layer that returns its outputs and its last state as one row."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x_bte: Tensor, *state: Tensor) -> Tensor:
        single = len(state) == 1 and isinstance(self.layer, nn.RNNBase)
        y_bth, last = self.layer(x_bte, state[0] if single else state)
        last = last if isinstance(last, tuple) else (last,)
        return torch.cat([part.flatten() for part in (y_bth, *last)])


def largest_recurrent_gap(
    ours: nn.Module, library: nn.Module, *inputs: Tensor
) -> float:
    """Return the largest gap of two recurrent layers, as in `largest_module_gap`:
    outputs, last state, and the gradients of the mean squared output with respect to
    input, state and every parameter. `inputs`: (B, T, E), then the state's parts."""
    return largest_module_gap(InOneRow(ours), InOneRow(library), *inputs, mean=True)


def hidden_from(may_see: Tensor | None, batch: int, n_heads: int) -> Tensor | None:
    """Return a mask, (T, S) or (B, T, S), as PyTorch's attention wants it: True where
    a query may not look, (T, S) or repeated for every head, (B * N, T, S)."""
    if may_see is None or may_see.dim() == 2:
        return may_see if may_see is None else ~may_see
    each_bts = may_see.expand(batch, -1, -1)
    return ~each_bts.repeat_interleave(n_heads, dim=0)


class Answers(nn.Module):
    """The outputs alone of an attention layer, ours or PyTorch's, whose boolean mask
    has the opposite meaning and is repeated for every head."""

    def __init__(self, attention: nn.Module, may_see: Tensor | None):
        super().__init__()
        self.attention, self.may_see = attention, may_see

    def forward(self, x_btc: Tensor, source_bsc: Tensor | None = None) -> Tensor:
        source_bsc = x_btc if source_bsc is None else source_bsc
        if not isinstance(self.attention, nn.MultiheadAttention):
            return self.attention(x_btc, source_bsc, self.may_see)[0]
        hidden = hidden_from(self.may_see, len(x_btc), self.attention.num_heads)
        return self.attention(x_btc, source_bsc, source_bsc, attn_mask=hidden)[0]


def largest_attention_gap(
    ours: nn.Module,
    library: nn.MultiheadAttention,
    *inputs: Tensor,
    may_see: Tensor | None = None,
) -> float:
    """Return the largest gap of two attention layers, as in `largest_module_gap`:
    answers, and the gradients of their mean square with respect to inputs and every
    parameter. `inputs`: x (B, T, C), then perhaps a source (B, S, C); `may_see`:
    (T, S) or (B, T, S), True where a query may look."""
    pair = (Answers(attention, may_see) for attention in (ours, library))
    return largest_module_gap(*pair, *inputs, mean=True)


class Masked(nn.Module):
    """A Transformer block called with its masks: ours takes them in their order, after
    the inputs; PyTorch's by name, and they mean the opposite there."""

    def __init__(self, block: nn.Module, masks: dict[str, Tensor | None]):
        super().__init__()
        self.block, self.masks = block, masks

    def forward(self, *inputs_btc: Tensor) -> Tensor:
        inside = self.block.modules()
        theirs = [m for m in inside if isinstance(m, nn.MultiheadAttention)]
        if not theirs:
            return self.block(*inputs_btc, *self.masks.values())
        sizes = len(inputs_btc[0]), theirs[0].num_heads
        masks = {name: hidden_from(m, *sizes) for name, m in self.masks.items()}
        return self.block(*inputs_btc, **masks)


def largest_block_gap(
    ours: nn.Module, library: nn.Module, *inputs: Tensor, **masks: Tensor | None
) -> float:
    """Return the largest gap of two Transformer blocks, as in `largest_module_gap`:
    outputs, and the gradients of their mean square with respect to inputs and every
    parameter.

    `masks`: by PyTorch's name (src_mask, tgt_mask, …), in the order in which ours takes
    them after its inputs (B, T, C); (T, S) or (B, T, S), True where a query may look.
    """
    pair = (Masked(block, masks) for block in (ours, library))
    return largest_module_gap(*pair, *inputs, mean=True)
