"""The drawing of a multi-head layer: its parts and their shapes."""

from helpers.lessons.lesson04.diagrams import multi_head_layer


def test_every_part_stands_with_its_shape():
    texts = [text.get_text() for text in multi_head_layer().texts]
    shapes = [text.partition("\n")[2] for text in texts if "\n" in text]
    assert shapes.count("(B, T, C)") == 3
    assert shapes.count("(B, N, T, D)") == 4
    assert shapes.count("(B, N, T, T)") == 2


def test_the_drawing_stays_on_its_canvas():
    ax = multi_head_layer()
    low, high = ax.get_xlim()
    for shape in ax.patches[:9]:
        box = shape.get_bbox() if hasattr(shape, "get_bbox") else None
        assert box is None or low <= box.x0 < box.x1 <= high
