"""How well features keep like with like: in two dimensions, and in all of them."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plotting import named_points, panels

SHOWN = 200  # pictures: more names would cover each other


def flat(features_nd: Tensor) -> Tensor:
    """Return the first two principal components of features: (N, D) -> (N, 2)."""
    centred_nd = features_nd - features_nd.mean(dim=0)
    return centred_nd @ torch.linalg.svd(centred_nd, full_matrices=False).Vh[:2].T


def spread_between(features_nd: Tensor, labels_n: Tensor) -> float:
    """Return which share of the features' variance, 0 to 1, lies between the means of
    the classes: 1 where all of a class are at one point, 0 where all means are equal.
    """
    total = features_nd.var(dim=0, correction=0).sum()
    parts = [features_nd[labels_n == label] for label in labels_n.unique()]
    within = sum(len(p) * p.var(dim=0, correction=0).sum() for p in parts)
    return (1 - within / (len(labels_n) * total)).item()


def views(sets: dict[str, Tensor], labels_n: Tensor) -> Figure:
    """Return one panel per entry: the first pictures' features (N, D), flat, each
    written as its label; the axes are those of all N."""
    figure, axs = panels(1, len(sets), (3.0 * len(sets), 3.4))
    names = [str(label) for label in labels_n[:SHOWN].tolist()]
    for ax, (title, features_nd) in zip(axs, sets.items(), strict=True):
        named_points(ax, flat(features_nd)[:SHOWN], names)
        ax.set_title(title)
    return figure
