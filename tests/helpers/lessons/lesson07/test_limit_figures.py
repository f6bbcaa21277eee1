"""Losses above their limits, and candidates for a hidden word."""

from types import SimpleNamespace

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import grammar
from helpers.lessons.lesson07 import limit_figures as figures
from helpers.lessons.lesson07.known_limit import Encoder, small
from helpers.models.transformer.gpt import GPT


def test_losses_are_the_limit_and_what_is_above_it():
    records = [(0, 2.0), (50, 1.0), (80, 0.5)]
    histories = {name: SimpleNamespace(records=records) for name in figures.LOOKS}
    limits = {"next word": 3.0, "hidden word": 2.5}
    (ax,) = figures.losses_figure(histories, limits, 3.2).axes
    drawn = [line.get_ydata() for line in ax.lines]
    assert [5.0, 4.0, 3.5] in [list(y) for y in drawn]
    assert [4.5, 3.5, 3.0] in [list(y) for y in drawn]
    assert {y[0] for y in drawn if len(set(y)) == 1} == {3.0, 2.5, 3.2}


def test_a_sentence_is_read_after_a_period():
    ids = figures.read_sentence("Dogs bark.", 2)
    assert grammar.text(ids) == ". dogs bark ."


@pytest.mark.parametrize(
    ("sentence", "place", "said"),
    [
        ("dogs sing .", 1, "'sing' is no word"),
        ("dogs bark .", 4, "there are 3"),
        ("", 1, "there are 0"),
        ("often " * 16, 1, "15 at most"),
    ],
)
def test_what_is_no_sentence_is_said(sentence, place, said):
    with pytest.raises(UserError, match=said):
        figures.read_sentence(sentence, place)


def test_only_the_encoder_reads_the_right_side_and_neither_the_hidden_word():
    clm, mlm = small(GPT, 0), small(Encoder, 0)
    ids = figures.read_sentence("dogs often bark .", 1)
    hidden, right = ids.clone(), ids.clone()
    hidden[1], right[3] = 4, 27
    first, same, other = (figures.guesses(clm, mlm, x, 1) for x in (ids, hidden, right))
    assert all(torch.equal(a, b) for a, b in zip(first, same, strict=True))
    assert torch.equal(first[0], other[0])
    assert not torch.equal(first[1], other[1])
    for given in first:
        assert given.shape == (33,)
        torch.testing.assert_close(given.sum(), torch.tensor(1.0))


def test_the_best_guesses_are_the_source_s():
    ids = figures.read_sentence("dogs bark .", 1)
    left, both = figures.best(ids, 1)
    torch.testing.assert_close(left[1:17], torch.full((16,), 1 / 16).double())
    torch.testing.assert_close(both[9:17], torch.full((8,), 1 / 8).double())
    assert figures.best(figures.read_sentence("dogs often barks .", 2), 2) is None


def test_ten_candidates_stand_side_by_side_the_best_above():
    figure = figures.candidates(small(GPT, 0), small(Encoder, 0), "dogs bark .", 1)
    assert figure._suptitle.get_text() == "____ bark ."
    for ax in figure.axes:
        widths = [bar.get_width() for bar in ax.patches]
        assert len(widths) == 10
        assert widths == sorted(widths, reverse=True)
        assert len(ax.lines) == 1
        assert ax.yaxis_inverted()
    broken = figures.candidates(
        small(GPT, 0), small(Encoder, 0), "dogs often barks .", 2
    )
    assert not any(ax.lines for ax in broken.axes)
