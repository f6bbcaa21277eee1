"""The drawing of an LSTM's step: its parts, and that they stay on the canvas."""

from helpers.lessons.lesson03.diagrams import lstm_step_diagram


def test_three_gates_are_sigmoids_and_the_candidate_is_none():
    texts = [text.get_text() for text in lstm_step_diagram().texts]
    squashed = dict(text.split("\n") for text in texts if " gate " in text)
    assert [*squashed] == ["forget gate f", "input gate i", "output gate o"]
    assert set(squashed.values()) == {"sigmoid"}
    assert "candidate g\ntanh" in texts


def test_the_cell_is_scaled_once_and_added_to_once():
    texts = [text.get_text() for text in lstm_step_diagram().texts]
    assert texts.count("×") == 3  # old c, candidate, and what is shown
    assert texts.count("+") == 1


def test_every_box_stays_on_its_canvas():
    ax = lstm_step_diagram()
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    boxes = [shape.get_bbox() for shape in ax.patches if hasattr(shape, "get_bbox")]
    assert len(boxes) >= 13
    assert all(left <= b.x0 < b.x1 <= right for b in boxes)
    assert all(low <= b.y0 < b.y1 <= high for b in boxes)
