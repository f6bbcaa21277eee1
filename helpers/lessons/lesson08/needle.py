"""A password in a long text: at its start, in its middle, at its end, and nowhere.

    python -m helpers.lessons.lesson08.needle

asks for five passwords in three lengths of text, and stores what they cost (two minutes
of one quiet core).
"""

import random
from itertools import chain

import torch
from torch import Tensor

from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.core.tables import Table
from helpers.data import measured
from helpers.lessons.lesson08.texts import TEXTS

FILE = measured.FOLDER / "needle.json"
COMMAND = "python -m helpers.lessons.lesson08.needle"
PLACES = {"start": 0.0, "middle": 0.5, "end": 1.0}
LENGTHS = 128, 512, 1024
PASSWORDS = "otter-62", "marble-17", "lantern-83", "plum-45", "harbour-29"
ABSENT = "nowhere"


def hidden(smollm: SmolLM, password: str, part: float | None, n: int, seed: int):
    """Return n tokens of the texts in a random order, in them a sentence with the
    password after a part 0..1 of them (None: nowhere), and a question behind: (T,)."""
    texts = random.Random(seed).sample(list(TEXTS.values()), len(TEXTS))
    filler_n = smollm.encode("\n".join(texts))[:n]
    sentence_t = smollm.encode(f"\nThe password is {password}.\n")
    at = n if part is None else round(part * n)
    told = [] if part is None else [sentence_t]
    question_t = smollm.encode("\n\nQuestion: What is the password?\nThe password is")
    return torch.cat([filler_n[:at], *told, filler_n[at:], question_t])


def cost(smollm: SmolLM, prompt_t: Tensor, password: str) -> float:
    """Return the nats per token that the password costs behind a prompt."""
    answer_t = smollm.encode(f" {password}")
    nats_t = smollm.nats(torch.cat([prompt_t, answer_t]))
    return nats_t[-len(answer_t) :].mean().item()


def measure(smollm: SmolLM, lengths=LENGTHS, passwords=PASSWORDS) -> dict:
    """Return place -> length -> nats per token, one per password."""
    table: dict[str, dict[int, list[float]]] = {}
    for place, part in (PLACES | {ABSENT: None}).items():
        for n in lengths if part is not None else lengths[:1]:
            costs = [
                cost(smollm, hidden(smollm, word, part, n, seed), word)
                for seed, word in enumerate(passwords)
            ]
            table.setdefault(place, {})[n] = costs
    return table


def stored() -> dict[str, dict[int, list[float]]]:
    """Return the stored table. UserError where it is missing or damaged."""
    return measured.load(FILE, COMMAND, (*PLACES, ABSENT))


def middle_extra(table: dict[str, dict[int, list[float]]]) -> list[float]:
    """Return what the middle costs beyond the mean of start and end (nats per token),
    for each length and password."""
    start, middle, end = (chain(*table[place].values()) for place in PLACES)
    rows = zip(start, middle, end, strict=True)
    return [m - (s + e) / 2 for s, m, e in rows]


def summary(table: dict[str, dict[int, list[float]]]) -> Table:
    """Return the means over the passwords, a row for each place."""
    lengths = list(table["start"])

    def shown(row: dict[int, list[float]], n: int):
        return sum(row[n]) / len(row[n]) if n in row else ""

    rows = [(place, *(shown(row, n) for n in lengths)) for place, row in table.items()]
    return Table(["the password stands", *(f"{n:,} tokens" for n in lengths)], rows)


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    measured.save(FILE, COMMAND, measure(open_smollm()))
