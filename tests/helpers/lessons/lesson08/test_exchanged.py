"""Words exchanged for others of the same kind."""

from collections import Counter

from helpers.lessons.lesson08.exchanged import WORD, exchange, exchangeable, kind

TEXT = (
    "The ferry sailed slowly past seven towers, and the ferry stopped: 3 bells, 3 dogs."
)
POOL = [
    "Trains rolled quickly under bridges; a baker burned 7 loaves and 9 cakes in April"
]


def lengths(word):
    return 1 + (len(word) > 6)


def test_which_words_are_exchanged():
    assert [
        w
        for w in WORD.findall("I saw Anna buy 12 big pears, A or b")
        if exchangeable(w)
    ] == [*("I", "Anna", "1", "2", "pears", "A")]
    assert kind("7") != kind("A") != kind("Apple") != kind("apple")
    assert kind("walking") == kind("talking") != kind("walked")
    assert kind("Walking") != kind("walking")


def test_the_same_word_becomes_the_same_other_one():
    for seed in range(10):
        after = exchange(TEXT, POOL, lengths, seed, share=1.0)
        before, words = WORD.findall(TEXT), WORD.findall(after)
        assert len(before) == len(words) and after != TEXT
        pairs = set(zip(before, words, strict=True))
        assert max(Counter(a for a, _ in pairs).values()) == 1
        for a, b in pairs:
            assert a == b or (kind(a), lengths(a)) == (kind(b), lengths(b))
            assert a == b or b in POOL[0]
        assert "and the" in after and words[0] == "The"  # short words stay


def test_a_share_of_the_words_and_other_draws():
    some = [exchange(TEXT, POOL, lengths, seed, share=0.3) for seed in range(20)]
    assert len(set(some)) > 5 and some[0] == exchange(TEXT, POOL, lengths, 0, share=0.3)
    for after in some:
        pairs = set(zip(WORD.findall(TEXT), WORD.findall(after), strict=True))
        assert sum(a != b for a, b in pairs) <= 3


def test_without_another_a_word_stays_but_letters_take_each_others_place():
    assert exchange("Xylophone", ["nothing fits"], lengths, 0) == "Xylophone"
    after = exchange("A B C D E F", [], lengths, 0)
    assert after != "A B C D E F" and set(after) <= set("ABCDEF ")
