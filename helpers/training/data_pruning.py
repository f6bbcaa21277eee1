"""Dynamic data pruning (InfoBatch): pictures read well sit out half of the epochs."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data.images.datasets import ImageSet, batches, shuffled


class PrunedBatches:
    """Endless batches (images, labels, weights, index), as `datasets.batches` has them
    but for this: of the pictures read well, the share `left_out` sits out each epoch.

    A picture is read well while its loss, when last seen, is below the mean of all.
    Those of them that do come count 1 / (1 - left_out) times, so the gradient stays
    the same on average (InfoBatch: Qin et al. 2024, arXiv:2303.04947). `loss` goes to
    `fit` together with the batches; it also keeps every picture's last loss. Raises
    UserError as `datasets.batches` does.
    """

    def __init__(
        self,
        dataset: ImageSet,
        batch_size: int,
        seed: int,
        augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
        left_out: float = 0.5,
    ) -> None:
        batches(dataset, batch_size, seed)  # for its checks alone
        self.dataset, self.batch_size = dataset, batch_size
        self.augment, self.left_out = augment, left_out
        self.generator = torch.Generator().manual_seed(seed)
        self.last_n = torch.full((len(dataset),), torch.inf)  # inf: not seen yet

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        while True:
            order, weight_n = self.epoch()
            size = min(self.batch_size, len(order))
            for index in order[: len(order) // size * size].split(size):
                images = self.dataset.images[index]
                if self.augment is not None:
                    images = self.augment(images, self.generator)
                yield images, self.dataset.labels[index], weight_n[index], index

    def epoch(self) -> tuple[Tensor, Tensor]:
        """Return the pictures of a new epoch, shuffled, and the weight of each of the
        N pictures, (N,)."""
        seen = self.last_n.isfinite()
        well = seen & (self.last_n < self.last_n[seen].mean())
        drawn = torch.rand(len(seen), generator=self.generator)
        coming = (~(well & (drawn < self.left_out))).nonzero().flatten()
        weight_n = torch.where(well, 1 / (1 - self.left_out), 1.0)
        return coming[shuffled(len(coming), self.generator)], weight_n

    def loss(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Return the weighted mean of the batch's cross-entropies (nats)."""
        images, labels, weights, index = batch
        loss_b = F.cross_entropy(model(images), labels, reduction="none")
        self.last_n[index.cpu()] = loss_b.detach().cpu()
        return (weights * loss_b).mean()
