"""What an exercise promises beside its numbers, each kept or broken by an answer.

A promise is called with answer, reference, one case and the tolerance, once the values
are right; it returns a sentence for the learner, or "" where it is kept. What it has to
know of the answer, it asks by a `probe`: the answer may be in another process.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from helpers.page.attempts import attempt
from helpers.page.compare import same
from helpers.page.elsewhere import probe
from helpers.page.inputs import call, names_of, own

Promise = Callable[[Callable, Callable, tuple, float], str]


def inputs_unchanged(*but: int) -> Promise:
    """The answer leaves its inputs as they were, `but` for those at these places."""

    def promise(
        answer: Callable, reference: Callable, case: tuple, tolerance: float
    ) -> str:
        text = changed_input(answer, case, but)
        return f"The values are right, but {text}" if text else ""

    return promise


def changed_input(answer: Callable, case: tuple, but: tuple[int, ...] = ()) -> str:
    """Return which input an answer changes, and what to do about it, or ""."""
    place = first_changed(answer, case, but)
    if place is None:
        return ""
    return (
        f"you changed the input `{names_of(answer, case)[place]}` in place: whoever "
        "called your function still needs it. Work on a copy (`.clone()`), or write a "
        "new value instead of changing the old one."
    )


@probe
def first_changed(answer: Callable, case: tuple, but: tuple[int, ...]) -> int | None:
    """Return the place of the first input that an answer changes, None for none."""
    given = own(case)
    call(answer, given, copied=False)
    for place, (now, before) in enumerate(zip(given, case, strict=True)):
        if place not in but and not unchanged(now, before):
            return place
    return None


def gradients_left_on(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The answer does not switch gradients off for all that follows it."""
    if leaves_gradients_on(answer, case):
        return ""
    return (
        "The values are right, but gradients are switched off for everything that "
        "follows, and nothing could be trained any more. `with torch.no_grad():` "
        "switches them on again at its end."
    )


@probe
def leaves_gradients_on(answer: Callable, case: tuple) -> bool:
    """Return whether gradients are still on after a call of the answer."""
    with torch.enable_grad():
        call(answer, case)
        return torch.is_grad_enabled()


def unchanged(now: Any, before: Any) -> bool:
    """True if an input is as before, down to the weights and modes of a network."""
    if isinstance(before, nn.Module):
        modes = [[m.training for m in net.modules()] for net in (now, before)]
        learn = [[p.requires_grad for p in net.parameters()] for net in (now, before)]
        states = [dict(net.state_dict()) for net in (now, before)]
        return modes[0] == modes[1] and learn[0] == learn[1] and same(*states, 0)
    if isinstance(before, tuple | list):
        return len(now) == len(before) and all(map(unchanged, now, before))
    return callable(before) or same(now, before, tolerance=0)


def same_object(place: int, text: str) -> Promise:
    """The answer is the very input at `place`, no copy of it."""

    def promise(
        answer: Callable, reference: Callable, case: tuple, tolerance: float
    ) -> str:
        return "" if returns_input(answer, case, place) else text

    return promise


@probe
def returns_input(answer: Callable, case: tuple, place: int) -> bool:
    """Return whether what comes back is the very input at `place`."""
    given = own(case)
    return call(answer, given, copied=False) is given[place]


def gradients(*places: int, text: str = "") -> Promise:
    """Gradients reach the inputs at these places, and are those of the reference.

    They are of the sum of all results' numbers, each times a weight of its own.
    """

    def promise(
        answer: Callable, reference: Callable, case: tuple, tolerance: float
    ) -> str:
        expected = gradients_at(reference, case, places)
        try:
            got = gradients_at(answer, case, places)
        except RuntimeError as error:
            return text or (
                "The values are right, but not for inputs that need a gradient: "
                f"{' '.join(str(error).split())} Without NumPy and without changes in "
                "place, PyTorch can follow every step back."
            )
        for place, g, e in zip(places, got, expected, strict=True):
            if found := gradient_difference(g, e, max(tolerance, 1e-4)):
                to = f"to `{names_of(answer, case)[place]}`"
                return text or f"The values are right, but {found.format(to=to)}"
        return ""

    return promise


def gradient_difference(
    got: Tensor | None, expected: Tensor | None, tolerance: float
) -> str:
    """Return what is wrong with a gradient, {to} an input, or ""."""
    if expected is None:
        return ""
    if got is None:
        return (
            "no gradient flows back {to}: something in between (`.item()`, "
            "`.detach()`, `.data`, NumPy, a new torch.tensor) cuts it off, and nothing "
            "could be trained."
        )
    if got.isnan().any() and not expected.isnan().any():
        return (
            "the gradient {to} is NaN: one step of training would destroy every weight."
        )
    return "" if same(got, expected, tolerance) else "the gradient {to} is not."


@probe
def gradients_at(
    function: Callable, case: tuple, places: tuple[int, ...]
) -> list[Tensor | None]:
    """Return the gradients with respect to the inputs at these places."""
    given = own(case)
    leaves = [given[place].requires_grad_() for place in places]
    result = call(function, given, copied=False)
    parts = [x for x in in_parts(result) if isinstance(x, Tensor)]
    parts = [x for x in parts if x.requires_grad and x.is_floating_point()]
    if not parts:
        return [None] * len(leaves)
    flat = torch.cat([x.flatten() for x in parts])
    weight = torch.linspace(0.5, 1.5, len(flat), dtype=flat.dtype)
    return list(torch.autograd.grad((weight * flat).sum(), leaves, allow_unused=True))


def in_parts(result: Any) -> list:
    """Return the values of a result, one or several."""
    return list(result) if isinstance(result, tuple | list) else [result]


def whole_number(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The answer is an int, also where a float would have the same value."""
    return no_float(attempt(answer, case))


def no_float(got: Any) -> str:
    """Return what is wrong with a right value that is a float, or ""."""
    if isinstance(got, float):
        return (
            f"{got} has the right value and is a float; a whole number is asked for "
            "(`//` divides whole numbers, `/` makes floats)."
        )
    return ""
