"""Few-shot learning: fine-tuning and linear classifiers on few labelled pictures."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from helpers.data.images.augment import warp
from helpers.data.images.datasets import ImageSet, batches
from helpers.data.images.splits import few
from helpers.training.fit import History, accuracy, fit, predict

STEPS, BATCH = 150, 32
# Handwriting leans and moves a little, and stays the same digit.
light = partial(warp, rotation=10, shear=0, scale=(0.9, 1.1), shift=0.05, elastic=0)


def adapt(
    model: nn.Module, train: ImageSet, steps: int, seed: int, augment=light, **settings
) -> History:
    """Fine-tune the model in place on batches of 32 augmented pictures, put it into
    evaluation mode, and return its History. Frozen layers stay frozen; `settings` are
    passed to `fit`.
    """
    model.to(memory_format=torch.channels_last)  # the same numbers, sooner
    train = train.subset(torch.arange(len(train)).repeat(filling(len(train))))
    served = batches(train, BATCH, seed, augment)
    history = fit(model, served, steps, label="adapting", **settings)
    model.eval()
    return history


def filling(n: int) -> int:
    """Return how often n pictures must be repeated to fill one batch."""
    return math.ceil(BATCH / max(n, 1))


def by_features(
    features_nd: Tensor, labels_n: Tensor, train, test, kind="linear", scaled=True
) -> Tensor:
    """Return the labels that a classifier fitted to the features of `train` (indices)
    gives to those of `test`: "linear", or "SVM" with a Gaussian kernel.

    Features are scaled to variance 1 on `train`, since both classifiers weigh a large
    number more than a small one. Pixels have one scale already (`scaled=False`).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    kinds = {"linear": LogisticRegression(C=0.1, max_iter=300), "SVM": SVC(C=10)}
    first = StandardScaler() if scaled else "passthrough"
    model = make_pipeline(first, kinds[kind])
    model.fit(features_nd[train], labels_n[train])
    return torch.from_numpy(model.predict(features_nd[test]))


def by_model(model: nn.Module, images: Tensor) -> Tensor:
    """Return the labels (N,) that a model gives to images."""
    return predict(model, images).argmax(dim=1)


def share(answers_n: Tensor, labels_n: Tensor) -> float:
    """Return the share of answers that are right, 0 to 1."""
    return (answers_n == labels_n).float().mean().item()


def tried(
    make: Callable[[], nn.Module],
    pictures: ImageSet,
    k: int,
    seeds: Sequence[int],
    steps: int,
    optimizer_of: Callable[[nn.Module], Optimizer] | None = None,
) -> list[float]:
    """Return the accuracies of `make()`, adapted to k labelled pictures per class, on
    the test pictures: one for each draw. With `optimizer_of(model)` its own optimizer.
    """
    scores = []
    for seed in seeds:
        model = make()
        train, test = (pictures.subset(part) for part in few(pictures.labels, k, seed))
        optimizer = optimizer_of(model) if optimizer_of else None
        adapt(model, train, steps, seed, optimizer=optimizer)
        scores.append(accuracy(model, test))
    return scores


def on_features(
    features_nd: Tensor, labels_n: Tensor, k: int, seeds: Sequence[int]
) -> list[float]:
    """Return the accuracies of a linear classifier on a frozen backbone's features of
    all pictures, one for each draw of k labelled ones per class."""
    scores = []
    for seed in seeds:
        train, test = few(labels_n, k, seed)
        answered_n = by_features(features_nd, labels_n, train, test)
        scores.append(share(answered_n, labels_n[test]))
    return scores


def scaled(features_nd: Tensor, train: Tensor) -> Tensor:
    """Return features with mean 0 and variance 1 on `train` (indices)."""
    std_d, mean_d = torch.std_mean(features_nd[train], dim=0, correction=0)
    std_d = std_d.where(std_d > 0, 1.0)  # a pixel may be 0 in all pictures
    return (features_nd - mean_d) / std_d
