"""What an exercise promises beside its numbers: each promise kept, and broken once."""

import pytest
import torch
from support.sentences import in_good_form
from torch import nn

from helpers.page.exercises import Exercise, judge_answer
from helpers.page.promises import (
    gradients,
    gradients_at,
    gradients_left_on,
    inputs_unchanged,
    same_object,
    whole_number,
)

T = torch.tensor
X = T([[0.5, 2.0], [1.0, -3.0]])


def reference(x):
    return x.exp().sum(dim=1)


def judged(answer, case=(X,), reference=reference, **settings):
    exercise = Exercise(reference, ("", "", ""), (), lambda: [case], **settings)
    return judge_answer(exercise, answer)


def masked(x):
    """NaN in the gradient, although the values are right."""
    return torch.where(x > 0, x.sqrt(), 0)


def masked_before(x):
    return torch.where(x > 0, torch.where(x > 0, x, 1).sqrt(), 0)


def off_by(slope):
    """Return the reference with a gradient that is too large everywhere."""
    return lambda x: reference(x) + slope * (x - x.detach()).sum(1)


def crossed(x):
    """Let each result's gradient flow to the other row; their sum stays the same."""
    right = reference(x)
    return right.detach() + (right - right.detach()).flip(0)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (reference, ""),
        (off_by(1e-6), ""),
        (off_by(1e-3), "the gradient to `x` is not."),
        (crossed, "the gradient to `x` is not."),
        (lambda x: T([row.exp().sum().item() for row in x]), "no gradient flows back"),
        (lambda x: reference(x.detach()), "no gradient flows back to `x`"),
        (lambda x: T(x.numpy()).exp().sum(dim=1), "that requires grad."),
    ],
)
def test_gradients_are_those_of_the_reference(answer, said):
    verdict = judged(answer, promises=(gradients(0),))
    assert (verdict.state == "correct") == (said == "")
    assert said in verdict.message
    if said:
        assert verdict.message.startswith("The values are right, but ")
        assert in_good_form(verdict.message)


def test_where_values_may_be_further_off_gradients_may_be_too():
    promises = {"promises": (gradients(0),), "tolerance": 0.1}
    assert judged(off_by(0.05), **promises).state == "correct"
    assert judged(off_by(0.5), **promises).state == "wrong"


@pytest.mark.parametrize("kind", [tuple, list])
def test_gradients_of_every_part_of_a_result_count(kind):
    def parts(x):
        return kind((x.exp(), 2 * x, 3))

    def half(x):
        return kind((x.exp(), 2 * x.detach(), 3))

    promises = {"promises": (gradients(0),), "reference": parts}
    assert judged(parts, **promises).state == "correct"
    assert "the gradient to `x` is not." in judged(half, **promises).message


def test_each_number_of_a_result_has_a_weight_of_its_own_also_a_zero():
    (found,) = gradients_at(lambda x: 2 * x, (torch.zeros(3),), (0,))
    assert found.tolist() == [1, 2, 3]


def test_the_weights_are_as_exact_as_the_result():
    (found,) = gradients_at(lambda x: x, (torch.zeros(4, dtype=torch.float64),), (0,))
    assert torch.equal(found, torch.linspace(0.5, 1.5, 4, dtype=torch.float64))


def test_the_gradient_of_a_single_number_is_compared_too():
    promises = {"promises": (gradients(0),), "reference": lambda x: x.exp().sum()}
    assert judged(lambda x: x.exp().sum(), **promises).state == "correct"
    message = judged(lambda x: x.exp().sum().detach(), **promises).message
    assert "no gradient flows back to `x`" in message


def test_a_gradient_that_is_nan_is_named():
    promises = {"promises": (gradients(0),), "reference": masked_before}
    assert judged(masked_before, **promises).state == "correct"
    assert judged(masked, **promises).message == (
        "The values are right, but the gradient to `x` is NaN: one step of training "
        "would destroy every weight."
    )
    own = {"promises": (gradients(0, text="Mine."),), "reference": masked_before}
    assert judged(masked, **own).message == "Mine."


def test_an_input_that_takes_no_part_has_no_gradient_to_compare():
    kept = gradients(0, 1)
    assert kept(lambda x, y: 2 * x, lambda x, y: 2 * x, (X, X.clone()), 1e-5) == ""


def changes_rows(x):
    x[0] = x[0].exp()
    x[1] = x[1].exp()
    return x.sum(dim=1)


class Layer(nn.Linear):
    """A layer that is an input."""


class Double:
    """An object that can be called; a copy of it is not equal to it."""

    def __call__(self, x):
        return 2 * x


@pytest.mark.parametrize(
    ("answer", "case", "said"),
    [
        (changes_rows, (X,), "changed the input `x` in place"),
        (lambda words: words.pop(), (["a", "b"],), "the input `words` in place"),
        (lambda words: words.reverse(), (["a", "b"],), "the input `words` in place"),
        (lambda xs: xs[1].zero_(), ([X, X + 1],), "the input `xs` in place"),
        (lambda xs: xs[1].clone().zero_(), ([X, X + 1],), ""),
        (lambda d: d.pop("a"), ({"a": 1},), "the input `d` in place"),
        (lambda net: net.eval()(X), (Layer(2, 2),), "the input `net` in place"),
        (lambda net: net.requires_grad_(False)(X), (Layer(2, 2),), "the input `net`"),
        (lambda net: net.weight.data.zero_(), (Layer(2, 2),), "the input `net`"),
        (lambda f, x: x, (torch.exp, X), ""),
        (lambda f, x: f(x), (Double(), X), ""),
        (lambda x: x.clone().exp_(), (X,), ""),
    ],
)
def test_a_changed_input_is_noticed_by_its_name(answer, case, said):
    text = inputs_unchanged()(answer, answer, case, 1e-5)
    assert said in text
    assert bool(text) == bool(said)
    assert not text or in_good_form(text)


NUMPY = "The values are right, but not for inputs that need a gradient: "
NUMPYS_WAY_OUT = (
    " Without NumPy and without changes in place, PyTorch can follow every step back."
)


@pytest.mark.parametrize(
    ("promise", "answer", "begin", "end"),
    [
        (
            inputs_unchanged(),
            changes_rows,
            "The values are right, but you changed the input `x` in place: whoever ",
            "called your function still needs it. Work on a copy (`.clone()`), or "
            "write a new value instead of changing the old one.",
        ),
        (
            gradients_left_on,
            lambda x: torch.set_grad_enabled(False),
            "The values are right, but gradients are switched off for everything that ",
            "follows, and nothing could be trained any more. `with torch.no_grad():` "
            "switches them on again at its end.",
        ),
        (gradients(0), lambda x: T(x.numpy()), NUMPY, NUMPYS_WAY_OUT),
        (
            gradients(0),
            lambda x: x.detach(),
            "The values are right, but no gradient flows back to `x`: something in ",
            "between (`.item()`, `.detach()`, `.data`, NumPy, a new torch.tensor) "
            "cuts it off, and nothing could be trained.",
        ),
        (
            whole_number,
            lambda x: 2.0,
            "2.0 has the right value and is a float; a whole number is asked for ",
            "(`//` divides whole numbers, `/` makes floats).",
        ),
    ],
    ids=["input", "gradients left on", "NumPy", "cut off", "float"],
)
def test_a_broken_promise_is_told_with_the_way_out(promise, answer, begin, end):
    with torch.enable_grad():
        text = promise(answer, lambda x: x + 1, (X,), 1e-5)
    assert text.startswith(begin) and text.endswith(end)
    assert text == begin + end or begin == NUMPY


def test_the_very_object_is_asked_for():
    promise = same_object(0, "That is a copy.")
    assert promise(lambda net: net, None, (Layer(2, 2),), 0) == ""
    assert (
        promise(lambda net: Layer(2, 2), None, (Layer(2, 2),), 0) == "That is a copy."
    )


def test_a_float_is_no_whole_number():
    assert whole_number(lambda n: n // 2, None, (4,), 0) == ""
    text = whole_number(lambda n: n / 2, None, (4,), 0)
    assert text.startswith("2.0 has the right value") and in_good_form(f"It: {text}")


def test_promises_are_asked_on_hidden_cases_too():
    def shown_only(x):
        return reference(x) if len(x) == 2 else reference(x.detach())

    exercise = Exercise(
        reference,
        ("", "", ""),
        (),
        lambda: [(X,)],
        hidden=lambda seed: [(torch.ones(3, 2),)],
        promises=(gradients(0),),
    )
    assert judge_answer(exercise, shown_only).state == "correct"
    verdict = judge_answer(exercise, shown_only, hidden=3)
    assert verdict.message.startswith("Right on the examples shown, wrong on others. ")


def test_an_input_that_is_meant_to_change_may():
    def answer(x, y):
        return x.zero_() + y.zero_()

    case = X, X + 1
    assert "`y` in place" in inputs_unchanged(0)(answer, answer, case, 1e-5)
    assert inputs_unchanged(0, 1)(answer, answer, case, 1e-5) == ""


def test_gradients_are_not_left_switched_off():
    def answer(x):
        torch.set_grad_enabled(False)
        return reference(x)

    message = judged(answer).message
    assert "gradients are switched off for everything" in message
    assert in_good_form(message)
    assert torch.is_grad_enabled()
    with torch.no_grad():
        judged(answer)
        assert not torch.is_grad_enabled()
    assert judged(torch.no_grad()(reference)).state == "correct"
