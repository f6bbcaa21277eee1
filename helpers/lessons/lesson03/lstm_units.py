"""LSTM gates, and the units that keep the noun's number in the agreement grammar."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from helpers.analysis.probing import threshold_accuracy
from helpers.data.tasks.grammar import FILLER, VERB, Sentences, is_plural, openings
from helpers.models.recurrent.lstm import layer_weights, lstm_gates, preactivation
from helpers.training.fit import device_of


@dataclass(frozen=True)
class GateTrace:
    """One unit per column, one step per row: every field is (T, H)."""

    input: Tensor
    forget: Tensor
    candidate: Tensor
    output: Tensor
    cell: Tensor
    hidden: Tensor


@torch.no_grad()
def trace_gates(model: nn.Module, ids_t: Tensor) -> GateTrace:
    """Return the gates, cells and outputs of a LanguageModel's first LSTM layer while
    it reads (T,) symbols from no state, on the CPU.

    Raises ValueError where the recurrent layer is no LSTM of one layer.
    """
    layer = model.recurrent
    weights = layer_weights(layer)
    if layer.num_layers != 1 or len(weights[0]) != 4 * layer.hidden_size:
        raise ValueError("the gates of an LSTM of one layer can be read")
    h_bh = c_bh = weights[0].new_zeros(1, layer.hidden_size)
    steps = []
    for x_be in model.embedding(ids_t.to(device_of(model)))[:, None]:
        i_bh, f_bh, g_bh, o_bh = lstm_gates(preactivation(x_be, h_bh, weights))
        c_bh = f_bh * c_bh + i_bh * g_bh
        h_bh = o_bh * c_bh.tanh()
        steps.append(torch.cat([i_bh, f_bh, g_bh, o_bh, c_bh, h_bh]))
    return GateTrace(*torch.stack(steps).cpu().unbind(dim=1))


def dead_units(model: nn.Module, ids_t: Tensor) -> int:
    """Return the number of dead units in the first layer: those whose tanh(cell),
    within -1..1, has a standard deviation below 0.1 over the text."""
    return (trace_gates(model, ids_t).cell.tanh().std(dim=0) < 0.1).sum().item()


def closed_at(model: nn.Module, ids_t: Tensor, symbol: int) -> float:
    """Return how much lower the mean forget gate is at a symbol than at the others of
    a text (T,): -1 to 1, NaN where the text has none of it, or nothing else."""
    forget_t = trace_gates(model, ids_t).forget.mean(dim=1)
    here = ids_t == symbol
    return (forget_t[~here].mean() - forget_t[here].mean()).item()


def part(trace: GateTrace, steps: Tensor) -> GateTrace:
    """Return the trace at some of its steps, given by their numbers (S,)."""
    return GateTrace(**{name: value[steps] for name, value in vars(trace).items()})


FAR = 8  # adverbs: a unit that still knows the number then has kept it


@dataclass(frozen=True)
class MemoryUnits:
    """Some units of an LSTM, the one that keeps best first, and what was measured."""

    numbers: list[int]
    right: list[float]  # share of far verbs whose number the cell tells, 0 to 1
    kept: list[float]  # mean forget gate on fillers, 0 to 1
    steps: list[float]  # mean cell before plural verbs minus that before singular ones
    trace: GateTrace


def memory_units(model: nn.Module, sample: Sentences, n: int = 3) -> MemoryUnits:
    """Return the `n` units that keep the number, fewer where there are not so many:
    those whose cell tells it before far verbs, within 0.01 of the best, in the order
    of their mean forget gate on fillers."""
    trace, verbs = trace_gates(model, sample.ids), sample.verb_places()
    verbs = verbs[sample.gaps[verbs] >= FAR]
    cells, plural = trace.cell[verbs - 1], is_plural(sample.ids[verbs])
    right = threshold_accuracy(cells, plural)
    fillers = (sample.ids >= FILLER) & (sample.ids < VERB)
    kept = trace.forget[fillers].mean(dim=0)
    steps = cells[plural].mean(dim=0) - cells[~plural].mean(dim=0)
    telling = (right >= right.max() - 0.01).nonzero()[:, 0]
    best = telling[kept[telling].argsort(descending=True)][:n]
    measured = (values[best].tolist() for values in (right, kept, steps))
    return MemoryUnits(best.tolist(), *measured, trace)


def other_units(units: MemoryUnits, times: int, seed: int) -> list[MemoryUnits]:
    """Return a control, drawn `times` times: the same steps for as many other units,
    each set drawn at random from all those that are not in `units`. What was measured
    of the units themselves, `right` and `kept`, is left out."""
    count = units.trace.cell.shape[1]
    rest = torch.tensor([n for n in range(count) if n not in units.numbers])
    generator, controls = torch.Generator().manual_seed(seed), []
    for _ in range(times):
        order = torch.randperm(len(rest), generator=generator)
        numbers = rest[order[: len(units.numbers)]].tolist()
        controls.append(replace(units, numbers=numbers, right=[], kept=[]))
    return controls


def turning_place(sample: Sentences, gap: int = 10) -> Tensor:
    """Return the places in the stream of a sentence of `gap` fillers, of the word
    before and the two after it, the next noun being of the other number. The first
    such; raises ValueError where there is none."""
    nouns = sample.noun_places()
    plural, gaps = is_plural(sample.ids[nouns]), sample.gaps[sample.verb_places()]
    turns = (gaps[:-1] == gap) & (plural[:-1] != plural[1:])
    if not turns.any():
        raise ValueError(f"no sentence of {gap} fillers before one of another number")
    noun = nouns[turns.nonzero()[0, 0]].item()
    return torch.arange(max(noun - 1, 0), noun + gap + 5)


@torch.no_grad()
def verbs_turned(
    model: nn.Module, units: MemoryUnits, n: int, seed: int, gap: int = 10
) -> float:
    """Return the share, 0 to 1, of 1,000 sentences that get a verb of the wrong number
    when the cells of the first `n` units are shifted, in mid-sentence, to the values of
    the other number: a causal intervention."""
    ids_bt = openings(1_000, gap, seed)
    plural = is_plural(ids_bt[:, 1])
    _, (h, c) = model(ids_bt[:, : 2 + gap // 2])
    for unit, step in zip(units.numbers[:n], units.steps[:n], strict=True):
        c[..., unit] += torch.where(plural, -step, step)
    chances = model(ids_bt[:, 2 + gap // 2 :], (h, c))[0][:, -1, VERB:].softmax(dim=1)
    return ((chances[:, 4:].sum(dim=1) > 0.5) != plural).float().mean().item()
