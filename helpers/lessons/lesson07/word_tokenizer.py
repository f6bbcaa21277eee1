"""A tokenizer of transformers whose tokens are given words, and its masking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.core.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def word_tokenizer(words: Sequence[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer that knows these words, ids 0 to n - 1, and after them BERT's
    five special tokens; it cuts at blanks and adds nothing."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    if set(words) & set(SPECIAL) or len(set(words)) < len(words):
        raise UserError("The words must differ from each other and from [MASK].")
    ids = {word: id for id, word in enumerate([*words, *SPECIAL])}
    table = Tokenizer(WordLevel(ids, unk_token="[UNK]"))
    table.pre_tokenizer = WhitespaceSplit()
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=table, **dict(zip(names, SPECIAL, strict=True))
    )


def fates(ids: Tensor, inputs: Tensor, targets: Tensor, mask_id: int) -> list[float]:
    """Return the shares of all tokens, 0 to 1, that were masked, replaced by another
    token, and chosen but left as they were; the three tensors are of one shape."""
    chosen, masked, same = targets != -100, inputs == mask_id, inputs == ids
    kinds = masked, ~masked & ~same, same
    return [(chosen & kind).double().mean().item() for kind in kinds]


def expected_fates(
    symbols: int, masks: int, share: float = 0.15
) -> tuple[list[float], list[float]]:
    """Return the shares of `fates` by formula, and one standard error of each at a
    million tokens.

    `symbols`: how many ids a random token is drawn from; `masks`: how many of these are
    the mask (0 or 1). The original is always one of them.
    """
    drawn, kept = 0.1 * share, 0.1 * share
    masked = 0.8 * share + drawn * masks / symbols
    replaced = drawn * (1 - (1 + masks) / symbols)
    shares = [masked, replaced, kept + drawn / symbols]
    return shares, [(p * (1 - p) / 1e6) ** 0.5 for p in shares]


def collated(tokenizer, ids_bt: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Return (inputs, targets) of these ids (B, T) by transformers'
    DataCollatorForLanguageModeling, drawn with this seed."""
    from transformers import DataCollatorForLanguageModeling

    collator = DataCollatorForLanguageModeling(tokenizer, seed=seed)
    none = torch.zeros_like(ids_bt)
    rows = [
        {"input_ids": row, "special_tokens_mask": special}
        for row, special in zip(ids_bt, none, strict=True)
    ]
    batch = collator(rows)
    return batch["input_ids"], batch["labels"]
