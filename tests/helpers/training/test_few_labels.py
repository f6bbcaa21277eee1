"""A few labels: who is drawn, what may be learned from them, and by which means."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.checkpoints.pretrained import small_net
from helpers.core.errors import UserError
from helpers.data.images.augment import warp
from helpers.data.images.datasets import ImageSet, digits
from helpers.data.images.splits import few
from helpers.models.adaptation.transfer import backbone_and_head, freeze, with_new_head
from helpers.training import few_labels
from helpers.training.few_labels import (
    adapt,
    by_features,
    by_model,
    filling,
    light,
    on_features,
    scaled,
    share,
    tried,
)
from helpers.training.fit import accuracy, predict
from helpers.training.untrained import untrained

LABELS = torch.arange(10).repeat(60)


def same_weights(one, other):
    """True when two networks have all parameters and statistics in common."""
    second = other.state_dict()
    return all(torch.equal(v, second[name]) for name, v in one.state_dict().items())


# Who is drawn


@pytest.mark.parametrize("k", [1, 7, 30])
def test_k_of_each_class_and_none_of_the_tested(k):
    train, test = few(LABELS, k, seed=3, tested=200)
    assert len(test) == len(set(test.tolist())) == 200
    assert len(set(train.tolist())) == 10 * k
    assert not set(train.tolist()) & set(test.tolist())
    assert LABELS[train].bincount().tolist() == [k] * 10


def test_the_test_part_is_the_same_and_the_smaller_k_within_the_larger():
    parts = {k: few(LABELS, k, seed=3, tested=200) for k in (1, 2, 5, 20)}
    assert all(torch.equal(test, parts[1][1]) for _, test in parts.values())
    drawn = [set(train.tolist()) for train, _ in parts.values()]
    assert drawn[0] < drawn[1] < drawn[2] < drawn[3]


def test_the_seed_alone_decides_who_is_drawn():
    state = torch.get_rng_state()
    first, again, other = (few(LABELS, 5, seed, tested=200) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    for part in (0, 1):
        assert torch.equal(first[part], again[part])
        assert set(first[part].tolist()) != set(other[part].tolist())


def test_of_the_handwritten_digits_797_are_tested():
    labels = digits().labels
    train, test = few(labels, 50, seed=0)
    assert len(test) == 797 and len(train) == 500
    assert labels[test].bincount().min() > 50


def test_classes_need_not_be_numbered_in_a_row():
    labels = torch.tensor([2, 7, 7, 2, 2, 7, 7, 7])
    train, test = few(labels, 1, seed=0, tested=2)
    assert labels[train].tolist() == [2, 7] and len(test) == 2


@pytest.mark.parametrize("k", [0, -1, 5])
def test_a_class_gives_no_more_than_it_has(k):
    labels = torch.cat([torch.zeros(4), torch.ones(9)]).long()
    assert len(few(labels, 4, seed=0, tested=0)[0]) == 8
    with pytest.raises(UserError, match=f"^{k} labels per class asked for; .* 1 to 4,"):
        few(labels, k, seed=0, tested=0)


def test_the_error_names_what_is_left_besides_the_test_part():
    _, test = few(LABELS, 1, seed=3, tested=200)
    fewest = 60 - LABELS[test].bincount().max()
    assert len(few(LABELS, int(fewest), seed=3, tested=200)[0]) == 10 * fewest
    with pytest.raises(UserError, match=rf"1 to {fewest}, .* besides 200 pictures"):
        few(LABELS, int(fewest) + 1, seed=3, tested=200)


# Training a network on them


def halves(n):
    """Return n pictures (n, 1, 8, 8), bright above (0) or below (1)."""
    labels = torch.arange(n) % 2
    images = torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(0)) / 4
    for image, label in zip(images, labels.tolist(), strict=True):
        image[:, 4 * label : 4 * label + 4] += 0.7
    return ImageSet(images, labels, ("above", "below"))


def tiny(seed=0):
    """Return a very narrow network with a head for two classes."""
    return with_new_head(untrained(lambda: small_net(5, width=4), seed), 2)


def served(n, steps=3, seed=0, **settings):
    """Return the batches that the network meets in `adapt`."""
    seen = []

    def watch(model, batch):
        seen.append(batch)
        return F.cross_entropy(model(batch[0]), batch[1])

    adapt(tiny(), halves(n), steps, seed, loss=watch, **settings)
    return seen


@pytest.mark.parametrize(
    "n, times", [(1, 32), (2, 16), (10, 4), (31, 2), (32, 1), (33, 1), (500, 1)]
)
def test_pictures_are_repeated_until_they_fill_a_batch(n, times):
    assert filling(n) == times


@pytest.mark.parametrize("n", [1, 3, 32, 40])
def test_every_batch_is_full_however_few_pictures_there_are(n):
    assert [len(labels) for _, labels in served(n)] == [32] * 3


def test_each_of_few_pictures_comes_as_often_as_any_other():
    known = halves(8)
    for images, labels in served(8, augment=None):
        which = (images.flatten(1)[:, None] == known.images.flatten(1)).all(dim=2)
        assert which.sum(dim=0).tolist() == [4] * 8
        assert torch.equal(labels, known.labels[which.int().argmax(dim=1)])


def test_pictures_are_varied_each_time_unless_told_otherwise():
    (varied, _), (plain, _) = served(1, 1)[0], served(1, 1, augment=None)[0]
    assert torch.equal(plain, halves(1).images.expand(32, -1, -1, -1))
    assert len({tuple(image.flatten().tolist()) for image in varied}) == 32


def test_handwriting_is_varied_lightly():
    images = digits().images[:200]
    moved = [vary(images, torch.Generator().manual_seed(0)) for vary in (light, warp)]
    away = [(one - images).square().mean().sqrt().item() for one in moved]
    assert moved[0].shape == images.shape and 0.05 < away[0] < 0.75 * away[1]


@pytest.mark.parametrize("upright", [False, True])
def test_a_light_variation_leans_a_little_and_bends_nothing(upright):
    line = torch.zeros(50, 1, 33, 33)
    line[..., 16, :] = 1
    line = line.mT if upright else line
    varied = light(line, torch.Generator().manual_seed(0))
    varied = (varied.mT if upright else varied)[:, 0, :, 6:27]
    heights = (varied * torch.arange(33.0)[:, None]).sum(dim=1) / varied.sum(dim=1)
    bend = heights.diff(n=2, dim=1).abs().mean()
    tilt = (heights[:, -1] - heights[:, 0]).abs() / 20
    assert bend < 0.02
    assert 0.12 < tilt.max() < 0.2  # the tangent of 10 degrees is 0.18


def test_adapting_ends_in_evaluation_mode_and_tells_how_it_went():
    model = tiny()
    history = adapt(model, halves(10), 4, seed=0)
    assert len(history.losses) == 4
    assert not any(layer.training for layer in model.modules())


def test_adapting_learns():
    model = tiny()
    history = adapt(model, halves(10), 30, seed=0)
    assert history.losses[-1] < 0.4 < 0.6 < history.losses[0]
    assert share(by_model(model, halves(40).images), halves(40).labels) == 1


def test_the_seed_alone_decides_how_it_is_adapted():
    models = [tiny(), tiny(), tiny()]
    state = torch.get_rng_state()
    for model, seed in zip(models, (1, 1, 2), strict=True):
        adapt(model, halves(10), 3, seed)
    assert torch.equal(torch.get_rng_state(), state)
    assert same_weights(models[0], models[1])
    assert not same_weights(models[0], models[2])


def test_what_is_frozen_stays():
    model = freeze(tiny(), ["stem", "blocks"])
    before = copy.deepcopy(model.state_dict())
    adapt(model, halves(10), 3, seed=0)
    moved = {n for n, v in model.state_dict().items() if not torch.equal(v, before[n])}
    assert moved == {"fc.weight", "fc.bias"}


def test_what_fit_can_be_told_reaches_it():
    still, before = tiny(), tiny()
    settings = {"lr": 0.0, "measure": lambda model: model.training, "every": 2}
    history = adapt(still, halves(10), 4, seed=0, **settings)
    assert torch.equal(still.stem[0].weight, before.stem[0].weight)
    assert history.records == [(0, False), (2, False), (4, False)]


def test_the_pictures_given_stay_as_they_were():
    pictures = halves(3)
    adapt(tiny(), pictures, 2, seed=0)
    assert len(pictures) == 3 and torch.equal(pictures.images, halves(3).images)


def test_nothing_to_learn_from_is_refused_at_once():
    model = tiny()
    with pytest.raises(UserError, match=r"^Found 0 pictures"):
        adapt(model, halves(0), 3, seed=0)
    assert same_weights(model, tiny())


# A classifier on features


def crossed(n=20):
    """Return features (4 n, 2) around the corners of a square, and labels that are
    alike at opposite ones."""
    corners = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    generator = torch.Generator().manual_seed(0)
    features = corners.repeat(n, 1)
    features += 0.05 * torch.randn(4 * n, 2, generator=generator)
    return features, torch.tensor([0, 0, 1, 1]).repeat(n)


def whispered(n=60):
    """Return features (n, 2): a faint one that tells the classes apart, a loud one
    that tells nothing."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n) % 2
    faint = 0.001 * (labels + 0.1 * torch.randn(n, generator=generator))
    return torch.stack([faint, 10 * torch.randn(n, generator=generator)], 1), labels


FIRST, LAST = torch.arange(40), torch.arange(40, 60)
KINDS = ("linear", "SVM")


def right(labels, found):
    """Return the share of right answers for the last ones."""
    return share(found, labels[LAST])


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_labels_of_the_tested_in_their_order(kind):
    labels = torch.arange(60) % 3 + 4
    features = F.one_hot(labels).float()
    found = by_features(features, labels, FIRST, LAST, kind)
    assert found.dtype == torch.int64 and torch.equal(found, labels[LAST])
    backwards = by_features(features, labels, FIRST, LAST.flip(0), kind)
    assert torch.equal(backwards, found.flip(0))


def test_only_the_svm_draws_curved_borders():
    features, labels = crossed()
    linear, svm = (by_features(features, labels, FIRST, LAST, k) for k in KINDS)
    assert right(labels, svm) == 1 and right(labels, linear) < 0.8
    assert torch.equal(by_features(features, labels, FIRST, LAST), linear)


@pytest.mark.parametrize("kind", KINDS)
def test_a_faint_feature_is_heard_when_all_are_scaled(kind):
    features, labels = whispered()
    asked = partial(by_features, features, labels, FIRST, LAST, kind)
    assert right(labels, asked()) == right(labels, asked(scaled=True)) == 1
    assert right(labels, asked(scaled=False)) < 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_scaled_features_have_no_unit(kind):
    features, labels = whispered()
    other = features * torch.tensor([64.0, 0.25]) + torch.tensor([1.0, -8.0])
    found = [by_features(f, labels, FIRST, LAST, kind) for f in (features, other)]
    assert torch.equal(found[0], found[1])


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_tested_teach_nothing(kind, scaled):
    features, labels = crossed()
    half, rest = LAST[:10], LAST[10:]
    found = by_features(features, labels, FIRST, LAST, kind, scaled)
    features, labels = features.clone(), labels.clone()
    features[rest] = 1e4 * features[rest] - 3e5
    features[60:] = torch.nan
    labels[40:] = 7
    again = by_features(features, labels, FIRST, LAST, kind, scaled)
    alone = by_features(features, labels, FIRST, half, kind, scaled)
    assert torch.equal(again[:10], found[:10]) and torch.equal(alone, found[:10])


def test_a_lone_exception_is_learned_by_the_svm_and_not_by_the_linear_model():
    features, labels = torch.zeros(41, 2), torch.arange(41) // 20
    features[:, 1] = torch.linspace(-1, 1, 41)
    features[20:40, 0], labels[40] = 1, 1
    features[40] = torch.tensor([0.25, 0.0])
    everyone, exception = torch.arange(41), torch.tensor([40])
    found = [by_features(features, labels, everyone, exception, k) for k in KINDS]
    assert [int(answer) for answer in found] == [0, 1]


def test_one_label_per_class_is_enough_for_both():
    pictures = digits()
    parts = few(pictures.labels, 1, seed=0)
    for kind in KINDS:
        found = by_features(pictures.images.flatten(1), pictures.labels, *parts, kind)
        assert 0.3 < share(found, pictures.labels[parts[1]]) < 0.7


# A network's answers


def test_a_network_answers_with_its_largest_logit():
    images = torch.rand(600, 4, 1, 1)
    found = by_model(nn.Flatten(), images)
    assert found.shape == (600,) and torch.equal(found, images.flatten(1).argmax(dim=1))


def test_the_share_of_right_answers():
    labels = torch.tensor([3, 1, 4, 1])
    assert share(torch.tensor([3, 1, 0, 0]), labels) == 0.5
    assert share(labels, labels) == 1.0


# Many draws


@pytest.fixture(scope="module")
def pictures():
    """Return the handwritten digits."""
    return digits()


def ten(seed=0):
    """Return a very narrow network with a head for ten classes."""
    return with_new_head(untrained(lambda: small_net(5, width=4), seed), 10)


def test_every_seed_has_a_draw_a_fresh_model_and_a_score(pictures, monkeypatch):
    made, adapted = [], []

    def make():
        made.append(nn.Linear(1, 1))
        return made[-1]

    def noted(model, train, steps, seed, **settings):
        adapted.append((model, train, steps, seed, settings))

    monkeypatch.setattr(few_labels, "adapt", noted)
    monkeypatch.setattr(few_labels, "accuracy", lambda *asked: asked)
    scores = tried(make, pictures, 2, (5, 3, 5), 17)
    assert len(scores) == len({id(model) for model in made}) == 3
    for number, seed in enumerate((5, 3, 5)):
        model, train, *rest = adapted[number]
        assert model is made[number] is scores[number][0]
        assert rest == [17, seed, {"optimizer": None}]
        for given, part in zip(
            (train, scores[number][1]), few(pictures.labels, 2, seed), strict=True
        ):
            assert torch.equal(given.images, pictures.images[part])
            assert torch.equal(given.labels, pictures.labels[part])


def test_what_is_tried_are_accuracies_on_the_test_pictures(pictures):
    found = tried(ten, pictures, 5, (0, 1), 20)
    for seed, score in zip((0, 1), found, strict=True):
        train, test = (pictures.subset(p) for p in few(pictures.labels, 5, seed))
        adapt(model := ten(), train, 20, seed)
        assert score == accuracy(model, test)
    assert found[0] != found[1] and min(found) > 0.15  # by chance: 0.1


def test_every_model_has_the_optimizer_that_was_asked_for(pictures, monkeypatch):
    used = []
    monkeypatch.setattr(
        few_labels, "adapt", lambda *given, optimizer: used.append(optimizer)
    )
    monkeypatch.setattr(few_labels, "accuracy", lambda *given: 0.5)
    made = [ten(), ten()]
    supply = iter(made)
    tried(lambda: next(supply), pictures, 1, (0, 1), 1, lambda m: ("its own", m))
    assert used == [("its own", made[0]), ("its own", made[1])]


def test_an_optimizer_that_stands_still_teaches_nothing(pictures):
    made = []

    def make():
        made.append(ten())
        return made[-1]

    still = partial(torch.optim.SGD, lr=0.0)
    tried(make, pictures, 1, (0,), 2, lambda model: still(model.parameters()))
    for name, weight in made[0].named_parameters():
        assert torch.equal(weight, ten().get_parameter(name)), name


def test_features_of_a_frozen_backbone_are_scored_draw_by_draw(pictures):
    features = predict(backbone_and_head(ten())[0].eval(), pictures.images)
    before = features.clone()
    found = on_features(features, pictures.labels, 5, (4, 2))
    for seed, score in zip((4, 2), found, strict=True):
        train, test = few(pictures.labels, 5, seed)
        answered = by_features(features, pictures.labels, train, test)
        assert score == share(answered, pictures.labels[test])
    assert len(set(found)) == 2 and min(found) > 0.2
    assert torch.equal(features, before)


def test_perfect_features_are_always_right(pictures):
    features = F.one_hot(pictures.labels).float()
    assert on_features(features, pictures.labels, 1, (0, 1, 2)) == [1.0] * 3


# Features on one scale


def test_scaled_features_have_mean_0_and_variance_1_where_they_learn():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(50, 4, generator=generator) * torch.tensor([1, 9, 0.01, 3])
    features += torch.tensor([0.0, 100, -1, 3])
    train = torch.arange(3, 43)
    known = scaled(features, train)[train]
    torch.testing.assert_close(known.mean(dim=0), torch.zeros(4), atol=1e-4, rtol=0)
    variance = known.var(dim=0, correction=0)
    torch.testing.assert_close(variance, torch.ones(4), atol=1e-4, rtol=0)


def test_scaling_is_counted_by_hand_and_the_others_teach_nothing():
    features = torch.tensor([[100.0], [1.0], [3.0], [-7.0]])
    train = torch.tensor([1, 2])  # mean 2, deviation 1
    assert scaled(features, train).flatten().tolist() == [98, -1, 1, -9]
    assert features.flatten().tolist() == [100, 1, 3, -7]


def test_a_feature_that_never_varies_is_only_moved():
    features = torch.tensor([[5.0, 0], [5, 2], [8, 4]])
    found = scaled(features, torch.tensor([0, 1]))
    assert found.tolist() == [[0, -1], [0, 1], [3, 3]]


def test_one_picture_to_learn_from_moves_the_features_and_scales_none():
    features = torch.tensor([[5.0, 1], [7, 1]])
    assert scaled(features, torch.tensor([0])).tolist() == [[0, 0], [2, 0]]


def test_both_classifiers_scale_as_is_told():
    features, labels = whispered()
    ready = scaled(features, FIRST)
    for kind in KINDS:
        once = by_features(features, labels, FIRST, LAST, kind)
        again = by_features(ready, labels, FIRST, LAST, kind, scaled=False)
        assert torch.equal(once, again)
