"""Parameters and multiplications, against formulas."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.transformer.attention import attend, causal_mask
from helpers.models.vision.resnet import BasicBlock, DeepNet, ResidualBlock, ResNet
from helpers.training import costs
from helpers.training.costs import (
    bytes_kept,
    flops,
    fused_flops,
    milliseconds,
    multiplications,
    parameter_count,
    slope,
    training_costs,
)
from helpers.training.fit import History


def test_the_parameters_of_a_convolution_and_a_norm():
    model = nn.Sequential(nn.Conv2d(3, 8, 5), nn.BatchNorm2d(8), nn.ReLU())
    assert parameter_count(model) == 8 * 3 * 25 + 8 + 2 * 8
    assert parameter_count(nn.ReLU()) == 0


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(
    ("stride", "padding", "groups", "across", "down"),
    [(1, 0, 1, 5, 7), (1, 1, 1, 7, 9), (2, 1, 1, 4, 5), (1, 0, 2, 5, 7)],
)
def test_a_convolution_by_formula(device, stride, padding, groups, across, down):
    layer = nn.Conv2d(4, 6, 3, stride, padding, groups=groups, device=device)
    x = torch.zeros(2, 4, 7, 9, device=device)
    outputs = 2 * 6 * across * down
    assert multiplications(layer, x) == {"": outputs * (4 // groups) * 3 * 3}


@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_by_formula(bias):
    layer = nn.Linear(5, 7, bias=bias)
    assert multiplications(layer, torch.zeros(3, 5)) == {"": 3 * 5 * 7}


class Parts(nn.Module):
    """A module with parts called once, twice and never, and a product of its own."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.fc2 = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
        self.norm, self.unused = nn.LayerNorm(4), nn.Linear(9, 9)

    def forward(self, x):
        y = self.norm(self.fc2(self.fc2(self.fc(x)))).relu()
        return y @ y.T


def test_each_part_counts_as_often_as_it_is_called():
    found = multiplications(Parts(), torch.zeros(2, 3))
    fc, fc2, own = 2 * 3 * 4, 2 * (2 * 4 * 4 * 2), 2 * 4 * 2
    assert found == {"fc": fc, "fc2": fc2, "norm": 0, "unused": 0, "": fc + fc2 + own}


def test_norm_relu_and_pooling_count_nothing():
    layers = nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.AvgPool2d(2)
    found = multiplications(nn.Sequential(*layers), torch.ones(2, 2, 8, 8))
    assert found == {"0": 0, "1": 0, "2": 0, "3": 0, "": 0}


def test_counting_prints_nothing(capsys):
    multiplications(nn.Linear(2, 2), torch.zeros(1, 2))
    assert capsys.readouterr().out == ""


def test_the_parts_of_a_network_sum_to_the_whole():
    with torch.device("meta"):
        found = multiplications(DeepNet(ResidualBlock, 14), torch.zeros(1, 1, 28, 28))
    whole = found.pop("")
    assert list(found) == ["stem", "blocks", "fc"]
    assert sum(found.values()) == whole > 0


def resnet18_by_formula():
    """Return the multiplications of ResNet-18 at 224 x 224, part by part."""
    found = {"conv1": 112**2 * 64 * 3 * 7**2, "layer1": 4 * 56**2 * 64**2 * 9}
    for number, (side, width) in enumerate([(28, 128), (14, 256), (7, 512)], start=2):
        half = width // 2
        kernels = (half + 3 * width) * width * 9 + half * width  # and the projection
        found[f"layer{number}"] = side**2 * kernels
    return found | {"fc": 512 * 1000}


def test_resnet18_by_formula():
    with torch.device("meta"):
        model, x = ResNet(BasicBlock, (2, 2, 2, 2)), torch.zeros(1, 3, 224, 224)
    found, expected = multiplications(model, x), resnet18_by_formula()
    assert found == expected | {"bn1": 0, "maxpool": 0, "": sum(expected.values())}
    assert found[""] == 1_814_073_344


def test_counting_records_no_gradient():
    class Watching(nn.Linear):
        def forward(self, x):
            self.recorded = torch.is_grad_enabled()
            return F.linear(x, self.weight)

    model = Watching(2, 2)
    multiplications(model, torch.zeros(1, 2))
    assert not model.recorded and torch.is_grad_enabled()


def test_training_costs_are_summed_by_name_and_in_all():
    first, second = History([1.0, 2.0], cpu_seconds=0.25), History([1.0], cpu_seconds=4)
    table = training_costs([("a", first), ("b", second), ("a", second)])
    assert table.rows == [["a", 2, 3, 4.2], ["b", 1, 1, 4.0], ["all", 3, 4, 8.2]]


def test_no_training_costs_nothing():
    assert training_costs([]).rows == [["all", 0, 0, 0]]


# What a function costs: FLOPs, and bytes kept for the backward pass


@pytest.mark.parametrize(("rows", "inner", "columns"), [(1, 1, 1), (3, 4, 5)])
def test_a_matrix_product_takes_two_flops_for_each_multiply_add(rows, inner, columns):
    a, b = torch.ones(rows, inner), torch.ones(inner, columns)
    assert flops(torch.matmul, a, b) == 2 * rows * inner * columns
    assert flops(lambda a, b: (a @ b) @ b.T, a, b) == 4 * rows * inner * columns
    assert flops(lambda a, b: a.exp() + 1, a, b) == 0


SHAPES = [(1, 1, 1, 1, 1), (2, 3, 16, 16, 4), (1, 4, 64, 64, 8), (2, 2, 5, 9, 6)]


def attention_inputs(B, N, Q, K, D):
    """Return queries, keys and values."""
    return [torch.randn(B, N, size, D) for size in (Q, K, K)]


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("shape", SHAPES)
def test_both_attentions_take_the_flops_of_two_products(shape, device):
    B, N, Q, K, D = shape
    inputs = [x.to(device) for x in attention_inputs(*shape)]
    assert flops(attend, *inputs) == 4 * B * N * Q * K * D
    found = flops(F.scaled_dot_product_attention, *inputs)
    assert found == 4 * B * N * Q * K * D


def test_values_of_another_width_are_counted_as_wide_as_they_are():
    q, k, v = torch.ones(1, 2, 5, 4), torch.ones(1, 2, 7, 4), torch.ones(1, 2, 7, 3)
    wanted = 2 * 2 * 5 * 7 * (4 + 3)
    assert flops(attend, q, k, v) == wanted
    assert flops(F.scaled_dot_product_attention, q, k, v) == wanted
    assert fused_flops(q.shape, k.shape, v.shape, 0.0, is_causal=True) == wanted


def test_a_causal_mask_saves_no_flops():
    inputs = attention_inputs(1, 2, 8, 8, 4)
    mask = causal_mask(8)
    wanted = 4 * 2 * 8 * 8 * 4
    assert flops(lambda q, k, v: attend(q, k, v, mask), *inputs) == wanted
    fused = F.scaled_dot_product_attention
    assert flops(lambda q, k, v: fused(q, k, v, is_causal=True), *inputs) == wanted


def test_counting_flops_records_no_gradient():
    seen = []
    flops(lambda x: seen.append((x * 1).requires_grad), nn.Parameter(torch.ones(2)))
    assert seen == [False] and torch.is_grad_enabled()


@pytest.mark.parametrize(("N", "T", "D"), [(1, 16, 8), (2, 64, 16), (3, 5, 7)])
def test_attention_keeps_its_weights_the_fused_kernel_one_number_a_query(N, T, D):
    inputs = attention_inputs(1, N, T, T, D)
    plain = 4 * N * T * T + 3 * 4 * N * T * D  # weights; queries, keys, values
    assert bytes_kept(attend, *inputs) == plain
    assert bytes_kept(lambda *qkv: attend(*qkv)[0], *inputs) == plain
    fused = 4 * N * T + 4 * 4 * N * T * D  # sums; the inputs and the output
    assert bytes_kept(F.scaled_dot_product_attention, *inputs) == fused


def test_what_needs_nothing_again_keeps_nothing():
    x = torch.randn(5, 7)
    assert bytes_kept(lambda x: x + 1, x) == 0
    assert bytes_kept(lambda x: 3 * x.T, x) == 0


def test_a_storage_counts_once_and_whole():
    x, y = torch.randn(5, 7), torch.randn(5, 7)
    assert bytes_kept(lambda x: x * x, x) == 4 * 35
    assert bytes_kept(lambda x: x * x.flip(0), x) == 2 * 4 * 35
    assert bytes_kept(torch.mul, x, y) == 2 * 4 * 35
    assert bytes_kept(lambda x: x[0] * x[1], x) == 4 * 35  # views of one storage
    assert bytes_kept(lambda x: (x * x) @ x.T, x) == 2 * 4 * 35


def test_memory_that_is_kept_is_never_taken_twice():
    x = torch.randn(100)
    assert bytes_kept(lambda x: x.exp().exp().exp(), x) == 3 * 4 * 100
    assert bytes_kept(lambda x: [x.exp(), x.exp()], x) == 2 * 4 * 100


def test_the_bytes_are_those_of_the_precision():
    x = torch.randn(6, dtype=torch.float64)
    assert bytes_kept(torch.exp, x) == 8 * 6
    assert bytes_kept(torch.exp, x.half()) == 2 * 6


def test_the_inputs_are_left_as_they_are():
    x = torch.randn(4)
    before = x.clone()
    bytes_kept(lambda x: x.data.add_(1), x)
    assert torch.equal(x, before) and not x.requires_grad


# Time, with a clock that goes as it is told, and how it grows


def ticking(monkeypatch, spent):
    """Let the calls of the function returned take `spent` seconds, one by one."""
    now, spent, given = [100.0], iter(spent), []
    monkeypatch.setattr(costs, "cpu_seconds", lambda: now[0])

    def function(*inputs):
        given.append((inputs, torch.is_grad_enabled()))
        now[0] += next(spent)

    return function, given


def test_the_time_of_a_call_is_the_least_after_one_to_warm_up(monkeypatch):
    function, given = ticking(monkeypatch, [0.25, 4, 2, 0.5, 8, 1])
    assert milliseconds(function, 7, "x") == 500
    assert given == [((7, "x"), False)] * 6
    assert torch.is_grad_enabled()


def test_calls_are_repeated_as_often_as_asked_for(monkeypatch):
    function, given = ticking(monkeypatch, [9, 4, 2, 1])
    assert milliseconds(function, repeats=2) == 2000
    assert len(given) == 3


@pytest.mark.parametrize("power", [-1, 0, 0.5, 2])
@pytest.mark.parametrize("factor", [0.01, 1, 300])
def test_the_slope_is_the_exponent(power, factor):
    x = [1, 2, 5, 40]
    found = slope(x, [factor * n**power for n in x])
    assert isinstance(found, float)
    assert found == pytest.approx(power, abs=1e-12)


def test_the_slope_is_fitted_to_all_points_by_least_squares():
    # ln x - mean: -1.5, -0.5, 0.5, 1.5, squares 5 in all; with ln y: -1.5 + 0.5 + 3
    x, y = ([math.exp(n) for n in logs] for logs in ((0, 1, 2, 3), (0, 3, 1, 2)))
    assert slope(x, y) == pytest.approx(2 / 5)
