"""Writing with a language model: the next token, chosen and fed back."""

import torch
from torch import Tensor


@torch.no_grad()
def write(model, ids_bt: Tensor, n: int, temperature=0.0, generator=None) -> Tensor:
    """Return the `n` tokens that a language model writes after each row, (B, n): the
    most probable ones, or at a temperature above 0 drawn from softmax(logits / it).
    `model(ids, state)` gives (logits (B, T, V), state)."""
    state, written = None, []
    for _ in range(n):
        logits_btv, state = model(ids_bt, state)
        last_bv = logits_btv[:, -1]
        if temperature == 0:
            ids_bt = last_bv.argmax(dim=-1, keepdim=True)
        else:
            shares_bv = (last_bv / temperature).softmax(dim=-1)
            ids_bt = torch.multinomial(shares_bv, 1, generator=generator)
        written.append(ids_bt)
    return torch.cat(written, dim=1)
