"""The dates: read back by rules of their own, never the same day in both parts."""

import re
from collections import Counter
from datetime import date, timedelta
from itertools import islice

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import dates
from helpers.data.tasks.dates import (
    FORMATS,
    LENGTH,
    WIDTH,
    held_out_dates,
    spelled,
    symbols,
    to_iso,
)

NAMES = ["January", "February", "March", "April", "May", "June", "July", "August"]
NAMES += ["September", "October", "November", "December"]
SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
SHORT += ["Dec"]
SPELLINGS = [
    r"(?P<d>\d+) (?P<m>[A-Z][a-z]+) (?P<y>\d{4})",
    r"(?P<m>[A-Z][a-z]+) (?P<d>\d+), (?P<y>\d{4})",
    r"(?P<d>\d+)\. (?P<m>[A-Z][a-z]{2}) (?P<y>\d{4})",
    r"(?P<m>\d+)/(?P<d>\d+)/(?P<y>\d{4})",
    r"(?P<d>\d+)\.(?P<m>\d+)\.(?P<y>\d{4})",
    r"(?P<d>\d+) (?P<m>[A-Z][a-z]{2}) '(?P<y>\d{2})",
]
SHORTENED = (2, 5)  # the formats with Mar for March
SUNDAYS = 5218


def read(text, number):
    """Return the day that a text in a format says, in ISO's way."""
    found = re.fullmatch(SPELLINGS[number], text)
    day, month, year = found["d"], found["m"], int(found["y"])
    names = SHORT if number in SHORTENED else NAMES
    month = int(month) if month.isdigit() else 1 + names.index(month)
    if year < 100:
        year += 1900 if year >= 50 else 2000
    assert day == str(int(day))  # no 0 in front
    return date(year, month, int(day)).isoformat()


def number_of(text):
    """Return the one format that a text is in."""
    (number,) = [n for n, way in enumerate(SPELLINGS) if re.fullmatch(way, text)]
    return number


def take(batch_size, seed, n):
    """Return n batches as one: (source, target)."""
    batches = zip(*islice(to_iso(batch_size, seed), n), strict=True)
    return tuple(torch.cat(part) for part in batches)


def assert_pads_the_end(source):
    """Assert that padding begins where the text ends, and nowhere else."""
    padding = source == dates.PADDING
    assert torch.equal(padding, padding.cummax(dim=1).values)
    assert not padding[:, :8].any()


# ---------------------------------------------------------------- what is in a batch


def test_a_batch_is_a_date_and_the_same_date_in_isos_way():
    source, target = take(64, 0, 20)
    assert source.shape == (20 * 64, WIDTH) == (1280, 18)
    assert target.shape == (20 * 64, LENGTH) == (1280, 10)
    assert source.dtype == target.dtype == torch.int64
    for given, wanted in zip(source, target, strict=True):
        text = spelled(given)
        assert read(text, number_of(text)) == spelled(wanted)
    assert_pads_the_end(source)
    assert (target != dates.PADDING).all()


def test_formats_and_days_are_drawn_uniformly():
    source, target = take(6000, 1, 1)
    counts = Counter(number_of(spelled(given)) for given in source)
    assert sorted(counts) == list(range(6))
    assert all(850 < count < 1150 for count in counts.values())
    decades = Counter(spelled(wanted)[:3] for wanted in target)
    assert sorted(decades) == [str(n) for n in range(195, 205)]
    assert all(480 < count < 720 for count in decades.values())
    weekdays = Counter(date.fromisoformat(spelled(day)).weekday() for day in target)
    assert sorted(weekdays) == list(range(6))
    assert all(850 < count < 1150 for count in weekdays.values())


def test_batches_depend_on_their_seed_alone():
    state = torch.random.get_rng_state()
    first = take(8, 3, 2)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(1)
    assert all(map(torch.equal, first, take(8, 3, 2)))
    assert not torch.equal(first[1], take(8, 4, 2)[1])
    assert not torch.equal(first[1][:8], first[1][8:])


# ---------------------------------------------------------------- the two parts


def test_no_day_of_the_test_is_in_training_in_any_format():
    train, held_out = dates.parts()
    assert not set(train.tolist()) & set(held_out.tolist())
    assert sorted([*train.tolist(), *held_out.tolist()]) == list(range(36_525))
    sources, _ = dates.table()
    every = sources.flatten(0, 1)
    assert len(every) == 36_525 * len(FORMATS)
    assert len(every.unique(dim=0)) == len(every)  # no text stands for two days


def test_the_test_has_every_sunday_in_every_format():
    source, target = held_out_dates(SUNDAYS, seed=0)
    assert source.shape == (SUNDAYS * 6, 18) and target.shape == (SUNDAYS * 6, 10)
    assert source.dtype == target.dtype == torch.int64
    assert torch.equal(target[::6], target[5::6])
    days = [spelled(wanted) for wanted in target[::6]]
    sundays = {f"{date(1950, 1, 1) + timedelta(7 * n)}" for n in range(SUNDAYS)}
    assert len(days) == SUNDAYS and set(days) == sundays
    for place in range(0, len(source), 101):
        assert read(spelled(source[place]), place % 6) == days[place // 6]
    assert_pads_the_end(source)


def test_training_never_shows_a_day_of_the_test():
    _, target = take(5000, 2, 8)
    _, tested = held_out_dates(SUNDAYS, seed=0)
    whole = torch.cat([target.unique(dim=0), tested[::6]])
    assert len(whole.unique(dim=0)) == len(whole)


def test_the_first_and_the_last_day():
    sources, targets = dates.table()
    assert [spelled(day.long()) for day in targets[[0, 1, -1]]] == [
        "1950-01-01",
        "1950-01-02",
        "2049-12-31",
    ]
    assert [spelled(text.long()) for text in sources[-1]] == [
        "31 December 2049",
        "December 31, 2049",
        "31. Dec 2049",
        "12/31/2049",
        "31.12.2049",
        "31 Dec '49",
    ]
    assert spelled(sources[1, 5].long()) == "2 Jan '50"
    leap = (date(2000, 2, 29) - date(1950, 1, 1)).days
    assert spelled(sources[leap, 5].long()) == "29 Feb '00"


def test_the_days_of_the_test_are_drawn_by_the_seed():
    first, again, other = (held_out_dates(40, seed)[1] for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert len(first[::6].unique(dim=0)) == 40
    years = [int(spelled(day)[:4]) for day in first[::6]]
    assert min(years) < 1970 and max(years) > 2030  # from all over the calendar


def test_a_batch_may_be_changed_and_the_next_is_whole():
    before = held_out_dates(3, 0)
    for part in held_out_dates(3, 0):
        part.zero_()
    assert all(map(torch.equal, before, held_out_dates(3, 0)))


# ---------------------------------------------------------------- characters


def test_the_vocabulary_is_exactly_what_dates_need():
    sources, targets = dates.table()
    assert targets.unique().tolist() == sorted(symbols("-0123456789")[:11].tolist())
    used = set(sources.unique().tolist()) | set(targets.unique().tolist())
    assert used == set(range(dates.SYMBOLS)) and dates.PADDING == 0
    assert (sources[..., -1] != 0).any()  # the longest date fills the width


def test_a_date_typed_is_the_date_of_a_batch():
    source, _ = take(50, 5, 1)
    for given in source:
        assert torch.equal(symbols(spelled(given)), given)
    typed = symbols("  3 March 2021\n")
    assert typed.shape == (18,) and typed.dtype == torch.int64
    assert spelled(typed) == "3 March 2021" and typed[12:].tolist() == [0] * 6
    assert spelled(symbols("September 30, 2021")) == "September 30, 2021"


def test_padding_is_left_out_wherever_it_is():
    assert spelled(torch.zeros(4, dtype=torch.int64)) == ""
    typed = symbols("3 May")
    assert spelled(torch.cat([typed[:1], torch.zeros(1).long(), typed[1:5]])) == "3 May"
    for number in (-1, dates.SYMBOLS):
        with pytest.raises(ValueError, match="whole numbers from 0 to 42"):
            spelled(torch.tensor([number]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: symbols(""), "The date is blank"),
        (lambda: symbols(" \n"), "The date is blank"),
        (lambda: symbols("September 30th, 2021"), "has 20 characters; 18 are the most"),
        (lambda: symbols("30 September, 2021x"), "has 19 characters"),
        (lambda: symbols("3 März 2021"), "'3 März 2021' has 'z', 'ä', which no date"),
        (lambda: symbols("3\tMay"), r"has '\\t', which no date here has"),
        (lambda: symbols("\N{REPLACEMENT CHARACTER}3"), "which no date here has"),
        (lambda: to_iso(0, 0), "batch_size is 0; it must .* 1 or more"),
        (lambda: held_out_dates(0, 0), "count is 0; it must .* 1 or more"),
        (lambda: held_out_dates(2.0, 0), "count is 2.0"),
        (lambda: held_out_dates(5219, 0), "count is 5219; only 5218 days are held out"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(call, said):
    with pytest.raises(UserError, match=said):
        call()
