"""Attention, its masks and its heads, against torch's own and against equations."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.transformer.attention import (
    MultiHeadAttention,
    attend,
    causal_mask,
    join_heads,
    masked_softmax,
    padding_mask,
    split_heads,
)
from helpers.page.parity import largest_gap, largest_module_gap

C, V = 8, 7
precisions = pytest.mark.parametrize(
    ("dtype", "gap"), [(torch.float32, 1e-5), (torch.float64, 1e-12)]
)


pytestmark = pytest.mark.usefixtures("seeded")


def random_mask(*shape):
    """Return a mask in which every query sees something, and something is hidden."""
    mask = torch.rand(shape) < 0.5
    mask[..., 0] |= ~mask.any(dim=-1)
    assert not mask.all()
    return mask


def half_blind(*shape):
    """Return a random mask in which the queries 1 and 3 see nothing."""
    mask = random_mask(*shape)
    mask[..., 1, :] = mask[..., 3, :] = False
    return mask


def three(queries, keys, *leading, dtype=torch.float64):
    """Return queries (..., Q, 4), keys (..., K, 4) and values (..., K, 6)."""
    sizes = (queries, 4), (keys, 4), (keys, 6)
    return [torch.randn(*leading, *size, dtype=dtype) for size in sizes]


# ---------------------------------------------------------------- masks


def test_a_causal_mask_shows_a_position_itself_and_what_is_before():
    mask = causal_mask(5)
    assert mask.dtype == torch.bool and mask.shape == (5, 5)
    assert mask.tolist() == [[key <= query for key in range(5)] for query in range(5)]


def test_a_padding_mask_shows_every_query_the_tokens_of_its_row():
    mask = padding_mask(torch.tensor([3, 0, 5, 1]), 5)
    assert mask.dtype == torch.bool and mask.shape == (4, 1, 5)
    wanted = [[[t < length for t in range(5)]] for length in (3, 0, 5, 1)]
    assert mask.tolist() == wanted


def test_together_they_hide_what_either_hides():
    mask = causal_mask(3) & padding_mask(torch.tensor([3, 2]), 3)
    assert mask.int().tolist() == [
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]],
        [[1, 0, 0], [1, 1, 0], [1, 1, 0]],
    ]


# ---------------------------------------------------------------- attend

CASES = {
    "no mask": (6, 6, (), None),
    "causal": (6, 6, (2,), lambda: causal_mask(6)),
    "padding": (6, 6, (3,), lambda: padding_mask(torch.tensor([6, 1, 4]), 6)),
    "random": (6, 6, (2,), lambda: random_mask(2, 6, 6)),
    "more keys": (4, 9, (2,), None),
    "more keys, random": (4, 9, (2,), lambda: random_mask(4, 9)),
    "more queries": (9, 2, (2,), lambda: random_mask(2, 9, 2)),
    "one query, one key": (1, 1, (), None),
    "two leading axes": (5, 7, (2, 3), None),
    "one mask for all heads": (5, 7, (2, 3), lambda: random_mask(2, 1, 5, 7)),
    "a mask for each head": (5, 7, (2, 3), lambda: random_mask(2, 3, 5, 7)),
    "blind rows": (5, 7, (2,), lambda: half_blind(2, 5, 7)),
    "blind rows for all": (5, 7, (2, 3), lambda: half_blind(5, 7)),
    "all blind": (4, 4, (2,), lambda: torch.zeros(4, 4, dtype=torch.bool)),
    "an empty sequence": (3, 3, (2,), lambda: padding_mask(torch.tensor([0, 2]), 3)),
}


@precisions
@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_torchs(case, dtype, gap):
    queries, keys, leading, mask = CASES[case]
    mask = mask and mask()
    inputs = three(queries, keys, *leading, dtype=dtype)
    found = largest_gap(
        lambda *qkv: attend(*qkv, mask)[0],
        lambda *qkv: F.scaled_dot_product_attention(*qkv, attn_mask=mask),
        *inputs,
    )
    assert found < gap
    values, weights = attend(*inputs, mask)
    assert values.shape == (*leading, queries, 6) and values.dtype == dtype
    assert weights.shape == (*leading, queries, keys) and weights.dtype == dtype


def test_a_query_that_fits_a_key_reads_its_value():
    keys, values = 40 * torch.eye(4).double(), torch.randn(4, 3).double()
    read, weights = attend(keys[[2, 0]], keys, values)
    torch.testing.assert_close(read, values[[2, 0]])
    torch.testing.assert_close(weights, torch.eye(4)[[2, 0]].double())


def test_scores_are_divided_by_the_root_of_the_channels():
    q, k = torch.ones(1, 16), torch.stack([torch.zeros(16), torch.ones(16)])
    _, weights = attend(q, k, torch.zeros(2, 1))
    wanted = torch.tensor([[0.0, 16 / 4]]).softmax(dim=1)
    torch.testing.assert_close(weights, wanted)


@pytest.mark.parametrize("mask", [None, half_blind(2, 5, 7)], ids=["all", "masked"])
def test_weights_are_shares_of_what_may_be_seen(mask):
    q, k, v = three(5, 7, 2)
    values, weights = attend(q, k, v, mask)
    sums = torch.ones(2, 5).double()
    if mask is not None:
        sums[:, [1, 3]] = 0
        assert not weights[~mask].any()  # not small: 0
        assert weights[mask].min() > 0
    torch.testing.assert_close(weights.sum(dim=-1), sums)
    assert weights.min() >= 0
    torch.testing.assert_close(values, torch.einsum("bqk,bke->bqe", weights, v))


def test_weights_are_in_proportion_to_the_exponentials():
    scores, mask = torch.randn(3, 5).double(), random_mask(3, 5)
    weights = masked_softmax(scores, mask)
    shares = scores.exp() * mask
    torch.testing.assert_close(weights, shares / shares.sum(dim=1, keepdim=True))


def test_what_is_hidden_does_not_matter_however_large_it_is():
    scores, mask = torch.randn(2, 4), torch.tensor([True, True, False, True])
    weights = masked_softmax(scores, mask)
    scores[:, 2] = 1e30
    assert torch.equal(masked_softmax(scores, mask), weights)
    assert weights[:, [0, 1, 3]].min() > 0


def test_what_is_hidden_does_not_matter_however_small_the_rest_is():
    scores, mask = torch.tensor([[-1e6, -1e6, 5.0]]), torch.tensor([True, True, False])
    assert masked_softmax(scores, mask).tolist() == [[0.5, 0.5, 0.0]]


def test_a_blind_query_reads_zeros_and_leaves_no_gradient():
    q, k, v = (x.requires_grad_() for x in three(5, 7))
    mask = half_blind(5, 7)
    values, weights = attend(q, k, v, mask)
    assert not values[[1, 3]].any() and not weights[[1, 3]].any()
    assert values[[0, 2, 4]].all()
    found = torch.autograd.grad(values.square().sum() + weights.sum(), (q, k, v))
    assert all(gradient.isfinite().all() for gradient in found)
    assert not found[0][[1, 3]].any() and found[0][[0, 2, 4]].any(dim=1).all()


def test_the_gradient_of_a_blind_row_of_scores_is_zero_and_finite():
    scores = torch.randn(3, 4, requires_grad=True)
    mask = torch.tensor([[True] * 4, [False] * 4, [True, False, True, False]])
    weights = masked_softmax(scores, mask)
    (gradient,) = torch.autograd.grad(weights.square().sum(), scores)
    assert gradient.isfinite().all()
    assert gradient.ne(0).tolist() == mask.tolist()


def test_no_nan_arises_on_the_way_back_either():
    q, k, v = (x.requires_grad_() for x in three(5, 7))
    with torch.autograd.set_detect_anomaly(True):  # it would raise
        attend(q, k, v, half_blind(5, 7))[0].sum().backward()
    assert q.grad.any()


@pytest.mark.parametrize("t", [1, 3, 5])
def test_a_causal_mask_leaks_nothing_of_later_tokens(t):
    q, k, v = three(6, 6, 2)
    before = attend(q, k, v, causal_mask(6))
    k[:, t:], v[:, t:] = k[:, t:] + 3, v[:, t:] - 5
    after = attend(q, k, v, causal_mask(6))
    for old, new in zip(before, after, strict=True):
        assert torch.equal(old[:, :t], new[:, :t])
        assert (old != new)[:, t:].any(dim=-1).all()


# ---------------------------------------------------------------- heads


@pytest.mark.parametrize("n_heads", [1, 2, 4, 8])
def test_a_head_holds_its_own_neighbouring_channels(n_heads):
    x, D = torch.randn(3, 5, C), C // n_heads
    heads = split_heads(x, n_heads)
    assert heads.shape == (3, n_heads, 5, D)
    for n in range(n_heads):
        assert torch.equal(heads[:, n], x[:, :, n * D : (n + 1) * D])


@pytest.mark.parametrize("n_heads", [1, 2, 4, 8])
def test_splitting_and_joining_undo_each_other(n_heads):
    x, heads = torch.randn(3, 5, C), torch.randn(3, n_heads, 5, C // n_heads)
    assert torch.equal(join_heads(split_heads(x, n_heads)), x)
    assert torch.equal(split_heads(join_heads(heads), n_heads), heads)


class Ours(nn.Module):
    """Our layer's output alone, with a mask."""

    def __init__(self, layer, mask):
        super().__init__()
        self.layer, self.mask = layer, mask

    def forward(self, x, source=None):
        return self.layer(x, source, self.mask)[0]


class Library(nn.Module):
    """torch's layer's output alone, with a mask in torch's sense."""

    def __init__(self, layer, mask):
        super().__init__()
        self.layer, self.mask = layer, mask

    def forward(self, x, source=None):
        return called(self.layer, x, x if source is None else source, self.mask)[0]


def called(library, x, source, mask):
    """Return torch's output and weights of each head; its True means "hidden"."""
    if mask is not None:
        mask = ~mask.expand(*mask.shape[:-2], x.shape[1], source.shape[1])
        if mask.dim() == 3:
            mask = mask.repeat_interleave(library.num_heads, dim=0)
    return library(x, source, source, attn_mask=mask, average_attn_weights=False)


def pair(n_heads, dtype=torch.float64):
    """Return our layer and torch's with the same weights, biases far from 0."""
    library = nn.MultiheadAttention(C, n_heads, batch_first=True).to(dtype)
    for p in library.parameters():
        nn.init.normal_(p, std=0.3)
    ours = MultiHeadAttention(C, n_heads).to(dtype)
    ours.load_state_dict(library.state_dict(), strict=True)
    return ours, library


SIDES = {
    "self": (None, None),
    "self, causal": (None, lambda: causal_mask(6)),
    "self, padding": (None, lambda: padding_mask(torch.tensor([6, 1, 4]), 6)),
    "self, both": (
        None,
        lambda: causal_mask(6) & padding_mask(torch.tensor([6, 1, 4]), 6),
    ),
    "cross": (9, None),
    "cross, causal": (9, lambda: torch.ones(6, 9, dtype=torch.bool).tril()),
    "cross, padding": (9, lambda: padding_mask(torch.tensor([9, 2, 5]), 9)),
    "cross, both": (
        9,
        lambda: (
            torch.ones(6, 9, dtype=torch.bool).tril()
            & padding_mask(torch.tensor([9, 2, 5]), 9)
        ),
    ),
}
all_heads = pytest.mark.parametrize("n_heads", [1, 2, 4])
all_sides = pytest.mark.parametrize("side", SIDES)


def prepared(side, dtype):
    """Return the inputs of one kind of call, and its mask."""
    S, mask = SIDES[side]
    sizes = [(3, 6, C)] if S is None else [(3, 6, C), (3, S, C)]
    return [torch.randn(size, dtype=dtype) for size in sizes], mask and mask()


@precisions
@all_heads
@all_sides
def test_the_layer_is_torchs_in_outputs_and_all_gradients(side, n_heads, dtype, gap):
    inputs, mask = prepared(side, dtype)
    ours, library = pair(n_heads, dtype)
    wrapped = Ours(ours, mask), Library(library, mask)
    assert largest_module_gap(*wrapped, *inputs, mean=True) < gap


@precisions
@all_heads
@all_sides
def test_the_layers_weights_are_torchs(side, n_heads, dtype, gap):
    (x, *source), mask = prepared(side, dtype)
    ours, library = pair(n_heads, dtype)
    _, weights = ours(x, *source or (None,), mask)
    _, wanted = called(library, x, *source or (x,), mask)
    assert weights.shape == (3, n_heads, 6, SIDES[side][0] or 6)
    torch.testing.assert_close(weights, wanted, rtol=0, atol=gap)


def test_an_empty_source_brings_the_last_bias_alone():
    (ours, _), x = pair(2), torch.randn(2, 6, C).double()
    y, weights = ours(x, may_see=padding_mask(torch.tensor([0, 6]), 6))
    assert not weights[0].any() and weights[1].all()
    torch.testing.assert_close(y[0], ours.out_proj.bias.expand(6, C))


def test_a_layer_names_its_sizes_as_recurrent_layers_do():
    layer = MultiHeadAttention(C, 2)
    assert layer.input_size == layer.hidden_size == C
    assert layer.n_heads == 2 and layer.rotary is False
    library = nn.MultiheadAttention(C, 2, batch_first=True)
    ours = {name: p.shape for name, p in layer.named_parameters()}
    assert ours == {name: p.shape for name, p in library.named_parameters()}
    assert all(p.requires_grad for p in layer.parameters())


def test_weights_start_as_torchs_do():
    wide = 64
    ours = MultiHeadAttention(wide, 4)
    library = nn.MultiheadAttention(wide, 4, batch_first=True)
    bounds = {
        "in_proj_weight": (6 / (3 * wide + wide)) ** 0.5,
        "out_proj.weight": wide**-0.5,
        "in_proj_bias": 0.0,
        "out_proj.bias": 0.0,
    }
    for layer in (ours, library):  # torch's own: or the bounds would be wrong
        for name, p in layer.named_parameters():
            bound = bounds[name]
            assert p.abs().max().item() == pytest.approx(bound, rel=0.01)
            assert p.abs().max() <= bound + 1e-6
            spread = bound * 3**-0.5  # uniform
            assert p.std().item() == pytest.approx(spread, rel=0.05)


# ---------------------------------------------------------------- order


def order_gap(layer, x, order):
    """Return how far reordered inputs are from giving the outputs reordered."""
    return (layer(x[:, order])[0] - layer(x)[0][:, order]).abs().max().item()


@all_heads
def test_without_positions_the_order_of_the_inputs_is_the_outputs_alone(n_heads):
    (ours, _), x = pair(n_heads, torch.float32), torch.randn(3, 6, C)
    assert order_gap(ours, x, torch.randperm(6)) < 1e-5


@all_heads
def test_with_rotary_positions_the_order_matters(n_heads):
    layer, x = MultiHeadAttention(C, n_heads, rotary=True), torch.randn(3, 6, C)
    layer.load_state_dict(pair(n_heads, torch.float32)[0].state_dict())
    assert order_gap(layer, x, [5, 3, 1, 0, 2, 4]) > 1e-2


def test_rotary_positions_turn_queries_and_keys_of_every_head():
    D, T = C // 2, 5
    layer, x = MultiHeadAttention(C, 2, rotary=True), torch.randn(1, T, C)
    layer.load_state_dict(pair(2, torch.float32)[0].state_dict())
    y, weights = layer(x)
    projected = x @ layer.in_proj_weight.T + layer.in_proj_bias
    q, k, v = projected[0].detach().split(C, dim=1)
    angles = torch.arange(T)[:, None] * torch.tensor([1.0, 0.01])
    turn = torch.polar(torch.ones(T, 2), angles)
    read = []
    for n in range(2):
        part = slice(n * D, (n + 1) * D)
        pairs = (side[:, part].unflatten(1, (-1, 2)).contiguous() for side in (q, k))
        q_tf, k_tf = (torch.view_as_complex(side) * turn for side in pairs)
        scores = (q_tf @ k_tf.conj().T).real / D**0.5
        torch.testing.assert_close(weights[0, n], scores.softmax(dim=1))
        read.append(scores.softmax(dim=1) @ v[:, part])  # values stay as they are
    torch.testing.assert_close(y[0], layer.out_proj(torch.cat(read, dim=1)))


def test_positions_are_counted_in_queries_and_keys_from_zero():
    layer = MultiHeadAttention(C, 2, rotary=True)
    x, source = torch.randn(2, 4, C), torch.randn(2, 7, C)
    y, weights = layer(x, source)
    assert y.shape == (2, 4, C) and weights.shape == (2, 2, 4, 7)
    torch.testing.assert_close(layer(x[:, :2], source)[0], y[:, :2])
