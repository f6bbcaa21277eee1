"""The units in which an LSTM of the agreement grammar keeps the noun's number."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers import gates
from helpers.grammar import FILLER, VERB, Sentences, is_plural, openings
from helpers.probing import threshold_accuracy

FAR = 8  # adverbs: a unit that still knows the number then has kept it


@dataclass(frozen=True)
class MemoryUnits:
    """Some units of an LSTM, the one that keeps best first, and what was measured."""

    numbers: list[int]
    right: list[float]  # share of far verbs whose number the cell tells, 0 to 1
    kept: list[float]  # mean forget gate on fillers, 0 to 1
    steps: list[float]  # mean cell before plural verbs minus that before singular ones
    trace: gates.Trace


def memory_units(model: nn.Module, sample: Sentences, n: int = 3) -> MemoryUnits:
    """Return the `n` units that keep the number, fewer where there are not so many:
    those whose cell tells it before far verbs, within 0.01 of the best, in the order
    of their mean forget gate on fillers."""
    trace, verbs = gates.read(model, sample.ids), sample.verb_places()
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
    """Return how many of 1,000 sentences, 0 to 1, get a verb of the wrong number when
    the cells of the first `n` units are moved, in mid-sentence, to where they stand for
    the other number."""
    ids_bt = openings(1_000, gap, seed)
    plural = is_plural(ids_bt[:, 1])
    _, (h, c) = model(ids_bt[:, : 2 + gap // 2])
    for unit, step in zip(units.numbers[:n], units.steps[:n], strict=True):
        c[..., unit] += torch.where(plural, -step, step)
    chances = model(ids_bt[:, 2 + gap // 2 :], (h, c))[0][:, -1, VERB:].softmax(dim=1)
    return ((chances[:, 4:].sum(dim=1) > 0.5) != plural).float().mean().item()
