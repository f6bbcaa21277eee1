"""Mistakes: counted against a slow count, ordered, put in words and drawn."""

import pytest
import torch

from helpers.analysis.mistakes import (
    Mistake,
    confusion,
    in_words,
    worst_mistakes,
)
from helpers.plots.mistakes import confusion_map, mistake_grid, shown

CLASSES = ("cat", "dog", "emu")
TRUTH = torch.tensor([0, 0, 1, 1, 2, 2])
CHANCES = torch.tensor(
    [
        [0.8, 0.1, 0.1],  # right
        [0.3, 0.6, 0.1],  # wrong, not by much
        [0.5, 0.4, 0.1],  # wrong, by little
        [0.0, 1.0, 0.0],  # right
        [0.9, 0.1, 0.0],  # wrong, badly
        [0.3, 0.3, 0.4],  # right, but hardly
    ]
)
FILES = [f"{number}.png" for number in range(6)]


pytestmark = pytest.mark.usefixtures("theme")


def worst(most=8):
    return worst_mistakes(CHANCES, TRUTH, CLASSES, FILES, most)


def saved(figure):
    """Draw the figure, on which a warning would be an error, and return it."""
    figure.draw_without_rendering()
    return figure


def test_the_matrix_counts_truth_by_row_and_guess_by_column():
    generator = torch.Generator().manual_seed(0)
    truth, guess = torch.randint(4, (2, 200), generator=generator)
    counts = confusion(truth, guess, 5)
    pairs = list(zip(truth.tolist(), guess.tolist(), strict=True))
    for t in range(5):
        assert counts[t].tolist() == [pairs.count((t, g)) for g in range(5)]


def test_the_worst_mistakes_come_first_and_what_is_right_never():
    assert [mistake.index for mistake in worst()] == [4, 1, 2]
    assert [mistake.index for mistake in worst(most=1)] == [4]
    first = worst()[0]
    assert (first.file, first.truth, first.guess) == ("4.png", "emu", "cat")
    assert first.probability == pytest.approx(0.9) and first.chance == 0


def test_the_words_name_what_is_shown_and_count_the_rest():
    words = in_words(worst(most=2), wrong=3, n=6)
    assert words.startswith("3 of 6 test pictures are wrong; shown, worst first:")
    assert "4.png, emu taken for cat with 90%; 1.png, cat taken for dog" in words
    assert "2.png" not in words and words.count(".") == 3
    assert in_words([], 0, 6).startswith("None of the 6 test pictures")


def test_the_map_shows_each_count_and_both_names():
    counts = confusion(TRUTH, CHANCES.argmax(1), 3)
    ax = saved(confusion_map(counts, CLASSES)).axes[0]
    written = {t.get_position(): t.get_text() for t in ax.texts}
    expected = {(g, t): str(counts[t, g].item()) for t in range(3) for g in range(3)}
    assert written == expected
    assert [t.get_text() for t in ax.get_yticklabels()] == list(CLASSES)
    assert ax.get_ylabel() == "true class" and ax.get_title("left").startswith("3 of 6")


@pytest.mark.parametrize(("classes", "names"), [(13, 13), (40, 40), (60, 0)])
def test_a_map_of_many_classes_stays_readable(classes, names):
    counts = torch.randint(5, (classes, classes))
    ax = saved(confusion_map(counts, [f"class {k}" for k in range(classes)])).axes[0]
    assert len(ax.texts) == 0 and len(ax.get_yticks()) == names


def test_a_class_without_test_pictures_is_no_division_by_zero():
    figure = saved(confusion_map(torch.tensor([[2, 0], [0, 0]]), ("a", "b")))
    assert figure.axes[0].images[0].get_array().tolist() == [[1, 0], [0, 0]]


def test_up_to_twelve_classes_have_their_counts_written():
    counts = torch.eye(12, dtype=torch.long)
    ax = confusion_map(counts, [f"class {k}" for k in range(12)]).axes[0]
    assert len(ax.texts) == 144


def test_squares_show_the_share_of_the_true_class_from_0_to_1():
    counts = torch.tensor([[3, 1], [2, 2]])
    image = saved(confusion_map(counts, ("a", "b"))).axes[0].images[0]
    assert image.get_array().tolist() == [[0.75, 0.25], [0.5, 0.5]]
    assert image.get_clim() == (0, 1)


def test_counts_stand_out_from_their_squares():
    counts = torch.tensor([[3, 1], [2, 2]])
    ax = saved(confusion_map(counts, ("a", "b"))).axes[0]
    colours = {t.get_position(): t.get_color() for t in ax.texts}
    dark = dict.fromkeys([(1, 0), (0, 1), (1, 1)], "white")
    assert colours == {(0, 0): "black", **dark}


def test_no_class_name_is_taken_for_a_formula():
    names = (r"$\nothing$", r"$\frac{$")
    ax = saved(confusion_map(torch.eye(2, dtype=torch.long), names)).axes[0]
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [text.get_text() for text in labels] == list(names)


def test_more_mistakes_than_columns_fill_another_row():
    mistakes = [Mistake(i, "f", "cat", "dog", 0.9, 0.1) for i in range(5)]
    axes = saved(mistake_grid(torch.rand(5, 3, 8, 8), mistakes)).axes
    assert len(axes) == 8 and sum(bool(ax.images) for ax in axes) == 5


def test_a_name_that_just_fits_is_shown_whole():
    assert shown("x" * 16) == "x" * 16 and shown("x" * 17) == "x" * 15 + "…"


def test_names_that_no_figure_can_write_are_written_all_the_same():
    assert shown("cat") == "cat" and shown("猫 cat") == "□ cat"
    assert shown("x" * 40) == "x" * 15 + "…" and len(shown("a long name of a cat")) < 17
    names = ("$x_1$ 猫", "a_b^c$", "x" * 50)
    saved(confusion_map(torch.eye(3, dtype=torch.long), names))
    saved(mistake_grid(torch.rand(1, 3, 8, 8), [Mistake(0, "f", *names[:2], 1.0, 0)]))


@pytest.mark.parametrize("most", [1, 3])
def test_the_grid_shows_the_pictures_of_the_mistakes(most):
    images = torch.rand(6, 3, 9, 7)
    axes = saved(mistake_grid(images, worst(most))).axes
    drawn = [ax for ax in axes if ax.images]
    assert len(drawn) == most
    for ax, mistake in zip(drawn, worst(most), strict=True):
        expected = images[mistake.index].permute(1, 2, 0)
        assert torch.equal(torch.tensor(ax.images[0].get_array()), expected)
    assert drawn[0].get_title() == "emu (0%)\n→ cat (90%)"


def test_a_grid_without_mistakes_says_so():
    (ax,) = saved(mistake_grid(torch.rand(2, 3, 4, 4), [])).axes
    assert ax.texts[0].get_text() == "no test picture is wrong"
