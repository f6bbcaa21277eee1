"""The best possible predictions of hidden words of the agreement grammar, exactly.

The grammar is a chain: what kind of word stands at a place, and of which number,
depends on the place before alone. So forward and backward passes over a window give
what the source itself says of any word there (Rabiner 1989, doi:10.1109/5.18626).
"""

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.data.tasks.grammar import (
    END,
    FILLER,
    NOUN,
    STOP,
    VERB,
    WORDS,
    check_settings,
)

# Period; then noun, filler and verb of a singular sentence, and those of a plural one.
STATES = 7


def from_left(
    ids_bt: Tensor, hidden_bt: Tensor | None = None, stop: float = STOP
) -> Tensor:
    """Return what the source gives to every word at every place, from the words before
    it in its window that are not hidden: float64 (B, T, 33).

    `ids_bt`: windows that begin anywhere in a long stream of sentences; `hidden_bt`:
    booleans, True for a word that nobody sees. Raises UserError for ids that are no
    words, for windows that break the grammar, and for an impossible `stop`.
    """
    seen_bts = likelihoods(ids_bt, hidden_bt, stop)
    return forward(seen_bts, stop) @ emissions()


def from_both_sides(
    ids_bt: Tensor, hidden_bt: Tensor | None = None, stop: float = STOP
) -> Tensor:
    """Return what the source gives to every word at every place, from all other words
    of its window that are not hidden, float64 (B, T, 33); else as `from_left`."""
    seen_bts = likelihoods(ids_bt, hidden_bt, stop)
    state_bts = forward(seen_bts, stop) * backward(seen_bts, stop)
    return state_bts / state_bts.sum(dim=-1, keepdim=True) @ emissions()


def likelihoods(ids_bt: Tensor, hidden_bt: Tensor | None, stop: float) -> Tensor:
    """Return the probability of each word given each state, 1 where it is hidden:
    (B, T, 7). Errors as in `from_left`."""
    check_settings(1, None, stop)
    if ids_bt.dim() != 2 or not ids_bt.numel():
        raise UserError("Windows of ids (B, T) are needed, of one word or more.")
    if not ((ids_bt >= 0) & (ids_bt < END)).all():
        raise UserError(f"The words have the ids 0 to {END - 1}, and no others.")
    seen_bts = emissions().T[ids_bt]
    if hidden_bt is not None:
        seen_bts = seen_bts.masked_fill(hidden_bt[..., None], 1.0)
    return seen_bts


def forward(seen_bts: Tensor, stop: float) -> Tensor:
    """Return the probability of each state, given the words before it: (B, T, 7).
    Raises UserError where the words before it are impossible."""
    step, state_bs = transitions(stop), stationary(stop).expand(len(seen_bts), -1)
    given = []
    for seen_bs in seen_bts.unbind(dim=1):
        given.append(state_bs)
        state_bs = state_bs * seen_bs
        total_b1 = state_bs.sum(dim=-1, keepdim=True)
        if not (total_b1 > 0).all():
            raise UserError("These words do not follow each other in the grammar.")
        state_bs = state_bs / total_b1 @ step
    return torch.stack(given, dim=1)


def backward(seen_bts: Tensor, stop: float) -> Tensor:
    """Return how likely the words after each place are, given each state there, up to
    a factor of the place's own: (B, T, 7)."""
    step, after_bs = transitions(stop), torch.ones_like(seen_bts[:, 0])
    given = []
    for seen_bs in seen_bts.flip(dims=(1,)).unbind(dim=1):
        given.append(after_bs)
        after_bs = (seen_bs * after_bs) @ step.T
        after_bs = after_bs / after_bs.sum(dim=-1, keepdim=True)
    return torch.stack(given[::-1], dim=1)


def emissions() -> Tensor:
    """Return the probability of each word in each state: (7, 33)."""
    given = torch.zeros(STATES, len(WORDS), dtype=torch.float64)
    given[0, 0] = 1
    for plural in (0, 1):
        noun, verb = NOUN + 8 * plural, VERB + 4 * plural
        given[1 + 3 * plural, noun : noun + 8] = 1 / 8
        given[2 + 3 * plural, FILLER:VERB] = 1 / 8
        given[3 + 3 * plural, verb : verb + 4] = 1 / 4
    return given


def transitions(stop: float) -> Tensor:
    """Return the probability of each state after each state: (7, 7)."""
    given = torch.zeros(STATES, STATES, dtype=torch.float64)
    for noun, filler, verb in ((1, 2, 3), (4, 5, 6)):
        given[0, noun] = 1 / 2
        given[[noun, filler], filler] = 1 - stop
        given[[noun, filler], verb] = stop
        given[verb, 0] = 1
    return given


def stationary(stop: float) -> Tensor:
    """Return how often each state occurs in a long stream: (7,)."""
    half = torch.tensor([1, (1 - stop) / stop, 1], dtype=torch.float64) / 2
    share = torch.cat([torch.ones(1, dtype=torch.float64), half, half])
    return share / share.sum()


def sure_bits(probabilities_btv: Tensor, ids_bt: Tensor) -> Tensor:
    """Return -log2 of the probability that is given to each word: (B, T)."""
    return -probabilities_btv.gather(-1, ids_bt[..., None])[..., 0].log2()
