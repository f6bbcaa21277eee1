"""Convert state dicts of Hugging Face transformers (GPT-2, BERT) to our models."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import GPT2LMHeadModel


GPT2_NAMES = {
    "transformer.wte": "embedding.tokens",
    "transformer.wpe": "embedding.positions",
    "transformer.h.": "body.layers.",
    "transformer.ln_f": "body.norm",
    "lm_head": "head",
    "attn.c_attn.": "self_attn.in_proj_",
    "attn.c_proj": "self_attn.out_proj",
    "mlp.c_fc": "linear1",
    "mlp.c_proj": "linear2",
    "ln_": "norm",
}


def renamed(name: str, names: dict[str, str]) -> str:
    """Return a parameter's name, each part that is in `names` replaced in turn."""
    for old, new in names.items():
        name = name.replace(old, new)
    return name


def gpt2_weights(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state dict of transformers' GPT2LMHeadModel as GPT's: its layers hold
    their matrices as (inputs, outputs)."""
    return {
        renamed(name, GPT2_NAMES): w.T if ".c_" in name and w.dim() == 2 else w
        for name, w in theirs.items()
    }


def random_gpt2(
    symbols: int, channels: int, n_heads: int, layers: int, longest: int
) -> GPT2LMHeadModel:
    """Return transformers' GPT-2 of these sizes, without dropout, all its parameters
    drawn with deviation 0.08: as it starts, a mistake would not show."""
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = {"vocab_size": symbols, "n_embd": channels, "n_head": n_heads}
    shape |= {"n_layer": layers, "n_positions": longest}
    none = dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"))
    gpt2 = GPT2LMHeadModel(GPT2Config(**shape, **none)).eval()
    for weight in gpt2.parameters():
        nn.init.normal_(weight, std=0.08)
    return gpt2


BERT_NAMES = {
    "embeddings.word_embeddings": "embedding.tokens",
    "embeddings.position_embeddings": "embedding.positions",
    "embeddings.token_type_embeddings": "segments",
    "embeddings.LayerNorm": "norm",
    "encoder.layer.": "body.layers.",
    "attention.self.query.": "self_attn.in_proj_",
    "attention.self.key.": "self_attn.in_proj_",
    "attention.self.value.": "self_attn.in_proj_",
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "linear1",
    "output.dense": "linear2",
    "output.LayerNorm": "norm2",
}


def bert_weights(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the state dict of transformers' BertModel as BERT's, the rows for queries,
    keys and values under one name; its pooler, which reads [CLS] only, is left out."""
    rows = defaultdict(list)
    for name in sorted(theirs, key=lambda name: (".value." in name, ".key." in name)):
        if not name.startswith("pooler."):
            rows[renamed(name, BERT_NAMES)].append(theirs[name])
    return {name: torch.cat(parts) for name, parts in rows.items()}
