"""The signs of verdicts, as they are printed and read back."""

from helpers.core.signs import OPEN, RIGHT, WRONG, verdicts


def test_every_verdict_at_the_start_of_a_line_is_read():
    printed = f"{RIGHT} 1.2  correct\n{OPEN} 10.3  not attempted\n{WRONG} 4.1\n"
    assert verdicts(printed) == [(RIGHT, "1.2"), (OPEN, "10.3"), (WRONG, "4.1")]


def test_what_is_no_verdict_is_passed_over():
    for text in (f"say {RIGHT} 1.2 ", f"{RIGHT} solved", f"{RIGHT} 1.2.3", "1.2 "):
        assert verdicts(text) == []
