"""PCA of features, and the share of their variance between classes."""

import torch
from torch import Tensor


def pca_2d(features_nd: Tensor) -> Tensor:
    """Return the first two principal components of features: (N, D) -> (N, 2).

    Principal component analysis, by singular value decomposition.
    """
    centred_nd = features_nd - features_nd.mean(dim=0)
    return centred_nd @ torch.linalg.svd(centred_nd, full_matrices=False).Vh[:2].T


def between_class_variance(features_nd: Tensor, labels_n: Tensor) -> float:
    """Return which share of the features' variance, 0 to 1, lies between the means of
    the classes: 1 where all of a class are at one point, 0 where all means are equal.
    """
    total = features_nd.var(dim=0, correction=0).sum()
    parts = [features_nd[labels_n == label] for label in labels_n.unique()]
    within = sum(len(p) * p.var(dim=0, correction=0).sum() for p in parts)
    return (1 - within / (len(labels_n) * total)).item()
