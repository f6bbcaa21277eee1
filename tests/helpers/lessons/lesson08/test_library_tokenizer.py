"""transformers cuts a text as we do, once it knows the rule for digits."""

import pytest

from helpers.checkpoints.smollm import loaded, small_file
from helpers.lessons.lesson08.kinds_of_text import ROWS, SENTENCES
from helpers.lessons.lesson08.library_tokenizer import (
    library_tokenizer,
    texts_cut_otherwise,
)
from helpers.lessons.lesson08.texts import TEXTS


@pytest.fixture(scope="module")
def small():
    """The small random model, whose tokenizer has the form of the real one."""
    return loaded(small_file()[0], real=False)


def test_with_the_rule_all_texts_are_cut_as_ours(small):
    texts = [*TEXTS.values(), *SENTENCES.values(), *ROWS.values(), "It's  12\n\n3"]
    ids = [small.encode(text).tolist() for text in texts]
    assert texts_cut_otherwise(small.said, texts, ids, digits_apart=True) == 0
    ids[1], ids[2] = ids[1][:-1], [0, *ids[2]]
    assert texts_cut_otherwise(small.said, texts, ids, digits_apart=True) == 2


def test_the_rule_is_what_cuts_off_a_digit(small):
    pieces = {}
    for apart in (True, False):
        cut = library_tokenizer(small.said, apart).backend_tokenizer.pre_tokenizer
        pieces[apart] = [piece for piece, _ in cut.pre_tokenize_str("a 12")]
    assert pieces == {True: ["a", "Ġ", "1", "2"], False: ["a", "Ġ12"]}
