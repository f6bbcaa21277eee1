"""How the GPTs of lesson 05 are trained: what surrounds the loop on the page."""

from collections.abc import Iterator
from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from helpers.core.run import cpu_seconds, progress_bar
from helpers.models.transformer.gpt import GPT
from helpers.training import muon
from helpers.training.fit import History, rate_at


def muon_and_adamw(gpt: GPT, steps: int) -> tuple[list[Optimizer], list[LambdaLR]]:
    """Return Muon for the matrices in the blocks and AdamW for all the rest, and for
    each the schedule that steps after it: the learning rate rises over a twentieth of
    the steps, then falls to zero as half a cosine."""
    optimizers = muon.muon_and_adamw(gpt)
    share = partial(rate_at, steps=steps, warm_up=0.05)
    return optimizers, [LambdaLR(one, share) for one in optimizers]


def timed(steps: int, history: History) -> Iterator[int]:
    """Yield 0 to steps - 1 behind a progress bar; after the last one, note in the
    history how many CPU seconds all of them took."""
    began = cpu_seconds()
    yield from progress_bar(range(steps), label="GPT")
    history.cpu_seconds = cpu_seconds() - began
