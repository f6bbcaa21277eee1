"""BERT, an encoder-only Transformer, as lesson 05 builds it; MiniLM is one."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.blocks import EncoderLayer, LayerNorm, Stack
from helpers.models.transformer.gpt import Embedding


class BERT(nn.Module):
    """Tokens (B, T) -> states (B, T, C), each with all others in view (Devlin et al.
    2018, arXiv:1810.04805).

    `may_see`, (T, T) or (B, T, T), True where a position may look; `segments` (B, T),
    by default 0: to which of two texts a token belongs.
    """

    def __init__(self, symbols, channels, n_heads, layers, inner, longest=512):
        super().__init__()
        options = {"norm_first": False, "activation": F.gelu, "eps": 1e-12}
        sizes = channels, n_heads, inner
        self.embedding = Embedding(symbols, channels, longest)
        self.segments = nn.Embedding(2, channels)
        self.norm = LayerNorm(channels, eps=1e-12)
        self.body = Stack(EncoderLayer(*sizes, **options) for _ in range(layers))

    def forward(self, ids_bt: Tensor, may_see=None, segments_bt=None) -> Tensor:
        segments_bt = torch.zeros_like(ids_bt) if segments_bt is None else segments_bt
        x_btc = self.embedding(ids_bt) + self.segments(segments_bt)
        return self.body(self.norm(x_btc), may_see)
