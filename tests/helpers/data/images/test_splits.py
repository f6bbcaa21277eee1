"""The split: every class in both parts, no picture in both, copies together."""

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.images.splits import stratified


def copies_in_both(same_n, train, test):
    """Return how many pictures of the test part have a copy in the other part."""
    return int(torch.isin(same_n[test], same_n[train]).sum())


def test_the_parts_are_complete_disjoint_and_hold_every_class():
    labels = torch.tensor([0] * 10 + [1] * 20 + [2] * 2 + [4] * 3)
    labels = labels[torch.randperm(35, generator=torch.Generator().manual_seed(3))]
    for seed in range(5):
        train, test = stratified(labels, 0.3, seed)
        assert sorted(train.tolist() + test.tolist()) == list(range(35))
        assert labels[test].bincount().tolist() == [3, 6, 1, 0, 1]
        assert labels[train].bincount().tolist() == [7, 14, 1, 0, 2]


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    labels = torch.arange(40) % 2
    torch.manual_seed(0)
    before = torch.get_rng_state()
    parts = [stratified(labels, 0.25, seed)[1].tolist() for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("share", "tested"), [(0.01, 1), (0.5, 5), (0.99, 9)])
def test_both_parts_hold_something_whatever_the_share(share, tested):
    train, test = stratified(torch.zeros(10, dtype=torch.long), share, 0)
    assert (len(train), len(test)) == (10 - tested, tested)


def test_copies_stay_together():
    labels = torch.tensor([0] * 10 + [1] * 10)
    same = torch.tensor([0, 0, 0, 1, 2, 3, 4, 5, 6, 6, *range(10, 19), 18])
    for seed in range(20):
        train, test = stratified(labels, 0.3, seed, same)
        assert copies_in_both(same, train, test) == 0
        assert labels[test].bincount().tolist() == [3, 3]
    plain = [stratified(labels, 0.3, seed) for seed in range(20)]
    assert max(copies_in_both(same, *parts) for parts in plain) > 0


def test_a_class_of_one_picture_and_its_copies_is_split_all_the_same():
    labels = torch.tensor([0] * 6 + [1] * 6)
    same = torch.tensor([0] * 6 + [1] * 5 + [2])
    for seed in range(10):
        train, test = stratified(labels, 0.3, seed, same)
        assert labels[train].bincount().tolist() == [4, 5]
        assert labels[test].bincount().tolist() == [2, 1]
        assert same[test].tolist().count(2) == 1  # the five copies stay together
        assert copies_in_both(same, train, test) == 2


def test_a_class_of_one_picture_and_a_share_out_of_range_are_refused():
    with pytest.raises(UserError, match="at least 2 of each"):
        stratified(torch.tensor([0, 0, 1]), 0.5, 0)
    for share in (0, 1, -0.2, 20):
        with pytest.raises(UserError, match="must be between 0 and 1"):
            stratified(torch.tensor([0, 0, 1, 1]), share, 0)


def test_where_all_groups_of_copies_are_too_large_the_smallest_is_tested():
    labels = torch.tensor([0] * 8 + [1] * 10)
    same = torch.tensor([0] * 3 + [1] * 5 + list(range(2, 12)))
    for seed in range(6):
        train, test = stratified(labels, 0.1, seed, same)
        assert test.tolist()[:3] == [0, 1, 2] and len(test) == 4
        assert copies_in_both(same, train, test) == 0


def test_classes_are_drawn_independently():
    labels = torch.arange(2).repeat_interleave(20)
    tests = [stratified(labels, 0.3, seed)[1] for seed in range(3)]
    assert all(not torch.equal(test[:6], test[6:] - 20) for test in tests)
