"""GPT against GPT-2, and the same tokens from what is kept as from the beginning."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from support.drawing import drawn
from torch import nn

from helpers.checkpoints.convert import gpt2_weights, random_gpt2
from helpers.models.language.sampling import generate
from helpers.models.recurrent.lstm import LSTM, LanguageModel
from helpers.models.transformer.attention import MultiHeadAttention, causal_mask
from helpers.models.transformer.blocks import EncoderLayer
from helpers.models.transformer.gpt import GPT, Embedding, gelu_tanh
from helpers.models.transformer.kv_cache import (
    Cached,
    attend_cached,
    read_on,
    rotate_after,
)
from helpers.models.transformer.positions import rotate
from helpers.models.transformer.writing import write

pytestmark = pytest.mark.usefixtures("seeded")
B, T, C, N, LAYERS, V, LONGEST = 3, 6, 16, 4, 3, 23, 24
positions = pytest.mark.parametrize("longest", [LONGEST, None], ids=["table", "rotary"])


def small(longest=LONGEST, **options):
    """Return a GPT that is far from uniform."""
    return drawn(GPT(V, C, N, LAYERS, longest, **options))


@torch.no_grad()
def writer(longest=LONGEST, **options):
    """Return a GPT whose matrices are large and the rest as at the start, so that
    what it writes depends on what it reads."""
    model = GPT(V, C, N, LAYERS, longest, **options)
    for weight in (p for p in model.parameters() if p.dim() == 2):
        weight.normal_()
    return model


# ---------------------------------------------------------------- GPT-2


@pytest.fixture(scope="module")
def gpt2():
    """Return a random GPT-2 of transformers, none of its parameters 0 or 1."""
    torch.manual_seed(1)
    return random_gpt2(V, C, N, LAYERS, LONGEST)


def same(gpt2):
    """Return our GPT with the weights of GPT-2."""
    model = GPT(V, C, N, LAYERS, LONGEST)
    model.load_state_dict(gpt2_weights(gpt2.state_dict()))
    return model


def test_logits_are_gpt2s(gpt2):
    ids = torch.randint(V, (B, LONGEST))
    with torch.no_grad():
        found, wanted = same(gpt2)(ids)[0], gpt2(ids).logits
    assert wanted.std() > 0.02
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_in_float64_logits_are_gpt2s_to_the_last_digits(gpt2):
    ids, double = torch.randint(V, (B, T)), gpt2.double()
    try:
        with torch.no_grad():
            found, wanted = same(gpt2).double()(ids)[0], double(ids).logits
            loose = GPT(V, C, N, LAYERS, LONGEST, activation=F.gelu).double()
            loose.load_state_dict(gpt2_weights(double.state_dict()))
            erf = loose(ids)[0]
    finally:
        gpt2.float()
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
    assert (erf - wanted).abs().max() > 1e-9


def test_gradients_are_gpt2s(gpt2):
    ids, model = torch.randint(V, (B, T)), same(gpt2)
    model(ids)[0].square().mean().backward()
    gpt2.zero_grad()
    gpt2(ids).logits.square().mean().backward()
    theirs = {name: p.grad for name, p in gpt2.named_parameters()}
    wanted = gpt2_weights(theirs)
    ours = {name: p.grad for name, p in model.named_parameters()}
    assert set(ours) == set(wanted)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-4, atol=1e-6)


def test_it_writes_what_gpt2_writes(gpt2):
    ids = torch.randint(1, V, (B, 4))
    wanted = gpt2.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        min_new_tokens=16,
        max_new_tokens=16,
        pad_token_id=0,
    )[:, 4:]
    model, never = same(gpt2), torch.zeros(V)
    never[0] = float("-inf")  # min_new_tokens keeps GPT-2 from writing the end

    def call(ids, state, read=model):
        logits, state = read(ids, state)
        return logits + never, state

    assert len(wanted.unique()) > 3
    assert torch.equal(write(call, ids, 16), wanted)
    assert torch.equal(write(partial(call, read=Cached(model)), ids, 16), wanted)


# ---------------------------------------------------------------- the model


@positions
@pytest.mark.parametrize("tied", [True, False])
def test_logits_come_from_encoder_layers_that_look_back(tied, longest):
    model, ids = small(longest, tied=tied), torch.randint(V, (B, T))
    x = model.embedding.tokens.weight[ids]
    if longest:
        x = x + model.embedding.positions.weight[:T]
    for layer in model.body.layers:
        assert isinstance(layer, EncoderLayer) and layer.norm_first
        assert layer.self_attn.rotary == (longest is None)
        assert layer.linear1.weight.shape == (4 * C, C)
        x = layer(x, causal_mask(T))
    norm = model.body.norm
    x = F.layer_norm(x, (C,), norm.weight, norm.bias, 1e-5)
    head = model.embedding.tokens.weight if tied else model.head.weight
    wanted = F.linear(x, head, model.head.bias)
    logits, seen = model(ids)
    torch.testing.assert_close(logits, wanted, rtol=1e-4, atol=1e-5)
    assert torch.equal(seen, ids) and (model.head.bias is None) == tied


@positions
@pytest.mark.parametrize("t", [1, 4])
@pytest.mark.parametrize("first", [True, False])
def test_nothing_of_later_tokens_leaks(first, t, longest):
    model, ids = small(longest, norm_first=first), torch.randint(V, (B, T))
    changed = ids.clone()
    changed[:, t:] = (ids[:, t:] + 1) % V
    gap = (model(ids)[0] - model(changed)[0]).abs().amax(dim=-1)
    assert not gap[:, :t].any()
    assert gap[:, t:].all()


@positions
def test_the_order_of_earlier_tokens_matters(longest):
    model, ids = small(longest), torch.tensor([[1, 2, 3, 4]])
    last = [model(row)[0][0, -1] for row in (ids, ids[:, [1, 0, 2, 3]])]
    assert (last[0] - last[1]).abs().max() > 1e-2


def test_a_state_is_what_was_read():
    model, ids = small(), torch.randint(V, (B, T))
    whole, _ = model(ids)
    _, state = model(ids[:, :2])
    found, state = model(ids[:, 2:], state)
    torch.testing.assert_close(found, whole[:, 2:])
    assert torch.equal(state, ids)


@pytest.mark.parametrize("kind", [lambda model: model, Cached])
def test_more_than_there_are_positions_is_an_error(kind):
    model, ids = kind(small()), torch.randint(V, (1, LONGEST + 1))
    _, state = model(ids[:, 1:])
    for rest in ((ids,), (ids[:, :1], state)):
        with pytest.raises(ValueError, match="25 tokens, but only 24 positions"):
            model(*rest)
    assert len(write(kind(small(None)), ids, 4)[0]) == 4


def test_embedded_tokens_know_where_they_start():
    table, ids = drawn(Embedding(V, C, LONGEST)), torch.randint(V, (B, 4))
    wanted = table.tokens.weight[ids] + table.positions.weight[20:24]
    assert torch.equal(table(ids, start=20), wanted)
    with pytest.raises(ValueError, match="25 tokens"):
        table(ids, start=21)
    plain = Embedding(V, C)
    assert torch.equal(plain(ids, start=90), plain.tokens.weight[ids])


@pytest.mark.parametrize(("tied", "wanted"), [(True, 0.02), (False, 1.0)])
def test_tokens_start_small_where_they_are_the_head(tied, wanted):
    model = GPT(300, 64, 4, 2, longest=100, tied=tied)
    tokens = model.embedding.tokens.weight
    assert tokens.std().item() == pytest.approx(wanted, rel=0.05)
    assert (model.head.weight is tokens) == tied
    assert model(torch.arange(100)[None])[0].abs().max() < 5


def test_the_inner_size_is_as_asked():
    assert GPT(V, C, N, 1, 8, inner=5).body.layers[0].linear1.weight.shape == (5, C)


def test_gelu_is_approximated_with_tanh():
    x = torch.linspace(-4, 4, 101).double()
    inner = (2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3)
    torch.testing.assert_close(gelu_tanh(x), 0.5 * x * (1 + inner.tanh()))
    assert (gelu_tanh(x) - F.gelu(x)).abs().max() > 1e-4


@positions
def test_gradients_reach_every_parameter(longest):
    model, ids = small(longest), torch.randint(V, (2, LONGEST))
    F.cross_entropy(model(ids)[0].mT, ids).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None and p.grad.any(), name


# ---------------------------------------------------------------- keys and values


@pytest.mark.parametrize("start", [0, 1, 9])
def test_positions_are_counted_from_a_start(start):
    x = torch.randn(2, N, start + 4, 6).double()
    found = rotate_after(x[:, :, start:], start)
    torch.testing.assert_close(found, rotate(x)[:, :, start:])
    assert found.shape == (2, N, 4, 6)


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("cuts", [(T,), (2, 4), (1, 1, 1, 1, 1, 1), (3, 1, 2)])
def test_attention_in_parts_is_attention_at_once(cuts, rotary):
    layer = drawn(MultiHeadAttention(C, N, rotary)).double()
    x, past, parts = torch.randn(B, T, C).double(), None, []
    for part in x.split(cuts, dim=1):
        y, past = attend_cached(layer, part, past)
        parts.append(y)
    wanted, _ = layer(x, may_see=causal_mask(T))
    torch.testing.assert_close(torch.cat(parts, dim=1), wanted)
    assert [tensor.shape for tensor in past] == [(B, N, T, C // N)] * 2


def test_a_layer_with_its_norms_last_is_refused():
    layer, x = EncoderLayer(C, N, C, norm_first=False), torch.randn(B, T, C)
    said = r"^keys and values are kept only where the norms come first$"
    with pytest.raises(ValueError, match=said):
        read_on(layer, x, None)


@positions
def test_a_single_layer_keeps_its_own_too(longest):
    model, ids = drawn(GPT(V, C, N, 1, longest)).double(), torch.randint(V, (B, T))
    first, past = Cached(model)(ids[:, :4])
    second, _ = Cached(model)(ids[:, 4:], past)
    torch.testing.assert_close(torch.cat([first, second], dim=1), model(ids)[0])


@positions
@pytest.mark.parametrize("cuts", [(T,), (1, 5), (4, 1, 1)])
def test_logits_in_parts_are_the_logits_at_once(cuts, longest):
    model, ids = small(longest).double(), torch.randint(V, (B, T))
    cached, past, parts = Cached(model), None, []
    for part in ids.split(cuts, dim=1):
        logits, past = cached(part, past)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts, dim=1), model(ids)[0])
    assert len(past) == LAYERS
    assert past[0][0].shape == past[-1][1].shape == (B, N, T, C // N)


@positions
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_kept_changes_no_token(dtype, tied, longest):
    model, ids = writer(longest, tied=tied).to(dtype), torch.randint(V, (16, 3))
    whole, cached = (write(m, ids, 12) for m in (model, Cached(model)))
    assert whole.shape == (16, 12) and len(whole.unique()) > 5
    assert torch.equal(whole, cached)


@positions
def test_with_what_is_kept_only_new_tokens_are_read(longest):
    model, widths = small(longest), []
    layer = model.body.layers[-1].linear1
    layer.register_forward_hook(lambda _, x, y: widths.append(x[0].shape[1]))
    write(Cached(model), torch.randint(V, (1, 3)), 3)
    write(model, torch.randint(V, (1, 3)), 3)
    assert widths == [3, 1, 1, 3, 4, 5]


def test_lesson_3s_models_and_functions_fit():
    recurrent = drawn(LanguageModel(V, LSTM(8, 8)), 1.0)
    assert write(recurrent, torch.randint(V, (B, 4)), 5).shape == (B, 5)
    model, ids = small(), torch.randint(V, (4,))
    choose = partial(torch.softmax, dim=0)
    drawn_t = [
        generate(m, ids, 9, choose, torch.Generator().manual_seed(3))
        for m in (model, Cached(model))
    ]
    assert torch.equal(*drawn_t)


def test_both_have_the_same_weights():
    model = small()
    ours = {p.data_ptr() for p in Cached(model).parameters()}
    assert ours == {p.data_ptr() for p in model.parameters()}
    assert isinstance(Cached(model), nn.Module)
