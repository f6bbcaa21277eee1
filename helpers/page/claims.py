"""Claims: sentences of the course that are measured in front of the reader."""

import html
import math
import os
from collections.abc import Callable, Iterable

import numpy as np

from helpers.core.signs import BY_HELD
from helpers.core.tables import exact_text, number_text

MIME = "application/vnd.pixels-claim+json"
COLLECT = "PIXELS_COLLECT"  # set while the ledger collects claims: none raises


class ClaimFailed(AssertionError):
    """A sentence on the page is not true in this run."""


def judge(as_printed: bool) -> Callable[..., None]:
    """Return the page's `claim` function.

    `as_printed`: whether training length and data are those of the printed page.
    Where they are not, a claim of kind "page" shows its value and is not judged,
    because a longer run or another text may rightly differ.
    """

    def claim(id: str, text: str, value, *, kind: str = "page", **options) -> None:
        """Judge one sentence, show the line, keep its record: see `claim_record`."""
        record = claim_record(id, text, value, kind=kind, **options)
        if kind == "page" and not as_printed:
            record |= {"judged": False, "held": None}
        show(record)
        if record["held"] is False and not os.environ.get(COLLECT):
            raise ClaimFailed(line(record))

    return claim


def claim_record(
    id: str,
    text: str,
    value,
    *,
    kind: str = "page",
    on: str = "each",
    unit: str = "",
    source: str = "",
    at_least: float | None = None,
    at_most: float | None = None,
    between: tuple[float, float] | None = None,
    equals: float | None = None,
    tolerance: float = 0.0,
) -> dict:
    """Return the record of one claim: measured values, bound, held or not.

    `value`: a number, or a list of numbers, one per seed. A list is judged on every
    one of its values, or on their mean with `on="mean"`. Exactly one of the bounds
    `at_least`, `at_most`, `between`, `equals` (within `tolerance`) is needed.
    Raises ValueError for no or two bounds, an unknown `kind` or `on`, or no values.
    NaN never holds. In the record, a value that JSON has no number for is None.
    """
    given = {
        "at_least": at_least,
        "at_most": at_most,
        "between": between,
        "equals": equals,
    }
    bounds = {name: bound for name, bound in given.items() if bound is not None}
    if len(bounds) != 1:
        raise ValueError(f"claim {id} needs exactly one bound, got {list(bounds)}")
    if kind not in ("page", "always") or on not in ("each", "mean"):
        raise ValueError(f"claim {id}: kind {kind!r}, on {on!r} not known")
    values = as_numbers(id, value)
    judged = [sum(values) / len(values)] if on == "mean" else values
    ((name, bound),) = bounds.items()
    low, high = limits(name, bound, tolerance)
    return {
        "id": id,
        "text": text,
        "kind": kind,
        "values": [v if math.isfinite(v) else None for v in values],
        "on": on,
        "measured": measured_text(values, on),
        "bound": bound_text(name, bound, tolerance),
        "limits": [b if math.isfinite(b) else None for b in (low, high)],
        "judged": True,
        "held": all(low <= number <= high for number in judged),  # False for NaN
        "unit": unit,
        "source": source,
    }


def as_numbers(id: str, value) -> list[float]:
    """Return `value` (number, tensor, array, list of these, booleans) as floats."""
    if isinstance(value, str | dict):
        raise ValueError(f"claim {id} needs numbers, got {value!r}")
    import torch  # a tool that asks for COLLECT alone does without

    if isinstance(value, torch.Tensor | np.ndarray):
        value = np.ravel(value.tolist())
    values = list(value) if isinstance(value, Iterable) else [value]
    if not values:
        raise ValueError(f"claim {id} has no values to judge")
    return [float(n.item() if hasattr(n, "item") else n) for n in values]


def limits(name: str, bound, tolerance: float) -> tuple[float, float]:
    """Return the lowest and the highest value for which the claim holds."""
    if name == "between":
        low, high = bound
        return float(low), float(high)
    if name == "equals":
        return bound - tolerance, bound + tolerance
    return (bound, math.inf) if name == "at_least" else (-math.inf, bound)


def bound_text(name: str, bound, tolerance: float) -> str:
    """Return the bound as the page prints it."""
    if name == "between":
        return f"between {exact_text(bound[0])} and {exact_text(bound[1])}"
    sign = {"at_least": "≥", "at_most": "≤", "equals": "="}[name]
    within = f" ± {exact_text(tolerance)}" if tolerance else ""
    return f"{sign} {exact_text(bound)}{within}"


def measured_text(values: list[float], on: str) -> str:
    """Return the measured value, or all of them where there are a few seeds."""
    if len(values) == 1:
        return number_text(values[0])
    if on == "mean":
        return f"mean {number_text(sum(values) / len(values))} of {len(values)}"
    if any(map(math.isnan, values)):  # min and max would depend on the order
        return f"nan in {sum(map(math.isnan, values))} of {len(values)}"
    low, high = number_text(min(values)), number_text(max(values))
    return f"{low} to {high} (n = {len(values)})" if low != high else low


def line(record: dict) -> str:
    """Return the one line that a claim prints."""
    unit = f" {record['unit']}" if record["unit"] else ""
    source = f"  [{record['source']}]" if record["source"] else ""
    verdict = BY_HELD[record["held"]]
    note = "" if record["judged"] else "  (not judged here)"
    measured = f"{record['measured']}{unit}, bound {record['bound']}"
    return f"{verdict} {record['id']}  {record['text']}: {measured}{source}{note}"


def show(record: dict) -> None:
    """Display the line, with the record that tools read back from the notebook."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:  # a plain script: there is no page to show it on
        print(line(record))
        return
    colour = {True: "#009E73", False: "#D55E00", None: "#666666"}[record["held"]]
    card = (
        f'<div style="border-left:4px solid {colour};padding:2px 10px">'
        f"{html.escape(line(record))}</div>"
    )
    display({"text/plain": line(record), "text/html": card, MIME: record}, raw=True)
