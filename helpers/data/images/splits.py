"""Stratified and few-shot train/test splits; copies of a picture stay together."""

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.data.images.datasets import shuffled


def stratified(
    labels_n: Tensor, share: float, seed: int, same_n: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return (train, test): the sorted indices of two parts without a picture in both,
    about `share` of every class in test and at least one picture of it in each.

    Pictures with the same number in `same_n` (N,) are copies: they go to one part,
    unless a class is nothing but copies of one. Raises UserError for a share outside
    0..1 and for a class with fewer than 2 pictures.
    """
    if not 0 < share < 1:
        raise UserError(f"The share to test on is {share}; it must be between 0 and 1.")
    same_n = torch.arange(len(labels_n)) if same_n is None else same_n
    generator = torch.Generator().manual_seed(seed)
    in_test = torch.zeros(len(labels_n), dtype=torch.bool)
    for label in labels_n.unique():
        index = (labels_n == label).nonzero().flatten()
        if len(index) < 2:
            raise UserError("A class has 1 picture; a split needs at least 2 of each.")
        in_test[index[tested(same_n[index], share, generator)]] = True
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()


def tested(same_n: Tensor, share: float, generator: torch.Generator) -> list[int]:
    """Return which of one class's N pictures are tested on, N - 1 of them at most."""
    n = len(same_n)
    wanted = min(max(1, round(share * n)), n - 1)
    groups = [(same_n == one).nonzero().flatten().tolist() for one in same_n.unique()]
    if len(groups) == 1:
        groups = [[i] for i in range(n)]
    chosen = []
    for k in shuffled(len(groups), generator).tolist():
        if len(chosen) + len(groups[k]) <= wanted:
            chosen += groups[k]
    return chosen or min(groups, key=len)


TESTED = 797  # of the 1,797 handwritten digits; labels are drawn among the others


def few(labels_n: Tensor, k: int, seed: int, tested: int = TESTED):
    """Return (train, test): the indices of k pictures of each class, and of `tested`
    others, drawn at random. With one seed the test part is the same for every k, and
    the pictures of a smaller k are among those of a larger.

    Raises UserError when k is below 1, or a class has fewer left.
    """
    order = shuffled(len(labels_n), torch.Generator().manual_seed(seed))
    test, pool = order[:tested], order[tested:]
    per_class = [pool[labels_n[pool] == label] for label in labels_n.unique()]
    fewest = min(map(len, per_class))
    if not 1 <= k <= fewest:
        raise UserError(
            f"{k} labels per class asked for; it must be from 1 to {fewest}, what the "
            f"smallest class has besides {tested} pictures to test on."
        )
    return torch.cat([part[:k] for part in per_class]), test
