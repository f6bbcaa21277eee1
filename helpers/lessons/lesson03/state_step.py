"""One step of a new recurrent layer as a function of one vector, to differentiate."""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.training.untrained import recurrent


def drawn_step(
    kind: str, seed: int, steps: int = 60
) -> tuple[Callable[[Tensor, Tensor], Tensor], Tensor, Tensor]:
    """Return (step, first state, inputs): step(state (S,), input (E,)) is the next
    state (S,); the first state is 0, the inputs (steps, E) are standard normals.

    `kind`: that of a new layer, as in `recurrent`. A state is h, in an LSTM h and c
    one after the other. All in double precision: products of many small numbers need
    it. The global random numbers are set to `seed`.
    """
    torch.manual_seed(seed)
    layer, parts = recurrent(kind), 1 + kind.startswith("LSTM")
    inputs_te = torch.randn(steps, layer.input_size).double()
    layer = layer.double().requires_grad_(False)

    def step(state_s: Tensor, x_e: Tensor) -> Tensor:
        state = state_s.view(parts, 1, -1)
        _, last = layer(x_e[None], tuple(state) if parts == 2 else state[0])
        return torch.cat([*last], dim=-1).flatten()

    return step, torch.zeros(parts * layer.hidden_size).double(), inputs_te
