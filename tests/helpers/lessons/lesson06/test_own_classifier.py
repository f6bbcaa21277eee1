"""Frozen and fine-tuned: what moves, what stays, and that both learn."""

import copy
from dataclasses import replace

import pytest
import torch
from support.picture_folders import STAND_IN, WIDTH, fill

from helpers.checkpoints.backbones import with_head
from helpers.core.errors import UserError
from helpers.data.images.folder import read_own
from helpers.data.images.splits import stratified
from helpers.lessons.lesson06.own_classifier import (
    ahead,
    features,
    fine_tuned,
    frozen,
    probabilities,
    verdict,
)
from helpers.training.fit import accuracy


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return the parts to learn from and to test on, of 2 classes of 10 pictures."""
    own = read_own(fill(tmp_path_factory.mktemp("own") / "mine"), side=32)
    pairs = stratified(own.pictures.labels, 0.3, 0, own.same)
    return [own.pictures.subset(index) for index in pairs]


def batches_of(pictures):
    """Return the stand-in, fine-tuned with so many pictures a step."""
    return replace(STAND_IN, batch=pictures)


@pytest.fixture(scope="module")
def learned(parts):
    """Return the frozen and the fine-tuned model."""
    first, _ = frozen(STAND_IN, parts[0], 150, seed=0)
    before = copy.deepcopy(first.state_dict())
    second, _ = fine_tuned(first, STAND_IN, parts[0], 60, seed=0)
    for name, value in first.state_dict().items():
        assert torch.equal(value, before[name])  # fine-tuning trains a copy
    return first, second


def test_frozen_means_parameters_and_batch_norm_statistics(learned):
    came, model = STAND_IN.body().state_dict(), learned[0]
    for name, value in model.body.state_dict().items():
        assert torch.equal(value, came[name])
    assert not any(p.requires_grad for p in model.body.parameters())
    assert all(p.requires_grad for p in model.head.parameters())
    assert model.head.weight.abs().min() > 0


def test_fine_tuning_moves_every_parameter_and_the_statistics(learned):
    one, other = learned[0].state_dict(), learned[1].state_dict()
    same = [name for name in one if torch.equal(one[name], other[name])]
    assert same == ["reading.mean", "reading.std", "reading.luma"]
    assert other["body.1.num_batches_tracked"] == 60


def test_both_learn_to_tell_the_stripes_apart(parts, learned):
    train, test = parts
    for model in learned:
        assert not any(layer.training for layer in model.modules())
        assert accuracy(model, train) >= 0.9
        assert accuracy(model, test) >= 0.8
    assert accuracy(with_head(STAND_IN, 2), test) == 0.5


def test_cached_features_are_what_the_head_meets_afterwards(parts, learned):
    model, images = learned[0], parts[1].images
    with torch.no_grad():
        logits = model.head(features(model, images))
        torch.testing.assert_close(logits, model(images))
    torch.testing.assert_close(probabilities(model, images), logits.softmax(1))


def test_the_seed_decides(parts):
    train, _ = parts
    heads = [frozen(STAND_IN, train, 5, s)[0].head for s in (0, 0, 1)]
    assert torch.equal(heads[0].weight, heads[1].weight)
    assert not torch.equal(heads[0].weight, heads[2].weight)
    first, _ = frozen(STAND_IN, train, 5, 0)
    few = [fine_tuned(first, batches_of(4), train, 1, s)[1].losses for s in (0, 0, 1)]
    assert few[0] == few[1] != few[2]


def test_fine_tuning_starts_where_the_frozen_model_ended(parts, learned):
    train, _ = parts
    _, history = fine_tuned(learned[0], batches_of(100), train, 1, seed=0)
    model = copy.deepcopy(learned[0]).train()  # norms go by the batch itself
    loss = torch.nn.functional.cross_entropy(model(train.images), train.labels)
    assert history.losses[0] == pytest.approx(loss.item(), rel=1e-4)


def test_pictures_are_varied_on_request(parts, learned):
    seen = []

    def darker(images, generator):
        seen.append(images.shape)
        return images * 0.5

    train, _ = parts
    fine_tuned(learned[0], batches_of(4), train, 2, 0, augment=darker)
    assert seen == [(4, 3, 32, 32)] * 2


def test_the_head_learns_three_times_faster_than_the_body(parts, learned):
    """In the first step, AdamW moves every weight by its learning rate, or less."""
    new, _ = frozen(STAND_IN, parts[0], 1, seed=0)
    assert new.head.weight.abs().max().item() == pytest.approx(1e-2, rel=0.05)
    first, train = learned[0], parts[0]
    after, _ = fine_tuned(first, replace(STAND_IN, lr=1e-4), train, 1, seed=0)
    with torch.no_grad():
        moved = [
            max(
                (q - p).abs().max().item()
                for p, q in zip(one.parameters(), other.parameters(), strict=True)
            )
            for one, other in ((first.body, after.body), (first.head, after.head))
        ]
    assert moved == pytest.approx([1e-4, 3e-4], rel=0.05)


def one_place():
    """Return a network whose batch norm meets maps of 1 x 1."""
    body = STAND_IN.body()
    body[0] = torch.nn.Conv2d(1, WIDTH, 16)
    return body


@pytest.mark.parametrize("left_over", [0, 1])
def test_a_picture_left_over_is_no_batch_of_its_own(parts, left_over):
    train = parts[0].subset(slice(0, 8 + left_over))
    backbone = replace(STAND_IN, body=one_place, batch=4)
    model, history = fine_tuned(frozen(backbone, train, 5, 0)[0], backbone, train, 5, 0)
    assert len(history.losses) == 5
    assert all(value.isfinite().all() for value in model.state_dict().values())


@pytest.mark.parametrize(("batch", "pictures"), [(1, 14), (16, 1)])
def test_batches_of_one_picture_are_refused(parts, learned, batch, pictures):
    train = parts[0].subset(slice(0, pictures))
    with pytest.raises(UserError, match="Batches of 1 picture"):
        fine_tuned(learned[0], batches_of(batch), train, 1, 0)


def test_two_pictures_are_enough(parts):
    train = parts[0].subset([0, 13])
    first, _ = frozen(STAND_IN, train, 20, 0)
    assert accuracy(fine_tuned(first, STAND_IN, train, 5, 0)[0], train) == 1


def test_many_pictures_are_read_a_few_at_a_time(parts, learned):
    seen = []
    model, images = copy.deepcopy(learned[0]), parts[0].images.repeat(10, 1, 1, 1)
    model.reading.register_forward_hook(lambda _, x, y: seen.append(len(y)))
    assert len(probabilities(model, images)) == len(features(model, images)) == 140
    assert seen == [50, 50, 40] * 2


def test_the_pictures_are_taken_to_the_device_of_the_model(parts):
    with pytest.raises(NotImplementedError, match="meta"):  # it gives nothing back
        frozen(STAND_IN, parts[0], 1, 0, device="meta")


# What a test has shown


def right(*counts):
    """Return (N,) bools: `counts` times True, False, True, …"""
    parts = [torch.full((n,), i % 2 == 0) for i, n in enumerate(counts)]
    return torch.cat(parts)


@pytest.mark.parametrize(
    ("ours", "theirs", "wanted"),
    [
        (right(6, 4), right(0, 6, 0, 4), 1),  # 6 against 0: luck in 1 of 32
        (right(5, 5), right(0, 5, 0, 5), 0),  # 5 against 0: luck in 1 of 16
        (right(0, 6), right(6), -1),
        (right(8), right(8), 0),
        (right(0, 8), right(0, 8), 0),
        (right(10, 10), right(0, 10, 10), 0),
    ],
)
def test_ahead_is_who_gains_more_than_luck(ours, theirs, wanted):
    assert ahead(ours, theirs) == wanted and ahead(theirs, ours) == -wanted


@pytest.mark.parametrize(
    ("model", "pixels", "words"),
    [
        (right(55, 5), right(30, 30), "The network is ahead of bare pixels"),
        (right(55, 5), right(53, 7), "so few pictures cannot say"),
        (right(40, 20), right(58, 2), "Bare pixels are ahead"),
        (right(8, 52), right(58, 2), "not clearly more than naming one class"),
    ],
)
def test_a_verdict_counts_and_says_what_it_means(model, pixels, words):
    said = verdict(model, pixels, right(0, 54, 6))
    counted = f"the model reads {model.sum()} right, a linear classifier on pixels "
    assert said.startswith(f"Of 60 test pictures {counted}{pixels.sum()}, ")
    assert "the most frequent class 6. " in said and words in said


def test_a_model_that_always_names_one_class_is_told_so():
    guess = right(30, 30)
    assert "naming one class" in verdict(guess, guess, guess)
