"""How a verdict reads: no line is broken within a word, and none is lost."""

from itertools import pairwise

import pytest
import torch

from helpers.page.verdicts import (
    LONGEST,
    ON_HIDDEN,
    ON_VISIBLE,
    WIDTH,
    Raised,
    details,
    headline,
    in_a_line,
    shown,
    wrapped,
)

T = torch.tensor
STOPPED = Raised("KeyError: 'a'", (3, "return x['a']"))

HEAD = "✗ 6.4  " + "Ask yourself which layer listens to that call. " * 4
SPACED = HEAD.replace("Ask yourself", "Ask  yourself")
VALUE = "   received   tensor " + "[0.25, 0.5, 0.125], " * 9


@pytest.mark.parametrize(
    ("line", "indent"), [(HEAD, 7), (SPACED, 7), (VALUE, 14), (VALUE + "a  b", 14)]
)
def test_a_long_line_goes_on_below_its_own_text(line, indent):
    first, *rest = wrapped(line).split("\n")
    assert len(rest) >= 2
    assert line.startswith(first) and first.rstrip() == first
    assert all(part.startswith(" " * indent) for part in rest)
    assert all(part[indent] != " " for part in rest)
    assert max(map(len, [first, *rest])) <= WIDTH
    for part, following in pairwise([first, *rest]):  # nor sooner than it must be
        assert len(f"{part} {following.split()[0]}") > WIDTH
    assert " ".join(wrapped(line).split()) == " ".join(line.split())


def test_short_lines_and_long_words_stay_whole():
    text = "✗ 0.1  no\n   for        2, 3\n   received   4"
    assert wrapped(text) == text
    long = "   received   " + "x" * 100
    assert "x" * 100 in wrapped(long)


@pytest.mark.parametrize(
    ("known", "found", "got", "visible", "hidden"),
    [
        ("", "", 1, "Not yet: the result differs from the reference.", ""),
        ("", "it is long.", 1, "Not yet: it is long.", "It is long."),
        ("Its axis.", "it is long.", 1, "Its axis.", "Its axis."),
        ("Its axis.", "", STOPPED, "Its axis.", "Its axis."),
        ("", "", STOPPED, *["Your code stopped with KeyError: 'a'"] * 2),
    ],
)
def test_the_first_line_says_the_most_that_is_known(known, found, got, visible, hidden):
    assert headline(ON_VISIBLE, known, found, got) == visible
    before = "Right on the examples shown, wrong on others. "
    assert headline(ON_HIDDEN, known, found, got) == before + hidden


FOR, EXPECTED, RECEIVED = "for        2, 'a'", "expected   5", "received   4"


@pytest.mark.parametrize(
    ("case", "expected", "got", "lines"),
    [
        ((2, "a"), 5, 4, [FOR, EXPECTED, RECEIVED]),
        ((), 5, 4, [RECEIVED]),  # the solution is not shown
        ((), T([5.0, 1.0]), T([4.0, 1.0]), ["received   tensor [4, 1]"]),
        ((2, "a"), 5, STOPPED, [FOR, "line 3     return x['a']"]),
        ((2, "a"), 5, Raised("KeyError", (12345, "")), [FOR, "line 12345"]),
        ((), 5, Raised("KeyError"), []),
        (
            (2, "a"),
            T([5.0, 1.0]),
            T([4.0, 1.0]),
            [
                FOR,
                "expected   tensor [5, 1]",
                "received   tensor [4, 1]",
                "compared   1 of 2 differ, first at [0]: 5 expected, 4 received",
            ],
        ),
        (
            (2, "a"),
            1 / 3,
            1 / 3 + 1e-8,
            [FOR, "expected   0.333333333", "received   0.333333343"],
        ),
    ],
)
def test_the_lines_below_show_input_expected_and_received(case, expected, got, lines):
    assert details(case, expected, got, 1e-12) == lines


class Unshowable:
    """Something that cannot be printed."""

    def __repr__(self):
        raise AttributeError("not ready")


def test_what_cannot_be_printed_hides_nothing_else():
    said = "a Unshowable that cannot be shown: AttributeError: not ready"
    assert shown(Unshowable()) == said
    found = details((2, "a"), 5, Unshowable(), 1e-5)
    assert found == [FOR, EXPECTED, f"received   {said}"]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError(), "ValueError"),
        (ValueError("two\n   lines: "), "ValueError: two lines"),
        (KeyError("a"), "KeyError: 'a'"),
        (ValueError("XX"), "ValueError: XX"),
        (ValueError("x" * (LONGEST - 12)), "ValueError: " + "x" * (LONGEST - 12)),
        (ValueError("x" * (LONGEST - 11)), f"ValueError: {'x' * (LONGEST - 12)} …"),
    ],
)
def test_an_error_is_one_line_and_cut_when_long(error, line):
    assert in_a_line(error) == line
