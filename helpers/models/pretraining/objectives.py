"""Labels from the text itself: the next token, and hidden tokens (lesson 07)."""

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORED = -100  # a target that F.cross_entropy leaves out


def next_token(ids_bt: Tensor) -> tuple[Tensor, Tensor]:
    """Return (inputs, targets), each (B, T - 1): a token's target is the one after it.
    Raises ValueError for texts of one token."""
    if ids_bt.shape[1] < 2:
        raise ValueError("a text of one token has no next one; 2 are needed")
    return ids_bt[:, :-1], ids_bt[:, 1:]


def mask_tokens(ids_bt, draw_bt, random_bt, special_bt, mask_id, share=0.15):
    """Return BERT's (inputs, targets), each (B, T) (Devlin et al. 2018): the draws in
    0..1 decide. Raises ValueError for a share outside 0..1."""
    if not 0 <= share <= 1:
        raise ValueError(f"the share of chosen tokens is {share}, not in 0..1")
    draw_bt = draw_bt.masked_fill(special_bt, 1.0)  # never below the share
    inputs_bt = torch.where(draw_bt < 0.9 * share, random_bt, ids_bt)
    inputs_bt = inputs_bt.masked_fill(draw_bt < 0.8 * share, mask_id)
    return inputs_bt, ids_bt.masked_fill(draw_bt >= share, IGNORED)


def masked_loss(logits_btv: Tensor, targets_bt: Tensor) -> Tensor:
    """Return the mean cross-entropy (nats) of all targets, 0 where there is none."""
    logits, targets = logits_btv.flatten(0, 1), targets_bt.flatten()
    nats = F.cross_entropy(logits, targets, reduction="sum")
    return nats / (targets != IGNORED).sum().clamp(min=1)
