"""Study of few-shot text classification: three classifiers, many label draws.

`python -m helpers.lessons.lesson06.text_transfer_study` measures them (ten
minutes at one thread) and writes `data/measured/paragraph_ranking.json`: five seeds of
three draws, each with sixteen labelled paragraphs per class.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from helpers.checkpoints.minilm import MiniLM, loaded, model_folder
from helpers.checkpoints.text_transfer import (
    FrozenMiniLM,
    by_counted_words,
    by_fine_tuned,
    by_frozen_minilm,
    fine_tuned,
)
from helpers.core.files import ROOT
from helpers.data.measured import FOLDER, load, save
from helpers.data.text.libraries import Texts, draws, library_task

FILE = FOLDER / "paragraph_ranking.json"
COMMAND = "python -m helpers.lessons.lesson06.text_transfer_study"
WAYS = ("counted words", "MiniLM frozen", "MiniLM fine-tuned")
K, SEEDS, DRAWS = 16, range(5), 3


def by_tuning(minilm: MiniLM, train: Texts, test: Texts, seed: int) -> torch.Tensor:
    """Return the labels that MiniLM, fine-tuned on `train`, gives to `test`, (N,)."""
    model, _ = fine_tuned(minilm, train, seed)
    return by_fine_tuned(model, minilm, test.texts)


def measure_ranking(k: int = K, seeds=SEEDS, n_draws: int = DRAWS) -> dict:
    """Return way -> k (as text) -> accuracies, one per draw; all ways get the same
    draws. Raises UserError where MiniLM is not installed."""
    minilm, (pool, test) = loaded(model_folder()), library_task()
    frozen = partial(by_frozen_minilm, FrozenMiniLM(minilm))
    ways = (by_counted_words, frozen, partial(by_tuning, minilm))
    table = {name: {str(k): []} for name in WAYS}
    for seed in seeds:
        for train in draws(pool, k, n_draws, seed):
            for name, way in zip(WAYS, ways, strict=True):
                right = way(train, test, seed) == test.labels
                table[name][str(k)].append(round(right.float().mean().item(), 4))
    return table


def measure_and_save(
    file: Path = FILE, measured: Callable[[], dict] = measure_ranking
) -> Path:
    """Measure the three ways and return the path they were written to."""
    return save(file, COMMAND, measured())


def stored(file: Path = FILE) -> dict[str, dict[int, list[float]]]:
    """Return the measurement: way -> k -> accuracies, one per draw. Raises UserError
    when the file is absent or damaged."""
    return load(file, COMMAND, WAYS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(measure_and_save().relative_to(ROOT))
