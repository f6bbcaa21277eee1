"""Transformer blocks against torch's own, and the model that translates with them."""

import pytest
import torch
import torch.nn.functional as F
from support.drawing import drawn
from torch import nn

from helpers.models.transformer.attention import causal_mask, padding_mask
from helpers.models.transformer.blocks import (
    DecoderLayer,
    EncoderLayer,
    LayerNorm,
    Stack,
    Transformer,
    with_positions,
)
from helpers.models.transformer.positions import sinusoidal
from helpers.models.transformer.translator import Translator, write_out
from helpers.page.parity import largest_module_gap

pytestmark = pytest.mark.usefixtures("seeded")
B, T, S, C, N, INNER, V = 3, 5, 7, 8, 2, 12, 6
precisions = pytest.mark.parametrize(
    ("dtype", "gap"), [(torch.float32, 1e-5), (torch.float64, 1e-12)]
)
orders = pytest.mark.parametrize("first", [True, False], ids=["pre", "post"])


def random_mask(*shape):
    """Return a mask in which every query sees something, and something is hidden."""
    mask = torch.rand(shape) < 0.5
    mask[..., 0] |= ~mask.any(dim=-1)
    assert not mask.all() and mask.any(dim=-1).all()
    return mask


def hidden(mask):
    """Return a mask as torch wants it: True where hidden, once for every head."""
    if mask is None:
        return None
    whole = mask.expand(B, *mask.shape[-2:]) if mask.dim() == 3 else mask
    return ~(whole.repeat_interleave(N, dim=0) if mask.dim() == 3 else whole)


class Call(nn.Module):
    """A module called with what stands here besides its inputs."""

    def __init__(self, module, *rest, **options):
        super().__init__()
        self.module, self.rest, self.options = module, rest, options

    def forward(self, *inputs):
        return self.module(*inputs, *self.rest, **self.options)


# ---------------------------------------------------------------- norm


@precisions
@pytest.mark.parametrize("eps", [1e-5, 0.5])
def test_layer_norm_is_torchs(eps, dtype, gap):
    theirs = drawn(nn.LayerNorm(C, eps)).to(dtype)
    ours = LayerNorm(C, eps).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    x = 3 + 2 * torch.randn(B, T, C, dtype=dtype)
    assert largest_module_gap(ours, theirs, x, mean=True) < gap


def test_layer_norm_starts_as_torchs():
    theirs = nn.LayerNorm(C).state_dict()
    for name, p in LayerNorm(C).named_parameters():
        assert torch.equal(p, theirs[name])
    x = torch.full((2, C), 1e-3).cumsum(dim=1)  # so small that eps matters
    torch.testing.assert_close(LayerNorm(C)(x), nn.LayerNorm(C)(x))


def test_layer_norm_of_equal_channels_is_its_bias():
    norm = drawn(LayerNorm(C))
    torch.testing.assert_close(norm(torch.full((2, C), 7.0)), norm.bias.expand(2, C))


# ---------------------------------------------------------------- layers

SELF = {
    "none": lambda: None,
    "causal": lambda: causal_mask(T),
    "random": lambda: random_mask(B, T, T),
    "padding": lambda: padding_mask(torch.tensor([T, 2, 4]), T),
    "both": lambda: causal_mask(T) & padding_mask(torch.tensor([T, 2, 4]), T),
}
CROSS = {
    "none": lambda: None,
    "random": lambda: random_mask(T, S),
    "each": lambda: random_mask(B, T, S),
    "padding": lambda: padding_mask(torch.tensor([S, 1, 4]), S),
}
OPTIONS = {"dropout": 0.0, "batch_first": True}


def whole(mask, queries):
    """Return a padding mask (B, 1, S) with a row for every query."""
    return mask if mask is None or mask.dim() == 2 else mask.expand(-1, queries, -1)


@precisions
@orders
@pytest.mark.parametrize("mask", SELF)
def test_an_encoder_layer_is_torchs(mask, first, dtype, gap):
    mask = SELF[mask]()
    theirs = nn.TransformerEncoderLayer(C, N, INNER, norm_first=first, **OPTIONS)
    theirs = drawn(theirs).to(dtype)
    ours = EncoderLayer(C, N, INNER, norm_first=first).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    calls = Call(ours, mask), Call(theirs, hidden(whole(mask, T)))
    x = torch.randn(B, T, C, dtype=dtype)
    assert largest_module_gap(*calls, x, mean=True) < gap


@orders
@pytest.mark.parametrize("layer", [EncoderLayer, DecoderLayer])
def test_activation_and_eps_are_as_asked(layer, first):
    name = f"Transformer{layer.__name__}"
    options = {"norm_first": first, "activation": F.gelu}
    theirs = getattr(nn, name)(C, N, INNER, layer_norm_eps=0.5, **options, **OPTIONS)
    drawn(theirs)
    ours = layer(C, N, INNER, eps=0.5, **options)
    ours.load_state_dict(theirs.state_dict())
    x = (torch.randn(B, T, C), torch.randn(B, S, C))[: 1 + (layer is DecoderLayer)]
    assert largest_module_gap(ours, theirs, *x, mean=True) < 1e-5


@precisions
@orders
@pytest.mark.parametrize(
    ("mask", "cross"),
    [("none", "none"), ("causal", "padding"), ("random", "each"), ("both", "random")],
)
def test_a_decoder_layer_is_torchs(mask, cross, first, dtype, gap):
    mask, cross = SELF[mask](), CROSS[cross]()
    theirs = nn.TransformerDecoderLayer(C, N, INNER, norm_first=first, **OPTIONS)
    theirs = drawn(theirs).to(dtype)
    ours = DecoderLayer(C, N, INNER, norm_first=first).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    masks = {"tgt_mask": mask, "memory_mask": cross}
    masks = {name: hidden(whole(part, T)) for name, part in masks.items()}
    inputs = (torch.randn(B, length, C, dtype=dtype) for length in (T, S))
    calls = Call(ours, mask, cross), Call(theirs, **masks)
    assert largest_module_gap(*calls, *inputs, mean=True) < gap


def test_norms_come_first_and_relu_follows_unless_asked_otherwise():
    layer = EncoderLayer(C, N, INNER)
    assert layer.norm_first and layer.activation is F.relu
    assert layer.norm1.eps == layer.norm2.eps == 1e-5
    assert DecoderLayer(C, N, INNER).norm_first


def test_a_narrow_block_with_norms_last_by_hand():
    layer, x = drawn(EncoderLayer(C, N, C, norm_first=False)), torch.randn(B, T, C)
    x1 = F.layer_norm(x + layer.self_attn(x)[0], (C,), *layer.norm1.parameters())
    inner = (x1 @ layer.linear1.weight.T + layer.linear1.bias).clamp(min=0)
    x2 = x1 + inner @ layer.linear2.weight.T + layer.linear2.bias
    wanted = F.layer_norm(x2, (C,), *layer.norm2.parameters())
    torch.testing.assert_close(layer(x), wanted)


@orders
@pytest.mark.parametrize("t", [1, 3])
def test_under_a_causal_mask_nothing_of_later_positions_leaks(t, first):
    layers = [drawn(EncoderLayer(C, N, INNER, norm_first=first)) for _ in range(3)]
    stack, x = Stack(layers, LayerNorm(C)), torch.randn(B, T, C)
    changed = x.clone()
    changed[:, t:] += torch.randn(B, T - t, C)
    gap = (stack(x, causal_mask(T)) - stack(changed, causal_mask(T))).abs()
    assert not gap[:, :t].any()
    assert gap[:, t:].amax(dim=-1).all()


# ---------------------------------------------------------------- encoder and decoder


def library(channels, n_heads, inner, eps=1e-5, norm_first=True):
    """Return torch's Transformer of 2 layers each, its encoder without the other way
    that it may take in evaluation, which leaves out what is padded."""
    options = {"norm_first": norm_first, "layer_norm_eps": eps, **OPTIONS}
    layer = nn.TransformerEncoderLayer(channels, n_heads, inner, **options)
    norm = nn.LayerNorm(channels, eps)
    encoder = nn.TransformerEncoder(layer, 2, norm, enable_nested_tensor=False)
    return nn.Transformer(
        channels, n_heads, 2, 2, inner, custom_encoder=encoder, **options
    )


def pair(dtype=torch.float32, **options):
    """Return our Transformer and torch's, with the same weights."""
    theirs = drawn(library(C, N, INNER, **options)).to(dtype)
    ours = Transformer(C, N, 2, 2, INNER, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours.to(dtype), theirs


@precisions
@orders
@pytest.mark.parametrize("case", ["no mask", "masks", "padding"])
def test_a_transformer_is_torchs(case, first, dtype, gap):
    ours, theirs = pair(dtype, norm_first=first)
    masks, others = (None, None, None), {}
    if case == "masks":
        masks = random_mask(B, S, S), causal_mask(T), random_mask(T, S)
        names = "src_mask", "tgt_mask", "memory_mask"
        others = {n: hidden(m) for n, m in zip(names, masks, strict=True)}
    if case == "padding":
        source, target = torch.tensor([S, 2, 4]), torch.tensor([T, 3, 1])
        real, known = padding_mask(source, S), padding_mask(target, T)
        masks = real, causal_mask(T) & known, real
        others = {
            "src_key_padding_mask": ~real[:, 0],
            "memory_key_padding_mask": ~real[:, 0],
            "tgt_key_padding_mask": ~known[:, 0],
            "tgt_mask": ~causal_mask(T),
        }
    inputs = (torch.randn(B, length, C, dtype=dtype) for length in (S, T))
    calls = Call(ours, *masks), Call(theirs, **others)
    assert largest_module_gap(*calls, *inputs, mean=True) < gap


def test_the_last_norms_have_the_same_eps():
    ours, theirs = pair(eps=0.5)
    x = torch.randn(B, S, C), torch.randn(B, T, C)
    assert largest_module_gap(ours, theirs, *x, mean=True) < 1e-5


def test_matrices_start_as_torchs_do():
    ours = Transformer(64, 4, 2, 2, 256)
    theirs = library(64, 4, 256)
    wanted = dict(theirs.named_parameters())
    for name, p in ours.named_parameters():
        if p.dim() == 2:
            largest = wanted[name].abs().max().item()
            assert p.abs().max().item() == pytest.approx(largest, rel=0.01), name


def test_a_stack_without_a_norm_ends_in_its_last_layer():
    layers = [drawn(EncoderLayer(C, N, INNER)) for _ in range(2)]
    x, mask = torch.randn(B, T, C), random_mask(B, T, T)
    wanted = layers[1](layers[0](x, mask), mask)
    assert torch.equal(Stack(layers)(x, mask), wanted)


# ---------------------------------------------------------------- translation

PADDING = 5


def translator(padding=-1, std=0.5, **options):
    """Return an untrained model that is far from uniform."""
    return drawn(Translator(V, Transformer(C, N, 2, 2, INNER, **options), padding), std)


@torch.no_grad()
def writer(padding=-1):
    """Return a model whose matrices are large and the rest as at the start, so that
    what it writes depends on what it reads."""
    model = Translator(V, Transformer(C, N, 2, 2, INNER), padding)
    for weight in (p for p in model.parameters() if p.dim() == 2):
        weight.normal_()
    return model


def test_tokens_get_their_vectors_and_where_they_stand():
    x = torch.randn(B, T, C)
    torch.testing.assert_close(with_positions(x), 8**0.5 * x + sinusoidal(T, C))
    for dtype in (torch.float64, torch.bfloat16):
        assert with_positions(x.to(dtype)).dtype == dtype


@pytest.mark.parametrize("padding", [-1, PADDING])
@orders
def test_logits_come_from_torchs_transformer_too(first, padding):
    model = translator(padding, norm_first=first)
    theirs = library(C, N, INNER, norm_first=first)
    theirs.load_state_dict(model.transformer.state_dict())
    source, target = torch.randint(V, (B, S)), torch.randint(V, (B, T))
    source[:, 0] = 1  # something to look at
    source[1, 4:] = PADDING
    before = torch.cat([torch.full((B, 1), V), target[:, :-1]], dim=1)
    x, y = (with_positions(model.embedding.weight[ids]) for ids in (source, before))
    empty = {"src_key_padding_mask": source == padding}
    empty["memory_key_padding_mask"] = source == padding
    y = theirs(x, y, tgt_mask=~causal_mask(T), **empty)
    wanted = y @ model.head.weight.T + model.head.bias
    found = model(source, target)
    assert found.shape == (B, T, V)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_padding_may_be_longer_without_a_difference():
    model, target = translator(PADDING), torch.randint(V, (B, T))
    source = torch.randint(PADDING, (B, S))
    longer = F.pad(source, (0, 4), value=PADDING)
    torch.testing.assert_close(model(longer, target), model(source, target))
    plain = translator()
    assert (plain(longer, target) - plain(source, target)).abs().max() > 1e-2


@pytest.mark.parametrize("t", [0, 1, 3])
def test_a_logit_sees_neither_its_own_target_nor_later_ones(t):
    model = translator()
    source, target = torch.randint(V, (B, S)), torch.randint(V, (B, T))
    changed = target.clone()
    changed[:, t:] = (target[:, t:] + 1) % V
    gap = (model(source, changed) - model(source, target)).abs().amax(dim=(0, 2))
    assert not gap[: t + 1].any()
    assert gap[t + 1 :].all()


def test_the_order_of_the_source_matters():
    model, target = translator(), torch.randint(V, (1, T))
    ordered, turned = torch.tensor([[0, 1, 2, 3]]), torch.tensor([[3, 2, 1, 0]])
    assert (model(ordered, target) - model(turned, target)).abs().max() > 1e-2


def test_gradients_reach_every_parameter():
    model = translator(std=0.3)
    source, target = torch.randint(V, (B, S)), torch.randint(V, (B, T))
    logits = model(source, target).flatten(0, 1)
    F.cross_entropy(logits, target.flatten()).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None and p.grad.any(), name


def test_embedded_tokens_start_as_large_as_their_positions():
    model = Translator(2000, Transformer(64, 4, 1, 1, 256))
    assert model.begin == 2000 and model.embedding.weight.shape == (2001, 64)
    assert model.head.weight.shape == (2000, 64)
    assert model.embedding.weight.std().item() == pytest.approx(1 / 8, rel=0.02)


def test_what_is_written_is_what_the_logits_say_after_it():
    torch.manual_seed(7)  # writes 21 different rows; some seeds write 2
    model, source = writer(PADDING), torch.randint(V, (30, S))
    source[:, 0] = 1
    written = write_out(model, source, 6)
    assert written.shape == (30, 6) and written.dtype == torch.int64
    assert torch.equal(model(source, written).argmax(dim=-1), written)
    assert (written[:, 1:] != written[:, :-1]).any()
    assert len(written.unique(dim=0)) > 5


def test_writing_stops_at_the_end():
    torch.manual_seed(9)  # writes 0 in many rows, and then something else
    model, source = writer(), torch.randint(V, (30, S))
    free = write_out(model, source, 8)
    end = 0
    rows = source[(free == end).any(dim=1)]
    written, free = (write_out(model, rows, 8, *e) for e in ((end,), ()))
    first = (free == end).int().argmax(dim=1)
    assert first.min() < first.max() < 7
    assert written.shape == (len(rows), first.max() + 1)
    for row, wanted, k in zip(written, free, first, strict=True):
        assert torch.equal(row[: k + 1], wanted[: k + 1])
        assert (row[k:] == end).all()


def test_writing_reads_the_source_once_and_keeps_no_history():
    model, calls, logits = translator(), [], []
    model.transformer.encoder.register_forward_hook(lambda *call: calls.append(call))
    model.head.register_forward_hook(lambda *call: logits.append(call[-1]))
    write_out(model, torch.randint(V, (2, 3)), 4)
    assert len(calls) == 1 and len(logits) == 4
    assert not any(y.requires_grad for y in logits)
