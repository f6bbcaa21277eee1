"""The tokenizer knows words and special tokens; masks are counted by their fate."""

import pytest
import torch

from helpers.core.errors import UserError
from helpers.lessons.lesson07 import word_tokenizer as words


def test_words_have_their_ids_and_special_tokens_follow():
    tokenizer = words.word_tokenizer(["a", "b", "."])
    assert tokenizer("b a . x")["input_ids"] == [1, 0, 2, 4]
    assert len(tokenizer) == 8
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id) == (3, 7)


def test_words_that_are_not_different_are_said():
    with pytest.raises(UserError, match="differ"):
        words.word_tokenizer(["a", "a"])
    with pytest.raises(UserError, match="differ"):
        words.word_tokenizer(["[MASK]"])


def test_fates_are_counted():
    ids = torch.tensor([1, 2, 3, 4, 5])
    inputs = torch.tensor([9, 0, 3, 4, 9])
    targets = torch.tensor([1, 2, 3, -100, 5])
    assert words.fates(ids, inputs, targets, 9) == [0.4, 0.2, 0.2]


def test_the_formula_knows_the_original_and_the_mask():
    shares, errors = words.expected_fates(10, masks=0, share=0.5)
    assert shares == pytest.approx([0.4, 0.045, 0.055])
    assert errors[0] == pytest.approx(0.49**0.5 * 0 + (0.24 / 1e6) ** 0.5)
    shares, _ = words.expected_fates(10, masks=1, share=0.5)
    assert shares == pytest.approx([0.405, 0.04, 0.055])
    assert sum(shares) == pytest.approx(0.5)


def test_the_collator_draws_from_the_seed():
    tokenizer = words.word_tokenizer(["a", "b", "."])
    ids = torch.zeros(20, 30, dtype=torch.long)
    first, again, other = (words.collated(tokenizer, ids, s) for s in (1, 1, 2))
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[1], other[1])
    assert first[0].shape == first[1].shape == ids.shape
