"""Sentence vectors of an LSTM trained with labels, tried on these and on others."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from helpers.checkpoints.minilm import MiniLM
from helpers.checkpoints.text_transfer import FrozenMiniLM, by_counted_words
from helpers.data.text.libraries import Texts, chosen, draws
from helpers.data.text.prose import words
from helpers.training.few_labels import by_features, share
from helpers.training.fit import evaluation_mode, fit

WIDTH, BATCH, TOKENS = 64, 32, 48
FILLING, UNKNOWN = 0, 1


class Vocabulary:
    """The words that stand twice or more in some texts, numbered from 2."""

    def __init__(self, texts: Sequence[str]):
        counts = Counter(word for text in texts for word in words(text).split())
        known = [word for word, n in counts.items() if n > 1]
        self.numbers = {word: number for number, word in enumerate(known, start=2)}

    def __len__(self) -> int:
        return len(self.numbers) + 2

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Return the first TOKENS words of each text, filled up on the right: int64
        (N, T)."""
        rows = [words(text).split()[:TOKENS] for text in texts]
        numbers = [[self.numbers.get(w, UNKNOWN) for w in row] for row in rows]
        return pad_sequence([torch.tensor(row) for row in numbers], batch_first=True)


class MeanLSTM(nn.Module):
    """Embedding, LSTM, the mean of its outputs, logits: ids (B, T) -> (B, K)."""

    def __init__(self, symbols: int, classes: int, dropout: float = 0.3):
        super().__init__()
        self.embedding = nn.Embedding(symbols, WIDTH)
        self.recurrent = nn.LSTM(WIDTH, WIDTH, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(WIDTH, classes)

    def vectors(self, ids_bt: Tensor) -> Tensor:
        """Return the mean output over the real words of each text: (B, C)."""
        y_btc, _ = self.recurrent(self.dropout(self.embedding(ids_bt)))
        real_bt1 = (ids_bt != FILLING)[..., None]
        return (y_btc * real_bt1).sum(dim=1) / real_bt1.sum(dim=1)

    def forward(self, ids_bt: Tensor) -> Tensor:
        return self.head(self.dropout(self.vectors(ids_bt)))


def new_network(vocabulary: Vocabulary, classes: int, seed: int) -> MeanLSTM:
    """Return an untrained network; the caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MeanLSTM(len(vocabulary), classes)


def batches(vocabulary: Vocabulary, train: Texts, seed: int) -> Iterator[tuple]:
    """Yield (ids, labels) of BATCH texts, all once before any again, for ever."""
    ids_nt, generator = vocabulary.encode(train.texts), torch.Generator()
    generator.manual_seed(seed)
    while True:
        for places in torch.randperm(len(train), generator=generator).split(BATCH):
            longest = (ids_nt[places] != FILLING).sum(dim=1).max()
            yield ids_nt[places][:, :longest], train.labels[places]


def reader(network: MeanLSTM, vocabulary: Vocabulary) -> Callable:
    """Return the function from texts to the network's vectors, (N, C), on the CPU."""

    @torch.no_grad()
    def vectors_of(texts: Sequence[str]) -> Tensor:
        device = network.head.weight.device
        with evaluation_mode(network):
            return network.vectors(vocabulary.encode(texts).to(device)).cpu()

    return vectors_of


def vector_makers(
    train: Texts, steps: int, seeds: Sequence[int], device: torch.device
) -> dict[str, list[Callable]]:
    """Return the readers of a network for each seed, "trained on A", where A are these
    texts, and "untrained"; the caller's random numbers stay as they were."""
    vocabulary, classes = Vocabulary(train.texts), int(train.labels.max()) + 1
    makers = {"trained on A": [], "untrained": []}
    for seed in seeds:
        network = new_network(vocabulary, classes, seed).to(device)
        makers["untrained"].append(reader(deepcopy(network), vocabulary))
        with torch.random.fork_rng():
            torch.manual_seed(seed)  # for dropout
            served = batches(vocabulary, train, seed)
            fit(network, served, steps, lr=2e-2, clip=1.0, label="learning A")
        makers["trained on A"].append(reader(network, vocabulary))
    return makers


def few_shot(
    vectors_of: Callable, pool: Texts, test: Texts, seed: int, n: int = 10, k: int = 16
) -> list[float]:
    """Return the shares of `test` told right by a linear head on frozen vectors, one
    for each of `n` draws of `k` labelled texts per class."""
    tested_nc, scores = vectors_of(test.texts), []
    for train in draws(pool, k, n, seed):
        features_nc = torch.cat([vectors_of(train.texts), tested_nc])
        known, asked = torch.arange(len(features_nc)).tensor_split([len(train)])
        told = by_features(
            features_nc, torch.cat([train.labels, test.labels]), known, asked
        )
        scores.append(share(told, test.labels))
    return scores


def rivals(
    minilm: MiniLM | None, pool: Texts, test: Texts, seed: int
) -> dict[str, list[float]]:
    """Return way -> shares told right with 16 labels per class: counted words on five
    draws; MiniLM, where there is one, on two draws and every fifth test text."""
    told = [by_counted_words(train, test, seed) for train in draws(pool, 16, 5, seed)]
    found = {"counted words": [share(one, test.labels) for one in told]}
    if minilm:
        fewer = chosen(test, torch.arange(0, len(test), 5))
        found["MiniLM"] = few_shot(FrozenMiniLM(minilm), pool, fewer, seed, n=2)
    return found
