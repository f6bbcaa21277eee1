"""A small random Llama in a GGUF file: stands in where SmolLM2 is not installed.

It has SmolLM2's form, narrower: 30 blocks, 9 query heads that share 3 of keys and
values, 272 tensors of the same three types, byte-level BPE with the same special tokens
and the same chat template. What it says means nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gguf import GGUFWriter

BLOCKS, WIDTH, HEADS, KV_HEADS, INNER = 30, 288, 9, 3, 320
SPECIAL = [  # as in SmolLM2's file, in its order
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<repo_name>",
    "<reponame>",
    "<file_sep>",
    "<filename>",
    "<gh_stars>",
    "<issue_start>",
    "<issue_comment>",
    "<issue_closed>",
    "<jupyter_start>",
    "<jupyter_text>",
    "<jupyter_code>",
    "<jupyter_output>",
    "<jupyter_script>",
    "<empty_output>",
]
NO_TOKEN = (4, 6, 19, 20, 22, 29, 192, 193, 241, 242, *range(245, 256))  # bytes
PAIRS = """\
Ġ t,Ġ a,i n,h e,r e,o n,e r,Ġt he,a t,Ġ s,Ġ o,e n,Ġ c,e s,Ġ w,n d,i t,o r,i s,a l,Ġ p,\
in g,Ġ f,a n,e d,Ġ b,o u,Ġ in,Ġa nd,Ġo f,Ġt o"""
TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' "
    "%}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by "
    "Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' "
    "+ message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if "
    "add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def write_small(path: Path) -> None:
    """Write the file: the same bytes on every machine."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    add_fields(writer)
    symbols = add_tokenizer(writer)
    draw = np.random.default_rng(8)
    for name, shape in shapes(symbols).items():
        add_weights(writer, name, draw.standard_normal(shape, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_fields(writer: GGUFWriter) -> None:
    """Add what the file says of the model's sizes."""
    writer.add_name("A small random Llama")
    writer.add_license("apache-2.0")
    writer.add_block_count(BLOCKS)
    writer.add_context_length(8192)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(100_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)


def add_tokenizer(writer: GGUFWriter) -> int:
    """Add tokens, merges and chat template; return how many tokens there are."""
    plain = [b for b in range(33, 256) if chr(b).isprintable()]  # stand for themselves
    others = [b for b in range(256) if b not in plain]
    letters = [(b, chr(b)) for b in plain]
    letters += [(b, chr(256 + i)) for i, b in enumerate(others)]
    tokens = SPECIAL + [letter for b, letter in letters if b not in NO_TOKEN]
    merges = PAIRS.split(",")
    tokens += [pair.replace(" ", "") for pair in merges]
    kinds = [3 if token in SPECIAL else 1 for token in tokens]
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    return len(tokens)


def shapes(symbols: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor by name, in SmolLM2's order."""
    kv = WIDTH // HEADS * KV_HEADS
    found: dict[str, tuple[int, ...]] = {"token_embd.weight": (symbols, WIDTH)}
    for i in range(BLOCKS):
        block = {
            "attn_norm": (WIDTH,),
            "ffn_down": (WIDTH, INNER),
            "ffn_gate": (INNER, WIDTH),
            "ffn_up": (INNER, WIDTH),
            "ffn_norm": (WIDTH,),
            "attn_k": (kv, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "attn_q": (WIDTH, WIDTH),
            "attn_v": (kv, WIDTH),
        }
        found |= {f"blk.{i}.{part}.weight": shape for part, shape in block.items()}
    return found | {"output_norm.weight": (WIDTH,)}


def add_weights(writer: GGUFWriter, name: str, noise: np.ndarray) -> None:
    """Add a tensor made of noise, in the type that it has in SmolLM2's file."""
    from gguf import GGMLQuantizationType as Type
    from gguf import quantize

    if noise.ndim == 1:
        writer.add_tensor(name, 1 + noise / 10)
    else:
        kind = Type.Q8_0 if name == "token_embd.weight" else Type.Q4_1
        weights = noise / np.float32(WIDTH**0.5)
        writer.add_tensor(name, quantize(weights, kind), raw_dtype=kind)
