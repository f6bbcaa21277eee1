"""Features looked at: the two largest directions, and how far apart classes lie."""

import pytest
import torch

from helpers.analysis.embeddings import between_class_variance, pca_2d
from helpers.lessons.lesson06.figures import SHOWN, views


def cloud(n=60, width=5, seed=0):
    """Return features (n, width), each direction half as long as the one before."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, width, generator=generator) / 2 ** torch.arange(width)


def turn(width=5, seed=0):
    """Return a rotation (width, width)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(width, width, generator=generator)).Q


def same_up_to_sign(one, other):
    """Check that two sets of points (N, 2) differ in the sign of a column at most."""
    for a, b in zip(one.T, other.T, strict=True):
        torch.testing.assert_close(a * (a @ b).sign(), b, atol=1e-4, rtol=0)


# In two dimensions


def test_a_long_and_a_short_direction_are_found_by_hand():
    along, across = torch.tensor([3.0, -3, 1, -1]), torch.tensor([0.1, 0.1, -0.1, -0.1])
    features = torch.stack([7 + across, along - 2, torch.full((4,), 5.0)], dim=1)
    same_up_to_sign(pca_2d(features), torch.stack([along, across], dim=1))


def test_a_line_in_space_is_flat_with_its_lengths_kept():
    steps = torch.tensor([0.0, 1, 2, 5])
    found = pca_2d(steps[:, None] * torch.tensor([[2.0, 3, 6]]))  # 7 long
    wanted = torch.stack([7 * (steps - 2), torch.zeros(4)], dim=1)
    same_up_to_sign(found[:, :1], wanted[:, :1])
    torch.testing.assert_close(found[:, 1], wanted[:, 1], atol=1e-4, rtol=0)


def test_no_other_plane_keeps_more_of_the_variance():
    features = cloud()
    kept = pca_2d(features).var(dim=0).sum()
    largest = torch.linalg.eigvalsh(features.T.cov())[-2:].sum()
    torch.testing.assert_close(kept, largest)
    assert kept > features[:, :2].var(dim=0).sum()


def test_components_are_centred_uncorrelated_and_the_first_is_the_longest():
    points = pca_2d(cloud() + 3)
    torch.testing.assert_close(points.mean(dim=0), torch.zeros(2), atol=1e-5, rtol=0)
    variances = points.T.cov()
    assert variances[0, 1].abs() < 1e-5 and variances[0, 0] > variances[1, 1]


def test_moving_or_turning_all_features_changes_no_picture():
    features = cloud()
    same_up_to_sign(pca_2d(features + 10), pca_2d(features))
    same_up_to_sign(pca_2d(features @ turn()), pca_2d(features))
    same_up_to_sign(pca_2d(features.flip(0)).flip(0), pca_2d(features))


@pytest.mark.parametrize(("n", "width"), [(3, 40), (40, 2)])
def test_few_pictures_and_few_features_are_flat_too(n, width):
    features = cloud(n, width)
    points = pca_2d(features)
    assert points.shape == (n, 2)  # all of it fits: no distance is lost
    torch.testing.assert_close(
        torch.cdist(points, points),
        torch.cdist(features, features),
        atol=1e-3,
        rtol=0,
    )


# In all dimensions

PAIRS = torch.tensor([0, 0, 1, 1])


def test_classes_at_one_point_each_are_all_that_varies():
    points = torch.tensor([[1.0, 0], [0, 1], [4, 4]])
    labels = torch.tensor([0, 1, 2, 2, 0, 0])
    assert between_class_variance(points[labels], labels) == pytest.approx(1)


def test_classes_with_equal_means_have_nothing_between_them():
    features = torch.tensor([[-1.0, 2], [1, 2], [-5, 2], [5, 2]])
    assert between_class_variance(features, PAIRS) == pytest.approx(0, abs=1e-6)


def test_the_share_between_is_counted_by_hand():
    # Means 1 and 5 about 3: 4 between. Within: 1 each. So 4 of 5.
    line = torch.tensor([0.0, 2, 4, 6])
    assert between_class_variance(line[:, None], PAIRS) == pytest.approx(0.8)
    # A second direction without difference of means adds 15 within: 4 of 20.
    noise = 15**0.5 * torch.tensor([1.0, -1, 1, -1])
    both = torch.stack([line, noise], dim=1)
    assert between_class_variance(both, PAIRS) == pytest.approx(0.2)


def test_a_large_class_counts_for_more():
    # Mean 2, total variance 12. Class 0 (three at 0) has no width, nor has class 1.
    features = torch.tensor([[0.0], [0], [0], [8]])
    assert between_class_variance(
        features, torch.tensor([0, 0, 0, 1])
    ) == pytest.approx(1)
    # Classes of three and of one: the widths 8 / 9 * 16 and 0, weighted 3 and 1.
    mixed = between_class_variance(features, torch.tensor([0, 0, 1, 0]))
    within = 3 / 4 * 128 / 9
    assert mixed == pytest.approx(1 - within / 12)


def test_the_share_has_no_unit_no_origin_no_order_and_no_names():
    features, labels = cloud(), torch.arange(60) % 4
    features[:, 1] += labels
    share = between_class_variance(features, labels)
    order = torch.randperm(60, generator=torch.Generator().manual_seed(1))
    assert 0.1 < share < 0.9 and isinstance(share, float)
    for same in (3 * features, features + 4, features @ turn()):
        assert between_class_variance(same, labels) == pytest.approx(share, abs=1e-4)
    shuffled = between_class_variance(features[order], 9 - 2 * labels[order])
    assert shuffled == pytest.approx(share, abs=1e-5)


def test_labels_by_lot_have_hardly_anything_between_them():
    features = cloud(n=2000)
    assert between_class_variance(features, torch.arange(2000) % 2) < 0.01


# As a figure


def test_each_set_has_a_panel_under_its_name():
    labels = torch.arange(60) % 3 + 4
    figure = views({"one": cloud(), "other": cloud(seed=1), "third": cloud()}, labels)
    assert [ax.get_title() for ax in figure.axes] == ["one", "other", "third"]
    assert figure.get_size_inches().tolist() == pytest.approx([9, 3.4])
    for ax in figure.axes:
        assert [text.get_text() for text in ax.texts] == [
            str(y) for y in labels.tolist()
        ]
        assert list(ax.get_xticks()) == list(ax.get_yticks()) == []


def test_each_picture_stands_where_its_features_are():
    sets = {"one": cloud(), "other": cloud(seed=1) @ turn()}
    figure = views(sets, torch.zeros(60, dtype=torch.long))
    for ax, features in zip(figure.axes, sets.values(), strict=True):
        places = torch.tensor([text.get_position() for text in ax.texts])
        torch.testing.assert_close(places.float(), pca_2d(features))
        low, high = places.amin(0), places.amax(0)
        assert ax.get_xlim() == pytest.approx((low[0].item(), high[0].item()))
        assert ax.get_ylim() == pytest.approx((low[1].item(), high[1].item()))


def test_labels_have_a_colour_each_the_same_in_all_panels():
    labels = torch.arange(60) % 3
    figure = views({"one": cloud(), "other": cloud(seed=1)}, labels)
    looks = [{(t.get_text(), t.get_color()) for t in ax.texts} for ax in figure.axes]
    assert looks[0] == looks[1] and len(looks[0]) == 3
    assert len({colour for _, colour in looks[0]}) == 3


def test_of_many_pictures_the_first_are_shown_on_the_axes_of_all():
    features = cloud(SHOWN + 100)
    features[SHOWN:, 4] *= 500  # the longest direction of all, but not of the shown
    labels = torch.arange(SHOWN + 100)
    (ax,) = views({"one": features}, labels).axes
    assert [t.get_text() for t in ax.texts] == [str(y) for y in range(SHOWN)]
    places = torch.tensor([text.get_position() for text in ax.texts]).float()
    torch.testing.assert_close(places, pca_2d(features)[:SHOWN])


def test_a_set_of_another_length_is_refused():
    with pytest.raises(ValueError, match="zip"):
        views({"one": cloud(20)}, torch.arange(19))
