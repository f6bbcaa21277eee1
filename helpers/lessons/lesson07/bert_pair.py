"""BERT with its heads, ours and transformers', as functions of the same weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from helpers.checkpoints.convert import bert_weights
from helpers.models.pretraining.bert_heads import BERTForPretraining
from helpers.models.pretraining.objectives import masked_loss
from helpers.models.transformer.bert import BERT

HEAD_NAMES = {
    "cls.predictions.transform.dense.weight": "transform.weight",
    "cls.predictions.transform.dense.bias": "transform.bias",
    "cls.predictions.transform.LayerNorm.weight": "norm.weight",
    "cls.predictions.transform.LayerNorm.bias": "norm.bias",
    "cls.predictions.bias": "bias",
    "cls.seq_relationship.weight": "follows.weight",
    "cls.seq_relationship.bias": "follows.bias",
    "bert.pooler.dense.weight": "pooler.weight",
    "bert.pooler.dense.bias": "pooler.bias",
}


def library_bert(symbols: int, channels: int, n_heads: int, layers: int, inner: int):
    """Return transformers' BertForPreTraining of these sizes, without dropout, in
    float64, all its parameters drawn with deviation 0.3: as it starts, biases are 0 and
    gains 1, and a mistake would not show."""
    from transformers import BertConfig, BertForPreTraining

    config = BertConfig(
        vocab_size=symbols,
        hidden_size=channels,
        num_attention_heads=n_heads,
        num_hidden_layers=layers,
        intermediate_size=inner,
        max_position_embeddings=32,
        pad_token_id=None,  # by default 0, whose vector would learn from no input
    )
    theirs = BertForPreTraining(config).double().eval()
    for weight in theirs.parameters():
        nn.init.normal_(weight, std=0.3)
    return theirs


def our_bert(theirs) -> BERTForPretraining:
    """Return ours with the weights of transformers' BertForPreTraining, in float64."""
    c = theirs.config
    sizes = c.vocab_size, c.hidden_size, c.num_attention_heads, c.num_hidden_layers
    body = BERT(*sizes, c.intermediate_size, c.max_position_embeddings)
    ours = BERTForPretraining(body).double()
    ours.load_state_dict(our_names(dict(theirs.named_parameters())))
    return ours


def our_names(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the parameters of transformers' BertForPreTraining by our names."""
    heads = {HEAD_NAMES[name]: w for name, w in theirs.items() if name in HEAD_NAMES}
    body = {
        name.removeprefix("bert."): w
        for name, w in theirs.items()
        if name.startswith("bert.") and name not in HEAD_NAMES
    }
    return heads | {f"bert.{name}": w for name, w in bert_weights(body).items()}


def two_halves(ids_bt: Tensor) -> Tensor:
    """Return segments (B, T): 0 in the first half of each row, 1 in the second."""
    second_t = torch.arange(ids_bt.shape[1]) >= ids_bt.shape[1] // 2
    return second_t.long().expand_as(ids_bt)


def both_as_functions(
    ours: BERTForPretraining, theirs, ids_bt: Tensor, targets_bt: Tensor, next_b: Tensor
) -> tuple[Callable, Callable]:
    """Return two functions of transformers' parameters, in their order: ours, and the
    library's. Each returns in one row the logits of both heads and the sum of losses.

    `targets_bt` (B, T): ids, or -100; `next_b` (B,): 0 if the second text follows.
    """
    names = [name for name, _ in theirs.named_parameters()]
    segments_bt = two_halves(ids_bt)

    def hand_built(*weights: Tensor) -> Tensor:
        named = our_names(dict(zip(names, weights, strict=True)))
        words, follows = functional_call(ours, named, (ids_bt, None, segments_bt))
        loss = masked_loss(words, targets_bt) + F.cross_entropy(follows, next_b)
        return torch.cat([words.flatten(), follows.flatten(), loss[None]])

    def library(*weights: Tensor) -> Tensor:
        named = dict(zip(names, weights, strict=True))
        given = {"input_ids": ids_bt, "token_type_ids": segments_bt}
        given |= {"labels": targets_bt, "next_sentence_label": next_b}
        out = functional_call(theirs, named, (), given)
        parts = out.prediction_logits, out.seq_relationship_logits, out.loss[None]
        return torch.cat([part.flatten() for part in parts])

    return hand_built, library
