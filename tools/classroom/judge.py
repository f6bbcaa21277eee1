"""The verdict on an exercise, made in a process that the student's code never entered.

The sealed kernel runs the answer and what has to be found out there, and hands plain
values over (`helpers.page.recorder`). Here are the reference, the class's number, what
is expected, the comparison and the points. Nothing that is handed over is run, and
nothing is opened but safetensors and JSON of a limited size.
"""

import base64
import os
import pickle
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from helpers.core.signs import WRONG
from helpers.page.elsewhere import Elsewhere, Question
from helpers.page.exercises import find, judge_answer, said
from helpers.page.plain_values import NotPlain, from_bytes
from helpers.page.recorder import NUMBERS, VALUES
from helpers.page.verdicts import in_a_line
from tools.classroom.checks import Check, Stopped

LARGEST = 16  # megabytes of a file that is handed over
LONGEST = 10_000  # characters of a verdict
FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # where the system has them
RECORD = '__import__("helpers.page.recorder", fromlist=["hand_over"]).hand_over'

Ask = Callable[[list[tuple]], tuple[bytes, bytes]]


def judge(check: Check, ask: Ask) -> tuple[bool, str]:
    """Return whether an answer is right, and what is said of it.

    `ask` lets the kernel answer questions, and returns what it has handed over. Its
    Stopped is passed on; whatever else goes wrong with that is a wrong answer.
    """
    try:
        verdict = judge_answer(find(check.id), meet(ask), check.hidden)
        return verdict.state == "correct", said(check.id, verdict)[:LONGEST]
    except Stopped:
        raise
    except NotPlain as error:
        why = f"what came back from your code is not what it computes, but {error}."
    except Exception as error:  # the odd values of an odd answer
        why = f"what came back from your code cannot be judged: {in_a_line(error)}"
    return False, f"{WRONG} {check.id}  {why[0].upper()}{why[1:]}"


def meet(ask: Ask) -> Any:
    """Return the answer itself where it is a value, `...` where it is still to be
    written, and where it is a function, one that stays where it is.

    Raises NotPlain where that was not handed over.
    """
    match from_bytes(*ask([])):
        case [True, bool(), str(), str(), _]:
            return ...
        case [False, True, str() as kind, str() as text, _]:
            return Elsewhere(kind, text, partial(replies, ask))
        case [False, False, str(), str(), value]:
            return value
    raise NotPlain("something else than was asked for")


def replies(ask: Ask, questions: list[Question]) -> list:
    """Return what was found for each question. Raises NotPlain for anything else."""
    asked = [(q.probe.__module__, q.probe.__qualname__, *q[1:]) for q in questions]
    inputs = [x for question in questions for x in question.case]
    kinds = {type(x) for x in inputs if isinstance(x, nn.Module | Tensor)}
    found = from_bytes(*ask(asked), kinds)
    if len(found) != len(questions):
        raise NotPlain(f"{len(found)} replies to {len(questions)} questions")
    return found


def code_for(answer: str, path: Path, asked: list[tuple]) -> str:
    """Return the code by which the kernel hands over what was asked to files at a path.
    To pickle is safe on this way: the kernel trusts us, and we read none."""
    questions = base64.b64encode(pickle.dumps(asked)).decode()
    return f"{RECORD}({answer}, {str(path)!r}, {questions!r})"


def handed_over(path: Path) -> tuple[bytes, bytes]:
    """Return what the kernel has handed over at a path, and remove it. Raises NotPlain
    where it is no file, or too large."""
    files = [path.with_name(path.name + ending) for ending in (VALUES, NUMBERS)]
    try:
        told, numbers = map(content, files)
        return told, numbers
    finally:
        for file in files:
            with suppress(OSError):
                file.unlink()


def content(path: Path) -> bytes:
    """Return what is in a file, if it is one, and no link to one."""
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in FLAGS)
    if path.is_symlink():  # on Windows, opening does not tell
        raise NotPlain("a link")
    try:
        number = os.open(path, flags)
    except OSError:
        raise NotPlain("no file") from None
    with suppress(OSError), open(number, "rb") as file:  # a folder is none
        if stat.S_ISREG(os.fstat(number).st_mode):
            read = file.read(LARGEST * 2**20 + 1)
            if len(read) > LARGEST * 2**20:
                raise NotPlain(f"a file of more than {LARGEST} MB")
            return read
    raise NotPlain("no file")
