"""Language-model training and evaluation: windows, bits per symbol, generation."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.core.errors import UserError
from helpers.data.text.corpus import Characters
from helpers.models.language.ngram import KneserNey
from helpers.models.language.sampling import generate
from helpers.models.recurrent.lstm import CarriedLoss
from helpers.training.fit import History, device_of, evaluation_mode, fit


def stream(
    ids_t: Tensor, lanes: int, window: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Return an endless iterator of (inputs, targets), each (lanes, window).

    The text is cut into `lanes` equal parts, read side by side: each batch goes on
    where the last one ended, so a state can be carried. The targets are the inputs'
    next symbols. Every epoch begins at a random offset below `window`. Raises
    UserError, at once, where the text is too short.
    """
    long = len(ids_t) // max(lanes, 1)
    if lanes < 1 or window < 1 or long < 2 * window + 1:
        raise UserError(
            f"{len(ids_t)} symbols do not fill {lanes} lanes of two windows of {window}"
            " symbols; use a longer text, or fewer or shorter windows."
        )
    rows = ids_t[: lanes * long].view(lanes, long)
    return windows_of(rows, window, torch.Generator().manual_seed(seed))


def windows_of(rows_bt: Tensor, window: int, generator) -> Iterator[tuple]:
    """Yield windows for ever: see `stream`, which checks what it is given."""
    while True:
        start = torch.randint(window, (1,), generator=generator).item()
        for t in range(start, rows_bt.shape[1] - window, window):
            yield rows_bt[:, t : t + window], rows_bt[:, t + 1 : t + window + 1]


def random_windows(
    ids_t: Tensor, batch_size: int, window: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Return an endless iterator of (inputs, targets), each (batch_size, window): each
    row begins at a place of its own, drawn uniformly, and the targets are the inputs'
    next symbols. Raises UserError, at once, where the text is too short."""
    if batch_size < 1 or window < 1 or len(ids_t) < window + 1:
        raise UserError(
            f"{len(ids_t)} symbols do not hold {batch_size} windows of {window} and "
            "the symbol after it; use a longer text or a shorter window."
        )
    return drawn_windows(
        ids_t.unfold(0, window + 1, 1), batch_size, torch.Generator().manual_seed(seed)
    )


def drawn_windows(rows_nt: Tensor, batch_size: int, generator) -> Iterator[tuple]:
    """Yield windows for ever: see `random_windows`, which checks what it is given."""
    while True:
        chosen = torch.randint(len(rows_nt), (batch_size,), generator=generator)
        rows_bt = rows_nt[chosen]
        yield rows_bt[:, :-1], rows_bt[:, 1:]


def learn(
    model: nn.Module,
    ids_t: Tensor,
    steps: int,
    lr: float,
    seed: int,
    lanes: int = 32,
    window: int = 64,
    restart: float = 0.2,
    **options,
) -> History:
    """Train a language model in place on a text (T,), see `stream`, the state carried
    from window to window, see CarriedLoss; return its History.

    `options` as in `fit`; unless given, warm_up is 0.05 and clip 1.
    """
    options = {"warm_up": 0.05, "clip": 1.0, **options}
    windows = stream(ids_t, lanes, window, seed)
    return fit(model, windows, steps, lr=lr, loss=CarriedLoss(restart, seed), **options)


def nats(logits_btv: Tensor, targets_bt: Tensor) -> Tensor:
    """Return -ln of the probability that the logits give each target: (B, T)."""
    return F.cross_entropy(logits_btv.mT, targets_bt, reduction="none")


@torch.no_grad()
def window_nats(model: nn.Module, ids_t: Tensor, window: int = 64) -> Tensor:
    """Return the mean loss by place in the window, (window,), in nats per symbol.

    The text is cut into windows, and the model starts each without any state; so
    entry k is the loss with exactly k + 1 symbols of the past to go by.
    """
    rows = cut(ids_t, window)
    device = device_of(model)
    with evaluation_mode(model):
        losses = [
            nats(model(part[:, :-1])[0], part[:, 1:]).sum(dim=0).cpu()
            for part in rows.to(device).split(256)
        ]
    return torch.stack(losses).sum(dim=0) / len(rows)


@torch.no_grad()
def expected(model: nn.Module, ids_t: Tensor) -> Tensor:
    """Return the probabilities of every symbol after each one of a text, read from no
    state: (T, V), on the CPU."""
    with evaluation_mode(model):
        logits_btv, _ = model(ids_t[None].to(device_of(model)))
    return logits_btv[0].softmax(dim=-1).cpu()


@torch.no_grad()
def context_bits(
    model: nn.Module, ids_t: Tensor, reach: Sequence[int], places: int = 2000
) -> list[float]:
    """Return the mean loss (bits) at about `places` evenly spread symbols, the model
    starting without any state just k symbols before each: one entry per k in reach."""
    rows = spread_rows(ids_t, max(reach), places)
    device, losses = device_of(model), []
    with evaluation_mode(model):
        for k in reach:
            parts = rows[:, -k - 1 :].to(device).split(250)
            last = [nats(model(p[:, :-1])[0][:, -1:], p[:, -1:]) for p in parts]
            losses.append(bits(torch.cat(last).mean().item()))
    return losses


def spread_rows(ids_t: Tensor, longest: int, places: int) -> Tensor:
    """Return about `places` rows of longest + 1 symbols, spread over the text (T,)."""
    if len(ids_t) <= longest:
        raise UserError(f"{len(ids_t)} symbols are too few for rows of {longest + 1}.")
    apart = max(1, (len(ids_t) - longest) // places)
    return ids_t.unfold(0, longest + 1, apart)


def generated_text(
    model: nn.Module,
    characters: Characters,
    prompt: str,
    n: int,
    choose: Callable[[Tensor], Tensor],
    seed: int,
) -> str:
    """Return the prompt and `n` characters that the model writes after it, see
    `generate`. Raises UserError for a prompt of unknown characters or of none."""
    ids = characters.encode(prompt).to(device_of(model))
    generator = torch.Generator().manual_seed(seed)
    with evaluation_mode(model):
        drawn = generate(model, ids, n, choose, generator)
    return prompt + characters.decode(drawn)


def cut(ids_t: Tensor, window: int) -> Tensor:
    """Return the text as rows of `window` inputs and one target more, (N, window + 1);
    each row's last symbol is the next one's first. UserError for less than a row."""
    n = (len(ids_t) - 1) // max(window, 1)
    if window < 1 or n < 1:
        raise UserError(f"{len(ids_t)} symbols are too few for a window of {window}.")
    return ids_t.unfold(0, window + 1, window)[:n]


@torch.no_grad()
def stream_nats(model: nn.Module, ids_t: Tensor, lanes: int = 16) -> float:
    """Return the mean loss in nats per symbol, the state carried through the text.

    The text is read in `lanes` equal parts side by side, each from no state.
    """
    lanes = max(lanes, 1)
    rows = cut(ids_t, (len(ids_t) - 1) // lanes)[:lanes].to(device_of(model))
    total, state = 0.0, None
    with evaluation_mode(model):
        for part in rows.unfold(1, 2, 1).split(256, dim=1):
            logits, state = model(part[..., 0], state)
            total += nats(logits, part[..., 1]).sum().item()
    return total / (rows.shape[0] * (rows.shape[1] - 1))


def bits(nats: float) -> float:
    """Return nats as bits: 1 nat is 1 / ln 2 = 1.443 bits."""
    return nats / math.log(2)


def following(model: KneserNey, context_nt: Tensor) -> Tensor:
    """Return the probability of every symbol after each row of a context: (N, V)."""
    every, found = torch.arange(model.symbols)[:, None], []
    reach = max(len(model.levels) - 1, 1)  # what stands before makes no difference
    context_nt, place_n = context_nt[:, -reach:].unique(dim=0, return_inverse=True)
    for part in context_nt.split(1_000):  # all at once would take gigabytes
        rows = part.repeat_interleave(model.symbols, dim=0)
        rows = torch.cat([rows, every.repeat(len(part), 1)], dim=1)
        found.append(model.probabilities(rows)[:, -1].view(-1, model.symbols))
    return torch.cat(found)[place_n]


def counted_bits(model: KneserNey, ids_t: Tensor) -> float:
    """Return an n-gram model's bits per symbol on a text (T,)."""
    return -model.probabilities(ids_t[None]).log2().mean().item()


def counted_context_bits(
    models: dict[int, KneserNey], ids_t: Tensor, reach: Sequence[int]
) -> list[float]:
    """Return the bits per symbol at the places of `context_bits`, of the n-gram models
    by order: for each k in reach, the longest that needs no more than k symbols."""
    rows, found = spread_rows(ids_t, max(reach), 2000), []
    for k in reach:
        model = models[min(k + 1, max(models))]
        last = model.probabilities(rows[:, -k - 1 :])[:, -1]
        found.append(-last.log2().mean().item())
    return found


def window_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean cross-entropy (nats) of the next symbols at all places of all
    windows: a batch is inputs and targets, each (B, T)."""
    inputs_bt, targets_bt = batch
    return F.cross_entropy(model(inputs_bt)[0].flatten(0, 1), targets_bt.flatten())
