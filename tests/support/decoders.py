"""What holds for every encoder-decoder, whatever passes between its halves."""

import torch
from torch import nn


def assert_logits_see_only_what_is_before(model: nn.Module, symbols: int, t: int):
    """Change the targets from step t on: logits up to t stay, all later ones move."""
    source, target = torch.randint(symbols, (2, 3, 5))
    changed = target.clone()
    changed[:, t:] = (target[:, t:] + 1) % symbols
    gap = (model(source, changed) - model(source, target)).abs().amax(dim=(0, 2))
    assert not gap[: t + 1].any()
    assert gap[t + 1 :].all()
