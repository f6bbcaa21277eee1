"""Positions, against the papers' formulas written out number by number."""

import cmath
import math

import pytest
import torch

from helpers.models.transformer.positions import frequencies, rotate, sinusoidal

pytestmark = pytest.mark.usefixtures("seeded")


def normals(*size, dtype=torch.float64):
    """Return standard normals."""
    return torch.randn(size, dtype=dtype)


def angle(t, pair, channels):
    """Return the angle (radians) of a pair of channels at position t."""
    return t / 10_000 ** (2 * pair / channels)


def encoding(length, channels):
    """Return the paper's table: PE(t, 2i) is a sine, PE(t, 2i + 1) a cosine."""
    rows = []
    for t in range(length):
        pairs = [angle(t, pair, channels) for pair in range(channels // 2)]
        rows.append([f(a) for a in pairs for f in (math.sin, math.cos)])
    return torch.tensor(rows, dtype=torch.float64)


# ---------------------------------------------------------------- frequencies


@pytest.mark.parametrize("channels", [2, 4, 16, 64])
def test_frequencies_are_the_papers(channels):
    found = frequencies(channels)
    assert found.shape == (channels // 2,) and found.dtype == torch.float64
    wanted = [angle(1, pair, channels) for pair in range(channels // 2)]
    assert found.tolist() == pytest.approx(wanted, rel=1e-14)


def test_frequencies_fall_from_one_by_one_factor():
    found = frequencies(64)
    assert found[0] == 1 and 1e-4 < found[-1] < 1.5e-4
    ratios = (found[1:] / found[:-1]).tolist()
    assert ratios == pytest.approx([10_000 ** (-2 / 64)] * 31, rel=1e-12)


# ---------------------------------------------------------------- sinusoidal


@pytest.mark.parametrize(
    ("length", "channels"), [(1, 2), (9, 4), (50, 16), (3, 64), (3000, 8)]
)
def test_the_table_is_the_papers(length, channels):
    found = sinusoidal(length, channels)
    assert found.shape == (length, channels) and found.dtype == torch.float32
    wanted = encoding(length, channels)
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=1e-7)


def test_the_first_position_is_no_sines_and_all_cosines():
    assert sinusoidal(4, 6)[0].tolist() == [0, 1, 0, 1, 0, 1]


def test_a_longer_table_begins_with_the_shorter_one():
    assert torch.equal(sinusoidal(40, 8)[:15], sinusoidal(15, 8))


@pytest.mark.parametrize("k", [1, 7, 20])
def test_a_step_of_k_is_the_same_rotation_at_every_position(k):
    table, channels = sinusoidal(60, 8), 8
    rotation = torch.zeros(channels, channels)
    for pair in range(channels // 2):
        cos, sin = (f(angle(k, pair, channels)) for f in (math.cos, math.sin))
        at = slice(2 * pair, 2 * pair + 2)
        rotation[at, at] = torch.tensor([[cos, sin], [-sin, cos]])
    moved = table[:-k] @ rotation.T
    torch.testing.assert_close(moved, table[k:], rtol=0, atol=1e-6)


def test_products_of_two_positions_depend_on_their_distance_alone():
    channels = 16
    table = sinusoidal(50, channels)
    products = table @ table.T
    for k in range(-49, 50):
        wanted = sum(math.cos(angle(k, pair, channels)) for pair in range(8))
        found = products.diagonal(k)
        torch.testing.assert_close(
            found, torch.full_like(found, wanted), rtol=0, atol=1e-5
        )


# ---------------------------------------------------------------- rotary


def turned(x_td):
    """Return the vectors, each pair of channels a complex number that is turned."""
    rows = []
    for t, row in enumerate(x_td.tolist()):
        pairs = [complex(*row[i : i + 2]) for i in range(0, len(row), 2)]
        turns = [cmath.exp(1j * angle(t, i, len(row))) for i in range(len(pairs))]
        numbers = [z * turn for z, turn in zip(pairs, turns, strict=True)]
        rows.append([part for z in numbers for part in (z.real, z.imag)])
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize(("T", "D"), [(1, 2), (5, 2), (7, 6), (30, 16)])
def test_rotating_turns_complex_numbers(T, D):
    x = normals(T, D)
    torch.testing.assert_close(rotate(x), turned(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "gap"),
    [
        (torch.float64, 1e-11),
        (torch.float32, 2e-6),
        (torch.float16, 1e-2),
        (torch.bfloat16, 5e-2),
    ],
)
def test_the_precision_is_that_of_the_inputs_and_angles_are_not_rounded(dtype, gap):
    x = normals(3000, 4).to(dtype)
    found = rotate(x)
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), turned(x), rtol=0, atol=gap)


def test_rotating_keeps_every_pairs_length():
    x = normals(3, 40, 8)
    lengths = [y.unflatten(-1, (-1, 2)).norm(dim=-1) for y in (rotate(x), x)]
    torch.testing.assert_close(*lengths, rtol=0, atol=1e-12)
    assert (rotate(x) - x)[:, 1:].abs().amax(dim=(0, 2)).min() > 0.1


def test_the_first_position_stays_as_it_is():
    x = torch.randn(2, 3, 5, 8)
    assert torch.equal(rotate(x)[..., 0, :], x[..., 0, :])
    assert (rotate(x) != x)[..., 1:, :].any(dim=-1).all()


def test_scores_depend_on_the_distance_alone():
    q, k = normals(2, 8)
    scores = rotate(q.expand(50, 8)) @ rotate(k.expand(50, 8)).T
    for distance in range(-49, 50):
        found = scores.diagonal(distance)
        torch.testing.assert_close(
            found, found[:1].expand_as(found), rtol=0, atol=1e-12
        )
    assert scores[0].std() > 0.1  # but it does matter


def test_a_positive_distance_is_not_a_negative_one():
    q, k = normals(2, 8)
    scores = rotate(q.expand(9, 8)) @ rotate(k.expand(9, 8)).T
    assert (scores - scores.T).abs().max() > 0.1


@pytest.mark.parametrize("leading", [(), (3,), (2, 3), (2, 1, 3)])
def test_all_leading_axes_are_turned_alike(leading):
    x = torch.randn(*leading, 6, 4)
    found = rotate(x)
    assert found.shape == x.shape
    for one, row in zip(found.view(-1, 6, 4), x.view(-1, 6, 4), strict=True):
        torch.testing.assert_close(one, rotate(row), rtol=0, atol=0)


def test_gradients_are_turned_back():
    x = normals(6, 4).requires_grad_()
    (gradient,) = torch.autograd.grad(rotate(x).square().sum(), x)
    torch.testing.assert_close(gradient, 2 * x, rtol=0, atol=1e-12)
