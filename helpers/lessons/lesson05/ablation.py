"""Ablation study of a GPT: models that lack one component."""

from torch import Tensor, nn

from helpers.models.transformer.blocks import EncoderLayer
from helpers.models.transformer.gpt import GPT
from helpers.training.fused import fused


class NoResidual(EncoderLayer):
    """A pre-norm block without residual connections."""

    def forward(self, x_btc: Tensor, may_see: Tensor | None = None) -> Tensor:
        x_btc = self.self_attn(self.norm1(x_btc), may_see=may_see)[0]
        return self.feed_forward(self.norm2(x_btc))


class NoAttention(EncoderLayer):
    """A pre-norm block without self-attention: every position is processed alone."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        del self.self_attn, self.norm1

    def forward(self, x_btc: Tensor, may_see: Tensor | None = None) -> Tensor:
        return x_btc + self.feed_forward(self.norm2(x_btc))


class NoFeedForward(EncoderLayer):
    """A pre-norm block without the feed-forward network: self-attention only."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        del self.linear1, self.linear2, self.norm2

    def forward(self, x_btc: Tensor, may_see: Tensor | None = None) -> Tensor:
        return x_btc + self.self_attn(self.norm1(x_btc), may_see=may_see)[0]


WITHOUT = {
    "attention": NoAttention,
    "residual": NoResidual,
    "FFN": NoFeedForward,
}
ABLATIONS = (
    "nothing",
    "heads",
    "norm",
    "wide FFN",
    "FFN",
    "positions",
    "attention",
    "residual",
)


def ablated_gpt(
    part: str, symbols: int, channels: int = 64, n_heads: int = 4, layers: int = 2
) -> GPT:
    """Return a new GPT that lacks one of ABLATIONS. Without "heads" it has one, as wide
    as all; without "wide FFN" the feed-forward network is as narrow as the block.
    Raises ValueError for another part."""
    if part not in ABLATIONS:
        raise ValueError(f"{part!r} is none of {', '.join(ABLATIONS)}")
    heads = 1 if part == "heads" else n_heads
    inner = channels if part == "wide FFN" else 4 * channels
    gpt = GPT(symbols, channels, heads, layers, tied=False, inner=inner)
    sizes = channels, heads, inner
    for i, block in enumerate(gpt.body.layers):
        if part == "positions":
            block.self_attn.rotary = False
        elif part == "norm":
            block.norm1, block.norm2 = nn.Identity(), nn.Identity()
        elif part in WITHOUT:
            gpt.body.layers[i] = stripped(WITHOUT[part], block, sizes)
    if part == "norm":
        gpt.body.norm = nn.Identity()
    return fused(gpt)


def stripped(kind: type, block: EncoderLayer, sizes: tuple) -> EncoderLayer:
    """Return a block of class `kind` with the weights that both blocks have."""
    other = kind(*sizes, activation=block.activation)
    other.load_state_dict(block.state_dict(), strict=False)
    if hasattr(other, "self_attn"):
        other.self_attn.rotary = block.self_attn.rotary
    return other
