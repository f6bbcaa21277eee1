"""How long a change of the state lives in a recurrent layer."""

from copy import deepcopy

import torch
from torch import Tensor, nn


def fading(layer: nn.Module, inputs_te: Tensor) -> list[float]:
    """Return the spectral norms of d(state) / d(state k steps ago), for k = 1 to T.

    `layer`: an RNN, GRU or LSTM (whose state is h and c together), batch first, that
    reads (T, E) from no state. The Jacobian over k steps is the product of the
    steps' own (Pascanu et al. 2013, equation 5).
    """
    # Products of many small numbers need double precision; the layer is not ours.
    layer = deepcopy(layer).cpu().double().requires_grad_(False)
    inputs_te, parts = inputs_te.double(), 2 if isinstance(layer, nn.LSTM) else 1

    def step(state_s: Tensor, x_e: Tensor) -> Tensor:
        state = state_s.view(parts, 1, -1)
        _, last = layer(x_e[None], tuple(state) if parts == 2 else state[0])
        return torch.cat([*last], dim=-1).flatten()

    states = [inputs_te.new_zeros(parts * layer.hidden_size)]
    for x_e in inputs_te[:-1]:
        states.append(step(states[-1], x_e))
    each = torch.func.vmap(torch.func.jacrev(step))
    jacobians_tss = each(torch.stack(states), inputs_te)
    product_ss, norms = torch.eye(len(states[0])).to(inputs_te), []
    for jacobian_ss in jacobians_tss.flip(0):
        product_ss = product_ss @ jacobian_ss
        norms.append(torch.linalg.matrix_norm(product_ss, ord=2).item())
    return norms
