"""Questions with exact answers, and how they are asked and judged."""

import random

import pytest
import torch

from helpers.checkpoints.smollm import SmolLM
from helpers.lessons.lesson08 import mistakes
from helpers.models.llama.blocks import Llama, Sizes


class Encoded:
    def __init__(self, ids):
        self.ids = ids


class Signs:
    """A tokenizer whose tokens are the characters of ASCII."""

    def encode(self, text):
        return Encoded([ord(sign) % 128 for sign in text])

    def decode(self, ids, skip_special_tokens):
        return "".join(map(chr, ids))


@pytest.fixture(scope="module")
def smollm():
    torch.manual_seed(0)
    sizes = Sizes(128, 12, 2, 3, 1, 16)
    return SmolLM(Signs(), Llama(sizes).eval().requires_grad_(False), {}, real=False)


def test_answers_are_true():
    for seed in range(50):
        rng = random.Random(seed)
        for task in ("add: digits", "multiply: digits"):
            asked, answer = mistakes.question(task, 2, rng)
            assert eval(asked.removesuffix("=")) == int(answer)
            assert all(10 <= int(n) <= 99 for n in asked.split()[:3:2])
        asked, answer = mistakes.question("letter after: places", 3, rng)
        assert ord(answer) - ord(asked.split()[5]) == 3
        asked, answer = mistakes.question("spell backwards: letters", 5, rng)
        assert asked.split()[2] == answer[::-1] and len(answer) == 5
        asked, answer = mistakes.question("count a letter: letters", 7, rng)
        assert asked.split()[-1].rstrip("?").count(asked.split()[5]) == int(answer)


def test_no_question_is_among_its_examples():
    for task, levels in mistakes.TASKS.items():
        for level in levels:
            examples, asked = mistakes.questions(task, level, 1)
            assert len(examples) == 5 and len(asked) == 10, (task, level)
            assert not {q for q, _ in examples} & {q for q, _ in asked}
            assert mistakes.questions(task, level, 1)[1] == asked
            assert mistakes.questions(task, level, 2)[1] != asked


def test_what_is_read():
    examples, asked = [("1 + 1 =", "2")], [("2 + 3 =", "5")]
    assert mistakes.prompts(examples, asked, "examples") == ("1 + 1 = 2\n", ["2 + 3 ="])
    before, (chat,) = mistakes.prompts(examples, asked, "chat")
    assert before.startswith("<|im_start|>user\n") and "1 + 1" not in before
    assert chat == "2 + 3 =<|im_end|>\n<|im_start|>assistant\n"


def test_texts_read_together_are_answered_as_alone(smollm):
    texts = ["abc", "hello", "xyz"]
    together = mistakes.answers(smollm, "So:", texts, 4)
    alone = [mistakes.answers(smollm, "So:", [text], 4)[0] for text in texts]
    assert together == alone and all(len(said) == 4 for said in together)
    ids = smollm.encode("So:hello")
    best = smollm.model(ids[None])[0][0, -1].argmax().item()
    assert ord(together[1][0]) == best


def test_an_answer_is_exact():
    assert mistakes.is_right(" 12\n3 + 4", "12", "examples")
    assert not mistakes.is_right(" 112\n", "12", "examples")
    assert not mistakes.is_right("It is 12.", "12", "examples")
    assert mistakes.is_right("It is 12.", "12", "chat")
    assert not mistakes.is_right("", "12", "chat")


def test_the_control_and_a_model_that_knows(smollm, monkeypatch):
    asked = [("a", "1"), ("b", "1"), ("c", "2"), ("d", "3")]
    assert mistakes.most_frequent("multiply: digits", 1) in ("6", "8", "12", "18", "24")
    monkeypatch.setattr(mistakes, "most_frequent", lambda *case: "1")
    monkeypatch.setattr(mistakes, "questions", lambda *case: ([], asked))
    right = mistakes.right(smollm, "add: digits", 1, mistakes.WAYS[2], 0)
    assert right == 0.5
    monkeypatch.setattr(mistakes, "answers", lambda *case: ["1", "1", "2", "4"])
    assert mistakes.right(smollm, "add: digits", 1, "examples", 0) == 0.75


def test_the_stored_table_is_whole():
    stored = mistakes.stored()
    assert len(stored) == len(mistakes.TASKS) * 3
    for name, rows in stored.items():
        assert tuple(rows) == mistakes.TASKS[name.rpartition(",")[0]]
        assert {len(row) for row in rows.values()} == {mistakes.DRAWS}


def test_a_row_for_each_level():
    table = {
        f"{task}, {way}": {level: [i / 4, i / 2] for level in levels}
        for task, levels in mistakes.TASKS.items()
        for i, way in enumerate(mistakes.WAYS)
    }
    rows = mistakes.by_level(table).rows
    assert rows[1] == ["add: digits 2", 0, 37.5, 75] and len(rows) == 13
