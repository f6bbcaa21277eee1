"""Linear probes, nearest neighbours and PCA on the features of a network's layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.analysis.activations import activations


def layer_features(
    model: nn.Module, images: Tensor, names: list[str], places: int = 2
) -> dict[str, Tensor]:
    """Return each named layer's maps (N, C, H, W) averaged to `places` x `places` and
    flattened: name -> (N, C * places * places), on the CPU.

    Layers that put out vectors (N, D) are returned as they are. The model is asked in
    evaluation mode. Raises KeyError for a name that the model does not have.
    """
    device = next(model.parameters()).device
    seen = activations(model, images.to(device), names)
    return {name: flattened(value.cpu(), places) for name, value in seen.items()}


def flattened(value: Tensor, places: int) -> Tensor:
    """Return maps averaged to `places` x `places`, as (N, values)."""
    if value.ndim == 4:
        value = F.adaptive_avg_pool2d(value, places)
    return value.flatten(1)


def linear_probe(vectors: Tensor, labels: Tensor, n_fit: int) -> float:
    """Return the accuracy, 0 to 1, of a linear classifier on frozen features.

    `vectors` (N, D), `labels` (N,): ridge regression is fitted to the first `n_fit`
    and tested on the rest (Alain and Bengio 2016 probe in this way, by logistic
    regression). Raises ValueError unless 0 < n_fit < N.
    """
    from sklearn.linear_model import RidgeClassifier

    if not 0 < n_fit < len(labels):
        raise ValueError(f"n_fit is {n_fit}; 1 to {len(labels) - 1} can be fitted")
    fitted = RidgeClassifier(alpha=10.0).fit(vectors[:n_fit], labels[:n_fit])
    return fitted.score(vectors[n_fit:], labels[n_fit:])


def threshold_accuracy(values_nd: Tensor, labels_n: Tensor) -> Tensor:
    """Return, for each of the D columns, how often (0 to 1) its value's side of a
    threshold tells a yes from a no: (D,).

    The threshold is midway between the means of the two; labels are bools, and
    either side may be the yes. Raises ValueError unless both occur.
    """
    if labels_n.all() or not labels_n.any():
        raise ValueError("a threshold needs both a yes and a no among the labels")
    means = values_nd[labels_n].mean(dim=0), values_nd[~labels_n].mean(dim=0)
    above = values_nd > (means[0] + means[1]) / 2
    right = (above == labels_n[:, None]).float().mean(dim=0)
    return torch.maximum(right, 1 - right)


def nearest(vectors: Tensor) -> Tensor:
    """Return, for each of the N vectors (N, D), the index of the most similar other
    one by cosine: (N,). Raises ValueError for fewer than two."""
    if len(vectors) < 2:
        raise ValueError(f"{len(vectors)} vectors have no neighbours; 2 are needed")
    unit = F.normalize(vectors, dim=1)
    return (unit @ unit.T).fill_diagonal_(-2).argmax(dim=1)


def same_class_rate(vectors: Tensor, labels: Tensor) -> float:
    """Return the share, 0 to 1, of vectors whose nearest other one has their label."""
    return (labels[nearest(vectors)] == labels).float().mean().item()


def disagreements(first: Tensor, second: Tensor, n: int) -> tuple[Tensor, ...]:
    """Return (asked, nearest in first, nearest in second), three times n indices.

    Asked are those of the N vectors whose nearest neighbour in the first space,
    (N, D1), is farthest away by cosine in the second, (N, D2).
    """
    near, unit = nearest(first), F.normalize(second, dim=1)
    asked = (unit * unit[near]).sum(dim=1).argsort()[:n]
    return asked, near[asked], nearest(second)[asked]
