"""BERT with the two heads of its pretraining (lesson 07)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.bert import BERT
from helpers.models.transformer.blocks import LayerNorm


class BERTForPretraining(nn.Module):
    """Tokens (B, T) -> logits of every token (B, T, V), and of "the second text does,
    or does not, follow the first" (B, 2) (Devlin et al. 2018, arXiv:1810.04805)."""

    def __init__(self, bert: BERT):
        super().__init__()
        V, C = bert.embedding.tokens.weight.shape
        self.bert = bert
        self.transform, self.norm = nn.Linear(C, C), LayerNorm(C, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(V))
        self.pooler, self.follows = nn.Linear(C, C), nn.Linear(C, 2)

    def forward(self, ids_bt: Tensor, may_see=None, segments_bt=None):
        x_btc = self.bert(ids_bt, may_see, segments_bt)
        word_btc = self.norm(F.gelu(self.transform(x_btc)))
        logits_btv = word_btc @ self.bert.embedding.tokens.weight.T + self.bias
        return logits_btv, self.follows(self.pooler(x_btc[:, 0]).tanh())
