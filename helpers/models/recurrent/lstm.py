"""RNN, LSTM and recurrent language models, as lesson 03 builds them."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def preactivation(x_be: Tensor, h_bh: Tensor, weights: list[Tensor]) -> Tensor:
    """Return z (B, G): input and state, each times its weights plus its bias, added.

    `weights`: (G, E) for the input, (G, H) for the state, and a bias (G,) for each. G
    is H in a plain network, 4H in an LSTM.
    """
    w_ih, w_hh, b_ih, b_hh = weights
    return F.linear(x_be, w_ih, b_ih) + F.linear(h_bh, w_hh, b_hh)


def rnn_step(x_be: Tensor, state: tuple, weights: list[Tensor]) -> tuple:
    """Return the next state (h (B, H),) of a plain recurrent network (Elman 1990)."""
    (h_bh,) = state
    return (preactivation(x_be, h_bh, weights).tanh(),)


def unroll(step: Callable, x_bte: Tensor, state: tuple) -> tuple[Tensor, tuple]:
    """Return h after every step, (B, T, H), and the last state."""
    outputs = []
    for x_be in x_bte.unbind(dim=1):
        state = step(x_be, state)
        outputs.append(state[0])
    return torch.stack(outputs, dim=1), state


class Recurrent(nn.Module):
    """Layers of one step, unrolled over time: (B, T, E) -> (B, T, H), last state.

    A state is a tuple of `parts` tensors (layers, B, H). The parameters have the names
    and shapes of torch.nn's recurrent layers: `blocks` times H rows each.
    """

    step, blocks, parts = staticmethod(rnn_step), 1, 1

    def __init__(self, inputs: int, hidden: int, layers: int = 1):
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = inputs, hidden, layers
        rows, bound = self.blocks * hidden, hidden**-0.5
        for k in range(layers):
            sizes = {"weight_ih": (rows, inputs), "weight_hh": (rows, hidden)}
            for name, size in {**sizes, "bias_ih": (rows,), "bias_hh": (rows,)}.items():
                weight = nn.Parameter(torch.empty(size).uniform_(-bound, bound))
                self.register_parameter(f"{name}_l{k}", weight)
            inputs = hidden

    def forward(self, x_bte: Tensor, state: tuple | None = None):
        shape = self.num_layers, len(x_bte), self.hidden_size
        state = state or (x_bte.new_zeros(shape),) * self.parts
        last = []
        for k in range(self.num_layers):
            step = partial(self.step, weights=layer_weights(self, k))
            x_bte, after = unroll(step, x_bte, tuple(part[k] for part in state))
            last.append(after)
        return x_bte, tuple(map(torch.stack, zip(*last, strict=True)))


def layer_weights(recurrent: nn.Module, k: int = 0) -> list[Tensor]:
    """Return layer k's weights for the input and the state, then their biases."""
    names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
    return [getattr(recurrent, f"{name}_l{k}") for name in names]


def lstm_gates(z_bg: Tensor) -> tuple:
    """Return (input gate, forget gate, candidate, output gate), each (B, H)."""
    i_bh, f_bh, g_bh, o_bh = z_bg.chunk(4, dim=-1)
    return i_bh.sigmoid(), f_bh.sigmoid(), g_bh.tanh(), o_bh.sigmoid()


def lstm_update(z_bg: Tensor, c_bh: Tensor) -> tuple:
    """Return the new (h, c), each (B, H) (Hochreiter and Schmidhuber 1997; forget
    gate: Gers et al. 2000)."""
    i_bh, f_bh, g_bh, o_bh = lstm_gates(z_bg)
    c_bh = f_bh * c_bh + i_bh * g_bh
    return o_bh * c_bh.tanh(), c_bh


def lstm_step(x_be: Tensor, state: tuple, weights: list[Tensor]) -> tuple:
    """Return the next state (h, c) of an LSTM."""
    h_bh, c_bh = state
    return lstm_update(preactivation(x_be, h_bh, weights), c_bh)


class LSTM(Recurrent):
    """Layers of `lstm_step`: equal to torch.nn.LSTM(..., batch_first=True)."""

    step, blocks, parts = staticmethod(lstm_step), 4, 2


@torch.no_grad()
def set_forget_bias(recurrent: nn.Module, value: float) -> nn.Module:
    """Return the LSTM with `value` as its forget gates' whole bias, in every layer."""
    for k in range(recurrent.num_layers):
        *_, input_g, state_g = layer_weights(recurrent, k)
        input_g.chunk(4)[1].copy_(value - state_g.chunk(4)[1])
    return recurrent


class LanguageModel(nn.Module):
    """Embedding, recurrent layer, logits of the next symbol: (B, T) -> (B, T, V).

    `recurrent`: a layer such as LSTM or torch.nn.LSTM(..., batch_first=True).
    """

    def __init__(self, symbols: int, recurrent: nn.Module):
        super().__init__()
        self.embedding = nn.Embedding(symbols, recurrent.input_size)
        self.recurrent = recurrent
        self.head = nn.Linear(recurrent.hidden_size, symbols)

    def forward(self, ids_bt: Tensor, state=None):
        y_bth, state = self.recurrent(self.embedding(ids_bt), state)
        return self.head(y_bth), state


@torch.no_grad()
def start_at_frequencies(model: LanguageModel, ids_t: Tensor) -> LanguageModel:
    """Return the model, the head's bias set to ln of each symbol's share of a text."""
    bias_v = model.head.bias
    counts_v = torch.bincount(ids_t, minlength=len(bias_v)) + 1  # never ln 0
    bias_v.copy_((counts_v / counts_v.sum()).log())
    return model


class CarriedLoss:
    """Mean cross-entropy (nats) of the next symbols in windows that follow each other:
    the state is carried on, its gradient is not (Williams and Peng 1990). A share
    `restart` of the lanes begins each window from nothing."""

    def __init__(self, restart: float = 0.2, seed: int = 0):
        self.restart, self.state = restart, None
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        inputs_bt, targets_bt = batch
        logits_btv, state = model(inputs_bt, self.state)
        drawn_b = torch.rand(len(inputs_bt), generator=self.generator)
        self.state = carried(state, (drawn_b >= self.restart).to(logits_btv.device))
        return F.cross_entropy(logits_btv.flatten(0, 1), targets_bt.flatten())


def carried(state, keep_b: Tensor):
    """Return a state without its history, and 0 in the lanes that are not kept."""
    if isinstance(state, Tensor):
        return state.detach() * keep_b[:, None]
    return tuple(carried(part, keep_b) for part in state)
