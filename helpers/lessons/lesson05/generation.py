"""Text generation with a KV-cache, recorded in one of its steps."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.core.errors import UserError
from helpers.data.text.corpus import Characters
from helpers.models.language.sampling import next_probabilities
from helpers.models.transformer.attention import MultiHeadAttention, attend, split_heads
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.kv_cache import (
    Cached,
    positions_kept,
    read_on,
    rotate_after,
)
from helpers.training.fit import device_of, evaluation_mode

BEST = 5  # candidates that are recorded


@dataclass(frozen=True)
class GenerationTrace:
    """The text that a GPT has generated, and the step that chose its last character.

    That character is not processed yet: the KV-cache holds the P before it. Tensors
    are on the CPU; L layers, N heads, D channels in each.
    """

    text: str  # P + 1 characters: the prompt, then what was written
    n_prompt: int  # of them are the prompt
    computed: int  # positions read in this step: the whole prompt, then one by one
    best: tuple[str, ...]  # the most probable next characters, and the chosen one
    probabilities: Tensor  # theirs, (K,), the largest first
    weights: Tensor  # (L, N, P): how much the last character read looks at each
    keys: Tensor  # (L, N, P, D)

    @property
    def numbers(self) -> int:
        """Return how many numbers are kept: the keys, and as many values."""
        return 2 * self.keys.numel()

    @property
    def n_bytes(self) -> int:
        """Return how many bytes they take."""
        return self.numbers * self.keys.element_size()


@torch.no_grad()
def trace(
    gpt: GPT, characters: Characters, prompt: str, step: int, temperature=0.0, seed=0
) -> GenerationTrace:
    """Return step number `step`, from 1, of a GPT that writes after a prompt: always
    the most probable character, or at a `temperature` above 0 one that is drawn.

    The model is in evaluation mode meanwhile. Raises UserError for a prompt that is
    blank, has unknown characters or leaves too few of the positions that were learned;
    ValueError for a step below 1 or a temperature below 0.
    """
    ids_t = checked(gpt, characters, prompt, step).to(device_of(gpt))
    generator = torch.Generator().manual_seed(seed)
    pick = partial(choose, temperature=temperature, generator=generator)
    with evaluation_mode(gpt):
        written, unread_bt, past = generate_cached(gpt, ids_t, step - 1, pick)
        logits_v, past, weights = read_watched(gpt, unread_bt, past)
    chosen, probabilities_v = pick(logits_v)
    text = prompt + characters.decode(written + chosen)
    best = best_of(probabilities_v, chosen, characters)
    keys = torch.cat([k for k, _ in past]).cpu()
    return GenerationTrace(text, len(prompt), unread_bt.shape[1], *best, weights, keys)


def checked(gpt: GPT, characters: Characters, prompt: str, step: int) -> Tensor:
    """Return the prompt's ids (T,). Raises UserError and ValueError as `trace`."""
    if step < 1:
        raise ValueError(f"steps count from 1, not {step}")
    if not prompt.strip():
        raise UserError("The prompt is blank; write at least one visible character.")
    ids_t = characters.encode(prompt)
    table, needed = gpt.embedding.positions, len(ids_t) + step - 1
    if table is not None and needed > len(table.weight):
        raise UserError(
            f"A prompt of {len(ids_t)} characters and step {step} take {needed} "
            f"positions, but this model has learned {len(table.weight)}; take less "
            "of either."
        )
    return ids_t


def generate_cached(gpt: GPT, ids_t: Tensor, n: int, pick: Callable):
    """Return `n` ids generated after a prompt (T,), the ids not processed yet (1, T'),
    and the KV-cache of all before them."""
    unread_bt, past, written = ids_t[None], None, []
    for _ in range(n):
        logits_btv, past = Cached(gpt)(unread_bt, past)
        written += pick(logits_btv[0, -1])[0]
        unread_bt = ids_t.new_tensor([written[-1:]])
    return written, unread_bt, past


def choose(logits_v: Tensor, temperature: float, generator) -> tuple[list[int], Tensor]:
    """Return the next id, alone in a list, and all probabilities (V,), on the CPU: of
    the most probable one at temperature 0, else drawn from softmax(logits / it)."""
    probabilities_v = next_probabilities(logits_v.cpu(), temperature or 1.0)
    if temperature == 0:
        return [probabilities_v.argmax().item()], probabilities_v
    drawn = torch.multinomial(probabilities_v, 1, generator=generator)
    return drawn.tolist(), probabilities_v


def best_of(probabilities_v: Tensor, chosen: list[int], characters: Characters):
    """Return the BEST most probable characters, with the chosen one behind them if it
    is none of them, and their probabilities."""
    ids = probabilities_v.topk(min(BEST, len(probabilities_v))).indices.tolist()
    ids += [id for id in chosen if id not in ids]
    return tuple(map(characters.decode, ids)), probabilities_v[ids]


# ---------------------------------------------------------------- one step, watched


def read_watched(gpt: GPT, ids_bt: Tensor, past: list | None):
    """Return the last token's logits (V,) and the KV-cache, as `Cached` does for one
    text, and that token's attention weights in every head (L, N, P), on the CPU."""
    layers, after, weights = gpt.body.layers, [], []
    past = past or [None] * len(layers)
    x_btc = gpt.embedding(ids_bt, start=positions_kept(past[0]))
    for layer, before in zip(layers, past, strict=True):
        last_b1c = layer.norm1(x_btc)[:, -1:]
        x_btc, both = read_on(layer, x_btc, before)
        weights.append(weights_of(layer.self_attn, last_b1c, both))
        after.append(both)
    logits_btv = gpt.head(gpt.body.norm(x_btc))
    return logits_btv[0, -1], after, torch.stack(weights).cpu()


def weights_of(attention: MultiHeadAttention, last_b1c: Tensor, both: tuple) -> Tensor:
    """Return how much the newest of P positions, (1, 1, C), looks at each of them,
    given the keys and values kept of all P: (N, P)."""
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    query_b1c = F.linear(last_b1c, weight.chunk(3)[0], bias.chunk(3)[0])
    query_bn1d = split_heads(query_b1c, attention.n_heads)
    if attention.rotary:
        query_bn1d = rotate_after(query_bn1d, positions_kept(both) - 1)
    return attend(query_bn1d, *both)[1][0, :, 0]
