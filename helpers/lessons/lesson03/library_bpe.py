"""Byte-pair encoding by the library `tokenizers`, to compare ours with."""

import json

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers


def byte_pairs(text: str, n: int, pattern: str) -> tuple[Tokenizer, list[tuple]]:
    """Return a tokenizer of single characters and `n` merges learnt from the text, and
    these merges in order. `pattern`: the pieces within which pairs are merged."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = split
    size = len(set(text)) + n
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return tokenizer, [tuple(pair) for pair in merges]
