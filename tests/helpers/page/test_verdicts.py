"""How a verdict reads: no line is broken within a word, and none is lost."""

import pytest

from helpers.page.verdicts import WIDTH, wrapped

HEAD = "✗ 6.4  " + "Ask yourself which layer listens to that call. " * 4
VALUE = "   received   tensor " + "[0.25, 0.5, 0.125], " * 9


@pytest.mark.parametrize(("line", "indent"), [(HEAD, 7), (VALUE, 14)])
def test_a_long_line_goes_on_below_its_own_text(line, indent):
    first, *rest = wrapped(line).split("\n")
    assert len(rest) >= 2
    assert line.startswith(first) and first.rstrip() == first
    assert all(part.startswith(" " * indent) for part in rest)
    assert all(part[indent] != " " for part in rest)
    assert max(map(len, [first, *rest])) <= WIDTH
    assert " ".join(wrapped(line).split()) == " ".join(line.split())


def test_short_lines_and_long_words_stay_whole():
    text = "✗ 0.1  no\n   for        2, 3\n   received   4"
    assert wrapped(text) == text
    long = "   received   " + "x" * 100
    assert "x" * 100 in wrapped(long)
