"""Each mistake is the one that it is called, and is gone afterwards."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from helpers.lessons.lesson08 import classical_mistakes as mistakes
from helpers.lessons.lesson08.texts import TEXTS
from helpers.models.llama import blocks
from helpers.models.llama.blocks import Llama, Sizes

SIZES = Sizes(symbols=40, channels=24, layers=2, n_heads=6, kv_heads=2, inner=32)


def small(sizes=SIZES):
    torch.manual_seed(0)
    model = Llama(sizes).eval().requires_grad_(False)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return model


IDS = torch.randint(40, (2, 9), generator=torch.Generator().manual_seed(1))


def loss_by(change, monkeypatch):
    """The losses of a model with a change made in the course's own code."""
    model = small()
    change(model, monkeypatch)
    logits = model(IDS)[0]
    pairs = zip(logits, IDS, strict=True)
    return [F.cross_entropy(x[:-1], i[1:]).item() for x, i in pairs]


def rms(self, x):
    return F.rms_norm(x, x.shape[-1:], self.weight, 0.1)


def centred(self, x):
    x = x - x.mean(dim=-1, keepdim=True)
    return x * (x.square().mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight


def halves(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


def back(x, cos, sin, right=blocks.turn_pairs):
    return right(x, cos, -sin)


def tiled(self, x, rotation, may_see, past=None):
    split = blocks.split_heads
    q = blocks.turn_pairs(split(self.q_proj(x), self.n_heads), *rotation)
    k = blocks.turn_pairs(split(self.k_proj(x), self.kv_heads), *rotation)
    v = split(self.v_proj(x), self.kv_heads)
    times = self.n_heads // self.kv_heads
    k, v = k.repeat(1, times, 1, 1), v.repeat(1, times, 1, 1)
    read, weights = blocks.attend(q, k, v, may_see)
    return self.o_proj(blocks.join_heads(read)), weights, (k, v)


def unscaled(q, k, v, may_see, right=blocks.attend):
    return right(q * q.shape[-1] ** 0.5, k, v, may_see)


def seeing(q, k, v, may_see, right=blocks.attend):
    return right(q, k, v, torch.ones_like(may_see))


def activation(function):
    return lambda m, patch: patch.setattr(blocks.F, "silu", function)


def swap(model, patch):
    for layer in model.layers:
        mlp = layer.mlp
        mlp.gate_proj, mlp.up_proj = mlp.up_proj, mlp.gate_proj


class Root(torch.nn.Embedding):
    def forward(self, ids):
        return super().forward(ids) * 24**0.5


def scaled(model, patch):
    model.embed_tokens.__class__ = Root


CHANGES = {
    "no mistake": lambda m, p: None,
    "LayerNorm for RMSNorm": lambda m, p: p.setattr(blocks.RMSNorm, "forward", centred),
    "rotary base 10,000": lambda m, p: setattr(m, "sizes", replace(SIZES, base=1e4)),
    "GELU for SiLU": activation(F.gelu),
    "pairs taken as halves": lambda m, p: p.setattr(blocks, "turn_pairs", halves),
    "no positions": lambda m, p: p.setattr(blocks, "turn_pairs", lambda x, cos, sin: x),
    "turned the wrong way": lambda m, p: p.setattr(blocks, "turn_pairs", back),
    "scores not scaled": lambda m, p: p.setattr(blocks, "attend", unscaled),
    "ReLU for SiLU": activation(F.relu),
    "eps 0.1": lambda m, p: p.setattr(blocks.RMSNorm, "forward", rms),
    "key heads tiled": lambda m, p: p.setattr(
        blocks.GroupedAttention, "forward", tiled
    ),
    "gate and up exchanged": swap,
    "embeddings times √C": scaled,
    "no causal mask": lambda m, p: p.setattr(blocks, "attend", seeing),
}


def test_every_mistake_is_tested():
    assert list(CHANGES) == list(mistakes.MISTAKES)


@pytest.mark.parametrize("name", CHANGES)
def test_the_mistake_is_what_it_is_called(name, monkeypatch):
    model = small()
    before = mistakes.losses(model, IDS, "no mistake")
    ours = mistakes.losses(model, IDS, name)
    assert mistakes.losses(model, IDS, "no mistake") == before  # nothing stays
    if name != "no mistake":
        assert max(abs(a - b) for a, b in zip(ours, before, strict=True)) > 1e-4
    assert ours == pytest.approx(loss_by(CHANGES[name], monkeypatch), rel=1e-4)


def test_an_exchanged_value_comes_back_after_an_error():
    model = small()
    with pytest.raises(KeyError), mistakes.exchanged(model, sizes=None, forward=1):
        raise KeyError
    assert model.sizes is SIZES or model.sizes == SIZES
    assert "forward" not in vars(model)


def test_the_table_has_the_stored_form():
    code = {place: IDS + 0 for place in mistakes.PLACES}
    table, stored = mistakes.measure(small(), IDS, code), mistakes.stored()
    assert list(table) == list(stored) == [*mistakes.MISTAKES, *mistakes.CODE.values()]
    assert {len(stored[name][0]) for name in mistakes.MISTAKES} == {len(TEXTS)}
    for mistake, name in mistakes.CODE.items():
        assert list(stored[name]) == list(mistakes.PLACES)
        assert table[name][256] == table[mistake][0]
        assert len(stored[name][0]) == len(mistakes.FILES)


def test_code_is_cut_where_it_is_asked_for():
    class Letters:
        def encode(self, text):
            return torch.tensor([ord(letter) for letter in text])

    rows = mistakes.code(Letters(), 5)
    text = (mistakes.MODELS / mistakes.FILES[-1]).read_text(encoding="utf-8")
    assert rows.shape == (5, mistakes.LENGTH)
    assert "".join(map(chr, rows[-1].tolist())) == text[5 : 5 + mistakes.LENGTH]
