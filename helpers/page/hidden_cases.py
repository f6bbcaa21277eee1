"""Hidden test cases for exercises, drawn at random from the teacher's seed.

A bank says how one case is drawn; sizes and numbers are others than in the visible
cases. A seed gives the same cases on every machine, and moves no random numbers but
its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor


class Draw(Random):
    """Random numbers of one seed: `randint`, `choice`, `sample`, and for tensors."""

    def next_seed(self) -> int:
        """Return a seed for a builder of tensors."""
        return self.getrandbits(31)

    def order(self, n: int) -> Tensor:
        """Return 0 to n - 1 in a random order, (n,)."""
        return torch.tensor(self.sample(range(n), n))

    def signed(self, low: int, high: int) -> float:
        """Return low / 10 to high / 10, of either sign."""
        return self.choice((-1, 1)) * self.randint(low, high) / 10


def by_seed(
    *kinds: Callable[[Draw], tuple], times: int = 2
) -> Callable[[int], list[tuple]]:
    """Return the hidden cases as a function of the seed: `times` of each kind."""

    def cases(seed: int) -> list[tuple]:
        draw = Draw(f"hidden cases {seed}")
        return [kind(draw) for _ in range(times) for kind in kinds]

    return cases


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Return random numbers of the shape."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@dataclass(frozen=True)
class Part:
    """A function that a verdict shows by its name and formula. It is one that has a
    name in its module, or a `partial` of one: grading sends it to another process."""

    text: str
    function: Callable[[Tensor], Tensor]

    def __call__(self, x_btc: Tensor) -> Tensor:
        return self.function(x_btc)

    def __repr__(self) -> str:
        return self.text
