"""Label efficiency: accuracy against the number of labels, for six ways to learn.

`python -m helpers.lessons.lesson06.label_efficiency` measures the whole curve
(ten minutes at one thread) and writes `data/measured/label_curve.json`: five draws,
each with a pretraining of its own.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from statistics import mean, stdev

import torch
from torch import Tensor, nn

from helpers.checkpoints.pretrained import Recipe, made, small_net
from helpers.core.files import ROOT
from helpers.core.run import progress_bar
from helpers.core.tables import Table
from helpers.data.images.datasets import ImageSet, digits
from helpers.data.images.rendered import letters
from helpers.data.images.splits import few
from helpers.data.measured import FOLDER, load, save
from helpers.models.adaptation.transfer import backbone_and_head, with_new_head
from helpers.training.few_labels import STEPS, adapt, by_features, by_model, share
from helpers.training.fit import predict
from helpers.training.untrained import set_norm_statistics, untrained

FILE = FOLDER / "label_curve.json"
COMMAND = "python -m helpers.lessons.lesson06.label_efficiency"
KS = (1, 2, 5, 10, 20, 50, 80)
DRAWS = 5
WAYS = (
    "SVM on pixels",
    "frozen random",
    "frozen + linear",
    "frozen + SVM",
    "from scratch",
    "fine-tuned",
)
SETTLING = 500  # letters that tell an untrained network's norms what pictures are


def from_scratch(seed: int, classes: int = 10) -> nn.Module:
    """Return the small network as training from scratch starts: its head at 0, like
    that of the network it is compared with."""
    return with_new_head(untrained(lambda: small_net(classes), seed), classes)


def feature_sets(source: nn.Module, images: Tensor, seed: int) -> dict[str, Tensor]:
    """Return what the linear models and the SVMs read, computed once: name -> (N, D).

    "pixels"; "letters", the features of the pretrained network; "random", those of
    one that is untrained but for its norms, which have seen letters.
    """
    random = set_norm_statistics(
        untrained(lambda: small_net(52), seed), letters(SETTLING, 0).images
    )
    nets = {"letters": source, "random": random.to(next(source.parameters()).device)}
    vectors = {n: predict(backbone_and_head(net)[0], images) for n, net in nets.items()}
    return {"pixels": images.flatten(1), **vectors}


def answers(
    source: nn.Module,
    pictures: ImageSet,
    features: dict[str, Tensor],
    parts: tuple[Tensor, Tensor],
    seed: int,
    steps: int = STEPS,
) -> dict[str, Tensor]:
    """Return the labels that each of WAYS predicts for the test pictures: way -> (N,).

    `parts`: the indices (train, test) of `few`. All ways get the same labelled
    pictures; the two that train a network get the same batches, too.
    """
    train = pictures.subset(parts[0])
    device = next(source.parameters()).device

    def trained(model: nn.Module) -> Tensor:
        adapt(model.to(device), train, steps, seed)
        return by_model(model, pictures.images[parts[1]])

    def fitted(name: str, kind: str = "linear", scaled: bool = True) -> Tensor:
        return by_features(features[name], pictures.labels, *parts, kind, scaled)

    found = (
        fitted("pixels", "SVM", scaled=False),
        fitted("random"),
        fitted("letters"),
        fitted("letters", "SVM"),
        trained(from_scratch(seed, len(pictures.classes))),
        trained(with_new_head(source, len(pictures.classes))),
    )
    return dict(zip(WAYS, found, strict=True))


def compared(
    source: nn.Module,
    pictures: ImageSet,
    features: dict[str, Tensor],
    ks: Sequence[int],
    seeds: Sequence[int],
    steps: int = STEPS,
) -> dict[tuple[int, int], dict[str, Tensor]]:
    """Return the `answers` of all ways, for each k labels per class and each draw:
    (k, seed) -> way -> labels (N,)."""
    pairs = list(product(ks, seeds))
    return {
        (k, seed): answers(
            source, pictures, features, few(pictures.labels, k, seed), seed, steps
        )
        for k, seed in progress_bar(pairs, label="draws of labels")
    }


def rights(found: dict, labels_n: Tensor) -> dict[str, dict[int, list[float]]]:
    """Return the shares of right answers of `compared`: way -> k -> one per draw.
    `labels_n` are those of all pictures."""
    table = {way: defaultdict(list) for way in WAYS}
    for (k, seed), given in found.items():
        truth = labels_n[few(labels_n, k, seed)[1]]
        for way, answered in given.items():
            table[way][k].append(share(answered, truth))
    return table


def gains(table: dict, ours: str, base: str, k: int | None = None) -> list[float]:
    """Return the difference in accuracy of two rows, draw by draw (points), of
    a table way -> accuracies, or way -> k -> accuracies."""
    rows = [table[way] if k is None else table[way][k] for way in (ours, base)]
    return [100 * (a - b) for a, b in zip(*rows, strict=True)]


def spreads(table: dict[str, dict[int, list[float]]]) -> Table:
    """Return a table of mean ± standard deviation over draws, a row for each way."""
    ks = list(next(iter(table.values())))
    rows = [[way, *(mean_sd(row[k]) for k in ks)] for way, row in table.items()]
    return Table(["labels per class", *map(str, ks)], rows)


def mean_sd(values: Sequence[float]) -> str:
    """Return mean ± standard deviation (of the sample) of some shares, in percent; of
    a single one just that."""
    width = f" ± {100 * stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * mean(values):.1f}{width}"


# ---------------------------------------------------------------- the stored table


def measure_curve(
    ks=KS, draws=DRAWS, recipe: Recipe | None = None, steps=STEPS
) -> dict:
    """Return the whole curve: way -> k (as text) -> one accuracy for each draw. Draw
    number d has its own pretraining, its own split and its own pictures, all of
    seed d."""
    pictures, recipe = digits(), recipe or Recipe()
    table = {way: {str(k): [] for k in ks} for way in WAYS}
    for seed in range(draws):
        source = made("letters", replace(recipe, seed=seed))
        features = feature_sets(source, pictures.images, seed)
        found = compared(source, pictures, features, ks, [seed], steps)
        for way, row in rights(found, pictures.labels).items():
            for k, values in row.items():
                table[way][str(k)] += [round(value, 4) for value in values]
    return table


def measure_and_save(
    file: Path = FILE, measured: Callable[[], dict] = measure_curve
) -> Path:
    """Measure the curve and return the path it was written to."""
    return save(file, COMMAND, measured())


def stored(file: Path = FILE) -> dict[str, dict[int, list[float]]]:
    """Return the curve as it was measured: way -> k -> accuracies, one per draw.
    Raises UserError when the file is absent or damaged."""
    return load(file, COMMAND, WAYS)


def labels_needed(curve: dict[int, float], accuracy: float) -> float:
    """Return with how many labels per class a curve (k -> accuracy) first reaches an
    accuracy: straight lines between its points, over log k.

    The smallest k where it is above from the start; infinity where it never is.
    """
    ks = sorted(curve)
    if curve[ks[0]] >= accuracy:
        return float(ks[0])
    for low, high in pairwise(ks):
        if curve[high] >= accuracy:
            part = (accuracy - curve[low]) / (curve[high] - curve[low])
            return low * (high / low) ** part
    return float("inf")


def savings(table: dict, ours: str, base: str) -> dict[int, float]:
    """Return how many times fewer labels one way needs to equal another on the mean
    of the draws: k labels per class of the other -> factor, the smallest k left out."""
    means = {way: {k: mean(row) for k, row in table[way].items()} for way in table}
    return {
        k: k / labels_needed(means[ours], means[base][k])
        for k in sorted(means[base])[1:]
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(measure_and_save().relative_to(ROOT))
