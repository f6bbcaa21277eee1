"""Two small text classifiers: a mean of word vectors from scratch, and a tiny GPT.

The first is trained on labelled texts alone (the form of Joulin et al. 2016, fastText,
arXiv:1607.01759, without its pairs of words). The second learns the next word of many
texts first, and is then frozen or fine-tuned. Both choose their learning rate on a
quarter of their labelled texts.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from helpers.data.text.libraries import Texts, chosen
from helpers.data.text.prose import words
from helpers.models.transformer.gpt import GPT
from helpers.training.fit import evaluation_mode, fit
from helpers.training.language import random_windows

PAD, UNKNOWN, END = 0, 1, 2  # the first three ids
LONGEST, GPT_LONGEST = 128, 64  # words of a text that are read; few have more
VALIDATION = 4  # every fourth text of a class helps to choose the rate
BATCH = 32


class Vocabulary:
    """The `size` most frequent words of texts as ids from 3; others are UNKNOWN. Of a
    text the first `longest` words are read."""

    def __init__(self, texts: Sequence[str], size: int, longest=LONGEST) -> None:
        self.longest = longest
        counts = Counter(word for text in texts for word in words(text).split())
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self.ids = {word: i for i, word in enumerate(ranked[:size], start=3)}

    def __len__(self) -> int:
        return len(self.ids) + 3

    def encode(self, text: str) -> Tensor:
        """Return the ids of a text's first words, int64 (T,), T at least 1."""
        found = words(text).split()[: self.longest]
        return torch.tensor([self.ids.get(w, UNKNOWN) for w in found] or [UNKNOWN])

    def batch(self, texts: Sequence[str]) -> Tensor:
        """Return the ids of texts, filled up with PAD at the end: (B, T)."""
        rows = [self.encode(text) for text in texts]
        return pad_sequence(rows, batch_first=True, padding_value=PAD)


class MeanOfWords(nn.Module):
    """Ids (B, T) -> logits (B, K): the mean of the words' vectors, then one layer."""

    def __init__(self, symbols: int, classes: int, channels: int = 64):
        super().__init__()
        self.tokens = nn.Embedding(symbols, channels)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(channels, classes)

    def forward(self, ids_bt: Tensor) -> Tensor:
        return self.fc(self.dropout(mean_of_real(self.tokens(ids_bt), ids_bt)))


class GPTClassifier(nn.Module):
    """Ids (B, T) -> logits (B, K): the mean of a GPT's last states, then one layer."""

    def __init__(self, gpt: GPT, classes: int):
        super().__init__()
        self.gpt = gpt
        self.fc = nn.Linear(gpt.head.in_features, classes)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, ids_bt: Tensor) -> Tensor:
        return self.fc(gpt_features(self.gpt, ids_bt))


def mean_of_real(x_btc: Tensor, ids_bt: Tensor) -> Tensor:
    """Return the mean over each text's own positions, PAD left out: (B, C)."""
    real_bt1 = (ids_bt != PAD).to(x_btc.dtype)[..., None]
    return (x_btc * real_bt1).sum(dim=1) / real_bt1.sum(dim=1)


def gpt_features(gpt: GPT, ids_bt: Tensor) -> Tensor:
    """Return the mean of a GPT's last states over each text: (B, C). PAD stands at the
    end, so that no word sees it."""
    T = ids_bt.shape[1]
    may_see = torch.ones(T, T, dtype=torch.bool, device=ids_bt.device).tril()
    return mean_of_real(gpt.body(gpt.embedding(ids_bt), may_see), ids_bt)


# ---------------------------------------------------------------- training


def served(
    vocabulary: Vocabulary, texts: Texts, seed: int, size: int = BATCH
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (ids, labels) of `size` texts or fewer, every text once before any comes
    again, for ever."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        for places in torch.randperm(len(texts), generator=generator).split(size):
            part = chosen(texts, places)
            yield vocabulary.batch(part.texts), part.labels


def parts(texts: Texts) -> tuple[Texts, Texts]:
    """Return (to learn from, to choose by): every fourth text of each class is in the
    second."""
    place = torch.empty(len(texts), dtype=torch.int64)
    for label in texts.labels.unique():
        mine = texts.labels == label
        place[mine] = torch.arange(int(mine.sum()))
    aside = place % VALIDATION == 0
    return chosen(texts, (~aside).nonzero()[:, 0]), chosen(texts, aside.nonzero()[:, 0])


def trained(
    make: Callable[[], nn.Module],
    vocabulary: Vocabulary,
    train: Texts,
    seed: int,
    steps: int,
    rates: Sequence[float],
) -> nn.Module:
    """Return `make()`, trained on all of `train` at the rate of `rates` whose loss on a
    quarter of it is smallest after training on the rest. The caller's random numbers
    stay as they were."""
    learn, choose = parts(train)

    def at(rate: float, texts: Texts) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = make()
            fit(model, served(vocabulary, texts, seed), steps, lr=rate, clip=1.0)
        return model.eval()

    tried = {r: held_out_loss(at(r, learn), vocabulary, choose) for r in rates}
    return at(min(tried, key=tried.get), train)


def held_out_loss(model: nn.Module, vocabulary: Vocabulary, texts: Texts) -> float:
    """Return a model's mean cross-entropy (nats) on texts."""
    logits_nk = answers(model, vocabulary, texts.texts)
    return F.cross_entropy(logits_nk, texts.labels).item()


@torch.no_grad()
def answers(model: nn.Module, vocabulary: Vocabulary, texts: list[str]) -> Tensor:
    """Return what a model in evaluation mode gives to texts, in their order: (N, K).
    Texts of one length go together, which saves most of the filling up."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    with evaluation_mode(model):
        found = [
            model(vocabulary.batch([texts[i] for i in order[start : start + 64]]))
            for start in range(0, len(order), 64)
        ]
    return torch.cat(found)[torch.tensor(order).argsort()]


# ---------------------------------------------------------------- the tiny GPT


def tiny_gpt(symbols: int, seed: int) -> GPT:
    """Return an untrained GPT of 2 layers, 4 heads and width 128. Its positions start
    as small as its words, as in GPT-2: larger ones would drown the words."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        gpt = GPT(symbols, 128, 4, 2, longest=GPT_LONGEST)
        nn.init.normal_(gpt.embedding.positions.weight, std=0.02)
    return gpt.eval()


def next_word_loss(gpt: GPT, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean loss (nats) of the next words of a batch of windows."""
    inputs_bt, targets_bt = batch
    return F.cross_entropy(gpt(inputs_bt)[0].mT, targets_bt)


def pretrained_gpt(
    vocabulary: Vocabulary, texts: Sequence[str], seed: int, steps: int, lr: float
) -> tuple[GPT, float]:
    """Return (GPT, its last training losses' mean in nats a word): trained to tell the
    next word of texts, one after the other with END between."""
    gpt, end = tiny_gpt(len(vocabulary), seed), torch.tensor([END])
    ids_t = torch.cat([i for text in texts for i in (vocabulary.encode(text), end)])
    windows = random_windows(ids_t, BATCH, 48, seed)
    history = fit(gpt, windows, steps, lr=lr, loss=next_word_loss, clip=1.0)
    return gpt.eval(), history.final_loss()
