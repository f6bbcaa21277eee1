"""Date normalisation, a small translation task: many date formats to ISO 8601."""

from datetime import date, timedelta
from functools import cache

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.data.tasks.sequences import Batches, whole, whole_batch
from helpers.data.text.corpus import UNKNOWN, Characters

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
FORMATS = (
    "{day} {month} {year}",  # 3 March 2021
    "{month} {day}, {year}",  # March 3, 2021
    "{day}. {short} {year}",  # 3. Mar 2021
    "{number}/{day}/{year}",  # 3/30/2021: with slashes the month comes first,
    "{day}.{number}.{year}",  # 30.3.2021: with dots the day,
    "{day} {short} '{last_two:02}",  # 3 Mar '21: and '50 is 1950, '49 is 2049
)
FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)
WEEK = 7  # days; the first is held out: a Sunday, since the calendar begins on one

# Sorted and numbered from 1; 0 fills up a source.
CHARACTERS = Characters(" ',-./0123456789ADFJMNOSabceghilmnoprstuvy")
SYMBOLS, PADDING = len(CHARACTERS), 0
WIDTH, LENGTH = 18, 10  # characters of a source, "September 30, 2021", and of a target


def to_iso(batch_size: int, seed: int) -> Batches:
    """Return an endless iterator of (source (B, WIDTH), target (B, LENGTH)), int64.

    A day that is no Sunday, in one of FORMATS, both drawn uniformly; and the same day
    as in 2021-03-03 (ISO 8601). Raises UserError, at once, for a batch size below 1.
    """
    return endless_dates(whole_batch(batch_size), torch.Generator().manual_seed(seed))


def endless_dates(size: int, generator: torch.Generator) -> Batches:
    """Yield batches for ever: see `to_iso`, which checks what it is given."""
    (sources, targets), (days, _) = table(), parts()
    while True:
        day = days[torch.randint(len(days), (size,), generator=generator)]
        form = torch.randint(len(FORMATS), (size,), generator=generator)
        yield sources[day, form].long(), targets[day].long()


def held_out_dates(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return (source, target), (B, WIDTH) and (B, LENGTH), int64, of `count` different
    Sundays, which `to_iso` never draws, in every format: B = count * len(FORMATS), the
    formats of a day one after the other. Raises UserError unless there are so many."""
    (sources, targets), (_, days) = table(), parts()
    count = whole("count", count, 1)
    if count > len(days):
        raise UserError(f"count is {count}; only {len(days)} days are held out.")
    generator = torch.Generator().manual_seed(seed)
    days = days[torch.randperm(len(days), generator=generator)[:count]]
    repeated = targets[days].repeat_interleave(len(FORMATS), dim=0)
    return sources[days].flatten(0, 1).long(), repeated.long()


def spelled(ids_t: Tensor) -> str:
    """Return what symbols (T,) say, padding left out. Raises ValueError for a number
    that is none of 0 to SYMBOLS - 1."""
    return CHARACTERS.decode(ids_t).replace(UNKNOWN, "")


def symbols(text: str) -> Tensor:
    """Return a date as a source, int64 (WIDTH,), blanks around it left out.

    Any text of known characters will do. Raises UserError when it is blank, longer
    than WIDTH, or has a character that no date has.
    """
    text = text.strip()
    if not text:
        raise UserError("The date is blank; write one such as 3 March 2021.")
    if len(text) > WIDTH:
        raise UserError(
            f"The date {text!r} has {len(text)} characters; {WIDTH} are the most."
        )
    if strange := sorted(set(text) - CHARACTERS.known):
        names = ", ".join(map(repr, strange))
        raise UserError(f"The date {text!r} has {names}, which no date here has.")
    return padded([text])[0]


def padded(texts: list[str]) -> Tensor:
    """Return known texts as sources, int64 (len(texts), WIDTH)."""
    filled = "".join(text.ljust(WIDTH, UNKNOWN) for text in texts)
    return CHARACTERS.encode(filled, unknown_ok=True).view(-1, WIDTH)


def written(day: date) -> list[str]:
    """Return a day in every format; the names of the months are not the system's."""
    month = MONTHS[day.month - 1]
    names = {"month": month, "short": month[:3], "number": day.month}
    numbers = {"day": day.day, "year": day.year, "last_two": day.year % 100}
    return [form.format(**names, **numbers) for form in FORMATS]


@cache
def table() -> tuple[Tensor, Tensor]:
    """Return every day in order, uint8: sources (days, formats, WIDTH), targets
    (days, LENGTH)."""
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    sources = padded([text for day in days for text in written(day)])
    targets = CHARACTERS.encode("".join(day.isoformat() for day in days))
    shape = len(days), len(FORMATS), WIDTH
    return sources.view(shape).byte(), targets.view(-1, LENGTH).byte()


@cache
def parts() -> tuple[Tensor, Tensor]:
    """Return the places in the calendar of the days to train on, and of those held
    out: every 7th from the first on, which are the Sundays."""
    days = torch.arange(len(table()[1]))
    held_out = days % WEEK == 0
    return days[~held_out], days[held_out]
