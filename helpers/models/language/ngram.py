"""N-gram language model with Kneser-Ney smoothing, as lesson 03 builds it."""

import torch
from torch import Tensor


class Counts:
    """The n-grams of one length: how often each occurs, and sums over each context.

    `codes` (G,), sorted: context * symbols + last symbol; `counts` (G,) of them.
    """

    def __init__(self, codes: Tensor, counts: Tensor, contexts: int, symbols: int):
        context, seen = codes // symbols, counts > 0
        self.codes, self.counts = codes, counts.double()
        self.totals = torch.bincount(context, self.counts, contexts)
        self.kinds = torch.bincount(context, seen.double(), contexts)
        once, twice = (counts == 1).sum(), (counts == 2).sum()
        # Ney, Essen and Kneser 1994; the 1 and 2 keep it inside (0, 1) on any text.
        self.discount = (once + 1).double() / (once + 2 * twice + 2)

    def find(self, codes: Tensor) -> Tensor:
        """Return the place of each code among `self.codes`, -1 where it is not."""
        place = torch.searchsorted(self.codes, codes).clamp(max=len(self.codes) - 1)
        return torch.where(self.codes[place] == codes, place, -1)

    def mix(self, context: Tensor, gram: Tensor, shorter: Tensor) -> Tensor:
        """Return the probabilities: discounted counts, and what the discount leaves
        shared out by the `shorter` context. An unseen context changes nothing."""
        total = torch.where(context < 0, 0, self.totals[context])
        count = torch.where(gram < 0, 0, self.counts[gram])
        kept = (count - self.discount).clamp(min=0)
        freed = self.discount * self.kinds[context]
        return torch.where(total > 0, (kept + freed * shorter) / total, shorter)


class KneserNey:
    """Interpolated Kneser-Ney of one order (Kneser and Ney 1995; Chen and Goodman
    1999), learnt from a text of `symbols` different symbols: ids (T,)."""

    def __init__(self, ids_t: Tensor, order: int, symbols: int):
        if not 1 <= order <= len(ids_t):
            raise ValueError(f"order {order} does not fit {len(ids_t)} symbols")
        self.symbols, self.levels = symbols, []
        context, contexts, grams = torch.zeros_like(ids_t), 1, []
        for n in range(order):
            codes = context * symbols + ids_t[n:]
            codes, gram, count = codes.unique(return_inverse=True, return_counts=True)
            grams.append((codes, gram, count, contexts))
            context, contexts = gram[:-1], len(codes)
        for n, (codes, gram, count, contexts) in enumerate(grams):
            if n + 1 < order:  # a shorter n-gram counts once per symbol before it
                longer = grams[n + 1]
                ending = torch.empty_like(longer[0])
                ending[longer[1]] = gram[1:]
                count = torch.bincount(ending, minlength=len(codes))
            self.levels.append(Counts(codes, count, contexts, symbols))

    def probabilities(self, ids_nt: Tensor) -> Tensor:
        """Return the probability of each symbol after those before it in its row."""
        context = torch.zeros_like(ids_nt)
        mixed = torch.full(ids_nt.shape, 1 / self.symbols, dtype=torch.float64)
        for level in self.levels:
            gram = level.find(context * self.symbols + ids_nt)
            gram = torch.where(context < 0, -1, gram)
            mixed = level.mix(context, gram, mixed)
            context = torch.nn.functional.pad(gram[:, :-1], (1, 0), value=-1)
        return mixed
