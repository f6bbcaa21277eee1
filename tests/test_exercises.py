"""`check` and `hint`: every verdict, in a plain interpreter and in a notebook."""

import types
import warnings

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from torch import nn
from traitlets.config import Config

from helpers import exercises
from helpers.errors import UserError
from helpers.exercises import Exercise, ExerciseFailed, Wrong, check, hint, judge_answer
from helpers.models.cnn import Field

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
)
NUMBER = Exercise(
    reference=lambda: 435,
    hints=("a", "b", "c"),
    wrong=(Wrong(lambda: 427, "That is ResNet-50."),),
)


@pytest.fixture(autouse=True)
def bank(monkeypatch):
    """Lesson 77 has two exercises; nothing is graded; no hint was given."""
    module = types.ModuleType("helpers.answers.lesson77")
    module.EXERCISES = {"77.1": SOFTMAX, "77.2": NUMBER}
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    monkeypatch.setattr(exercises, "_settings", {"raise": False})
    monkeypatch.setattr(exercises, "_hints_given", {})
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


@pytest.mark.parametrize("answer", [..., stub, half_done, StubbedMethod, StubbedBody])
def test_a_stub_is_not_attempted(answer):
    assert judge_answer(SOFTMAX, answer).state == "not attempted"


@pytest.mark.parametrize(
    "answer",
    [softmax, Whole, Whole(), len, lambda x: ..., torch.softmax, 3, None, Field],
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
        (SOFTMAX, lambda x_bt: softmax(x_bt).numpy()),
        (SOFTMAX, in_place),
        (NUMBER, 435),
        (NUMBER, T(435)),
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
        (SOFTMAX, lambda: 1, "Your code stopped with TypeError"),
        (SOFTMAX, lambda x: None, "is a `return` missing?"),
        (SOFTMAX, lambda x: float("nan") * x, "received   tensor [[nan, nan]]"),
        (SOFTMAX, 3, "received   3"),
        (NUMBER, 427, "That is ResNet-50."),
        (NUMBER, 434, "expected   435\n   received   434"),
        (NUMBER, "435", "received   '435'"),
    ],
)
def test_wrong_answers_are_told_why(exercise, answer, said):
    verdict = judge_answer(exercise, answer)
    assert verdict.state == "wrong"
    assert said in verdict.message


def test_a_wrong_answer_shows_input_expected_and_received():
    verdict = judge_answer(SOFTMAX, lambda x_bt: x_bt)
    assert "for        tensor [[0, 1]]" in verdict.message
    assert "expected   tensor [[0.268941, 0.731059]]" in verdict.message
    assert "received   tensor [[0, 1]]" in verdict.message


def test_a_large_wrong_answer_shows_where_it_differs():
    exercise = Exercise(lambda: torch.zeros(5, 5), ("a", "b", "c"), ())
    verdict = judge_answer(exercise, torch.eye(5))
    assert "5 of 25 differ, first at [0, 0]: 0 expected, 1 received" in verdict.message


def test_an_answer_that_changes_nested_input_spoils_nothing():
    exercise = Exercise(
        lambda numbers: sum(numbers), ("a", "b", "c"), (), lambda: [([1, 2],), ([3],)]
    )
    assert judge_answer(exercise, lambda n: n.pop() + sum(n)).state == "correct"
    assert "for        [1, 2]" in judge_answer(exercise, lambda n: n.pop()).message


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
    [("77.3", "lesson 77 has 77.1, 77.2"), ("78.1", "has none"), ("", "no exercise")],
)
@pytest.mark.parametrize("ask", [hint, lambda id: check(id, 1)])
def test_an_unknown_exercise_is_a_user_error(ask, id, said):
    with pytest.raises(UserError, match=said):
        ask(id)


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
    source = f"from helpers.exercises import check\n{cell}\ncheck('77.1', answer)"
    assert shell.run_cell(source).success
    assert capsys.readouterr().out[0] == CELLS[cell]


def test_an_edited_cell_is_read_anew(shell, capsys):
    shell.run_cell("from helpers.exercises import check")
    for body, mark in (("...", "○"), ("return x.softmax(1)", "✓"), ("...", "○")):
        shell.run_cell(f"def answer(x):\n    {body}", store_history=True)
        shell.run_cell("check('77.1', answer)")
        assert capsys.readouterr().out[0] == mark
