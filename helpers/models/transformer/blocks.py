"""Transformer encoder and decoder layers, and layer norm (lesson 05)."""

from collections.abc import Iterable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import MultiHeadAttention
from helpers.models.transformer.positions import sinusoidal


class LayerNorm(nn.Module):
    """Every position's channels at mean 0 and variance 1, then stretched and shifted
    by learned amounts: (..., C) -> (..., C) (Ba et al. 2016, arXiv:1607.06450)."""

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x_btc: Tensor) -> Tensor:
        centred_btc = x_btc - x_btc.mean(dim=-1, keepdim=True)
        variance_bt1 = centred_btc.square().mean(dim=-1, keepdim=True)
        normal_btc = centred_btc / (variance_bt1 + self.eps).sqrt()
        return normal_btc * self.weight + self.bias


class EncoderLayer(nn.Module):
    """Self-attention, then a feed-forward network at each position: (B, T, C) ->
    (B, T, C) (Vaswani et al. 2017, section 3.1; the norm first: Xiong et al. 2020,
    arXiv:2002.04745).

    `may_see`, (T, T) or (B, T, T): True where a position may look. Parameters as in
    torch.nn.TransformerEncoderLayer(C, N, inner, dropout=0, batch_first=True).
    """

    def __init__(
        self, channels, n_heads, inner, norm_first=True, activation=F.relu, eps=1e-5
    ):
        super().__init__()
        self.norm_first, self.activation = norm_first, activation
        self.self_attn = MultiHeadAttention(channels, n_heads)
        self.linear1 = nn.Linear(channels, inner)
        self.linear2 = nn.Linear(inner, channels)
        self.norm1, self.norm2 = LayerNorm(channels, eps), LayerNorm(channels, eps)

    def feed_forward(self, x_btc: Tensor) -> Tensor:
        return self.linear2(self.activation(self.linear1(x_btc)))

    def forward(self, x_btc: Tensor, may_see: Tensor | None = None) -> Tensor:
        if self.norm_first:
            x_btc = x_btc + self.self_attn(self.norm1(x_btc), may_see=may_see)[0]
            return x_btc + self.feed_forward(self.norm2(x_btc))
        x_btc = self.norm1(x_btc + self.self_attn(x_btc, may_see=may_see)[0])
        return self.norm2(x_btc + self.feed_forward(x_btc))


class DecoderLayer(EncoderLayer):
    """An encoder layer that, in between, looks at a source (B, S, C) as well:
    (B, T, C) -> (B, T, C) (Vaswani et al. 2017, section 3.1).

    `source_may_see`, (T, S) or (B, T, S). Parameters as in
    torch.nn.TransformerDecoderLayer(C, N, inner, dropout=0, batch_first=True).
    """

    def __init__(self, channels: int, n_heads: int, inner: int, **options):
        super().__init__(channels, n_heads, inner, **options)
        self.multihead_attn = MultiHeadAttention(channels, n_heads)
        self.norm3 = LayerNorm(channels, self.norm1.eps)

    def forward(
        self, x_btc: Tensor, source_bsc: Tensor, may_see=None, source_may_see=None
    ) -> Tensor:
        around = partial(self.self_attn, may_see=may_see)
        source = {"source_bsc": source_bsc, "may_see": source_may_see}
        across = partial(self.multihead_attn, **source)
        if self.norm_first:
            x_btc = x_btc + around(self.norm1(x_btc))[0]
            x_btc = x_btc + across(self.norm2(x_btc))[0]
            return x_btc + self.feed_forward(self.norm3(x_btc))
        x_btc = self.norm1(x_btc + around(x_btc)[0])
        x_btc = self.norm2(x_btc + across(x_btc)[0])
        return self.norm3(x_btc + self.feed_forward(x_btc))


class Stack(nn.Module):
    """Layers one after the other, and perhaps a norm: (B, T, C) -> (B, T, C). What
    else is given, a source or masks, goes to every layer."""

    def __init__(self, layers: Iterable[nn.Module], norm: nn.Module | None = None):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = norm or nn.Identity()

    def forward(self, x_btc: Tensor, *others: Tensor | None) -> Tensor:
        for layer in self.layers:
            x_btc = layer(x_btc, *others)
        return self.norm(x_btc)


class Transformer(nn.Module):
    """Encoder and decoder: source (B, S, C) and target (B, T, C) -> (B, T, C) (Vaswani
    et al. 2017, figure 1).

    Masks, True where one may look: the encoder's, the decoder's, and the decoder's on
    the source. Parameters as in torch.nn.Transformer(..., dropout=0, batch_first=True).
    """

    def __init__(
        self, channels, n_heads, encoder_layers, decoder_layers, inner, **options
    ):
        super().__init__()
        sizes, eps = (channels, n_heads, inner), options.get("eps", 1e-5)
        readers = [EncoderLayer(*sizes, **options) for _ in range(encoder_layers)]
        writers = [DecoderLayer(*sizes, **options) for _ in range(decoder_layers)]
        self.encoder = Stack(readers, LayerNorm(channels, eps))
        self.decoder = Stack(writers, LayerNorm(channels, eps))
        for matrix in (p for p in self.parameters() if p.dim() == 2):
            nn.init.xavier_uniform_(matrix)

    def forward(
        self, source_bsc, target_btc, source_mask=None, mask=None, cross_mask=None
    ) -> Tensor:
        read_bsc = self.encoder(source_bsc, source_mask)
        return self.decoder(target_btc, read_bsc, mask, cross_mask)


def with_positions(x_btc: Tensor) -> Tensor:
    """Return embedded tokens times √C, plus the sinusoidal code of where they stand:
    (B, T, C) (Vaswani et al. 2017, sections 3.4 and 3.5)."""
    T, C = x_btc.shape[1:]
    return C**0.5 * x_btc + sinusoidal(T, C).to(x_btc)
