"""Always the mask, or BERT's 80/10/10? Two encoders meet text without a mask.

    python -m helpers.lessons.lesson07.why_80_10_10

trains both at ten seeds and stores what comes out (four minutes of one core).
"""

import math

import torch
from torch import Tensor

from helpers.core.tables import Table
from helpers.data import measured
from helpers.data.tasks import grammar
from helpers.lessons.lesson07.known_limit import (
    STOP,
    WINDOW,
    Encoder,
    hidden_words,
    learn,
    small,
)
from helpers.training.fit import evaluation_mode

FILE = measured.FOLDER / "why_80_10_10.json"
COMMAND = "python -m helpers.lessons.lesson07.why_80_10_10"
WAYS = ("untrained", "always the mask", "80/10/10")
LABELS = (16, 64, 256)
SEEDS, STEPS, TESTED = 10, 800, 1000


def trained(way: str, seed: int, steps: int = STEPS) -> Encoder:
    """Return an encoder that was trained in one of the three WAYS, on a text of the
    grammar from a seed."""
    model = small(Encoder, seed)
    if way != "untrained":
        text = grammar.sentences(20_000, seed, stop=STOP)
        learn(model, hidden_words(text.ids, seed, way == "always the mask"), steps)
    return model


@torch.no_grad()
def states(model: Encoder, ids_bt: Tensor) -> Tensor:
    """Return what the block makes of each token, after its last norm: (B, T, C)."""
    with evaluation_mode(model):
        return model.body(model.embedding(ids_bt))


@torch.no_grad()
def replaced_bits(model: Encoder, seed: int) -> float:
    """Return the bits that the original costs where another word stands in its place:
    in windows in which 15 % of the words were exchanged, and nothing masked."""
    text = grammar.sentences(4_000, seed, stop=STOP).ids
    rows_bt = text.unfold(0, WINDOW, WINDOW)
    generator = torch.Generator().manual_seed(seed)
    exchanged_bt = torch.rand(rows_bt.shape, generator=generator) < 0.15
    # A word's id and 1 to 32 more, modulo 33, is any of the other words.
    further_bt = torch.randint(1, grammar.END, rows_bt.shape, generator=generator)
    inputs_bt = torch.where(exchanged_bt, (rows_bt + further_bt) % grammar.END, rows_bt)
    with evaluation_mode(model):
        chances_btv = model(inputs_bt)[0].log_softmax(dim=-1)
    own_bt = chances_btv.gather(-1, rows_bt[..., None])[..., 0]
    return -own_bt[exchanged_bt].mean().item() / math.log(2)


def sentences_to_judge(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return n sentences (n, 8) of two adverbs, a period before and after, and two
    words of the next; and labels (n,): 1 where the verb has the noun's number. Half of
    the verbs were exchanged for those of the other number."""
    sample = grammar.sentences(n + 2, seed, gaps=(2,))
    first = sample.noun_places()[1:-1, None] - 1
    rows_bt = sample.ids[first + torch.arange(8)]
    generator = torch.Generator().manual_seed(seed)
    right_n = torch.rand(n, generator=generator) < 0.5
    verbs_n = rows_bt[:, 4] - grammar.VERB
    other_n = (verbs_n + 4) % 8 + grammar.VERB
    rows_bt[:, 4] = torch.where(right_n, rows_bt[:, 4], other_n)
    return rows_bt, right_n.long()


def judged_right(model: Encoder, labels: int, seed: int) -> float:
    """Return the share, 0 to 1, of 1,000 new sentences that a linear reader of the
    verb's frozen state judges right, fitted to as many labelled ones."""
    rows_bt, right_n = sentences_to_judge(labels + TESTED, seed)
    x_nc = states(model, rows_bt)[:, 4].double()
    spread, mean = torch.std_mean(x_nc[:labels], dim=0)
    x_nc = torch.cat([(x_nc - mean) / spread, torch.ones(len(x_nc), 1)], dim=1)
    wanted_n = 2.0 * right_n.double() - 1
    fitted = x_nc[:labels]  # ridge regression, of strength 1
    gram_cc = fitted.T @ fitted + torch.eye(fitted.shape[1])
    weight_c = torch.linalg.solve(gram_cc, fitted.T @ wanted_n[:labels])
    said_n = (x_nc[labels:] @ weight_c > 0).long()
    return (said_n == right_n[labels:]).double().mean().item()


def measure(seeds: range, steps: int = STEPS) -> dict:
    """Return way -> number of labels -> shares judged right, one per seed; and under
    "way: bits" the bits of exchanged words, under the key 0."""
    table = {way: {k: [] for k in LABELS} for way in WAYS}
    table |= {f"{way}: bits": {0: []} for way in WAYS}
    for seed in seeds:
        for way in WAYS:
            model = trained(way, seed, steps)
            table[f"{way}: bits"][0].append(replaced_bits(model, seed + 1))
            for k in LABELS:
                table[way][k].append(judged_right(model, k, seed + 2))
    return table


def stored() -> dict:
    """Return the stored table. UserError where it is missing or damaged."""
    ways = (*WAYS, *(f"{way}: bits" for way in WAYS))
    return measured.load(FILE, COMMAND, ways)


def means(table: dict) -> Table:
    """Return the means of a table of `measure` over its seeds, a row for each way."""
    rows = []
    for way in WAYS:
        each = [*table[way].values(), *table[f"{way}: bits"].values()]
        rows.append((way, *(sum(values) / len(values) for values in each)))
    heads = [f"{k} labels" for k in LABELS]
    return Table(["trained by", *heads, "bits, exchanged"], rows)


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    measured.save(FILE, COMMAND, measure(range(70_000, 70_000 + 10 * SEEDS, 10)))
