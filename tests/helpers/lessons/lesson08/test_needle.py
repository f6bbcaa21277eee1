"""A password in a long text: where it stands, and what it costs."""

import pytest
import torch

from helpers.lessons.lesson08 import needle


class Reader:
    """Encodes letters; each costs as many nats as its place from the end."""

    def encode(self, text):
        return torch.tensor([ord(c) for c in text])

    def nats(self, ids_t):
        return torch.arange(len(ids_t) - 1, 0, -1).float()


def text(ids_t) -> str:
    return "".join(chr(i) for i in ids_t)


@pytest.mark.parametrize(("part", "at"), [(0.0, 0), (0.5, 50), (1.0, 100)])
def test_the_password_stands_where_it_should(part, at):
    prompt = text(needle.hidden(Reader(), "otter-62", part, 100, 1))
    told = "\nThe password is otter-62.\n"
    assert prompt.index(told) == at
    without = text(needle.hidden(Reader(), "otter-62", None, 100, 1))
    assert prompt.replace(told, "", 1) == without
    assert "otter" not in without
    assert without.endswith("\nThe password is")
    assert needle.hidden(Reader(), "x", None, 100, 2).tolist()[:9] != [
        ord(c) for c in without[:9]
    ]


def test_only_the_password_is_paid_for():
    prompt = torch.zeros(5, dtype=torch.long)
    assert needle.cost(Reader(), prompt, "ab") == 2.0  # " ab": 3, 2, 1


def test_a_small_study_has_the_form_of_the_stored_one(monkeypatch):
    monkeypatch.setattr(needle, "cost", lambda *_: 1.0)
    table, stored = needle.measure(Reader(), (8, 16), ("a", "b")), needle.stored()
    assert list(table) == list(stored) == [*needle.PLACES, needle.ABSENT]
    assert table["end"] == {8: [1.0, 1.0], 16: [1.0, 1.0]}
    assert list(stored["middle"]) == list(needle.LENGTHS)
    words = len(needle.PASSWORDS)
    assert {len(v) for row in stored.values() for v in row.values()} == {words}


def test_what_is_told_of_a_table():
    table = {
        "start": {8: [1.0, 3.0]},
        "middle": {8: [2.0, 2.0]},
        "end": {8: [1.0, 5.0]},
    }
    assert needle.middle_extra(table) == [1.0, -2.0]
    shown = needle.summary(table | {"nowhere": {}})
    assert shown.rows == [
        ["start", 2.0],
        ["middle", 2.0],
        ["end", 3.0],
        ["nowhere", ""],
    ]
