"""What a small language model gets wrong, on questions with exact answers.

    python -m helpers.lessons.lesson08.mistakes

asks SmolLM2 with examples before the question and through its chat template, five draws
of each, and stores the table (five minutes of one core).
"""

import random
import string
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.core.run import progress_bar
from helpers.core.tables import Table
from helpers.data import measured

FILE = measured.FOLDER / "mistakes.json"
COMMAND = "python -m helpers.lessons.lesson08.mistakes"
WORDS = {  # by number of letters; all common
    3: "cat sun map ice egg owl jar hat pen fox bus key toy leg arm cup",
    5: "house river bread table stone train light plant music horse chair "
    "paper apple ocean smile grass sugar tiger",
    7: "morning kitchen picture journey blanket village weather library chicken "
    "country husband teacher brother station holiday monster",
}
TASKS = {  # task -> its levels of difficulty, the easiest first
    "add: digits": (1, 2, 3, 4),
    "multiply: digits": (1, 2),
    "letter after: places": (1, 3),
    "spell backwards: letters": (3, 5, 7),
    "count a letter: letters": (3, 7),
}
WAYS = ("examples", "chat", "most frequent answer")
TOKENS = {"examples": 8, "chat": 12}  # of an answer
SHOTS, ASKED, DRAWS, SEED = 5, 10, 5, 82_000


def question(task: str, level: int, rng: random.Random) -> tuple[str, str]:
    """Return a question of a task and its answer."""
    if task in ("add: digits", "multiply: digits"):
        low = 10 ** (level - 1) if level > 1 else 1
        a, b = (rng.randrange(low, 10**level) for _ in range(2))
        if task == "add: digits":
            return f"{a} + {b} =", str(a + b)
        return f"{a} * {b} =", str(a * b)
    if task == "letter after: places":
        letters = string.ascii_uppercase
        i = rng.randrange(26 - level)
        after = {1: "right after", 3: "three places after"}[level]
        return f"The letter {after} {letters[i]} in the alphabet is", letters[i + level]
    word = rng.choice(WORDS[level].split())
    if task == "spell backwards: letters":
        return f"The word {word} backwards is", word[::-1]
    letter = rng.choice(sorted(set(word) | set("eao")))
    times = word.count(letter)
    return f"How often is the letter {letter} in the word {word}?", str(times)


def questions(task: str, level: int, seed: int) -> tuple[list, list]:
    """Return SHOTS examples and ASKED other questions, each (question, answer); none
    stands in both."""
    rng, found = random.Random(f"{task} {level} {seed}"), {}
    for _ in range(1000):
        asked, answer = question(task, level, rng)
        found.setdefault(asked, answer)
        if len(found) == SHOTS + ASKED:
            break
    pairs = list(found.items())
    return pairs[:SHOTS], pairs[SHOTS:]


def prompts(examples: list, asked: list, way: str) -> tuple[str, list[str]]:
    """Return what the model reads before every question, and the questions: with
    examples, or as a chat."""
    if way == "chat":
        before = "<|im_start|>user\nAnswer with the result alone.\n"
        end = "<|im_end|>\n<|im_start|>assistant\n"
        return before, [question + end for question, _ in asked]
    before = "".join(f"{question} {answer}\n" for question, answer in examples)
    return before, [question for question, _ in asked]


@torch.no_grad()
def greedy(smollm: SmolLM, past: list, ids_bt: Tensor, n: int) -> list[str]:
    """Return the `n` tokens that the model finds most probable, one after the other,
    after the keys and values `past` of one text and each row of ids of one length."""
    past = [tuple(part.expand(len(ids_bt), -1, -1, -1) for part in kv) for kv in past]
    token_bt, said = ids_bt, []
    for _ in range(n):
        logits_btv, past = smollm.model(token_bt, past)
        token_bt = logits_btv[:, -1:].argmax(dim=-1)
        said.append(token_bt)
    return [smollm.decode(row_t) for row_t in torch.cat(said, dim=1)]


@torch.no_grad()
def answers(smollm: SmolLM, before: str, texts: Sequence[str], n: int) -> list[str]:
    """Return the `n` tokens that the model writes after `before` and each text. Texts
    of as many tokens are read together, and what stands before them once."""
    _, past = smollm.model(smollm.encode(before)[None])
    rows, found = [smollm.encode(text) for text in texts], [""] * len(texts)
    for length in sorted({len(row_t) for row_t in rows}):
        places = [i for i, row_t in enumerate(rows) if len(row_t) == length]
        ids_bt = torch.stack([rows[i] for i in places])
        for i, text in zip(places, greedy(smollm, past, ids_bt, n), strict=True):
            found[i] = text
    return found


def is_right(said: str, wanted: str, way: str) -> bool:
    """Return whether an answer is exact: its first word or number is the one wanted; in
    a chat, which may begin with a phrase, one of its words or numbers is."""
    words = "".join(sign if sign.isalnum() else " " for sign in said).split()
    return wanted in (words if way == "chat" else words[:1])


def most_frequent(task: str, level: int) -> str:
    """Return the answer that most of a thousand questions have."""
    rng = random.Random(f"most frequent {task} {level}")
    found = Counter(question(task, level, rng)[1] for _ in range(1000))
    return found.most_common(1)[0][0]


def right(smollm: SmolLM, task: str, level: int, way: str, seed: int) -> float:
    """Return the share of questions answered exactly, 0 to 1."""
    examples, asked = questions(task, level, seed)
    wanted = [answer for _, answer in asked]
    if way == WAYS[2]:  # the control
        return wanted.count(most_frequent(task, level)) / len(wanted)
    said = answers(smollm, *prompts(examples, asked, way), TOKENS[way])
    return sum(is_right(*pair, way) for pair in zip(said, wanted, strict=True)) / len(
        wanted
    )


def measure(smollm: SmolLM, seeds: Sequence[int]) -> dict[str, dict]:
    """Return "task: way" -> level -> shares right, one per draw."""
    every = [(task, way) for task in TASKS for way in WAYS]
    return {
        f"{task}, {way}": {
            level: [right(smollm, task, level, way, seed) for seed in seeds]
            for level in TASKS[task]
        }
        for task, way in progress_bar(every, label="asking")
    }


def stored() -> dict[str, dict]:
    """Return the stored table. UserError where it is missing or damaged."""
    ways = tuple(f"{task}, {way}" for task in TASKS for way in WAYS)
    return measured.load(FILE, COMMAND, ways)


def by_level(table: dict[str, dict]) -> Table:
    """Return the means of a table of `measure` over its draws, in percent: a row for
    each level of each task, a column for each way."""
    rows = []
    for task, levels in TASKS.items():
        for level in levels:
            draws = [table[f"{task}, {way}"][level] for way in WAYS]
            rows.append((f"{task} {level}", *(100 * sum(x) / len(x) for x in draws)))
    return Table(["right (%)", *WAYS], rows)


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    found = measure(open_smollm(), range(SEED, SEED + DRAWS))
    measured.save(FILE, COMMAND, found)
