"""Which backbone suits a reader's pictures: measured on some of the training part."""

from collections.abc import Iterable

import torch
from torch import Tensor

from helpers.checkpoints.backbones import Backbone, with_head
from helpers.core.run import progress_bar
from helpers.data.images.datasets import ImageSet, shuffled
from helpers.data.images.splits import stratified
from helpers.lessons.lesson06.own_classifier import features
from helpers.training.few_labels import by_features

VALIDATED = 0.3  # of the pictures that a backbone is chosen by
AT_MOST = 240  # of these pictures, all classes together


def best_of(
    candidates: Iterable[Backbone], train: ImageSet, same_n: Tensor, seed: int = 0
) -> Backbone:
    """Return the backbone on whose frozen features a linear head reads most pictures of
    a validation part right, the first of equals; a line says how many each read. One
    that is named twice counts once.

    The part is split off `train`; pictures of one number in `same_n` (N,) stay on one
    side. Where a class is too small to split, the second candidate is returned.
    """
    backbones = list(dict.fromkeys(candidates))
    if len(backbones) == 1:
        return backbones[0]
    split = validation(train, same_n, seed)
    if not split:
        print(f"Too few pictures to choose a backbone by: {backbones[1].name} it is.")
        return backbones[1]
    part, fitted, validated = split
    truth, rights = part.labels[validated], []
    for backbone in progress_bar(backbones, label="choosing a backbone"):
        seen_nd = features(with_head(backbone, len(train.classes)), part.images)
        told = by_features(seen_nd, part.labels, fitted, validated)
        rights.append(int((told == truth).sum()))
    best = backbones[rights.index(max(rights))]
    said = [f"{one.name} {n}" for one, n in zip(backbones, rights, strict=True)]
    print(
        f"Of {len(truth)} validation pictures a linear head on frozen numbers reads "
        f"right: {', '.join(said)}. Going on with {best.name}."
    )
    return best


def validation(
    train: ImageSet, same_n: Tensor, seed: int
) -> tuple[ImageSet, Tensor, Tensor] | None:
    """Return (pictures, numbers to fit a head to, numbers to judge it by), at most
    AT_MOST pictures; None where two classes cannot be split."""
    each = max(4, AT_MOST // len(train.classes))
    mixed = shuffled(len(train), torch.Generator().manual_seed(seed))
    kept = [mixed[train.labels[mixed] == k][:each] for k in train.labels.unique()]
    index = torch.cat(kept)
    if min(map(len, kept)) < 2:
        return None
    part, same_n = train.subset(index), same_n[index]
    fitted, validated = stratified(part.labels, VALIDATED, seed, same_n)
    fitted = fitted[~torch.isin(same_n[fitted], same_n[validated])]
    if len(part.labels[fitted].unique()) < 2:
        return None
    return part, fitted, validated
