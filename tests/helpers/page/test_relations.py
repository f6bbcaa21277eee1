"""How wrong values relate to the right ones: only what holds for all is said."""

import pytest
import torch
from support.sentences import in_good_form

from helpers.page.relations import relation

T = torch.tensor
A = T([[1.0, 2.0, 5.0], [3.0, 4.0, -7.0], [6.0, 0.5, 9.0]])


@pytest.mark.parametrize(
    ("got", "said"),
    [
        (-A, "every value has the opposite sign."),
        (A.T, "the right values, with axes 0 and 1 swapped."),
        (A.flip(0), "the right values, in reverse order along axis 0."),
        (A.roll(1, 1), "the right values, shifted by one place along axis 1."),
        (A.flatten()[[3, 1, 2, 0, 5, 4, 6, 7, 8]].view(3, 3), "in another order."),
        (A.roll(-1, 0), "the right values, shifted by one place along axis 0."),
        (2 * A, "every value is 2 times what is asked for."),
        (1.002 * A, "every value is 1.002 times what is asked for."),
        (-2.5 * A, "every value is -2.5 times what is asked for."),
        (A / 3, "every value is 1/3 times what is asked for."),
        (A / -4, "every value is 1/-4 times what is asked for."),
        (A + 0.5, "every value is 0.5 too large."),
        (A - 1, "every value is 1 too small."),
        (A / 0, "some values are infinite, and should be numbers."),
        (A * torch.nan, "some values are NaN, and should be numbers."),
    ],
)
def test_a_relation_is_said(got, said):
    text = relation([(got, A)], 1e-5)
    assert text.endswith(said)
    assert in_good_form(text[0].upper() + text[1:])


B = torch.arange(24.0).view(2, 3, 4)
ANGLES = T([1 + 2j, 1 - 2j, 3j])


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        (T(torch.nan), T(1.0), "some values are NaN, and should be numbers."),
        (B.flip(2), B, "the right values, in reverse order along axis 2."),
        (B.roll(-1, 1), B, "the right values, shifted by one place along axis 1."),
        (B[:, :, :3].mT, B[:, :, :3], "the right values, with axes 1 and 2 swapped."),
        (T([2.0, 1.0, 3.0]), T([1.0, 2.0, 3.0]), "the right values, in another order."),
        (ANGLES[[1, 0, 2]], ANGLES, "the right values, in another order."),
        (T([0.0, 2.0, 4.0]), T([0.0, 1.0, 2.0]), "every value is 2 times what is"),
        (T([4.0, 4.0, 4.0]), torch.zeros(3), "every value is 4 too large."),
        (T([0, 1, 1]), T([1, 0, 0]), "every value is the opposite: 1 (True) where"),
    ],
)
def test_a_relation_is_said_of_any_axis_any_kind_of_number_and_of_zeros(
    got, expected, said
):
    assert relation([(got, expected)], 1e-5).startswith(said)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (A, A),
        (A**2, A),
        (A * 1.0002, A),  # nearly right
        (2.0, 1.0),  # of one number everything is a multiple
        (T([2.0, 4.0]), T([1.0, 2.0])),  # too few to be sure
        (T([True, False]), T([True, True])),
        ("a", "b"),
        (5, (1, 2, 3)),
        ((5, 1), (1, 2, 3)),
        (T([1.0]), T([[1.0]])),
        (T([torch.nan, 5.0, 2.0]), T([torch.nan, 1.0, 2.0])),  # the NaN is right
        (T([torch.inf, 5.0, 2.0]), T([torch.inf, 1.0, 2.0])),
        (T([-1.0, 2.0, 3.0]), T([2.0, -1.0, -2.0])),  # 1 - x, but of no mask
        (T([1.0, 2.0, 4.0, 6.0]), T([0.0, 1.0, 2.0, 3.0])),  # a zero has no factor
        (torch.zeros(3), T([1.0, 2.0, 4.0])),
        (T([2.0, 4.0, 7.0]), T([1.0, 2.0, 3.0])),
        (T([1.0, 2.0, 4.0]), T([0.0, 1.0, 2.0])),
    ],
)
def test_nothing_is_said_of_what_is_chance(got, expected):
    assert relation([(got, expected)], 1e-5) == ""


def test_a_factor_is_said_down_to_a_millionth():
    right = T([1.0, 2.0, 4.0], dtype=torch.float64)
    said = "every value is 1/1e+06 times what is asked for."
    assert relation([(1e-6 * right, right)], 1e-9) == said
    assert relation([(0.9e-6 * right, right)], 1e-9) == ""


def test_what_should_be_nearly_zero_has_no_factor():
    for nearly, said in (
        (1e-12, "every value is 2 times what is asked for."),
        (2e-12, ""),
    ):
        right = T([nearly, 1.0, 2.0], dtype=torch.float64)
        assert relation([(T([0.0, 2.0, 4.0]), right)], 1e-5) == said


def test_what_is_large_is_not_sorted():
    many = torch.arange(10_000.0)
    mixed = many[torch.randperm(10_000, generator=torch.Generator().manual_seed(0))]
    assert relation([(mixed, many)], 1e-5) == ""
    few, some = mixed[mixed < 9999], many[:9999]
    assert relation([(few, some)], 1e-5) == "the right values, in another order."


def test_three_numbers_are_enough_for_a_relation_two_are_not():
    assert relation([(2, 1), (6, 3)], 1e-5) == ""
    assert relation([(T([2.0, 4.0, 6.0]), T([1.0, 2.0, 3.0]))], 1e-5) != ""


def test_a_relation_holds_for_all_cases_that_differ():
    assert relation([(2, 1), (6, 3), (8, 4)], 1e-5).startswith("every value is 2 times")
    assert relation([(2, 1), (6, 3), (9, 4)], 1e-5) == ""
    assert relation([((2 * A, 1), (A, 1))], 1e-5).startswith("every value is 2 times")
    mask = T([True, False, True, False])
    assert relation([(~mask, mask)], 1e-5).startswith("every value is the opposite")
