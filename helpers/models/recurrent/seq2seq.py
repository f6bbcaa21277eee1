"""Encoder-decoder (seq2seq) of LSTMs, and one with attention: lessons 03 and 04."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.transformer.attention import attend


class EncoderDecoder(nn.Module):
    """Read a sequence into one state, write another from it (Sutskever et al. 2014):
    source (B, S) and target (B, T) -> (B, T, V), each token's logits given the true
    ones before it."""

    def __init__(self, symbols: int, embedding: int = 32, hidden: int = 128):
        super().__init__()
        self.begin = symbols  # one more token, with which every target begins
        self.embedding = nn.Embedding(symbols + 1, embedding)
        self.encoder = nn.LSTM(embedding, hidden, batch_first=True)
        self.decoder = nn.LSTM(embedding, hidden, batch_first=True)
        self.head = nn.Linear(hidden, symbols)

    def forward(self, source_bs: Tensor, target_bt: Tensor) -> Tensor:
        _, state = self.encoder(self.embedding(source_bs))
        before_bt = F.pad(target_bt[:, :-1], (1, 0), value=self.begin)
        y_bth, _ = self.decoder(self.embedding(before_bt), state)
        return self.head(y_bth)


@torch.no_grad()
def greedy_decode(model: EncoderDecoder, source_bs: Tensor, length: int) -> Tensor:
    """Return the `length` tokens that the model writes, each the most probable one
    after its own earlier ones: (B, length)."""
    _, state = model.encoder(model.embedding(source_bs))
    token_b1 = torch.full_like(source_bs[:, :1], model.begin)
    written = []
    for _ in range(length):
        y_b1h, state = model.decoder(model.embedding(token_b1), state)
        token_b1 = model.head(y_b1h).argmax(dim=-1)
        written.append(token_b1)
    return torch.cat(written, dim=1)


class AttentiveEncoderDecoder(EncoderDecoder):
    """Lesson 03's encoder-decoder, whose decoder may look back at every state of the
    encoder: global attention with dot products (Luong et al. 2015, arXiv:1508.04025),
    unscaled."""

    def __init__(
        self, symbols: int, embedding: int = 32, hidden: int = 128, scaled: bool = False
    ):
        super().__init__(symbols, embedding, hidden)
        self.sharpness = 1.0 if scaled else hidden**0.5  # undoes the 1 / √D of attend
        self.mix = nn.Linear(2 * hidden, hidden)

    def look_back(self, y_bth: Tensor, read_bsh: Tensor):
        """Return (logits (B, T, V), weights (B, T, S)) of the decoder's states y."""
        found_bth, weights_bts = attend(self.sharpness * y_bth, read_bsh, read_bsh)
        both_btc = torch.cat([y_bth, found_bth], dim=-1)
        return self.head(self.mix(both_btc).tanh()), weights_bts

    def forward(self, source_bs: Tensor, target_bt: Tensor) -> Tensor:
        read_bsh, state = self.encoder(self.embedding(source_bs))
        before_bt = F.pad(target_bt[:, :-1], (1, 0), value=self.begin)
        y_bth, _ = self.decoder(self.embedding(before_bt), state)
        return self.look_back(y_bth, read_bsh)[0]


@torch.no_grad()
def translate(model: AttentiveEncoderDecoder, source_bs: Tensor, length: int):
    """Return (tokens (B, length), weights (B, length, S)): each token the most
    probable one after the model's own earlier ones, and where it looked for it."""
    read_bsh, state = model.encoder(model.embedding(source_bs))
    token_b1 = torch.full_like(source_bs[:, :1], model.begin)
    written, looked = [], []
    for _ in range(length):
        y_b1h, state = model.decoder(model.embedding(token_b1), state)
        logits_b1v, weights_b1s = model.look_back(y_b1h, read_bsh)
        token_b1 = logits_b1v.argmax(dim=-1)
        written.append(token_b1)
        looked.append(weights_b1s)
    return torch.cat(written, dim=1), torch.cat(looked, dim=1)
