"""Linear probe of a language model's hidden state: what it knows of the noun."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from helpers.analysis.probing import linear_probe
from helpers.data.tasks.grammar import openings


@torch.no_grad()
def known_of_noun(
    model: nn.Module,
    part: int,
    ask: Callable[[Tensor], Tensor],
    gaps: Sequence[int],
    seed: int,
) -> list[float]:
    """Return how well, 0 to 1, a linear probe answers `ask(noun ids)` from the state
    just before the verb, for each number of adverbs in `gaps`.

    `part`: 0 for h, 1 for the cell c of an LSTM of one layer. 2,000 sentences to fit,
    1,000 to test; every number of the state is brought to mean 0 and spread 1.
    """
    found = []
    for gap in gaps:
        ids = openings(3_000, gap, seed + gap)
        state_bh = model(ids)[1][part][0]
        state_bh = (state_bh - state_bh.mean(dim=0)) / (state_bh.std(dim=0) + 1e-6)
        found.append(linear_probe(state_bh, ask(ids[:, 1]), n_fit=2_000))
    return found
