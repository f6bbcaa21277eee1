"""Famous texts, and how licences and the Zen of Python are read."""

import sys

from helpers.data.text import famous


def test_quotations_are_whole_lines_of_text():
    assert len(famous.QUOTED) >= 10
    for text in famous.QUOTED.values():
        assert text.isascii() and text == text.strip() and 40 < len(text) < 400


def test_the_alphabet_and_pi_are_right():
    assert famous.QUOTED["the alphabet"].split() == [chr(65 + i) for i in range(26)]
    import mpmath

    with mpmath.workdps(80):
        assert str(mpmath.pi).startswith(famous.QUOTED["digits of pi"])


def test_the_zen_is_read_and_not_imported():
    known = "this" in sys.modules
    text = famous.zen_of_python()
    assert text.startswith("The Zen of Python, by Tim Peters\n\nBeautiful is better")
    assert ("this" in sys.modules) == known


def test_licences_are_read_from_where_they_are_installed(monkeypatch):
    for name, (_, start) in famous.LICENCES.items():
        text = famous.licence(name, 80)
        assert text is None or (text.startswith(start) and len(text) == 80)
    assert famous.licence("MIT licence", 30) == "Permission is hereby granted, "
    monkeypatch.setitem(famous.LICENCES, "absent", ("no-such-package", "x"))
    monkeypatch.setitem(famous.LICENCES, "other", ("tqdm", "no such words in it"))
    assert famous.licence("absent") is None is famous.licence("other")
