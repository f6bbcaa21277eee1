"""What an exercise promises beside its numbers, each kept or broken by an answer.

A promise is called with answer, reference, one case and the tolerance, once the values
are right; it returns a sentence for the learner, or "" where it is kept.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from helpers.page.compare import same
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
    given = own(case)
    call(answer, given, copied=False)
    named = zip(names_of(answer, case), given, case, strict=True)
    for place, (name, now, before) in enumerate(named):
        if place not in but and not unchanged(now, before):
            return (
                f"you changed the input `{name}` in place: whoever called your "
                "function still needs it. Work on a copy (`.clone()`), or write a new "
                "value instead of changing the old one."
            )
    return ""


def gradients_left_on(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The answer does not switch gradients off for all that follows it."""
    with torch.enable_grad():
        call(answer, case)
        if torch.is_grad_enabled():
            return ""
    return (
        "The values are right, but gradients are switched off for everything that "
        "follows, and nothing could be trained any more. `with torch.no_grad():` "
        "switches them on again at its end."
    )


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
        given = own(case)
        return "" if call(answer, given, copied=False) is given[place] else text

    return promise


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
        name = names_of(answer, case)
        for place, g, e in zip(places, got, expected, strict=True):
            to = f"to `{name[place]}`"
            if g is None and e is not None:
                return text or (
                    f"The values are right, but no gradient flows back {to}: something "
                    "in between (`.item()`, `.detach()`, `.data`, NumPy, a new "
                    "torch.tensor) cuts it off, and nothing could be trained."
                )
            if e is not None and g.isnan().any() and not e.isnan().any():
                return text or (
                    f"The values are right, but the gradient {to} is NaN: one step of "
                    "training would destroy every weight."
                )
            if e is not None and not same(g, e, max(tolerance, 1e-4)):
                return text or f"The values are right, but the gradient {to} is not."
        return ""

    return promise


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
    got = call(answer, case)
    if isinstance(got, float):
        return (
            f"{got} has the right value and is a float; a whole number is asked for "
            "(`//` divides whole numbers, `/` makes floats)."
        )
    return ""
