"""Bits per character of SmolLM2, of counting and of lesson 03's LSTM, on four kinds of
text, and what becomes of them where words are exchanged.

    python -m helpers.lessons.lesson08.text_bits

trains the LSTM on Python's documentation and stores the table (three minutes of one
core). Every text is read after a newline, which is given; so all its characters count.
"""

import math
import random
from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.core.tables import Table
from helpers.data import measured
from helpers.data.text.corpus import Characters, Corpus, corpus
from helpers.data.text.dated_docs import AGES, RELEASES, texts_of_age
from helpers.data.text.famous import LICENCES, QUOTED, licence, zen_of_python
from helpers.lessons.lesson08.exchanged import exchange
from helpers.lessons.lesson08.texts import TEXTS
from helpers.models.language.ngram import KneserNey
from helpers.models.recurrent.lstm import LanguageModel, start_at_frequencies
from helpers.training.language import expected, learn
from helpers.training.untrained import recurrent

FILE = measured.FOLDER / "bits_per_character.json"
COMMAND = "python -m helpers.lessons.lesson08.text_bits"
GIVEN = "\n"  # what every text is read after
MODELS = ("8-gram", "LSTM", "LSTM, 4 times as long", "SmolLM2")
KINDS = ("held-out docs", "new texts", "old documentation", "new documentation")
ORDER, HIDDEN, STEPS, RATE = 8, 256, 240, 1.6e-2  # lesson 03's
LENGTH, EACH, SEED = 700, 8, 80_000
SEEDS = 3  # of each LSTM; a text's bits are the mean
DRAWS, CUT = 5, 320  # of the exchange; characters of a text


def bits_per_character(nats_t: Tensor, text: str, first: str) -> float:
    """Return the bits per character of a text (str): the nats of its tokens but the
    first, and that first token, whose characters do not count."""
    return nats_t.sum().item() / math.log(2) / (len(text) - len(first))


def smollm_bits(smollm: SmolLM, text: str) -> float:
    """Return SmolLM2's bits per character of a text after a newline."""
    ids_t = smollm.encode(GIVEN + text)
    first = smollm.decode(ids_t[:1])
    return bits_per_character(smollm.nats(ids_t), GIVEN + text, first)


def counted_bits(model: KneserNey, characters: Characters, text: str) -> float:
    """Return an n-gram model's bits per character of a text after a newline; all
    characters that it does not know are one to it."""
    ids_t = characters.encode(GIVEN + text, unknown_ok=True)
    return -model.probabilities(ids_t[None])[0, 1:].log2().mean().item()


def counting(text: Corpus) -> Callable[[str], float]:
    """Return an 8-gram model of what there is to learn from in a corpus, as a function
    from texts to bits per character."""
    characters = Characters(text.train)
    model = KneserNey(characters.encode(text.train), ORDER, len(characters))
    return lambda drawn: counted_bits(model, characters, drawn)


def lstm_bits(model: nn.Module, characters: Characters, text: str) -> float:
    """Return a character model's bits per character of a text after a newline."""
    ids_t = characters.encode(GIVEN + text, unknown_ok=True)
    chances_tv = expected(model, ids_t[:-1])
    own_t = chances_tv.gather(1, ids_t[1:, None])
    return -own_t.log2().mean().item()


def trained_lstm(ids_t: Tensor, symbols: int, steps: int, seed: int) -> nn.Module:
    """Return lesson 03's LSTM, trained on a text as there."""
    torch.manual_seed(seed)
    model = LanguageModel(symbols, recurrent("LSTM 1", 32, HIDDEN))
    learn(start_at_frequencies(model, ids_t), ids_t, steps, RATE, seed)
    return model


def drawn_texts(text: str, n: int, length: int, seed: int) -> list[str]:
    """Return `n` draws from a text, each of whole lines until they are at least
    `length` characters; of a text of few lines, stretches of that length."""
    rng, lines, drawn = random.Random(seed), text.split("\n"), []
    if len(lines) < n * 10:  # one long line, or nearly
        starts = [rng.randrange(max(1, len(text) - length)) for _ in range(n)]
        return [text[start : start + length] for start in starts]
    rng.shuffle(lines)
    for _ in range(n):
        part = []
        while lines and sum(map(len, part)) < length:
            part.append(lines.pop())
        drawn.append("\n".join(part))
    return drawn


def test_texts(docs: Corpus) -> dict[str, list[str]]:
    """Return kind -> texts, of each of KINDS."""
    kinds = [drawn_texts(docs.test, EACH, LENGTH, SEED), list(TEXTS.values())]
    for age in AGES:
        parts = [texts_of_age(name, age, LENGTH, EACH // 2) for name in RELEASES]
        kinds.append([text for part in parts for text in part])
    return dict(zip(KINDS, kinds, strict=True))


def measure_models(smollm: SmolLM, steps: int = STEPS) -> dict[str, dict]:
    """Return "model: kind" -> {0: bits per character, one per text}."""
    docs = corpus()
    characters = Characters(docs.train)
    ids_t, V = characters.encode(docs.train), len(characters)
    shorts, longs = (
        [trained_lstm(ids_t, V, n * steps, SEED + k) for k in range(SEEDS)]
        for n in (1, 4)
    )
    scores = (
        counting(docs),
        lambda text: mean(lstm_bits(model, characters, text) for model in shorts),
        lambda text: mean(lstm_bits(model, characters, text) for model in longs),
        lambda text: smollm_bits(smollm, text),
    )
    return {
        f"{model}: {kind}": {0: [score(text) for text in texts]}
        for kind, texts in test_texts(docs).items()
        for model, score in zip(MODELS, scores, strict=True)
    }


# ---------------------------------------------------------------- words exchanged


def famous_texts() -> dict[str, str]:
    """Return name -> a text that many have quoted, of at most CUT characters."""
    zen = zen_of_python().partition("\n\n")[2]
    found = QUOTED | {"Zen of Python": zen[:CUT]}
    return found | {name: licence(name, CUT) for name in LICENCES if licence(name)}


def own_texts() -> dict[str, str]:
    """Return the beginnings of this lesson's own texts, of CUT characters."""
    return {name: text[:CUT] for name, text in TEXTS.items()}


def exchanged(smollm: SmolLM, text: str, seeds) -> list[str]:
    """Return the text with words exchanged, once for each seed: see `exchange`."""
    pool = [*famous_texts().values(), *TEXTS.values()]

    def tokens(word: str) -> int:
        return len(smollm.encode(f" {word}"))

    return [exchange(text, pool, tokens, seed) for seed in seeds]


def measure_exchange(smollm: SmolLM) -> dict[str, dict]:
    """Return "famous: name" and "own: name" -> {0: [bits per character as it is], 1:
    those with words exchanged, one per draw}."""
    table, seeds = {}, range(SEED, SEED + DRAWS)
    for side, texts in (("famous", famous_texts()), ("own", own_texts())):
        for name, text in texts.items():
            others = exchanged(smollm, text, seeds)
            after = [smollm_bits(smollm, other) for other in others]
            table[f"{side}: {name}"] = {0: [smollm_bits(smollm, text)], 1: after}
    return table


def stored() -> dict[str, dict]:
    """Return the stored table. UserError where it is missing or damaged."""
    ways = [f"{model}: {kind}" for model in MODELS for kind in KINDS]
    ways += [f"famous: {name}" for name in (*QUOTED, "Zen of Python", *LICENCES)]
    ways += [f"own: {name}" for name in TEXTS]
    return measured.load(FILE, COMMAND, tuple(ways))


def mean(values) -> float:
    """Return the mean of some numbers."""
    values = list(values)
    return sum(values) / len(values)


def by_kind(table: dict[str, dict]) -> Table:
    """Return the means of a table of `measure_models` over its texts, a row for each
    kind of text, a column for each model."""
    rows = []
    for kind in KINDS:
        each = [table[f"{model}: {kind}"][0] for model in MODELS]
        rows.append((f"{kind} ({len(each[0])})", *map(mean, each)))
    return Table(["bits per character (texts)", *MODELS], rows)


def new_less_old(table: dict[str, dict]) -> dict[str, float]:
    """Return model -> what new documentation costs it more than old: bits per
    character, means over the texts of a table of `measure_models`."""
    old, new = (
        [mean(table[f"{model}: {kind}"][0]) for model in MODELS] for kind in KINDS[2:]
    )
    return {m: b - a for m, a, b in zip(MODELS, old, new, strict=True)}


def losses(table: dict[str, dict], side: str) -> dict[str, float]:
    """Return what the exchange costs each text of a side, "famous" or "own": bits per
    character, the mean of its draws."""
    rows = {k.partition(": ")[2]: v for k, v in table.items() if k.startswith(side)}
    return {name: mean(row[1]) - row[0][0] for name, row in rows.items()}


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    the_model = open_smollm()
    found = measure_models(the_model) | measure_exchange(the_model)
    measured.save(FILE, COMMAND, found)
