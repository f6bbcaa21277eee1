"""transformers' Llama with the weights of ours, which it shares where it can."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.func import functional_call

from helpers.models.llama.blocks import Llama, Sizes

if TYPE_CHECKING:
    from transformers import LlamaConfig, LlamaForCausalLM


def rows_in_halves(rows_oc: Tensor, n_heads: int) -> Tensor:
    """Return the rows (O, C) of a layer of queries or keys as transformers wants them:
    of every head the first of each pair, then the second of each."""
    O, C = rows_oc.shape
    pairs = rows_oc.view(n_heads, O // n_heads // 2, 2, C)
    return pairs.transpose(1, 2).reshape(O, C)


def rows_as_they_are(rows_oc: Tensor, n_heads: int) -> Tensor:
    """Return the rows in the file's order: pairs, the wrong one for transformers."""
    return rows_oc


def library_names(
    weights: dict[str, Tensor], sizes: Sizes, order: Callable = rows_in_halves
) -> dict[str, Tensor]:
    """Return our model's weights by transformers' names; order(rows, heads) arranges
    the rows of queries and keys."""
    heads = {"q_proj": sizes.n_heads, "k_proj": sizes.kv_heads}
    theirs = {}
    for name, weight in weights.items():
        n_heads = heads.get(name.split(".")[-2])
        theirs["model." + name] = order(weight, n_heads) if n_heads else weight
    return theirs | {"lm_head.weight": weights["embed_tokens.weight"]}


def library_config(sizes: Sizes) -> LlamaConfig:
    """Return transformers' configuration of a model of these sizes."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=sizes.symbols,
        hidden_size=sizes.channels,
        intermediate_size=sizes.inner,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.n_heads,
        num_key_value_heads=sizes.kv_heads,
        rms_norm_eps=sizes.eps,
        rope_parameters={"rope_type": "default", "rope_theta": sizes.base},
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=None,  # the vector of one that pads would learn from no input
    )


def library_llama(model: Llama, order: Callable = rows_in_halves) -> LlamaForCausalLM:
    """Return transformers' LlamaForCausalLM with our model's weights: the same tensors,
    but for the rows that `order` moves."""
    from transformers import LlamaForCausalLM
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    config = library_config(model.sizes)
    with torch.device("meta"):  # nothing is drawn that would be overwritten
        theirs = LlamaForCausalLM(config)
    weights = library_names(dict(model.state_dict()), model.sizes, order)
    theirs.load_state_dict(weights, assign=True)
    theirs.tie_weights()
    theirs.model.rotary_emb = LlamaRotaryEmbedding(config)  # in no state_dict
    theirs.generation_config.pad_token_id = config.eos_token_id  # else a warning
    return theirs.eval().requires_grad_(False)


def as_functions(
    ours: Llama, theirs: LlamaForCausalLM, ids_bt: Tensor, order: Callable
) -> tuple[Callable, Callable]:
    """Return two functions of our model's parameters, in their order: our logits of
    these ids, and transformers'."""
    names = [name for name, _ in ours.named_parameters()]

    def by_hand(*weights: Tensor) -> Tensor:
        return functional_call(ours, dict(zip(names, weights, strict=True)), ids_bt)[0]

    def library(*weights: Tensor) -> Tensor:
        named = dict(zip(names, weights, strict=True))
        named = library_names(named, ours.sizes, order)
        return functional_call(theirs, named, ids_bt).logits

    return by_hand, library
