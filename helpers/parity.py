"""Is ours the library's? Outputs and gradients, compared in one number."""

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


class Answers(nn.Module):
    """Only the answers of an attention layer, ours or PyTorch's, whose boolean mask
    means the opposite and is repeated for every head."""

    def __init__(self, attention: nn.Module, may_see: Tensor | None):
        super().__init__()
        self.attention, self.may_see = attention, may_see

    def forward(self, x_btc: Tensor, source_bsc: Tensor | None = None) -> Tensor:
        source_bsc = x_btc if source_bsc is None else source_bsc
        if not isinstance(self.attention, nn.MultiheadAttention):
            return self.attention(x_btc, source_bsc, self.may_see)[0]
        hidden = None
        if self.may_see is not None:
            each_bts = self.may_see.expand(len(x_btc), -1, -1)
            hidden = ~each_bts.repeat_interleave(self.attention.num_heads, dim=0)
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
