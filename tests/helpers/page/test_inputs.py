"""The inputs of one call: whose they are, how they are named, how many are taken."""

import pytest
import torch

from helpers.page.inputs import call, names_of, takes

CASE = (torch.tensor([1.0, 2.0]), [3])


def greedy(numbers, rest):
    """Change both inputs."""
    numbers.zero_()
    return rest.pop()


def test_a_call_has_inputs_of_its_own_unless_they_are_handed_over():
    assert call(greedy, CASE) == 3
    assert CASE[0].tolist() == [1, 2] and CASE[1] == [3]
    given = torch.tensor([1.0]), [4]
    assert call(greedy, given, copied=False) == 4
    assert given[0].tolist() == [0] and given[1] == []


def test_every_call_starts_from_the_same_random_numbers():
    torch.manual_seed(0)  # and so do those that another run, or machine, shows
    first = torch.rand(3)
    assert torch.equal(call(torch.rand, (3,)), first)
    assert torch.equal(call(torch.rand, (3,)), first)


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (greedy, ["numbers", "rest"]),
        (lambda *given: given, ["given", "input 2"]),
        (torch.add, ["input 1", "input 2"]),
        (lambda x, y, z=0: x, ["x", "y"]),
    ],
)
def test_inputs_have_the_names_of_the_answers_own_code(function, names):
    assert names_of(function, CASE) == names


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (greedy, ""),
        (lambda x, y, z=0: x, ""),
        (lambda *given: given, ""),
        (torch.add, ""),
        (lambda x: x, "Your function takes 1 input; it is called with 2."),
        (lambda x, y, z: x, "Your function takes 3 inputs; it is called with 2."),
    ],
)
def test_a_wrong_number_of_inputs_is_named(function, said):
    assert takes(function, CASE) == said
