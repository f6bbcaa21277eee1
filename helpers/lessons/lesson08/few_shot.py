"""Examples in the prompt: with true, flipped and shuffled labels, and in two orders.

    python -m helpers.lessons.lesson08.few_shot

asks the model about 24 reviews after ten draws of eight examples, and stores what comes
out (two minutes of one quiet core).
"""

from __future__ import annotations

import random
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.core.tables import Table
from helpers.data import measured
from helpers.lessons.lesson08.reviews import (
    JUDGED,
    LABELS,
    SHOWN,
    answered,
    question,
)
from helpers.plots.theme import BASELINE, dot_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = measured.FOLDER / "few_shot.json"
COMMAND = "python -m helpers.lessons.lesson08.few_shot"
WAYS = ("true", "flipped", "shuffled", "positives first", "positives last")
DRAWS, EACH = 10, 4
KINDS = (
    "right",
    "ranked",
    "said positive",
    "right, border of N/A",
    "right, border in the middle",
    "last is positive",
)
REVIEWS = [text for text, _ in JUDGED]
TRUTH = torch.tensor([label for _, label in JUDGED])


def examples(seed: int) -> list[tuple[str, int]]:
    """Return eight reviews with their labels, four of each kind, in a random order."""
    draw = random.Random(seed)
    kinds = [[row for row in SHOWN if row[1] == label] for label in (0, 1)]
    rows = [row for kind in kinds for row in draw.sample(kind, EACH)]
    return draw.sample(rows, len(rows))


def orders(seed: int) -> dict[str, list[tuple[str, int]]]:
    """Return way -> the same eight reviews, with labels and in an order of its own."""
    true = examples(seed)
    labels = random.Random(seed).sample([label for _, label in true], len(true))
    mixed = [(text, new) for (text, _), new in zip(true, labels, strict=True)]
    rising = sorted(true, key=lambda row: row[1])
    flipped = [(text, 1 - label) for text, label in true]
    return dict(zip(WAYS, (true, flipped, mixed, rising[::-1], rising), strict=True))


@torch.no_grad()
def margins(smollm: SmolLM, shown: list, texts: list[str]) -> Tensor:
    """Return ln of " positive" over " negative" after each text, (B,), with the
    examples `shown` before it. They are read once: all texts share their `past`."""
    past = None
    if shown:
        prompt_t = smollm.encode("".join(answered(*row) for row in shown))
        past = smollm.model(prompt_t[None])[1]
        past = [tuple(x.expand(len(texts), -1, -1, -1) for x in kv) for kv in past]
    rows = [smollm.encode(question(text)) for text in texts]
    ends_b = torch.tensor([len(row) - 1 for row in rows])

    def keep_ends(_norm, inputs):  # no other position's logits are needed
        return inputs[0][torch.arange(len(rows)), ends_b][:, None]

    with smollm.model.norm.register_forward_pre_hook(keep_ends):
        logits_btv, _ = smollm.model(pad_sequence(rows, batch_first=True), past)
    negative, positive = (int(smollm.encode(label)[0]) for label in LABELS)
    return logits_btv[:, 0, positive] - logits_btv[:, 0, negative]


def right(margins_b: Tensor, border: float = 0.0) -> float:
    """Return the share of the judged reviews whose margin is on their own side of a
    border."""
    return ((margins_b > border).long() == TRUTH).double().mean().item()


def ranked(margins_b: Tensor) -> float:
    """Return the share of pairs, one positive and one negative, in which the positive
    review has the larger margin; a tie is half: the area under the ROC curve."""
    more = margins_b[TRUTH == 1][:, None] - margins_b[TRUTH == 0]
    return ((more > 0).double() + (more == 0).double() / 2).mean().item()


def ask(smollm: SmolLM, shown: list) -> dict[str, float]:
    """Return what KINDS names, for the judged reviews after some examples.

    Two other borders than 0: the margin of a review without content, "N/A" (Zhao et al.
    2021, arXiv:2102.09690), and the one between the two halves of the margins.
    """
    all_b = margins(smollm, shown, [*REVIEWS, "N/A"])
    given_b, border = all_b[:-1], all_b[-1].item()
    middle = given_b.sort().values[len(given_b) // 2 - 1].item()
    said, last = (given_b > 0).double().mean().item(), shown[-1][1] if shown else 0
    borders = right(given_b, border), right(given_b, middle)
    values = right(given_b), ranked(given_b), said, *borders, last
    return dict(zip(KINDS, values, strict=True))


def measure(smollm: SmolLM, seeds: range) -> dict:
    """Return "way: kind" -> number of examples -> values, one per draw."""
    table = {f"no examples: {kind}": {0: [v]} for kind, v in ask(smollm, []).items()}
    for seed in seeds:
        for way, shown in orders(seed).items():
            for kind, value in ask(smollm, shown).items():
                rows = table.setdefault(f"{way}: {kind}", {len(shown): []})
                rows[len(shown)].append(value)
    return table


def stored() -> dict[str, dict[str, list[float]]]:
    """Return way -> kind -> the stored values, one per draw. UserError where the table
    is missing or damaged."""
    ways = ("no examples", *WAYS)
    names = {way: [f"{way}: {kind}" for kind in KINDS] for way in ways}
    table = measured.load(FILE, COMMAND, tuple(chain(*names.values())))
    values = {name: next(iter(row.values())) for name, row in table.items()}
    return {
        way: dict(zip(KINDS, (values[name] for name in names[way]), strict=True))
        for way in ways
    }


def means(table: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Return way -> kind -> the mean over the draws of a stored table."""
    return {
        way: {kind: sum(values) / len(values) for kind, values in kinds.items()}
        for way, kinds in table.items()
    }


def summary(table: dict[str, dict[str, list[float]]]) -> Table:
    """Return the means over the draws of a stored table, and the worst and best draw's
    share of right answers."""
    rows = []
    for way, mean in means(table).items():
        each = table[way]["right"]
        spread = f"{min(each):.2f} to {max(each):.2f}"
        row = mean["right"], spread, mean["said positive"], mean["ranked"]
        rows.append((way, *row, *(mean[kind] for kind in KINDS[3:5])))
    borders = "right, border of N/A", "in the middle"
    heads = "right", "worst to best", "says positive", "ranked", *borders
    return Table(["8 examples", *heads], rows)


def like_the_last(table: dict[str, dict[str, list[float]]]) -> list[float]:
    """Return the share of answers that equal the last example's label, one for each
    draw and each of the first three ways, whose order is random."""
    shares = []
    for way in WAYS[:3]:
        said, last = table[way]["said positive"], table[way]["last is positive"]
        pairs = zip(said, last, strict=True)
        shares += [said if last else 1 - said for said, last in pairs]
    return shares


def ways_figure(table: dict[str, dict[str, list[float]]]) -> Figure:
    """Return a row of dots for each way of a stored table, one a draw: right answers,
    and pairs ranked rightly."""
    names = {"right": "answers right", "ranked": "pairs ranked rightly"}
    rows = {
        way: {names[kind]: kinds[kind] for kind in names}
        for way, kinds in table.items()
    }
    title = "The border moves, the ranking stays"
    ax = dot_rows(rows, title, "share (chance: 0.5)", size=(6.0, 3.6))
    ax.axvline(0.5, color=BASELINE, ls=":", lw=1.2)
    ax.set(xlim=(0.4, 1.02))
    return ax.figure


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    measured.save(FILE, COMMAND, measure(open_smollm(), range(80_000, 80_000 + DRAWS)))
