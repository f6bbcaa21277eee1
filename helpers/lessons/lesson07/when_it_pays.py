"""Study of pretraining against counting, by number of labels: which way wins where?

`python -m helpers.lessons.lesson07.when_it_pays` measures seven ways to tell which
library a paragraph is from (about ten CPU minutes at one thread) and writes
`data/measured/when_it_pays.json`, after each seed what it has so far.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from helpers.checkpoints.minilm import MiniLM, loaded, model_folder
from helpers.checkpoints.text_transfer import (
    by_counted_words,
    by_frozen_minilm,
    linear_model,
    mean_vectors,
)
from helpers.core.files import ROOT
from helpers.data.measured import FOLDER, load, save
from helpers.data.text.docstrings import (
    LIBRARIES,
    documentation,
    held_out,
    located,
    sources,
)
from helpers.data.text.libraries import (
    PER_FILE,
    SIDES,
    TEST_SHARE,
    Novelty,
    Texts,
    draws,
    labelled,
    masked,
    mixing,
)
from helpers.data.text.prose import paragraphs
from helpers.lessons.lesson07.small_text_models import (
    GPT_LONGEST,
    GPTClassifier,
    MeanOfWords,
    Vocabulary,
    answers,
    gpt_features,
    pretrained_gpt,
    tiny_gpt,
    trained,
)

FILE = FOLDER / "when_it_pays.json"
COMMAND = "python -m helpers.lessons.lesson07.when_it_pays"
SEEDS = {4: 5, 16: 5, 64: 5, 256: 3, 700: 3}  # labels of each library -> draws
N_POOL, N_TEST = 700, 100  # paragraphs of each library: numpy has hardly more
TINY_SEEDS, GPT_STEPS, GPT_RATE, WORDS = 3, 250, 3e-3, 4000
TUNED_STEPS = {16: 60, 256: 150}  # labels of each library -> training steps
DIMENSIONS = (50, 100, 300)  # of LSA
Way = Callable[[Texts, Texts, int], Tensor]
WAYS = (
    "counted words",
    "LSA",
    "from scratch",
    "MiniLM frozen",
    "tiny GPT frozen",
    "tiny GPT untrained",
    "tiny GPT fine-tuned",
)


# ---------------------------------------------------------------- the task


def large_task(n_pool: int = N_POOL, n_test: int = N_TEST) -> tuple[Texts, Texts]:
    """Return (pool, test) as `library_task` does, but of a file to learn from all
    paragraphs may be used, not its first eight: there are more labels to draw."""
    novelty = Novelty()
    found = [from_library(name, n_pool, n_test, novelty) for name in LIBRARIES]
    return tuple(labelled([sides[side] for sides in found]) for side in SIDES)


def from_library(name: str, n_pool: int, n_test: int, novelty: Novelty) -> dict:
    """Return side -> a library's masked paragraphs. Raises ValueError for too few."""
    root, _ = located(name)
    files = {f"{name}/{f.relative_to(root).as_posix()}": f for f in sources(root)}
    found, wanted = {side: [] for side in SIDES}, {False: n_pool, True: n_test}
    for file in sorted(files, key=mixing):
        side = held_out(file, TEST_SHARE)
        texts = chain.from_iterable(map(paragraphs, documentation(files[file])))
        for text in list(texts)[: PER_FILE if side else None]:
            if len(found[side]) < wanted[side] and novelty.adds(masked(text)):
                found[side].append(masked(text))
    if any(len(found[side]) < wanted[side] for side in SIDES):
        raise ValueError(f"{name} has fewer paragraphs than {wanted}")
    return found


# ---------------------------------------------------------------- the ways


class Remembered:
    """A function from texts to vectors (N, C) that computes each text's once."""

    def __init__(self, compute: Callable[[list[str]], Tensor], texts: list[str]):
        texts = list(dict.fromkeys(texts))
        self.known = dict(zip(texts, compute(texts), strict=True))

    def __call__(self, texts: list[str]) -> Tensor:
        return torch.stack([self.known[text] for text in texts])


def minilm_vectors(minilm: MiniLM, texts: list[str], size: int = 32) -> Tensor:
    """Return MiniLM's vectors of texts, (N, C), each read up to its 128 tokens."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = []
    for start in range(0, len(order), size):
        chunk = [texts[i] for i in order[start : start + size]]
        ids = [torch.tensor(minilm.tokenizer.encode(text).ids) for text in chunk]
        rows = pad_sequence(ids, batch_first=True), [torch.ones_like(i) for i in ids]
        with torch.no_grad():
            real_bt = pad_sequence(rows[1], batch_first=True)
            found.append(mean_vectors(minilm.model, rows[0], real_bt))
    return torch.cat(found)[torch.tensor(order).argsort()]


def lsa_vectors(pool: list[str], texts: list[str], dimensions: int) -> Tensor:
    """Return texts as LSA sees them, (N, dimensions), each of length 1: TF-IDF and a
    truncated SVD, both learned on `pool` without labels (Deerwester et al. 1990)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    svd = TruncatedSVD(dimensions, random_state=0)
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True), svd, Normalizer())
    return torch.from_numpy(model.fit(pool).transform(texts)).float()


def by_lsa(spaces: Sequence[Remembered], train: Texts, test: Texts, seed: int):
    """Return the labels that logistic regression on LSA's vectors gives to `test`; how
    many dimensions is chosen in the folds in which C is."""
    fitted = []
    for space in spaces:
        vectors = space(train.texts).numpy()
        fitted.append(linear_model("passthrough", vectors, train.labels, seed))
    best = max(range(len(spaces)), key=lambda i: fitted[i].best_score_)
    return torch.from_numpy(fitted[best].predict(spaces[best](test.texts).numpy()))


def by_scratch(train: Texts, test: Texts, seed: int) -> Tensor:
    """Return the labels that a mean of word vectors, trained on `train` alone, gives
    to `test`."""
    vocabulary = Vocabulary(train.texts, 20_000)
    make = partial(MeanOfWords, len(vocabulary), len(train.labels.unique()))
    steps = max(200, len(train) * 12 // 32)
    model = trained(make, vocabulary, train, seed, steps, (1e-3, 3e-3, 1e-2, 3e-2))
    return answers(model, vocabulary, test.texts).argmax(dim=1)


def by_tuned_gpt(gpt, vocabulary, train: Texts, test: Texts, seed: int) -> Tensor:
    """Return the labels that a copy of a GPT, trained on with a new head, gives."""
    classes = len(train.labels.unique())
    steps = TUNED_STEPS[len(train) // classes]
    make = lambda: GPTClassifier(deepcopy(gpt), classes)  # noqa: E731
    model = trained(make, vocabulary, train, seed, steps, (3e-4, 1e-3))
    return answers(model, vocabulary, test.texts).argmax(dim=1)


def tiny_ways(pool: Texts, test: Texts, seed: int) -> dict[str, Way]:
    """Return the three ways of one tiny GPT, its words and training from the pool."""
    vocabulary = Vocabulary(pool.texts, WORDS, GPT_LONGEST)
    gpt, loss = pretrained_gpt(vocabulary, pool.texts, seed, GPT_STEPS, GPT_RATE)
    print(f"tiny GPT, seed {seed}: {loss:.2f} nats a word", flush=True)
    ways = {"tiny GPT fine-tuned": partial(by_tuned_gpt, gpt, vocabulary)}
    both = {"frozen": gpt, "untrained": tiny_gpt(len(vocabulary), seed)}
    for name, model in both.items():
        compute = partial(features, model, vocabulary)
        vectors = Remembered(compute, pool.texts + test.texts)
        ways[f"tiny GPT {name}"] = partial(by_frozen_minilm, vectors)
    return ways


def features(gpt, vocabulary: Vocabulary, texts: list[str]) -> Tensor:
    """Return a frozen GPT's features of texts: mean 0, one variance for all of them,
    and length 1 on the mean, which is the scale of the other ways' vectors."""
    with torch.no_grad():
        rows = [gpt_features(gpt, vocabulary.batch([text])) for text in texts]
    found = torch.cat(rows)
    return (found - found.mean(dim=0)) / found.std(dim=0) / found.shape[1] ** 0.5


# ---------------------------------------------------------------- the table


def measure_and_save(file: Path = FILE) -> Path:
    """Measure all ways and return the path they were written to."""
    pool, test = large_task()
    table = {name: {str(k): [] for k in ks_of(name, 0)} for name in WAYS}
    ways = whole_ways(pool, test, loaded(model_folder()))
    for seed in range(max(SEEDS.values())):
        add(table, ways, pool, test, seed)
        save(file, COMMAND, table)
    for seed in range(TINY_SEEDS):
        add(table, tiny_ways(pool, test, seed), pool, test, seed)
        save(file, COMMAND, table)
    return file


def whole_ways(pool: Texts, test: Texts, minilm: MiniLM) -> dict[str, Way]:
    """Return the four ways that are no tiny GPT's."""
    every = pool.texts + test.texts
    spaces = [
        Remembered(partial(lsa_vectors, pool.texts, dimensions=d), every)
        for d in DIMENSIONS
    ]
    vectors = Remembered(partial(minilm_vectors, minilm), every)
    return {
        "counted words": by_counted_words,
        "LSA": partial(by_lsa, spaces),
        "from scratch": by_scratch,
        "MiniLM frozen": partial(by_frozen_minilm, vectors),
    }


def add(table: dict, ways: dict[str, Way], pool: Texts, test: Texts, seed: int) -> None:
    """Append to table[way][k] the accuracy of each way on the draw of this seed: for
    one k all ways get the same."""
    for name, way in ways.items():
        for k in ks_of(name, seed):
            (train,) = draws(pool, k, 1, seed)
            right = (way(train, test, seed) == test.labels).float().mean().item()
            table[name][str(k)].append(round(right, 4))
            print(f"{name}, {k} labels, seed {seed}: {right:.3f}", flush=True)


def ks_of(name: str, seed: int) -> list[int]:
    """Return the numbers of labels at which a way is measured with this seed."""
    tuned = name == "tiny GPT fine-tuned"
    return [k for k in (TUNED_STEPS if tuned else SEEDS) if seed < SEEDS[k]]


def stored(file: Path = FILE) -> dict[str, dict[int, list[float]]]:
    """Return the measurement: way -> k -> accuracies, one per draw. Raises UserError
    when the file is absent or damaged."""
    return load(file, COMMAND, WAYS)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(measure_and_save().relative_to(ROOT))
