"""How far a claim is from failing: the distance of its worst value to its bound."""

from collections.abc import Sequence


def margins(records: Sequence[dict]) -> list[float | None]:
    """Return the margin of each record of one claim, one record per seed.

    One-sided bounds: the distance to the bound as a share of the bound, or, where
    that is 0, of the largest value of all records. Intervals: as a share of half their
    width, so 1 is the middle and 0 the edge. It is negative where a judged value
    breaks the bound, and None for an equality without tolerance, a value that is not
    finite, and a record that was not judged.
    """
    numbers = [n for r in records if r["judged"] for n in judged_values(r)]
    largest = max((abs(n) for n in numbers if n is not None), default=0.0)
    return [one_margin(r, largest) if r["judged"] else None for r in records]


def smallest(records: Sequence[dict]) -> float | None:
    """Return the smallest margin of one claim's records, None where one has none."""
    judged = [record for record in records if record["judged"]]
    found = margins(judged)
    return None if not found or None in found else min(found)


def judged_values(record: dict) -> list[float | None]:
    """Return the values that were held against the bound: all, or their mean."""
    values = record["values"]
    if record["on"] == "mean" and None not in values:
        return [sum(values) / len(values)]
    return values


def one_margin(record: dict, largest: float) -> float | None:
    """Return the margin of one record; `largest` is the scale of a bound of 0."""
    low, high = record["limits"]
    numbers = judged_values(record)
    if low == high or None in numbers:
        return None
    if low is None or high is None:
        # A value of 0 at a bound of 0 has the distance 0, whatever the unit.
        unit = abs(high if low is None else low) or largest or 1.0
    else:
        unit = (high - low) / 2
    below = [number - low for number in numbers if low is not None]
    above = [high - number for number in numbers if high is not None]
    return min(below + above) / unit


def margin_text(margin: float | None) -> str:
    """Return a margin in percent, "–" for none; never rounded up."""
    if margin is None:
        return "–"
    if margin > 10:
        return "> 1000 %"
    percent = 100 * margin
    digits = 0 if abs(percent) >= 10 else 1
    shown = int(percent * 10**digits // 1) / 10**digits
    return f"{shown:.{digits}f} %"
