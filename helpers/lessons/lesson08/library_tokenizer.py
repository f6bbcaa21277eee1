"""The library's byte-level tokenizer, made of the tokens and merges that a file has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import GPT2Tokenizer


def library_tokenizer(said: dict, digits_apart: bool) -> GPT2Tokenizer:
    """Return transformers' GPT2Tokenizer with a file's tokens and merges.

    It cuts a text by GPT-2's rule, in which a number is one piece; `digits_apart`: each
    digit is cut off before that, as SmolLM2's makers do.
    """
    from tokenizers import pre_tokenizers
    from transformers import GPT2Tokenizer

    ids = {token: i for i, token in enumerate(said["tokenizer.ggml.tokens"])}
    pairs = [tuple(pair.split(" ")) for pair in said["tokenizer.ggml.merges"]]
    tokenizer = GPT2Tokenizer(vocab=ids, merges=pairs)
    if digits_apart:
        backend = tokenizer.backend_tokenizer
        digits = pre_tokenizers.Digits(individual_digits=True)
        steps = [digits, backend.pre_tokenizer]
        backend.pre_tokenizer = pre_tokenizers.Sequence(steps)
    return tokenizer


def texts_cut_otherwise(said: dict, texts: list[str], ids: list, **rule) -> int:
    """Return how many texts the library cuts into other ids than these lists'."""
    tokenizer = library_tokenizer(said, **rule)
    theirs = [tokenizer(text, add_special_tokens=False).input_ids for text in texts]
    return sum(a != list(b) for a, b in zip(theirs, ids, strict=True))
