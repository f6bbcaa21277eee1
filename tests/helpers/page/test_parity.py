"""The comparison with the library notices outputs, gradients, shapes and NaN."""

import pytest
import torch
from torch import nn

from helpers.models.recurrent.lstm import LSTM, Recurrent
from helpers.models.transformer.attention import (
    MultiHeadAttention,
    causal_mask,
    padding_mask,
)
from helpers.models.transformer.blocks import DecoderLayer, EncoderLayer
from helpers.page.parity import (
    InOneRow,
    Masked,
    largest_attention_gap,
    largest_block_gap,
    largest_gap,
    largest_module_gap,
    largest_recurrent_gap,
    with_same_weights,
)

X = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)


def test_equal_functions_have_no_gap():
    assert largest_gap(lambda x: x.relu(), torch.relu, X) == 0.0


@pytest.mark.parametrize("shift", [0.25, -0.25])
def test_the_gap_is_the_largest_difference(shift):
    assert largest_gap(lambda x: x + shift, lambda x: x, X) == pytest.approx(0.5)


def test_equal_outputs_with_another_gradient_are_noticed():
    assert largest_gap(lambda x: x + 0 * x.detach(), lambda x: x, X) == 0.0
    assert largest_gap(lambda x: 2 * x - x.detach(), lambda x: x, X) > 1


@pytest.mark.parametrize("ours", [lambda x: x[:2], lambda x: x * float("nan")])
def test_other_shapes_and_nan_are_refused(ours):
    with pytest.raises(ValueError, match=r"shapes differ|not a finite number"):
        largest_gap(ours, lambda x: x, X)


def test_every_input_counts():
    assert largest_gap(lambda x, y: x * y.detach() + 0 * y, torch.mul, X, X) > 1


# Whole modules


class Scale(nn.Module):
    """Multiply by a weight, in the way that `times(x, weight)` says."""

    def __init__(self, times=torch.mul, name="weight", start=3.0):
        super().__init__()
        start = torch.as_tensor(start, dtype=torch.float64)
        self.register_parameter(name, nn.Parameter(start))
        self.times, self.name = times, name

    def forward(self, *xs):
        return self.times(*xs, getattr(self, self.name))


def test_equal_modules_have_no_gap_and_stay_as_they_are():
    ours, library = Scale(), Scale()
    assert largest_module_gap(ours, library, X) == 0.0
    assert ours.weight == library.weight == 3.0
    assert ours.weight.grad is None and library.weight.grad is None


@pytest.mark.parametrize(
    ("times", "gap"),
    [
        (lambda x, w: x * w + 0.25, 1.5),  # of d/dx: 2 * 0.25 * 3
        (lambda x, w: x * w + (x - x.detach()), 18),  # of d/dx: 2 * 9 * 1
        (lambda x, w: x * (w + (w - w.detach())), 84),  # of d/dw: 2 * 3 * (1 + 4 + 9)
    ],
)
def test_gradients_of_inputs_and_of_parameters_count(times, gap):
    assert largest_module_gap(Scale(times), Scale(), X) == pytest.approx(gap)


def test_every_input_of_a_module_counts():
    def ours(x, y, w):
        return w * x + y + (y - y.detach())

    library = Scale(lambda x, y, w: w * x + y)
    assert largest_module_gap(Scale(ours), library, X, X) == pytest.approx(2 * 12)


class Line(nn.Module):
    """a * x + b, with its parameters in the order in which they are given."""

    def __init__(self, **values):
        super().__init__()
        for name, value in values.items():
            self.register_parameter(name, nn.Parameter(torch.tensor(value).double()))

    def forward(self, x):
        return self.a * x + self.b


def test_the_order_of_the_parameters_does_not_count():
    assert largest_module_gap(Line(a=2.0, b=5.0), Line(b=5.0, a=2.0), X) == 0.0


class Kinked(Line):
    """A line that jumps up where b is larger than a."""

    def forward(self, x):
        return super().forward(x) + (self.b - self.a).relu()


def test_every_parameter_keeps_its_own_value():
    assert largest_module_gap(Line(a=2.0, b=5.0), Kinked(b=5.0, a=2.0), X) > 1
    assert largest_module_gap(Line(a=5.0, b=2.0), Kinked(b=2.0, a=5.0), X) == 0.0


def test_other_statistics_are_noticed():
    ours, library = nn.BatchNorm1d(3).double(), nn.BatchNorm1d(3).double()
    library.running_mean.fill_(2.0)
    x = X.expand(2, 3)
    assert largest_module_gap(ours, library, x) < 1e-12
    assert largest_module_gap(ours.eval(), library.eval(), x) > 1


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (Scale(name="gain"), r"parameters differ: \['gain', 'weight'\]"),
        (Line(weight=3.0, more=1.0), r"parameters differ: \['more'\]"),
        (nn.Identity(), r"parameters differ: \['weight'\]"),
        (Scale(start=3.0001), r"not copied: \['weight'\]"),
        (Scale(start=[3.0] * 3), r"not copied: \['weight'\]"),
        (Scale(lambda x, w: (x * w)[:2]), "shapes differ"),
        (Scale(lambda x, w: x * w / 0), "not a finite number"),
    ],
)
def test_modules_that_cannot_be_compared_are_refused(ours, said):
    with pytest.raises(ValueError, match=said):
        largest_module_gap(ours, Scale(), X)


def test_the_mean_divides_the_gap_of_gradients():
    x = torch.ones(8)

    def crooked(x):
        return x.detach() + 3 * (x - x.detach())  # the same output, other gradients

    gaps = [largest_gap(torch.clone, crooked, x, mean=mean) for mean in (False, True)]
    assert gaps == [4.0, 0.5]


# Recurrent layers


def library_layer(kind, layers=1):
    """Return torch's layer in float64, 3 -> 4, with weights that count."""
    torch.manual_seed(0)
    return kind(3, 4, layers, batch_first=True, dtype=torch.float64)


def read_by(parts, layers=1):
    """Return inputs (2, 5, 3) and the state's parts (layers, 2, 4)."""
    generator = torch.Generator().manual_seed(1)
    shapes = [(2, 5, 3)] + [(layers, 2, 4)] * parts
    return [torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(
    ("kind", "ours", "parts"), [(nn.LSTM, LSTM, 2), (nn.RNN, Recurrent, 1)]
)
def test_our_layers_are_the_librarys(kind, ours, parts, layers):
    library, ours = library_layer(kind, layers), ours(3, 4, layers).double()
    ours.load_state_dict(library.state_dict())
    assert largest_recurrent_gap(ours, library, *read_by(parts, layers)) < 1e-12


@pytest.mark.parametrize(("kind", "parts"), [(nn.GRU, 1), (nn.RNN, 1), (nn.LSTM, 2)])
def test_a_layer_has_no_gap_to_its_copy(kind, parts):
    inputs = read_by(parts)
    assert largest_recurrent_gap(library_layer(kind), library_layer(kind), *inputs) == 0


class Bent(nn.LSTM):
    """Torch's LSTM, its state bent on the way in and its results on the way out."""

    def __init__(self, into=lambda *state: state, out=lambda *results: results):
        super().__init__(3, 4, batch_first=True, dtype=torch.float64)
        self.into, self.out = into, out
        self.load_state_dict(library_layer(nn.LSTM).state_dict())

    def forward(self, x, state):
        y, (h, c) = super().forward(x, self.into(*state))
        y, h, c = self.out(y, h, c)
        return y, (h, c)


def steeper(x):
    """Return x with twice its gradient."""
    return 2 * x - x.detach()


@pytest.mark.parametrize(
    "bent",
    [
        Bent(out=lambda y, h, c: (y + 1e-3, h, c)),
        Bent(out=lambda y, h, c: (y, h + 1e-3, c)),
        Bent(out=lambda y, h, c: (y, h, c + 1e-3)),
        Bent(into=lambda h, c: (steeper(h), c)),
        Bent(into=lambda h, c: (h, steeper(c))),
        Bent(into=lambda h, c: (h, 0 * c)),
    ],
)
def test_a_wrong_output_state_or_gradient_is_noticed(bent):
    inputs = read_by(2)
    assert largest_recurrent_gap(Bent(), library_layer(nn.LSTM), *inputs) == 0
    assert largest_recurrent_gap(bent, library_layer(nn.LSTM), *inputs) > 9e-4


def test_a_recurrent_gap_is_that_of_the_mean():
    bent, (x, h, c) = Bent(into=lambda h, c: (h, steeper(c))), read_by(2)
    y, last = library_layer(nn.LSTM)(x, (h, c.requires_grad_()))
    row = torch.cat([y.flatten(), *map(torch.flatten, last)])
    (gradient,) = torch.autograd.grad(row.square().mean(), c)
    gap = largest_recurrent_gap(bent, library_layer(nn.LSTM), x, h, c)
    assert gap == pytest.approx(gradient.abs().max().item())


@pytest.mark.parametrize(("kind", "parts"), [(nn.GRU, 1), (nn.LSTM, 2)])
def test_one_row_holds_the_outputs_then_the_last_state(kind, parts):
    layer, (x, *state) = library_layer(kind), read_by(parts)
    y, last = layer(x, tuple(state) if parts == 2 else state[0])
    expected = [y, *last] if parts == 2 else [y, last]
    row = InOneRow(layer)(x, *state)
    assert row.tolist() == torch.cat([part.flatten() for part in expected]).tolist()


# Attention


def attention_pair(heads=2, dtype=torch.float64):
    """Return ours and the library's attention of 8 channels, equal in every weight."""
    torch.manual_seed(0)
    library = nn.MultiheadAttention(8, heads, batch_first=True)
    for weight in library.parameters():
        nn.init.normal_(weight, std=0.3)
    ours = MultiHeadAttention(8, heads)
    ours.load_state_dict(library.state_dict())
    return ours.to(dtype), library.to(dtype)


class Upside(MultiHeadAttention):
    """Ours, with the mask turned around."""

    def forward(self, x_btc, source_bsc=None, may_see=None):
        return super().forward(x_btc, source_bsc, may_see.mT)


MASKS = {
    "none": None,
    "causal": causal_mask(5),
    "each its own": causal_mask(5) & padding_mask(torch.tensor([5, 3]), 5),
}


@pytest.mark.parametrize("mask", MASKS)
def test_equal_attention_has_no_gap(mask):
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    assert largest_attention_gap(*attention_pair(), x, may_see=MASKS[mask]) < 1e-12


def test_a_source_is_attended_to():
    x, source = torch.randn(2, 5, 8), torch.randn(2, 3, 8)
    ours, library = attention_pair(dtype=torch.float32)
    assert largest_attention_gap(ours, library, x, source) < 1e-5
    with torch.no_grad():
        ours.in_proj_bias[8] += 0.5  # of the keys: the softmax does not feel it
        library.in_proj_bias[8] += 0.5
        library.in_proj_weight[20, 0] += 0.5
    with pytest.raises(ValueError, match="not copied"):
        largest_attention_gap(ours, library, x, source)


def test_another_mask_or_number_of_heads_is_a_gap():
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    ours, library = attention_pair()
    upside = Upside(8, 2).to(x)
    upside.load_state_dict(ours.state_dict())
    assert largest_attention_gap(upside, library, x, may_see=MASKS["causal"]) > 0.01
    ours.n_heads = 4
    assert largest_attention_gap(ours, library, x) > 1e-3


# Transformer blocks


def block_pair(kind="Encoder"):
    """Return ours and PyTorch's layer of 8 channels and 2 heads, with equal weights."""
    torch.manual_seed(0)
    options = {"dropout": 0.0, "batch_first": True, "norm_first": True}
    library = getattr(nn, f"Transformer{kind}Layer")(8, 2, 12, **options)
    ours = {"Encoder": EncoderLayer, "Decoder": DecoderLayer}[kind](8, 2, 12)
    ours.load_state_dict(library.state_dict())
    return ours.double(), library.double()


@pytest.mark.parametrize("mask", MASKS)
def test_equal_blocks_have_no_gap(mask):
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    pair = block_pair()
    assert largest_block_gap(*pair, x, src_mask=MASKS[mask]) < 1e-12
    other = MASKS["none"] if mask == "causal" else MASKS["causal"]
    alone = largest_block_gap(*pair, x[:1], src_mask=other)
    assert alone < 1e-12
    ours, library = (
        Masked(b, {"src_mask": m})
        for b, m in zip(pair, (other, MASKS[mask]), strict=True)
    )
    assert largest_module_gap(ours, library, x, mean=True) > 1e-4


def test_masks_go_to_blocks_in_their_order():
    x, source = torch.randn(2, 5, 8).double(), torch.randn(2, 5, 8).double()
    masks = {"tgt_mask": MASKS["causal"], "memory_mask": MASKS["each its own"]}
    assert largest_block_gap(*block_pair("Decoder"), x, source, **masks) < 1e-12
    swapped = dict(reversed(masks.items()))
    assert largest_block_gap(*block_pair("Decoder"), x, source, **swapped) > 1e-4


def test_a_block_with_another_norm_order_is_a_gap():
    ours, library = block_pair()
    ours.norm_first = False
    assert largest_block_gap(ours, library, torch.randn(2, 5, 8).double()) > 1e-3


class SteepAttention(MultiHeadAttention):
    """Ours, with twice the gradient of its input."""

    def forward(self, x_btc, source_bsc=None, may_see=None):
        return super().forward(steeper(x_btc), source_bsc, may_see)


class SteepBlock(EncoderLayer):
    """Ours, with twice the gradient of its input."""

    def forward(self, x_btc, may_see=None):
        return super().forward(steeper(x_btc), may_see)


@pytest.mark.parametrize("part", ["attention", "block"])
def test_a_gap_of_gradients_is_that_of_the_mean(part):
    if part == "attention":
        (ours, library), steep = attention_pair(), SteepAttention(8, 2)
        gap = largest_attention_gap
    else:
        (ours, library), steep = block_pair(), SteepBlock(8, 2, 12)
        gap = largest_block_gap
    steep.double().load_state_dict(ours.state_dict())
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    once, twice = gap(steep, library, x), gap(steep, library, torch.cat([x, x]))
    assert once == pytest.approx(2 * twice) and once > 1e-3


def test_of_nothing_there_is_no_gap():
    assert largest_gap(torch.sin, torch.cos, torch.empty(0)) == 0.0


# Weights drawn anew


def fresh_pair(**options):
    """Return ours and PyTorch's layer after `with_same_weights`, and as given."""
    torch.manual_seed(0)
    library = nn.TransformerEncoderLayer(8, 2, 12, 0.0, batch_first=True)
    given = EncoderLayer(8, 2, 12, norm_first=False), library
    return with_same_weights(*given, **options), given


def test_both_have_the_same_weights_and_share_none():
    (ours, library), given = fresh_pair()
    assert (ours, library) == given
    theirs = dict(library.named_parameters())
    for name, weight in ours.named_parameters():
        assert torch.equal(weight, theirs[name]), name
        assert weight.data_ptr() != theirs[name].data_ptr() and weight.requires_grad
    assert largest_block_gap(ours, library, torch.randn(2, 3, 8)) < 1e-4


@pytest.mark.parametrize(("options", "std"), [({}, 0.3), ({"std": 2.0}, 2.0)])
def test_all_are_drawn_anew_biases_and_gains_too(options, std):
    (ours, _), _ = fresh_pair(**options)
    for name, weight in ours.named_parameters():
        assert weight.std().item() == pytest.approx(std, rel=0.5), name
        assert weight.mean().abs() < std and weight.all(), name


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(RuntimeError, match="Missing key"):
        with_same_weights(EncoderLayer(8, 2, 12), nn.LayerNorm(8))
