"""`check` and `hint`: every verdict, in a plain interpreter and in a notebook."""

import dataclasses
import functools
import inspect
import random
import sys
import types
import warnings

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from support.sentences import in_good_form
from torch import nn
from traitlets.config import Config

from helpers.core.errors import UserError
from helpers.models.vision.cnn import Field
from helpers.page import exercises
from helpers.page.attempts import attempt
from helpers.page.exercises import (
    Exercise,
    ExerciseFailed,
    Wrong,
    check,
    hint,
    judge_answer,
)

T = torch.tensor


def softmax(x_bt):
    """Return weights that sum to 1 in each row."""
    return x_bt.softmax(dim=1)


def tied(x_bt):
    """Give a value for single rows, and fail for others."""
    if len(x_bt) > 1:
        raise ValueError("one row only")
    return x_bt * 0


SOFTMAX = Exercise(
    reference=softmax,
    hints=("first", "second", "third"),
    wrong=(
        Wrong(lambda x_bt: x_bt.softmax(dim=0), "The softmax has the wrong axis."),
        Wrong(lambda x_bt: x_bt.exp(), "The division by the sum is missing."),
        Wrong(tied, "That works for single rows only."),
    ),
    cases=lambda: [(T([[0.0, 1.0]]),), (T([[0.0, 1.0], [2.0, 3.0], [4.0, 4.0]]),)],
    hidden=lambda seed: [(T([[seed, 1.0, 7.0]]),), (T([[5.0, seed], [3.0, 1.0]]),)],
)
NUMBER = Exercise(
    reference=lambda: 435,
    hints=("a", "b", "c"),
    wrong=(Wrong(lambda: 427, "That is ResNet-50."),),
)


@pytest.fixture(autouse=True)
def bank(monkeypatch):
    """Lesson 77 has two exercises; nothing is graded; no hint was given."""
    module = types.ModuleType("helpers.lessons.lesson77.exercises")
    module.EXERCISES = {"77.1": SOFTMAX, "77.2": NUMBER}
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    monkeypatch.setattr(exercises, "_settings", {"raise": False})
    monkeypatch.setattr(exercises, "_hints_given", {})
    monkeypatch.setattr(exercises, "_listeners", {})
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


def stub(x_bt):
    """Return weights that sum to 1 in each row."""
    ...


def half_done(x_bt):
    """Keep one line of the stub."""
    x_bt = x_bt.exp()
    ...
    return x_bt


class StubbedMethod(nn.Module):
    """A class with one method still to write."""

    def __init__(self):
        super().__init__()

    def forward(self, x_bt):
        """Return something."""
        ...


class StubbedBody(nn.Module):
    """A class that is still to write."""

    ...


class Whole:
    """A class without a stub."""

    def __call__(self, x_bt):
        return x_bt[..., :]


class OnlyAName:
    """A class with a value and no method."""

    width = 3


@pytest.mark.parametrize("answer", [..., stub, half_done, StubbedMethod, StubbedBody])
def test_a_stub_is_not_attempted(answer):
    assert judge_answer(SOFTMAX, answer).state == "not attempted"


@pytest.mark.parametrize(
    "answer",
    [
        softmax,
        Whole,
        Whole(),
        OnlyAName,
        len,
        lambda x: ...,
        torch.softmax,
        3,
        None,
        Field,
    ],
)
def test_other_answers_are_attempted(answer):
    assert judge_answer(SOFTMAX, answer).state != "not attempted"


def in_place(x_bt):
    """Return the right weights, and change the input on the way."""
    x_bt.sub_(x_bt.max()).exp_()
    return x_bt.div_(x_bt.sum(dim=1, keepdim=True))


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (SOFTMAX, softmax),
        (SOFTMAX, nn.Softmax(dim=1)),
        (NUMBER, 435),
        (NUMBER, np.int64(435)),
        (NUMBER, lambda: 435),
    ],
)
def test_right_answers(exercise, answer):
    assert judge_answer(exercise, answer).state == "correct"


@pytest.mark.parametrize(
    ("exercise", "answer", "said"),
    [
        (SOFTMAX, lambda x: x.softmax(0), "has the wrong axis"),
        (SOFTMAX, torch.exp, "division by the sum is missing"),
        (SOFTMAX, tied, "single rows only"),
        (
            SOFTMAX,
            lambda x: x * 0,
            "Not yet: the result differs",
        ),  # tied only once
        (SOFTMAX, lambda x: x.nope(), "Your code stopped with AttributeError"),
        (SOFTMAX, lambda: 1, "Your function takes 0 inputs; it is called with 1."),
        (SOFTMAX, lambda x: None, "is a `return` missing?"),
        (SOFTMAX, lambda x: float("nan") * x, "received   tensor [[nan, nan]]"),
        (SOFTMAX, 3, "A function is asked for; that is an int."),
        (SOFTMAX, lambda x: x.zero_(), "Not yet: you changed the input `x` in place"),
        (SOFTMAX, in_place, "you changed the input `x_bt` in place"),
        (
            SOFTMAX,
            lambda x: softmax(x).numpy(),
            "a NumPy array of shape (1, 2); a tens",
        ),
        (SOFTMAX, lambda x: softmax(x).tolist(), "That is a list of 1 value; a tensor"),
        (SOFTMAX, lambda x: (softmax(x), x), "That is a tuple of 2 values; a tensor"),
        (SOFTMAX, lambda x: softmax(x).double(), "are float64; asked for is float32."),
        (SOFTMAX, lambda x: softmax(x)[0], "axis 0, of 1, is missing (`keepdim=True`"),
        (SOFTMAX, lambda x: softmax(x).T, "(2, 1); asked for is (1, 2): axes 0 and 1"),
        (SOFTMAX, lambda x: softmax(x) * 2, "Not yet: every value is 2 times what is"),
        (SOFTMAX, lambda x: -softmax(x), "Not yet: every value has the opposite sign."),
        (
            SOFTMAX,
            lambda x: softmax(x) + 1e-4,
            "Not yet: every value is 0.0001 too large.",
        ),
        (NUMBER, 427, "That is ResNet-50."),
        (NUMBER, 434, "reference.\n   received   434"),
        (NUMBER, "435", "That is text; a whole number is asked for."),
        (NUMBER, T(435), "That is a tensor of one number; a whole number is asked for"),
        (
            NUMBER,
            softmax,
            "A value is asked for; that is a function, not what it returns",
        ),
    ],
)
def test_wrong_answers_are_told_why(exercise, answer, said):
    verdict = judge_answer(exercise, answer)
    assert verdict.state == "wrong"
    assert said in verdict.message


@pytest.mark.parametrize(
    ("exercise", "answer"), [(SOFTMAX, 3), (NUMBER, softmax), (SOFTMAX, lambda: 1)]
)
def test_what_cannot_be_called_as_asked_is_told_in_good_form(exercise, answer):
    assert in_good_form(judge_answer(exercise, answer).message)


def test_of_values_that_are_asked_for_no_relation_gives_the_right_ones_away():
    right = T([1.0, 2.0, 5.0])
    exercise = Exercise(lambda: right, ("a", "b", "c"), ())
    message = judge_answer(exercise, 2 * right).message
    assert message == (
        "Not yet: the result differs from the reference.\n"
        "   received   tensor [2, 4, 10]"
    )


def test_on_hidden_cases_a_relation_is_a_sentence_of_its_own():
    first = judge_answer(SOFTMAX, fitted(lambda x: 2 * softmax(x)), 9).message
    said = f"{SHOWN_ONLY} Every value is 2 times what is asked for.\n"
    assert first.startswith(said)


def test_a_wrong_answer_shows_input_expected_and_received():
    verdict = judge_answer(SOFTMAX, lambda x_bt: x_bt)
    assert "for        tensor [[0, 1]]" in verdict.message
    assert "expected   tensor [[0.268941, 0.731059]]" in verdict.message
    assert "received   tensor [[0, 1]]" in verdict.message


def test_a_large_wrong_answer_shows_where_it_differs():
    zeros = lambda x: x * 0  # noqa: E731
    exercise = Exercise(zeros, ("a", "b", "c"), (), lambda: [(torch.eye(5),)])
    verdict = judge_answer(exercise, lambda x: x)
    assert "5 of 25 differ, first at [0, 0]: 0 expected, 1 received" in verdict.message


def test_an_answer_that_changes_nested_input_spoils_nothing():
    exercise = Exercise(
        lambda numbers: sum(numbers), ("a", "b", "c"), (), lambda: [([1, 2],), ([3],)]
    )
    changed = judge_answer(exercise, lambda n: n.pop() + sum(n)).message
    assert changed.startswith("The values are right, but you changed the input `n` in")
    exercise = dataclasses.replace(exercise, may_change=(0,))
    assert judge_answer(exercise, lambda n: n.pop() + sum(n)).state == "correct"
    message = judge_answer(exercise, lambda n: n.pop()).message
    assert "for        [1, 2]" in message and "in place" not in message


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ((T([1.0]), 2), (T([1.0]), 3)),
        ({"loss": 0.5, "grad": None}, {"loss": 0.5}),
        (float("nan"), 0.0),
        (Field(3, 1, 1.0), Field(3, 1, 0.0)),
    ],
)
def test_answers_of_several_parts(value, other):
    exercise = Exercise(lambda: value, ("a", "b", "c"), ())
    assert judge_answer(exercise, value).state == "correct"
    assert judge_answer(exercise, other).state == "wrong"


def test_random_answers_start_from_the_same_numbers():
    exercise = Exercise(
        lambda n: torch.randn(n), ("a", "b", "c"), (), lambda: [(3,), (4,)]
    )
    assert judge_answer(exercise, torch.randn).state == "correct"
    assert judge_answer(exercise, torch.rand).state == "wrong"


def test_judging_moves_no_random_numbers_of_the_page():
    before = torch.random.get_rng_state()
    judge_answer(SOFTMAX, lambda x: torch.rand(3))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_nothing_is_written_to_stderr(capfd):
    def warning(x_bt):
        warnings.warn("an implicit dimension", stacklevel=1)
        return softmax(x_bt)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check("77.1", warning)
        check("77.1", lambda x: x.nope())
    out, err = capfd.readouterr()
    assert out.startswith("✓ 77.1")
    assert (err, caught) == ("", [])


@pytest.mark.parametrize(
    ("answer", "mark"),
    [(softmax, "✓ 77.1"), (stub, "○ 77.1  not"), (torch.exp, "✗ 77.1")],
)
@pytest.mark.parametrize("strict", ["", "worked", "autograde", "validate"])
def test_check_prints_and_raises_only_where_it_must(
    monkeypatch, capsys, answer, mark, strict
):
    if strict == "worked":
        exercises.raise_when_wrong()
    elif strict:
        monkeypatch.setenv("NBGRADER_EXECUTION", strict)
    if strict and answer is not softmax:
        with pytest.raises(ExerciseFailed, match=mark):
            check("77.1", answer)
    else:
        check("77.1", answer)
    assert capsys.readouterr().out.startswith(mark)


def fitted(others):
    """Return the answer that is right where there are 2 numbers, the first 0; else
    what others(x) gives."""

    def answer(x_bt):
        shown = x_bt.shape[1] == 2 and x_bt[0, 0] == 0
        return softmax(x_bt) if shown else others(x_bt)

    return answer


def endless(x_bt):
    return endless(x_bt)


def changes_its_input(x_bt):
    x_bt.zero_()
    return x_bt


class Unshowable:
    """Something that cannot be printed."""

    def __repr__(self):
        raise AttributeError("not ready")


SHOWN_ONLY = "Right on the examples shown, wrong on others."


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (lambda x: T([[0.2, 0.8]]), "\n   for        tensor [[9, 1, 7]]"),
        (torch.exp, " The division by the sum is missing.\n"),
        (lambda x: x[9], " Your code stopped with IndexError"),
        (lambda x: sys.exit(), " Your code stopped with SystemExit\n"),
        (endless, " Your code stopped with RecursionError"),
        (lambda x: {}["x" * 9999], " Your code stopped with KeyError"),
        (lambda x: (row for row in x), "\n   received   <generator object"),
        (lambda x: x * torch.nan, "\n   received   tensor [[nan, nan, nan]]"),
        (lambda x: None, "is a `return` missing?"),
        (lambda x: "0.1", "received   '0.1'"),
        (lambda x: {"weights": softmax(x)}, "received   {'weights': tensor("),
        (lambda x: Unshowable(), "a Unshowable that cannot be shown: AttributeError"),
        (lambda x: torch.zeros(999, 999), "received   tensor of shape (999, 999)"),
        (lambda x: ["long"] * 9999, "received   ['long', 'long'"),
        (changes_its_input, "received   tensor [[0, 0, 0]]"),
        (lambda x: softmax(x) + random.random() + 1, "3 of 3 differ"),
    ],
)
def test_an_answer_that_fits_the_examples_alone_is_told_where_it_fails(others, said):
    assert judge_answer(SOFTMAX, fitted(others)).state == "correct"
    verdict = judge_answer(SOFTMAX, fitted(others), hidden=9)
    assert verdict.state == "wrong"
    assert verdict.message.startswith(SHOWN_ONLY)
    assert said in verdict.message
    assert all(len(line) < 330 for line in verdict.message.split("\n"))
    assert len(verdict.message.split("\n")) <= 5


@pytest.mark.parametrize("answer", [softmax, nn.Softmax(dim=1)])
def test_a_right_answer_is_right_on_hidden_cases(answer):
    assert judge_answer(SOFTMAX, answer, 9).message == "correct on other inputs too"


@pytest.mark.parametrize("answer", [..., stub, torch.exp, 3, lambda x: x.nope()])
def test_what_is_wrong_on_the_visible_cases_is_judged_by_these(answer):
    assert judge_answer(SOFTMAX, answer, 9) == judge_answer(SOFTMAX, answer)


@pytest.mark.parametrize(("answer", "state"), [(435, "correct"), (427, "wrong")])
def test_an_exercise_without_hidden_cases_is_judged_as_ever(answer, state):
    assert judge_answer(NUMBER, answer, 9) == judge_answer(NUMBER, answer)
    assert judge_answer(NUMBER, answer, 9).state == state


@pytest.mark.parametrize("graded", [True, False])
def test_a_hidden_failure_costs_the_points(monkeypatch, capsys, graded):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    check("77.1", softmax, hidden=9)
    answer = fitted(torch.exp)
    if graded:
        with pytest.raises(ExerciseFailed, match=SHOWN_ONLY):
            check("77.1", answer, hidden=9)
    else:
        check("77.1", answer, False, 9)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "✓ 77.1  correct on other inputs too"
    assert second.startswith(f"✗ 77.1  {SHOWN_ONLY} The division")


@pytest.mark.parametrize("others", [None, softmax])
def test_an_interrupt_ends_the_cell(others):
    def interrupted(x_bt):
        raise KeyboardInterrupt

    answer = fitted(interrupted) if others else interrupted
    with pytest.raises(KeyboardInterrupt):
        judge_answer(SOFTMAX, answer, 9)


@pytest.fixture
def told():
    """Return what a listener has been told."""
    found = []

    def tell(id, state):
        found.append((id, state))

    exercises.listen(tell)
    return found


def test_a_listener_is_told_of_every_verdict_that_counts(told, monkeypatch):
    for answer in (stub, torch.exp, softmax):
        check("77.1", answer)
    check("77.1", softmax, graded=False)
    check("77.1", softmax, hidden=9)
    judge_answer(SOFTMAX, softmax)
    assert told == [("77.1", s) for s in ("not attempted", "wrong", "correct")]
    exercises.raise_when_wrong()
    with pytest.raises(ExerciseFailed):
        check("77.2", 427)
    assert told[-1] == ("77.2", "wrong")


def test_a_cell_that_registers_a_listener_may_run_again(told, capsys):
    for word in ("old", "new"):

        def tell(id, state, word=word):
            print(word)

        exercises.listen(tell)
        exercises.listen(tell)
    exercises.listen(functools.partial(print, "beside"))
    check("77.2", 435)
    expected = "✓ 77.2  correct\nnew\nbeside 77.2 correct\n"
    assert capsys.readouterr().out == expected
    assert told == [("77.2", "correct")]


def test_listeners_without_a_name_take_nobodys_place_either(capsys):
    for word in ("one", "two"):
        exercises.listen(functools.partial(print, word))
    check("77.2", 435)
    said = capsys.readouterr().out.splitlines()
    assert said[1:] == ["one 77.2 correct", "two 77.2 correct"]


def test_a_listener_of_another_module_takes_nobodys_place(capsys):
    for name in ("one", "two"):

        def tell(id, state, name=name):
            print(name, state)

        tell.__module__ = name
        exercises.listen(tell)
    check("77.2", 435)
    assert capsys.readouterr().out == "✓ 77.2  correct\none correct\ntwo correct\n"


def test_a_listener_that_fails_costs_one_line(told, capfd):
    def full(id, state):
        warnings.warn("nearly full", stacklevel=1)
        torch.rand(1)
        raise OSError("No space left\non this device" + 9999 * "!")

    exercises.listen(full)
    before = torch.random.get_rng_state()
    with warnings.catch_warnings(record=True) as caught:
        check("77.2", 435)
    out, err = capfd.readouterr()
    first, second = out.splitlines()
    assert (first, told) == ("✓ 77.2  correct", [("77.2", "correct")])
    assert second.startswith(
        "(this verdict was not kept: OSError: No space left on this device!!"
    )
    assert len(second) < 330
    assert (err, caught) == ("", [])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_hints_come_one_by_one_and_start_again(capsys):
    for _ in range(4):
        hint("77.1")
    hint("77.2")
    assert capsys.readouterr().out.splitlines() == [
        "Hint 1 of 3 for 77.1: first",
        "Hint 2 of 3 for 77.1: second",
        "Hint 3 of 3 for 77.1: third",
        "Hint 1 of 3 for 77.1: first",
        "Hint 1 of 3 for 77.2: a",
    ]


@pytest.mark.parametrize(
    ("id", "said"),
    [
        ("77.3", "^There is no exercise '77.3'; lesson 77 has 77.1, 77.2.$"),
        ("77", "^There is no exercise '77'; lesson 77 has 77.1, 77.2.$"),
        ("78.1", "^There is no exercise '78.1': lesson 78 has none.$"),
        ("", "no exercise"),
    ],
)
@pytest.mark.parametrize("ask", [hint, lambda id: check(id, 1)])
def test_an_unknown_exercise_is_a_user_error(ask, id, said):
    with pytest.raises(UserError, match=said):
        ask(id)


def test_a_lesson_without_a_bank_has_no_exercise(monkeypatch):
    room = types.ModuleType("helpers.lessons.lesson79")
    room.__path__ = []
    monkeypatch.setitem(sys.modules, room.__name__, room)
    with pytest.raises(UserError, match=r"no exercise '79.1': lesson 79 has none\.$"):
        hint("79.1")


def test_a_long_verdict_fits_the_page(capsys):
    check("77.1", lambda x: x[9])
    check("77.1", lambda x: {}["word " * 30])
    assert all(len(line) <= 88 for line in capsys.readouterr().out.splitlines())


def test_a_broken_bank_is_not_called_missing(monkeypatch):
    def broken(name):
        raise ModuleNotFoundError("No module named 'scipyy'", name="scipyy")

    monkeypatch.setattr(exercises.importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="scipyy"):
        check("77.1", 1)


@pytest.fixture
def shell():
    """Return IPython itself, so that a cell's functions have their real source."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    yield shell
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


CELLS = {
    "def answer(x):\n    '''Weights.'''\n    ...": "○",
    "class answer:\n    def __call__(self, x):\n        ...": "○",
    "class answer:\n    ...": "○",
    "answer = ...": "○",
    "def answer(x):\n    return x.softmax(dim=1)": "✓",
    "answer = lambda x: x.softmax(dim=1)": "✓",
    "def answer(x):\n    return x.softmax(dim=0)": "✗",
}


@pytest.mark.parametrize("cell", CELLS)
def test_verdicts_in_a_notebook(shell, capsys, cell):
    source = f"from helpers.page.exercises import check\n{cell}\ncheck('77.1', answer)"
    assert shell.run_cell(source).success
    assert capsys.readouterr().out[0] == CELLS[cell]


def test_an_edited_cell_is_read_anew(shell, capsys):
    shell.run_cell("from helpers.page.exercises import check")
    for body, mark in (("...", "○"), ("return x.softmax(1)", "✓"), ("...", "○")):
        shell.run_cell(f"def answer(x):\n    {body}", store_history=True)
        shell.run_cell("check('77.1', answer)")
        assert capsys.readouterr().out[0] == mark


@pytest.mark.parametrize("word", ["exit", "quit"])
def test_exit_ends_the_answer_and_not_the_kernel(shell, capsys, word):
    asked = []
    shell.ask_exit = lambda: asked.append(word)
    source = f"def answer(x):\n    {word}()\n    return x.softmax(dim=1)"
    shell.run_cell(f"from helpers.page.exercises import check\n{source}")
    assert shell.run_cell("check('77.1', answer)").success
    out = capsys.readouterr().out
    assert out.startswith("✗ 77.1  Your code stopped with SystemExit: exit() was call")
    assert asked == []
    shell.run_cell(f"{word}()")
    assert asked == [word]


@pytest.mark.filterwarnings("ignore::UserWarning")  # such tensors are new to PyTorch
@pytest.mark.parametrize(
    "odd",
    [
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.eye(3).to_sparse_csr(),
        lambda: torch.empty(3, device="meta"),
        lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(1)]),
        lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    ],
)
def test_a_tensor_that_holds_no_plain_numbers_is_wrong_and_no_error(odd):
    exercise = Exercise(lambda: torch.ones(3), hints=("", "", ""), wrong=())
    verdict = exercises.judge_answer(exercise, odd)
    assert verdict.state == "wrong"
    assert "holds no plain numbers" in verdict.message


FAILING = "def answer(x):\n    '''Sum.'''\n    y = x.exp()\n    return y @ x[:, :1].T"


def test_an_error_shows_the_own_line_and_its_number_once(shell, capsys):
    shell.run_cell("from helpers.page.exercises import check")
    shell.run_cell(FAILING, store_history=True)
    shell.run_cell("check('77.1', answer)")
    out = capsys.readouterr().out
    assert "\n   line 4     return y @ x[:, :1].T\n" in out
    assert out.count("RuntimeError") == 1
    assert "received" not in out


def test_an_error_in_a_class_shows_its_line(shell, capsys):
    cell = "class answer:\n    def __call__(self, x):\n        return x.nope()"
    shell.run_cell("from helpers.page.exercises import check")
    shell.run_cell(f"{cell}\ncheck('77.1', answer())", store_history=True)
    assert "line 3     return x.nope()" in capsys.readouterr().out


def fails(x):
    y = x.exp()
    return y.nope()


class Failing:
    """An answer whose method fails."""

    def __call__(self, x):
        return fails(x).nope()


class FailsAtOnce:
    """An answer that is a class, and fails when it is made."""

    def __init__(self, x):
        fails(x)


@pytest.mark.parametrize(
    "answer", [fails, torch.no_grad()(fails), Failing(), FailsAtOnce]
)
def test_the_line_is_the_last_of_the_answers_own(answer):
    raised = attempt(answer, (T([1.0]),))
    source, first = inspect.getsourcelines(fails)
    assert raised.line == (first + len(source) - 1, "return y.nope()")


def test_an_error_of_a_built_in_has_no_line():
    raised = attempt(torch.linalg.inv, (torch.zeros(2, 2),))
    assert raised.line is None and raised.error.startswith("_LinAlgError: ")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (softmax, "✓ 77.1  the page goes on with your own version"),
        (torch.exp, "✗ 77.1  the page goes on with the reference"),
        (stub, "○ 77.1  the page goes on with the reference"),
        (None, "✗ 77.1  the page goes on with the reference"),
    ],
)
def test_the_page_goes_on_with_what_is_right(answer, line, capsys, monkeypatch):
    exercises.raise_when_wrong()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    chosen = exercises.go_on_with("77.1", answer, nn.Softmax)
    assert chosen is (softmax if answer is softmax else nn.Softmax)
    assert capsys.readouterr().out == f"{line}\n"


def test_who_looks_up_the_number_of_an_exercise_finds_none():
    for wrong in (434, 436, "435", None, 435.5):
        message = judge_answer(NUMBER, wrong).message
        assert "expected" not in message
        assert "435" not in message.replace("'435'", "").replace("435.5", "")


def test_a_known_mistake_that_stops_with_an_error_is_named():
    def own(x_bt):
        return x_bt @ x_bt

    def typical(x_bt):
        x_bt = x_bt.clone()
        return x_bt @ x_bt

    wrong = (Wrong(typical, "A row is no matrix."),)
    exercise = dataclasses.replace(SOFTMAX, wrong=wrong)
    message = judge_answer(exercise, own).message
    assert message.startswith("A row is no matrix.\n")
    assert "line " in message


def test_an_error_of_another_kind_is_no_known_mistake():
    wrong = (Wrong(lambda x_bt: x_bt @ x_bt, "A row is no matrix."),)
    exercise = dataclasses.replace(SOFTMAX, wrong=wrong)
    message = judge_answer(exercise, lambda x_bt: x_bt.nope()).message
    assert message.startswith("Your code stopped with AttributeError: ")
