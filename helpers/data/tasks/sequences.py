"""Synthetic sequence tasks with known answers: copy memory, reversal, n-back."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.core.errors import UserError

COPY_SYMBOLS = 8  # ids 0 to 7: one of them is to be remembered
NOISE_SYMBOLS = 3  # ids 8 to 10: they say nothing about it
COPY_QUERY = COPY_SYMBOLS + NOISE_SYMBOLS  # id 11: "what came first?"
COPY_TOKENS = COPY_QUERY + 1
DIGITS = 10
UNASKED = -100  # an answer that does not count: cross_entropy's own default

Batches = Iterator[tuple[Tensor, Tensor]]


def copy_first(n_noise: int, batch_size: int, seed: int) -> Batches:
    """Return an endless iterator of (tokens, answer), (B, n_noise + 2) and (B,).

    A symbol, then noise, then the query; the answer is the symbol. Raises UserError,
    at once, for less than no noise and for a batch size below 1.
    """
    n_noise, batch_size = whole("n_noise", n_noise, 0), whole_batch(batch_size)
    return endless_copies(n_noise, batch_size, torch.Generator().manual_seed(seed))


def endless_copies(n_noise: int, size: int, generator: torch.Generator) -> Batches:
    """Yield batches for ever: see `copy_first`, which checks what it is given."""
    query = torch.full((size, 1), COPY_QUERY)
    while True:
        symbol = torch.randint(COPY_SYMBOLS, (size,), generator=generator)
        noise = torch.randint(
            COPY_SYMBOLS, COPY_QUERY, (size, n_noise), generator=generator
        )
        yield torch.cat([symbol[:, None], noise, query], dim=1), symbol


def reversal(lengths: int | Sequence[int], batch_size: int, seed: int) -> Batches:
    """Return an endless iterator of (source, target), both (B, n), digits 0 to 9.

    The target is the source from back to front. All strings of a batch have one
    length n, drawn uniformly from `lengths`. Raises UserError, at once, for no
    length, a length below 1 and a batch size below 1.
    """
    lengths = (lengths,) if isinstance(lengths, int) else tuple(lengths)
    if not lengths:
        raise UserError("There are no lengths to draw from; at least 1 is needed.")
    lengths = [whole("a length", length, 1) for length in lengths]
    generator = torch.Generator().manual_seed(seed)
    return endless_reversals(lengths, whole_batch(batch_size), generator)


def endless_reversals(
    lengths: list[int], size: int, generator: torch.Generator
) -> Batches:
    """Yield batches for ever: see `reversal`, which checks what it is given."""
    while True:
        n = lengths[torch.randint(len(lengths), (), generator=generator)]
        source = torch.randint(DIGITS, (size, n), generator=generator)
        yield source, source.flip(1)


def n_back(
    distances: Sequence[int], length: int, batch_size: int, seed: int
) -> Batches:
    """Return an endless iterator of (digits, answers), (B, T) and (B, T, questions).

    Question i asks at every place for the digit `distances[i]` places before it;
    UNASKED where there is none. Raises UserError, at once, for no distance, one below
    0, a length that no distance fits into, and a batch size below 1.
    """
    distances = [whole("a distance", distance, 0) for distance in distances]
    length, batch_size = whole("length", length, 1), whole_batch(batch_size)
    if not distances or max(distances) >= length:
        raise UserError(
            f"The distances are {distances}; at least one is needed, and each must be "
            f"below the length, {length}."
        )
    generator = torch.Generator().manual_seed(seed)
    return endless_lookups(distances, length, batch_size, generator)


def endless_lookups(
    distances: list[int], length: int, size: int, generator: torch.Generator
) -> Batches:
    """Yield batches for ever: see `n_back`, which checks what it is given."""
    while True:
        ids_bt = torch.randint(DIGITS, (size, length), generator=generator)
        padded = (F.pad(ids_bt, (n, 0), value=UNASKED)[:, :length] for n in distances)
        yield ids_bt, torch.stack(list(padded), dim=-1)


def whole_batch(size: int) -> int:
    """Return `size`, or raise UserError unless it is a whole number from 1 on."""
    return whole("batch_size", size, 1)


def whole(name: str, value: int, least: int) -> int:
    """Return `value`, or raise UserError unless it is a whole number from `least`."""
    if not isinstance(value, int) or value < least:
        raise UserError(
            f"{name} is {value!r}; it must be a whole number, {least} or more."
        )
    return value
