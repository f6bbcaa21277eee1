"""Denoisers in lesson 07: data and noise, filters and PCA, heads on few labels."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.core.tables import Table
from helpers.data.images.datasets import ImageSet, shuffled
from helpers.data.images.splits import few
from helpers.models.pretraining.denoiser import Denoiser
from helpers.training.few_labels import share

SIGMA = 0.3  # of the noise; a pixel is between 0 (paper) and 1 (ink)
BATCH = 64
WIDTHS = [n / 10 for n in range(2, 16)]  # standard deviation of the Gaussian, pixels
WINDOWS = (1, 2, 3, 4, 5)  # sides of the median's square, pixels
DIRECTIONS = range(2, 41, 2)  # of PCA
C = 0.3  # of the linear heads, all on features of one scale


@dataclass(frozen=True)
class Pixels:
    """Digits as rows of 64 pixels: 1,000 to learn from without labels, 797 to test on,
    and both with noise."""

    pictures_np: Tensor  # all 1,797
    labels_n: Tensor
    pool: Tensor  # indices of those to learn from
    test: Tensor
    noisy_np: Tensor  # all, with noise

    @property
    def known(self) -> Tensor:
        """The clean pictures to learn from, (1000, 64)."""
        return self.pictures_np[self.pool]

    @property
    def tested(self) -> tuple[Tensor, Tensor]:
        """The test pictures, noisy and clean, each (797, 64)."""
        return self.noisy_np[self.test], self.pictures_np[self.test]


def split(pictures: ImageSet, seed: int, sigma: float = SIGMA) -> Pixels:
    """Return the digits with a test part as `few` draws it, and noise of the seed."""
    rows_np = pictures.images.flatten(1)
    _, test = few(pictures.labels, 1, seed)
    in_pool = torch.ones(len(rows_np), dtype=torch.bool)
    in_pool[test] = False
    pool = in_pool.nonzero()[:, 0]
    noisy_np = rows_np + sigma * normal(rows_np.shape, seed)
    return Pixels(rows_np, pictures.labels, pool, test, noisy_np)


def normal(shape: Iterable[int], seed: int) -> Tensor:
    """Return standard normal numbers that depend on the seed alone."""
    return torch.randn(tuple(shape), generator=torch.Generator().manual_seed(seed))


def noisy_batches(
    known_np: Tensor, sigma: float, seed: int, size: int = BATCH
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (clean, noise), both (size, P), for ever: the noise is new each time."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        for places in shuffled(len(known_np), generator).split(size):
            clean_bp = known_np[places]
            noise_bp = torch.randn(clean_bp.shape, generator=generator)
            yield clean_bp, sigma * noise_bp


def new_denoiser(seed: int) -> Denoiser:
    """Return an untrained denoiser; the caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Denoiser()


# ---------------------------------------------------------------- other cleaners


def gaussian(noisy_np: Tensor, width: float) -> Tensor:
    """Return 8 x 8 pictures (N, 64) under a Gaussian filter of a width in pixels."""
    from scipy.ndimage import gaussian_filter

    images = noisy_np.view(-1, 8, 8).numpy()
    return torch.from_numpy(gaussian_filter(images, (0, width, width))).flatten(1)


def median(noisy_np: Tensor, side: int) -> Tensor:
    """Return 8 x 8 pictures (N, 64) under a median filter of a square's side."""
    from scipy.ndimage import median_filter

    images = noisy_np.view(-1, 8, 8).numpy()
    return torch.from_numpy(median_filter(images, (1, side, side))).flatten(1)


@dataclass(frozen=True)
class PCA:
    """The mean and the widest directions, (P, P) by width, of pictures."""

    mean_p: Tensor
    directions_pp: Tensor

    @classmethod
    def of(cls, known_np: Tensor) -> "PCA":
        """Return the PCA of pictures (N, P)."""
        mean_p = known_np.mean(dim=0)
        return cls(mean_p, torch.linalg.svd(known_np - mean_p).Vh)

    def features(self, pictures_np: Tensor, n: int) -> Tensor:
        """Return how far pictures lie along the first n directions, (N, n)."""
        return (pictures_np - self.mean_p) @ self.directions_pp[:n].mT

    def clean(self, noisy_np: Tensor, n: int) -> Tensor:
        """Return pictures made of the first n directions alone, (N, P)."""
        return self.features(noisy_np, n) @ self.directions_pp[:n] + self.mean_p


def psnr(cleaned_np: Tensor, clean_np: Tensor) -> float:
    """Return the peak signal-to-noise ratio of pictures with a peak of 1, in decibels:
    10 · log10(1 / mean squared error), the mean over all pixels of all pictures."""
    return (-10 * (cleaned_np - clean_np).square().mean().log10()).item()


def cleaners(data: Pixels) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return the three ways without a network, each with the setting that gives the
    highest PSNR on the pictures to learn from: name -> function of (N, P)."""
    ways = {
        "Gaussian": (gaussian, WIDTHS),
        "median": (median, WINDOWS),
        "PCA": (PCA.of(data.known).clean, DIRECTIONS),
    }
    noisy_np = data.noisy_np[data.pool]

    def chosen(way: Callable, settings: Iterable) -> Callable:
        found = {s: psnr(way(noisy_np, s), data.known) for s in settings}
        return lambda x_np: way(x_np, max(found, key=found.get))

    return {name: chosen(*way) for name, way in ways.items()}


@torch.no_grad()
def baselines(data: Pixels, seed: int) -> dict[str, Tensor]:
    """Return the noisy test pictures, (797, 64), as other ways than a trained denoiser
    answer them: as they are, an untrained one, the mean of the known pictures, and
    `cleaners`."""
    noisy_np, _ = data.tested
    answers = {
        "noisy": noisy_np,
        "untrained": new_denoiser(seed)(noisy_np),
        "mean": data.known.mean(dim=0).expand_as(noisy_np),
    }
    return answers | {n: clean(noisy_np) for n, clean in cleaners(data).items()}


# ---------------------------------------------------------------- features


def one_scale(features_nd: Tensor, pool: Tensor) -> Tensor:
    """Return features with mean 0, divided by one number for all: on `pool` (indices)
    their mean variance is 1. Which feature varies most is kept."""
    centred_nd = features_nd - features_nd[pool].mean(dim=0)
    return centred_nd / centred_nd[pool].square().mean().sqrt()


def each_scaled(features_nd: Tensor, pool: Tensor) -> Tensor:
    """Return features with mean 0 and variance 1 each, on `pool` (indices)."""
    std_d, mean_d = torch.std_mean(features_nd[pool], dim=0, correction=0)
    return (features_nd - mean_d) / std_d.where(std_d > 0, 1.0)


def few_of(pool: Tensor, labels_n: Tensor, k: int, seed: int) -> Tensor:
    """Return the indices of k pictures of each class, drawn from `pool` (indices)."""
    order = pool[shuffled(len(pool), torch.Generator().manual_seed(seed))]
    per_class = [order[labels_n[order] == label][:k] for label in labels_n.unique()]
    return torch.cat(per_class)


def read_right(
    features_nd: Tensor, data: Pixels, k: int, seeds: Iterable[int], scale=one_scale
) -> float:
    """Return the share (0 to 1) of test pictures that a linear head on frozen features
    reads right, the mean over draws (seeds) of k labelled pictures per class."""
    from sklearn.linear_model import LogisticRegression

    x_nd, right = scale(features_nd, data.pool), []
    for seed in seeds:
        train = few_of(data.pool, data.labels_n, k, seed)
        head = LogisticRegression(C=C, max_iter=300)
        head.fit(x_nd[train], data.labels_n[train])
        told = torch.from_numpy(head.predict(x_nd[data.test]))
        right.append(share(told, data.labels_n[data.test]))
    return sum(right) / len(right)


@torch.no_grad()
def feature_sets(data: Pixels, model: Denoiser, seed: int) -> dict[str, Tensor]:
    """Return what the linear heads read, all of clean pictures: name -> (N, D)."""
    pictures_np = data.pictures_np
    return {
        "pixels": pictures_np,
        "PCA": PCA.of(data.known).features(pictures_np, 30),
        "untrained": new_denoiser(seed).f(pictures_np),
        "denoiser": model.f(pictures_np),
    }


def towards(ends_np: Tensor, starts_np: Tensor, homes_np: Tensor) -> float:
    """Return the mean cosine between the arrows from starts to ends and those from
    starts home: 1 for straight home, 0 for a right angle."""
    arrows = ends_np - starts_np, homes_np - starts_np
    return torch.cosine_similarity(*arrows).mean().item()


def ahead(
    found: list[dict], ours: str, others: Iterable[str], k: object
) -> list[float]:
    """Return by how much ours leads the best of others at k: one for each denoiser, of
    rows (name, k) -> value."""
    return [row[ours, k] - max(row[other, k] for other in others) for row in found]


def means(corner: str, found: list[dict], names: Iterable[str], ks: Iterable) -> Table:
    """Return a table of the means over denoisers of rows (name, k) -> value."""
    ks = tuple(ks)
    rows = [
        [name, *(sum(row[name, k] for row in found) / len(found) for k in ks)]
        for name in names
    ]
    return Table([corner, *map(str, ks)], rows)
