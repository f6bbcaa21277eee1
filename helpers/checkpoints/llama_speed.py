"""How fast SmolLM2 writes here, by our blocks and by transformers, in its own process.

    python -m helpers.checkpoints.llama_speed ours

prints one line of JSON: CPU seconds from opening the file to the first token, tokens
per CPU second after it, and the peak memory in MB. In place of `ours`: `library`, which
is transformers' own way to open the file, and needs accelerate; or `shared`, which is
transformers' `generate` on the weights that we have read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import process_time

import torch
from torch import Tensor

from helpers.checkpoints.library_llama import library_llama
from helpers.checkpoints.smollm import model_file, open_smollm
from helpers.models.transformer.writing import write

PROMPT = torch.tensor([[504, 3575, 282, 4649, 314]])  # "The capital of France is"
TOKENS = 32


def ours() -> Callable[[Tensor, int], Tensor]:
    """Return our writer, its file opened: write(ids (1, T), n) -> (1, n)."""
    model = open_smollm().model
    return lambda ids_bt, n: write(model, ids_bt, n)


def library() -> Callable[[Tensor, int], Tensor]:
    """Return transformers' writer, the file opened by transformers."""
    from transformers import AutoModelForCausalLM

    file = model_file()
    where = {"gguf_file": file.name, "dtype": torch.float32}
    return by_generate(AutoModelForCausalLM.from_pretrained(file.parent, **where))


def shared() -> Callable[[Tensor, int], Tensor]:
    """Return transformers' writer on the weights that we have read."""
    return by_generate(library_llama(open_smollm().model))


def by_generate(model) -> Callable[[Tensor, int], Tensor]:
    """Return `generate` of a model of transformers, greedy, which never ends early."""
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    fixed = {"do_sample": False}
    return lambda ids, n: model.generate(ids, max_new_tokens=n, **fixed)[:, -n:]


def peak_memory() -> float | None:
    """Return the most memory that this process has had, in MB; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    counted = 1 if sys.platform == "darwin" else 1024  # bytes there, else kB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * counted / 1e6


def measured(opened: Callable) -> dict:
    """Return CPU seconds to the first token, tokens per CPU second, peak memory (MB),
    and the tokens."""
    began = process_time()
    writer = opened()
    writer(PROMPT, 1)
    first = process_time() - began
    peak = peak_memory()
    began = process_time()
    ids = writer(PROMPT, TOKENS)[0].tolist()
    speed = TOKENS / (process_time() - began)
    return {"first": first, "speed": speed, "peak": peak, "ids": ids}


WAYS = {"ours": ours, "library": library, "shared": shared}

if __name__ == "__main__":
    import transformers  # noqa: F401  before the clock starts, for each of them

    torch.set_num_threads(1)
    print(json.dumps(measured(WAYS[sys.argv[1]])))
