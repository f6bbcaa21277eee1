"""Probes and neighbours find what is there, and nothing where nothing is."""

import pytest
import torch
from torch import nn

from helpers.analysis import probing


@pytest.fixture
def labelled():
    """Return (vectors, labels): three clusters far apart, shuffled."""
    g = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (300,), generator=g)
    return torch.eye(3)[labels] * 5 + torch.randn(300, 3, generator=g), labels


def test_a_probe_reads_what_is_linear_and_guesses_elsewhere(labelled):
    vectors, labels = labelled
    assert probing.linear_probe(vectors, labels, n_fit=200) > 0.95
    noise = torch.randn(300, 3, generator=torch.Generator().manual_seed(1))
    assert probing.linear_probe(noise, labels, n_fit=200) < 0.55


def test_a_probe_is_tested_on_what_it_has_not_seen():
    g = torch.Generator().manual_seed(0)
    noise, labels = torch.randn(60, 50, generator=g), torch.arange(60) % 2
    assert probing.linear_probe(noise, labels, n_fit=40) < 0.85  # it fits its 40


@pytest.mark.parametrize("n_fit", [0, 300, 301])
def test_a_probe_needs_pictures_on_both_sides(labelled, n_fit):
    with pytest.raises(ValueError, match="can be fitted"):
        probing.linear_probe(*labelled, n_fit=n_fit)


def test_the_nearest_is_another_one_by_direction():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [9.0, 1.0], [0.2, 5.0]])
    assert probing.nearest(vectors).tolist() == [2, 3, 0, 1]
    with pytest.raises(ValueError, match="2 are needed"):
        probing.nearest(vectors[:1])


def test_clusters_have_neighbours_of_their_own_kind(labelled):
    vectors, labels = labelled
    assert probing.same_class_rate(vectors, labels) > 0.95
    assert probing.same_class_rate(torch.randn(300, 3), labels) < 0.6


def test_disagreements_are_near_in_one_space_and_far_in_the_other():
    first = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    second = torch.tensor([[1.0, 0.0], [0.9, 0.1], [1.0, 0.2], [-1.0, 0.0]])
    asked, near_first, near_second = probing.disagreements(first, second, n=2)
    assert set(asked.tolist()) == {2, 3}
    assert near_first.tolist() == [5 - i for i in asked.tolist()]
    assert near_second[asked.tolist().index(2)] == 1


def test_layer_features_are_averaged_maps_and_plain_vectors():
    model = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Flatten(), nn.Linear(48, 5))
    images = torch.rand(7, 1, 4, 4)
    seen = probing.layer_features(model, images, ["0", "2"])
    maps = model[0](images)
    assert seen["0"].shape == (7, 12) and seen["2"].shape == (7, 5)
    expected = maps[:, :, :2, :2].mean(dim=(2, 3))
    assert torch.allclose(seen["0"].view(7, 3, 2, 2)[..., 0, 0], expected, atol=1e-6)
    with pytest.raises(KeyError):
        probing.layer_features(model, images, ["missing"])


def test_a_threshold_stands_midway_between_the_two_means():
    yes = torch.tensor([True, True, False, False])
    values = torch.tensor(
        [
            [8.0, 1.0, 9.0, 5.0],
            [6.0, 2.0, 1.0, 5.0],
            [4.0, 3.0, 0.0, 5.0],  # the midpoints: 4.5, 2.5, 3 and 5
            [0.0, 4.0, 2.0, 5.0],
        ]
    )
    assert probing.threshold_accuracy(values, yes).tolist() == [1, 1, 0.75, 0.5]


def test_a_threshold_is_between_means_however_many_there_are_of_each():
    yes = torch.tensor([True, False, False, False, False])
    values = torch.tensor([[10.0], [0.0], [0.0], [0.0], [4.0]])  # 10 and 1: 5.5
    assert probing.threshold_accuracy(values, yes).tolist() == [1.0]


@pytest.mark.parametrize("labels", [[True, True], [False, False]])
def test_a_threshold_needs_a_yes_and_a_no(labels):
    with pytest.raises(ValueError, match="both a yes and a no"):
        probing.threshold_accuracy(torch.rand(2, 3), torch.tensor(labels))
