"""Few-shot text classification: TF-IDF, frozen MiniLM, fine-tuned MiniLM.

All three see the same texts with the same labels and nothing else; the two linear
models are the same one, its regularisation chosen in the same way. Words are weighted
as by Spärck Jones (1972); MiniLM is tuned as BERT was by Devlin et al. (2019,
arXiv:1810.04805), through transformers' own class, but its first vectors stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.optim import AdamW

from helpers.checkpoints.minilm import MiniLM
from helpers.core.run import progress_bar
from helpers.data.text.libraries import Texts, chosen, draws
from helpers.training.fit import History, device_of, evaluation_mode, fit

if TYPE_CHECKING:
    from sklearn.model_selection import GridSearchCV
    from transformers import BertModel


TOKENS = 48  # of a text that are read, [CLS] and [SEP] among them
BATCH = 32  # texts encoded at once
STRENGTHS = (1.0, 10.0, 100.0, 1000.0)  # C of the linear models: larger is weaker
FOLDS = 4  # so 4 labels per class are the fewest


# ---------------------------------------------------------------- the linear model


def linear_model(make_features, inputs, labels: Tensor, seed: int) -> GridSearchCV:
    """Return a logistic regression fitted to inputs and labels (N,).

    Its C is the one of STRENGTHS that does best in FOLDS stratified folds of these
    same labels. `make_features` is a scikit-learn transformer, or "passthrough" for
    inputs that are vectors already; it is fitted to each fold's training part alone.
    Raises ValueError for a class with fewer than FOLDS labels.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import Pipeline

    if labels.bincount().min() < FOLDS:
        raise ValueError(f"each class needs {FOLDS} labels: one for every fold")
    steps = [("features", make_features), ("linear", LogisticRegression(max_iter=1000))]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    search = GridSearchCV(Pipeline(steps), {"linear__C": STRENGTHS}, cv=folds)
    return search.fit(inputs, labels)


def by_counted_words(train: Texts, test: Texts, seed: int) -> Tensor:
    """Return the labels that TF-IDF and logistic regression give to `test`, (N,)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(sublinear_tf=True)
    model = linear_model(counted, train.texts, train.labels, seed)
    return torch.from_numpy(model.predict(test.texts))


def by_frozen_minilm(
    vectors_of: Callable[[list[str]], Tensor], train: Texts, test: Texts, seed: int
) -> Tensor:
    """Return the labels that logistic regression on frozen vectors, which
    `vectors_of(texts)` gives as (N, C), gives to `test`: (N,)."""
    vectors = vectors_of(train.texts).numpy()
    model = linear_model("passthrough", vectors, train.labels, seed)
    return torch.from_numpy(model.predict(vectors_of(test.texts).numpy()))


def accuracies(
    ways: dict[str, Callable[[Texts, Texts, int], Tensor]],
    pool: Texts,
    test: Texts,
    ks: Sequence[int],
    seed: int,
    n_draws: int = 3,
) -> dict[str, list[list[float]]]:
    """Return the shares of `test` that each way tells right with k labels per class:
    way -> (draws, ks). All ways get the same draws; a way that is None is left out."""
    used = {name: way for name, way in ways.items() if way}
    scores = {name: [[] for _ in range(n_draws)] for name in used}
    for k in progress_bar(ks, label="labelled texts"):
        for number, train in enumerate(draws(pool, k, n_draws, seed)):
            for name, way in used.items():
                right = way(train, test, seed) == test.labels
                scores[name][number].append(right.float().mean().item())
    return scores


# ---------------------------------------------------------------- MiniLM, frozen


class FrozenMiniLM:
    """MiniLM as a frozen feature extractor, texts to vectors; results are cached."""

    def __init__(self, minilm: MiniLM) -> None:
        self.minilm = minilm
        self.known: dict[str, Tensor] = {}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return the vectors of texts, (N, C), each of length 1; only texts that it
        has not seen are read."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        for places in shortest_first(self.minilm, new):
            part = [new[i] for i in places.tolist()]
            with torch.no_grad():
                vectors = mean_vectors(self.minilm.model, *batch_of(self.minilm, part))
            self.known.update(zip(part, vectors, strict=True))
        return torch.stack([self.known[text] for text in texts])


def shortest_first(minilm: MiniLM, texts: Sequence[str]) -> Iterator[Tensor]:
    """Yield the places, int64, of at most BATCH texts, and so on up to the longest:
    texts of one length leave little to fill up, which saves about half of the work."""
    lengths = [len(token_ids(minilm, text)) for text in texts]
    order = sorted(range(len(texts)), key=lengths.__getitem__)
    for start in range(0, len(order), BATCH):
        yield torch.tensor(order[start : start + BATCH])


def token_ids(minilm: MiniLM, text: str) -> list[int]:
    """Return the ids of a text, at most TOKENS; a cut one ends in [SEP], too."""
    ids = minilm.tokenizer.encode(text).ids
    return ids if len(ids) <= TOKENS else ids[: TOKENS - 1] + ids[-1:]


def batch_of(minilm: MiniLM, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return the token ids of texts, filled up to the longest, and which are real (1)
    or filling (0): int64, both (B, T)."""
    ids = [torch.tensor(token_ids(minilm, text)) for text in texts]
    real = [torch.ones_like(one) for one in ids]
    return pad_sequence(ids, batch_first=True), pad_sequence(real, batch_first=True)


def mean_vectors(bert: BertModel, ids_bt: Tensor, real_bt: Tensor) -> Tensor:
    """Return the last layer's mean over the real tokens (mean pooling), scaled to
    length 1, as in MiniLM's training: (B, C)."""
    states_btc = bert(ids_bt, attention_mask=real_bt).last_hidden_state
    return F.normalize((states_btc * real_bt[..., None]).sum(dim=1), dim=1)


# ---------------------------------------------------------------- MiniLM, fine-tuned


@dataclass(frozen=True)
class Tuning:
    """How MiniLM is fine-tuned: chosen on texts to learn from, never on test texts."""

    steps: int = 30
    batch: int = 8
    lr: float = 2e-4  # of MiniLM itself, at its peak
    head_lr: float = 2e-3  # of the new layer, which knows nothing yet


TUNING = Tuning()


def with_class_head(minilm: MiniLM, n_classes: int, seed: int) -> nn.Module:
    """Return transformers' BertForSequenceClassification with a copy of MiniLM in it
    and a new last layer: token ids (B, T) -> `.logits` (B, K).

    Between the two it has MiniLM's own pooler, a layer on [CLS]. The caller's random
    numbers stay as they were. Raises ValueError for fewer than two classes.
    """
    from transformers import BertForSequenceClassification

    if n_classes < 2:  # transformers would take one output for a regression
        raise ValueError(f"{n_classes} class of texts; there must be 2 or more")
    config = deepcopy(minilm.model.config)
    config.num_labels = n_classes
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertForSequenceClassification(config)
    model.bert.load_state_dict(minilm.model.state_dict())
    return model.eval()


def fine_tuned(
    minilm: MiniLM, train: Texts, seed: int, tuning: Tuning = TUNING
) -> tuple[nn.Module, History]:
    """Return (classifier, history): a copy of MiniLM trained together with a new head
    on `train`. The embedding tables stay frozen: half of the weights, of which a few
    texts use hardly any. `minilm` and the caller's random
    numbers stay as they were. Raises UserError where `fit` does."""
    model = with_class_head(minilm, int(train.labels.max()) + 1, seed)
    model.bert.embeddings.requires_grad_(False)
    parts = ((model.bert, tuning.lr), (model.classifier, tuning.head_lr))
    groups = [{"params": learning(part), "lr": lr} for part, lr in parts]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for dropout, and the order of the texts
        history = fit(
            model,
            batches(minilm, train, tuning.batch),
            tuning.steps,
            optimizer=AdamW(groups, weight_decay=1e-2, fused=True),
            loss=text_loss,
            warm_up=0.1,
            clip=1.0,
            label="fine-tuning MiniLM",
        )
    return model.eval(), history


def learning(part: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that take a gradient."""
    return [p for p in part.parameters() if p.requires_grad]


def batches(minilm: MiniLM, train: Texts, size: int) -> Iterator[tuple[Tensor, ...]]:
    """Yield (ids, real, labels) of `size` texts or fewer, every text once before any
    comes again, for ever."""
    while True:
        for places in torch.randperm(len(train)).split(size):
            part = chosen(train, places)
            yield *batch_of(minilm, part.texts), part.labels


def text_loss(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of a batch of `batches`."""
    ids_bt, real_bt, labels_b = batch
    return model(ids_bt, attention_mask=real_bt, labels=labels_b).loss


@torch.no_grad()
def by_fine_tuned(model: nn.Module, minilm: MiniLM, texts: list[str]) -> Tensor:
    """Return the labels that a fine-tuned model gives to texts, (N,); it is asked in
    evaluation mode and left as it was."""
    device = device_of(model)
    found = torch.empty(len(texts), dtype=torch.int64)
    with evaluation_mode(model):
        for places in shortest_first(minilm, texts):
            ids_bt, real_bt = batch_of(minilm, [texts[i] for i in places.tolist()])
            logits = model(ids_bt.to(device), attention_mask=real_bt.to(device)).logits
            found[places] = logits.argmax(dim=1).cpu()
    return found
