"""What stands in the figures on exchanged words and on labels."""

from helpers.lessons.lesson08 import known_figures

BITS = {"famous: a": {0: [0.5], 1: [1.5, 2.5]}, "own: b": {0: [1.0], 1: [1.2, 1.4]}}
SHARES = {"without": {0: [0.2, 0.4]}, "counted": {1: [0.3, 0.5], 4: [0.6, 0.8]}}


def test_texts_stand_in_the_order_of_what_they_lose():
    (ax,) = known_figures.exchange_figure("Title", BITS).axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "a"]
    lines = [line.get_xydata().tolist() for line in ax.lines]
    assert [[1.0, 0.0], [1.2999999999999998, 0.0]] in lines
    assert [[1.5, 1.0], [2.5, 1.0]] in lines and [[0.5, 1.0]] in lines


def test_ways_without_labels_are_level_and_chance_is_drawn():
    table = SHARES | {"more": SHARES["counted"]}
    (ax,) = known_figures.labels_figure("Title", table, 0.25).axes
    texts = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert round(texts["without"]) == 31 and round(texts["chance"]) == 24
    means = [list(line.get_ydata()) for line in ax.lines if len(line.get_ydata()) == 2]
    assert [40.0, 70.0] in [[round(y) for y in line] for line in means]
