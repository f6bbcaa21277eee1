"""Encoder-decoder Transformer for translation, as lesson 05 builds it."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.blocks import Transformer, with_positions


class Translator(nn.Module):
    """Lesson 03's encoder-decoder, of Transformer blocks: source (B, S) and target
    (B, T) -> (B, T, V), each token's logits given the true ones before it.

    `padding`: a token of the source at which nothing looks; targets need none.
    """

    def __init__(self, symbols: int, transformer: Transformer, padding: int = -1):
        super().__init__()
        channels = len(transformer.encoder.norm.weight)
        self.begin, self.padding = symbols, padding
        self.embedding = nn.Embedding(symbols + 1, channels)
        nn.init.normal_(self.embedding.weight, std=channels**-0.5)
        self.transformer = transformer
        self.head = nn.Linear(channels, symbols)

    def read(self, source_bs: Tensor) -> tuple[Tensor, Tensor]:
        real_b1s = (source_bs != self.padding)[:, None]
        source_bsc = with_positions(self.embedding(source_bs))
        return self.transformer.encoder(source_bsc, real_b1s), real_b1s

    def write(self, before_bt: Tensor, read_bsc: Tensor, real_b1s: Tensor) -> Tensor:
        before_btc = with_positions(self.embedding(before_bt))
        mask = causal_mask(before_bt.shape[1])
        y_btc = self.transformer.decoder(before_btc, read_bsc, mask, real_b1s)
        return self.head(y_btc)

    def forward(self, source_bs: Tensor, target_bt: Tensor) -> Tensor:
        before_bt = F.pad(target_bt[:, :-1], (1, 0), value=self.begin)
        return self.write(before_bt, *self.read(source_bs))


@torch.no_grad()
def write_out(model: Translator, source_bs: Tensor, length: int, end: int = -1):
    """Return the tokens (B, T) that the model writes, each the most probable one after
    its own earlier ones: T = `length`, or less when every row has its `end`; what
    follows that is `end` again."""
    read = model.read(source_bs)
    tokens_bt = torch.full_like(source_bs[:, :1], model.begin)
    for _ in range(length):
        next_b1 = model.write(tokens_bt, *read)[:, -1:].argmax(dim=-1)
        next_b1 = next_b1.masked_fill(tokens_bt[:, -1:] == end, end)
        tokens_bt = torch.cat([tokens_bt, next_b1], dim=1)
        if (next_b1 == end).all():
            break
    return tokens_bt[:, 1:]
