"""Pictures that are read well sit out half of the epochs, and the gradient stays."""

from itertools import islice

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.core.errors import UserError
from helpers.data.images.datasets import ImageSet
from helpers.training.data_pruning import PrunedBatches
from helpers.training.fit import fit

N = 60


def pictures(n=N):
    """Return n pictures (n, 1, 1, 1); each has its own number as its only pixel."""
    labels = torch.arange(n) % 3
    return ImageSet(torch.arange(n).float().view(-1, 1, 1, 1), labels, ("a", "b", "c"))


def served(n=N, size=10, seed=0, **settings):
    """Return pruned batches of these pictures."""
    return PrunedBatches(pictures(n), size, seed, **settings)


def half_read_well(batches):
    """Note a small loss for the first half of the pictures, a large one otherwise."""
    n = len(batches.last_n)
    batches.last_n = torch.where(torch.arange(n) < n // 2, 0.1, 2.0)
    return batches


def test_the_first_epoch_has_every_picture_once():
    images, labels, weights, index = map(
        torch.cat, zip(*islice(served(), N // 10), strict=True)
    )
    assert sorted(index.tolist()) == list(range(N)) != index.tolist()
    assert torch.equal(images.flatten(), index.float())
    assert torch.equal(labels, index % 3)
    assert (weights == 1).all()


def test_what_is_read_badly_always_comes_and_the_rest_half_of_the_time():
    batches, times = half_read_well(served(left_out=0.5)), torch.zeros(N)
    for _ in range(400):
        order, _ = batches.epoch()
        assert len(order.unique()) == len(order)
        times[order] += 1
    assert (times[N // 2 :] == 400).all()
    assert 0.45 < times[: N // 2].mean() / 400 < 0.55
    assert times[: N // 2].min() > 140  # nobody sits out for good


@pytest.mark.parametrize("left_out", [0.0, 0.25, 0.5, 0.8])
def test_on_average_every_picture_counts_once(left_out):
    batches, counted = half_read_well(served(left_out=left_out)), torch.zeros(N)
    for _ in range(400):
        order, weight_n = batches.epoch()
        counted[order] += weight_n[order] / 400
    assert (counted[N // 2 :] == counted[N // 2]).all()
    assert counted[: N // 2].mean() == pytest.approx(1, abs=0.05)


def test_a_picture_never_seen_stays_and_counts_once():
    batches = half_read_well(served())
    batches.last_n[:5] = torch.inf
    for _ in range(20):
        order, weight_n = batches.epoch()
        assert set(range(5)) <= set(order.tolist())
        assert (weight_n[:5] == 1).all() and (weight_n[5 : N // 2] == 2).all()


def test_the_loss_is_the_weighted_mean_and_is_kept_for_each_picture():
    batches = served()
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 3))
    index = torch.tensor([7, 3, 50])
    images, labels = pictures().images[index], pictures().labels[index]
    weights = torch.tensor([2.0, 1.0, 2.0])
    loss = batches.loss(model, (images, labels, weights, index))
    each = torch.stack(
        [F.cross_entropy(model(images[i : i + 1]), labels[i : i + 1]) for i in range(3)]
    )
    assert loss.item() == pytest.approx((weights @ each).item() / 3)
    assert torch.allclose(batches.last_n[index], each.detach())
    assert batches.last_n.isfinite().sum() == 3 and loss.requires_grad
    assert not batches.last_n.requires_grad


def test_training_leaves_out_what_is_read_well():
    torch.manual_seed(0)
    near = torch.cat([torch.full((50, 1, 1, 1), -3.0), torch.full((50, 1, 1, 1), 3.0)])
    hard = torch.linspace(-0.3, 0.3, 20).view(-1, 1, 1, 1)
    images = torch.cat([near, hard])
    labels = (images.flatten() > 0).long()
    batches = PrunedBatches(ImageSet(images, labels, ("no", "yes")), 30, seed=0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2))
    fit(model, batches, 60, lr=0.05, loss=batches.loss)
    sizes = [len(batches.epoch()[0]) for _ in range(50)]
    assert 60 < sum(sizes) / 50 < 80  # 20 hard ones, and half of 100


def test_one_seed_one_order_and_the_global_numbers_stay():
    state = torch.get_rng_state()
    first, again, other = (
        [index.tolist() for *_, index in islice(served(seed=seed), 14)]
        for seed in (0, 0, 1)
    )
    assert first == again != other
    assert torch.equal(torch.get_rng_state(), state)


def test_pictures_are_varied_by_the_own_generator():
    def moved(images, generator):
        return images + torch.rand(len(images), 1, 1, 1, generator=generator)

    images, _, _, index = next(iter(served(augment=moved)))
    gap = images.flatten() - index
    assert ((gap >= 0) & (gap < 1)).all() and len(gap.unique()) > 1
    assert torch.equal(images, next(iter(served(augment=moved)))[0])


def test_a_set_smaller_than_a_batch_is_served_whole():
    *_, index = next(iter(served(n=4, size=10)))
    assert sorted(index.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize(("n", "size"), [(0, 10), (5, 0)])
def test_it_refuses_what_batches_refuses(n, size):
    with pytest.raises(UserError, match="both must be 1 or more"):
        served(n=n, size=size)
