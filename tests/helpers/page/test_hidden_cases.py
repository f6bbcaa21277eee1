"""Hidden cases: others for each seed, the same everywhere, of the sizes asked for."""

import pytest
import torch

from helpers.page.hidden_cases import Draw, Part, by_seed, noise


def pair(draw):
    return (draw.randint(0, 10**9),)


def word(draw):
    return (draw.choice("abc"),)


def test_a_seed_gives_its_own_cases_of_each_kind_in_turn():
    cases = by_seed(pair, word)
    assert cases(3) == cases(3) != cases(4)
    assert [type(case[0]) for case in cases(3)] == [int, str, int, str]
    assert len({case for case in cases(3) if isinstance(case[0], int)}) == 2
    assert len(by_seed(pair, times=5)(3)) == 5


def test_a_seed_gives_the_same_cases_on_every_machine():
    assert by_seed(pair, times=3)(0) == [(815453654,), (31793298,), (934136830,)]


def test_no_other_random_numbers_are_moved():
    before = torch.random.get_rng_state()
    by_seed(lambda draw: (noise(2, 3, seed=draw.next_seed()), draw.order(4)))(0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_an_order_holds_every_place_once():
    orders = [Draw(seed).order(5) for seed in range(20)]
    assert all(sorted(order.tolist()) == [0, 1, 2, 3, 4] for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) > 10


def test_signed_numbers_are_tenths_of_either_sign():
    draw = Draw("signs")
    found = {draw.signed(2, 5) for _ in range(200)}
    assert found == {sign * n / 10 for sign in (-1, 1) for n in (2, 3, 4, 5)}


def test_seeds_for_tensors_differ_and_fit_every_generator():
    draw = Draw("seeds")
    seeds = [draw.next_seed() for _ in range(100)]
    assert len(set(seeds)) == 100
    assert 2**30 < max(seeds) < 2**31 and min(seeds) >= 0


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_noise_has_its_shape_and_seed(shape):
    assert noise(*shape).shape == shape
    assert torch.equal(noise(*shape), noise(*shape, seed=0))
    assert not torch.equal(noise(*shape), noise(*shape, seed=1))


def test_a_part_is_shown_by_its_formula_and_computes():
    double = Part("x -> 2x", lambda x: 2 * x)
    assert repr([double]) == "[x -> 2x]"
    assert double(torch.tensor(3)) == 6
