"""The judge sees an answer through files alone, and says what `check` says."""

import base64
import importlib
import os
import pickle

import pytest
import torch
from safetensors.torch import save

from helpers.page import recorder
from helpers.page.exercises import find, judge_answer, said
from tools.classroom.checks import Check, Stopped
from tools.classroom.judge import (
    LARGEST,
    LONGEST,
    code_for,
    handed_over,
    judge,
)
from tools.course import notebooks

NUMBERS = [path.stem[:2] for path in notebooks.lessons()]
SEED = 5


@pytest.fixture
def kernel(tmp_path):
    """Return a function that gives the `ask` of a kernel in which an answer is."""

    def kernel(answer, forge=lambda path: None):
        def ask(asked):
            kernel.asked.append(asked)
            path = tmp_path / "handed over"
            code = code_for("answer", path, asked)
            exec(code, {"answer": answer})
            forge(path)
            return handed_over(path)

        return ask

    kernel.asked = []
    return kernel


def answers(exercise):
    """Return answers to an exercise: its reference and two that are wrong, a stub, and
    things of another kind."""
    made = [exercise.reference, *(wrong.answer for wrong in exercise.wrong[:2])]
    if exercise.cases() == [()]:
        made = [each() for each in made]
    return [*made, ..., None, 3, len, lambda: 1 / 0, object()]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_verdict_is_that_of_a_check(number, kernel):
    bank = importlib.import_module(f"helpers.lessons.lesson{number}.exercises")
    for id, exercise in bank.EXERCISES.items():
        for answer in answers(exercise):
            here = judge_answer(exercise, answer, SEED)
            there = judge(Check(id, "answer", SEED), kernel(answer))
            assert there == (here.state == "correct", said(id, here))


def test_the_kernel_is_told_neither_the_seed_nor_what_is_expected(kernel):
    seed = 48213
    exercise = find("4.9")
    right, _ = judge(Check("4.9", "answer", seed), kernel(exercise.reference))
    assert right
    asked = [question for asked in kernel.asked for question in asked]
    cases = {question[2] for question in asked}
    assert {*exercise.cases(), *exercise.hidden(seed)} == cases
    told = str(asked)
    assert str(seed) not in told
    assert not any(str(exercise.reference(*case)) in told for case in cases)


def test_one_way_there_and_back_serves_all_cases(kernel):
    judge(Check("4.9", "answer", SEED), kernel(find("4.9").reference))
    assert len(kernel.asked) == 3  # what it is, the visible cases, the hidden ones


def write(ending, content):
    """Return a forgery: a file with other content."""
    return lambda path: path.with_name(path.name + ending).write_bytes(content)


def replace(make):
    """Return a forgery: something else in the place of the numbers' file."""

    def forge(path):
        file = path.with_name(path.name + recorder.NUMBERS)
        file.unlink()
        make(file)

    return forge


def grow(path):
    """Make a file larger than any answer is."""
    os.truncate(path.with_name(path.name + recorder.NUMBERS), LARGEST * 2**20 + 1)


posix = pytest.mark.skipif(os.name != "posix", reason="not on this system")


@pytest.mark.parametrize(
    ("forge", "what"),
    [
        (write(recorder.NUMBERS, b"no tensors"), "numbers that are no safetensors"),
        (write(recorder.NUMBERS, save({"verdict": torch.ones(1)})), "other names"),
        (write(recorder.VALUES, b"correct"), "values that are no JSON"),
        (write(recorder.VALUES, b"[1]"), "something else than was asked for"),
        (write(recorder.VALUES, b"[]"), "something else than was asked for"),
        (grow, f"a file of more than {LARGEST} MB"),
        (replace(lambda file: None), "no file"),
        (replace(lambda file: file.mkdir()), "no file"),
        pytest.param(replace(lambda file: file.symlink_to(__file__)), "a link",
                     marks=posix),
        pytest.param(replace(lambda file: os.mkfifo(file)), "no file", marks=posix),
    ],
)  # fmt: skip
def test_a_forged_file_is_a_wrong_answer_and_one_sentence(forge, what, kernel):
    answer = find("0.2").reference
    right, text = judge(Check("0.2", "answer", SEED), kernel(answer, forge))
    assert not right
    assert text.startswith("✗ 0.2  What came back from your code is not what it ")
    assert text.endswith(".") and text.count("\n") == 0
    assert what in text


def test_too_few_replies_are_a_wrong_answer(kernel, monkeypatch):
    ask = kernel(find("0.2").reference)

    def lazy(asked):
        return ask(asked[:1])

    right, text = judge(Check("0.2", "answer"), lazy)
    assert not right
    assert "1 replies to" in text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_wrong(value, kernel):
    def answer(logits_k, label):
        return logits_k.sum() * value

    right, text = judge(Check("0.2", "answer"), kernel(answer))
    assert not right
    assert ("NaN" if value != value else "infinite") in text


def test_odd_findings_are_a_wrong_answer(kernel, monkeypatch):
    monkeypatch.setattr(recorder, "reply", lambda answer, *asked: {"odd": 1})
    right, text = judge(Check("4.2", "answer"), kernel(find("4.2").reference))
    assert not right
    assert text.startswith("✗ 4.2  ")


def test_a_long_text_is_cut(kernel, monkeypatch):
    monkeypatch.setattr(recorder, "reply", lambda answer, *asked: "a" * 99_999)
    right, text = judge(Check("4.2", "answer"), kernel(find("4.2").reference))
    assert not right
    assert len(text) == LONGEST


def test_a_cell_that_stopped_is_told_of(kernel):
    def stops(asked):
        raise Stopped("its error")

    with pytest.raises(Stopped, match="its error"):
        judge(Check("0.2", "answer"), stops)


def test_what_was_handed_over_is_removed(kernel, tmp_path):
    judge(Check("0.2", "answer"), kernel(find("0.2").reference))
    assert list(tmp_path.iterdir()) == []


def test_questions_are_read_by_the_kernel_alone():
    code = code_for("f", "there", [("m", "p", (1,), ())])
    text = code.rpartition(", ")[2].strip("')")
    assert pickle.loads(base64.b64decode(text)) == [("m", "p", (1,), ())]
    assert code.startswith("__import__(") and "(f, 'there', " in code
