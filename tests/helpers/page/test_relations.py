"""How wrong values relate to the right ones: only what holds for all is said."""

import pytest
import torch

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
        (2 * A, "every value is 2 times what is asked for."),
        (A / 3, "every value is 1/3 times what is asked for."),
        (A + 0.5, "every value is 0.5 too large."),
        (A - 1, "every value is 1 too small."),
        (A / 0, "some values are infinite, and should be numbers."),
        (A * torch.nan, "some values are NaN, and should be numbers."),
    ],
)
def test_a_relation_is_said(got, said):
    assert relation([(got, A)], 1e-5).endswith(said)


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
        (T([1.0]), T([[1.0]])),
    ],
)
def test_nothing_is_said_of_what_is_chance(got, expected):
    assert relation([(got, expected)], 1e-5) == ""


def test_a_relation_holds_for_all_cases_that_differ():
    assert relation([(2, 1), (6, 3), (8, 4)], 1e-5).startswith("every value is 2 times")
    assert relation([(2, 1), (6, 3), (9, 4)], 1e-5) == ""
    assert relation([((2 * A, 1), (A, 1))], 1e-5).startswith("every value is 2 times")
    mask = T([True, False, True, False])
    assert relation([(~mask, mask)], 1e-5).startswith("every value is the opposite")
