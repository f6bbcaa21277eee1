"""MiniLM under transformers' three heads: built, fed, trained, saved and loaded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.optim import AdamW

from helpers.checkpoints.minilm import LONGEST, UNKNOWN, MiniLM
from helpers.checkpoints.text_transfer import TUNING, Tuning, learning
from helpers.core.errors import UserError
from helpers.data.tasks.meetings import Meeting
from helpers.training.fit import History, fit

if TYPE_CHECKING:
    from tokenizers import Encoding

IGNORED = -100  # the label that cross-entropy leaves out
READ = 32  # texts read at once


# ---------------------------------------------------------------- the model


def with_head(
    kind: type[nn.Module],
    minilm: MiniLM,
    names: Sequence[str],
    seed: int,
    frozen: int = 3,
) -> nn.Module:
    """Return transformers' model `kind` with a copy of MiniLM in it and a new head.

    `names`: what the head's outputs mean; the config keeps them. The word vectors and
    the `frozen` lowest layers take no gradient, and there is no dropout: in a few dozen
    steps there is nothing to overfit. The caller's random numbers stay as they were.
    """
    config = deepcopy(minilm.model.config)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config.id2label = dict(enumerate(names))
    config.label2id = {name: i for i, name in enumerate(names)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = kind(config)
    # Heads on single tokens have no pooler; everything else must find its place.
    missing, _ = model.bert.load_state_dict(minilm.model.state_dict(), strict=False)
    assert not missing, missing
    model.bert.embeddings.requires_grad_(False)
    model.bert.encoder.layer[:frozen].requires_grad_(False)
    return model.eval()


def tuned(
    model: nn.Module,
    batches: Iterator[tuple[Tensor, ...]],
    loss: Callable,
    seed: int,
    tuning: Tuning = TUNING,
) -> History:
    """Train a model of `with_head` in place, MiniLM's layers at `tuning.lr` and the
    head at `tuning.head_lr`; it is in evaluation mode afterwards."""
    head = [p for n, p in model.named_parameters() if not n.startswith("bert.")]
    groups = [
        {"params": learning(model.bert), "lr": tuning.lr},
        {"params": head, "lr": tuning.head_lr},
    ]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for the order of the texts
        history = fit(
            model,
            batches,
            tuning.steps,
            optimizer=AdamW(groups, weight_decay=1e-2, fused=True),
            loss=loss,
            warm_up=0.1,
            clip=1.0,
            label="fine-tuning MiniLM",
        )
    model.eval()
    return history


# ---------------------------------------------------------------- what it reads


def padded(rows: Sequence[Sequence[int]], filling: int = 0) -> Tensor:
    """Return rows of numbers filled up to the longest, int64 (B, T)."""
    tensors = [torch.tensor(row) for row in rows]
    return pad_sequence(tensors, batch_first=True, padding_value=filling)


def inputs(encodings: Sequence[Encoding]) -> dict[str, Tensor]:
    """Return what a model of transformers reads of encoded texts, each (B, T)."""
    return {
        "input_ids": padded([one.ids for one in encodings]),
        "token_type_ids": padded([one.type_ids for one in encodings]),
        "attention_mask": padded([one.attention_mask for one in encodings]),
    }


def in_turn(
    encodings: Sequence[Encoding], targets: Sequence, size: int
) -> Iterator[tuple[Tensor, ...]]:
    """Yield (ids, types, real, targets) of `size` texts or fewer, every text once
    before any comes again, for ever.

    A target is a number, or a list with one for each token; then filling is IGNORED.
    """
    while True:
        for part in torch.randperm(len(encodings)).split(size):
            places = part.tolist()
            wanted = [targets[i] for i in places]
            numbers = isinstance(wanted[0], int)
            labels = torch.tensor(wanted) if numbers else padded(wanted, IGNORED)
            yield *inputs([encodings[i] for i in places]).values(), labels


def head_loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Return transformers' own loss of a batch of `in_turn`: labels (B,) or (B, T)."""
    ids_bt, types_bt, real_bt, labels = batch
    return model(ids_bt, real_bt, types_bt, labels=labels).loss


def span_loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Return transformers' own loss of a batch of `in_turn` whose targets are pairs of
    first and last token, (B, 2)."""
    ids_bt, types_bt, real_bt, ends_b2 = batch
    first_b, last_b = ends_b2.T
    return model(
        ids_bt, real_bt, types_bt, start_positions=first_b, end_positions=last_b
    ).loss


@torch.no_grad()
def outputs(model: nn.Module, encodings: Sequence[Encoding]) -> Iterator:
    """Yield what the model says of each encoded text, in order: its logits (K,) or
    (T, K), without filling, or for spans a pair of (T,)."""
    for start in range(0, len(encodings), READ):
        part = encodings[start : start + READ]
        said = model(**inputs(part))
        for i, one in enumerate(part):
            T = len(one.ids)
            if "start_logits" in said:
                yield said.start_logits[i, :T], said.end_logits[i, :T]
            else:
                yield said.logits[i] if said.logits.ndim == 2 else said.logits[i, :T]


# ---------------------------------------------------------------- a competitor


def by_list(told: Sequence[Meeting], words: Sequence[str], unknown: int) -> list[int]:
    """Return the kind of each of `words` by a list: the most frequent one that the word
    has in the sentences `told`; `unknown` for another word with a capital letter or a
    digit, 0 for any other."""
    counts = defaultdict(Counter)
    for sentence in told:
        for word, kind in zip(sentence.words, sentence.kinds, strict=True):
            counts[word][kind] += 1
    listed = {word: count.most_common(1)[0][0] for word, count in counts.items()}
    guessed = (unknown if not word.islower() else 0 for word in words)
    return [listed.get(w, one) for w, one in zip(words, guessed, strict=True)]


def percent(said: Sequence, wanted: Sequence) -> float:
    """Return how many of the answers are as wanted, in percent. Raises ValueError for
    sequences of two lengths."""
    right = sum(one == other for one, other in zip(said, wanted, strict=True))
    return 100 * right / len(wanted)


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Let transformers load without progress bars and reports meanwhile."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def word_tokens(encoding: Encoding, sequence: int, first: int, last: int) -> list[int]:
    """Return the first and the last token of the words `first` to `last`, both
    included, of a pair's sequence 0 or 1. Raises UserError for words that were cut."""
    where = zip(encoding.sequence_ids, encoding.word_ids, strict=True)
    found = [t for t, (s, w) in enumerate(where) if s == sequence and w is not None]
    found = [t for t in found if first <= encoding.word_ids[t] <= last]
    if not found:
        raise UserError(f"Words {first} to {last} are not among what is read.")
    return [found[0], found[-1]]


def read(minilm: MiniLM, text: str, question: str = "") -> Encoding:
    """Return a text encoded for a head, alone or behind a question. Raises UserError
    for a blank text, for one of unknown characters alone, and for one that is cut."""
    known = set(minilm.tokenizer.encode(text).tokens[1:-1]) - {UNKNOWN}
    if not text.strip():
        raise UserError("The text is blank; a word is needed.")
    if not known:
        raise UserError(f"MiniLM knows no character of the text {text!r}.")
    encoding = minilm.tokenizer.encode(*([question, text] if question else [text]))
    if encoding.overflowing:
        raise UserError(
            f"The text is longer than the {LONGEST} tokens that are read here; cut it "
            "into windows."
        )
    return encoding


# ---------------------------------------------------------------- what it answers


def word_kinds(model: nn.Module, encodings: Sequence[Encoding]) -> list[int]:
    """Return what a token head says of every word, text after text, read at the word's
    first piece."""
    found = []
    for encoding, logits_tk in zip(encodings, outputs(model, encodings), strict=True):
        words, said = encoding.word_ids, logits_tk.argmax(dim=1).tolist()
        first = [t for t, w in enumerate(words) if w is not None and w != words[t - 1]]
        found += [said[t] for t in first]
    return found


def largest_gap(
    one: nn.Module, other: nn.Module, encodings: Sequence[Encoding]
) -> float:
    """Return the largest difference between the outputs of two models."""
    gaps = [0.0]
    for pair in zip(outputs(one, encodings), outputs(other, encodings), strict=True):
        mine, theirs = (torch.stack(p) if isinstance(p, tuple) else p for p in pair)
        gaps.append((mine - theirs).abs().max().item())
    return max(gaps)


def at_sentence(encoding: Encoding, values_t: Tensor) -> Tensor:
    """Return the values at the tokens of a pair's second text."""
    return values_t[[t for t, s in enumerate(encoding.sequence_ids) if s == 1]]


def spread_labels(labels_w: list, word_of_t: list) -> list:
    """Return a label for each token: its word's at the first piece, else -100.

    `labels_w`: a label for each word; `word_of_t`: which word each token belongs to,
    None for none.
    """
    spread, before = [], None
    for word in word_of_t:
        new = word is not None and word != before
        spread.append(labels_w[word] if new else -100)
        before = word
    return spread


def best_span(start_t: Tensor, end_t: Tensor, longest: int) -> tuple:
    """Return (first, last), both included, of the span of at most `longest` tokens with
    the largest sum of logits start_t[first] + end_t[last], each (T,)."""
    scores_tt = start_t[:, None] + end_t
    allowed_tt = torch.ones_like(scores_tt).triu(0).tril(longest - 1).bool()
    scores_tt = scores_tt.masked_fill(~allowed_tt, float("-inf"))
    return divmod(scores_tt.argmax().item(), len(end_t))
