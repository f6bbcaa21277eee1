"""The backbone that suits the pictures is found by measuring, without their test."""

import pytest
import torch
from support.picture_folders import STAND_IN, fill
from torch import nn

from helpers.checkpoints.backbones import Backbone
from helpers.data.images.datasets import ImageSet
from helpers.data.images.folder import read_own
from helpers.lessons.lesson06 import backbone_choice
from helpers.lessons.lesson06.backbone_choice import best_of, validation


class Brightness(nn.Module):
    """Knows how light a picture is, and nothing else."""

    def forward(self, x_bchw):
        return x_bchw.mean(dim=(2, 3))


BLIND = Backbone("the blind one", Brightness, 1, 16)


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    return read_own(fill(tmp_path_factory.mktemp("own") / "mine", 14), 32).pictures


def numbers(pictures):
    return torch.arange(len(pictures))


@pytest.mark.parametrize("order", [1, -1])
def test_the_one_that_sees_the_classes_is_taken_wherever_it_stands(
    stripes, order, capsys
):
    both = [BLIND, STAND_IN][::order]
    assert best_of(both, stripes, numbers(stripes), 0) is STAND_IN
    said = capsys.readouterr().out
    assert said.startswith("Of 8 validation pictures a linear head on frozen numbers")
    assert "the stand-in 8" in said and said.endswith("Going on with the stand-in.\n")


def test_of_equals_the_first_is_taken(stripes):
    other = Backbone("another", STAND_IN.body, STAND_IN.width, 16, (0.4,), (0.25,))
    assert best_of([other, STAND_IN], stripes, numbers(stripes), 0) is other


def test_one_alone_even_if_named_twice_is_not_measured(stripes, monkeypatch, capsys):
    monkeypatch.setattr(backbone_choice, "features", None)  # would raise
    assert best_of([BLIND, BLIND], stripes, numbers(stripes), 0) is BLIND
    assert capsys.readouterr().out == ""


def pictures_of(labels):
    labels = torch.tensor(labels)
    names = tuple(str(k) for k in range(int(labels.max()) + 1))
    return ImageSet(torch.rand(len(labels), 3, 8, 8), labels, names)


@pytest.mark.parametrize("labels", [[0, 1], [0, 0, 0, 1]])
def test_where_a_class_cannot_be_split_the_second_is_taken(labels, capsys):
    few = pictures_of(labels)
    assert best_of([BLIND, STAND_IN], few, numbers(few), 0) is STAND_IN
    assert capsys.readouterr().out.startswith("Too few pictures to choose")


def test_where_a_class_is_copies_of_one_picture_the_second_is_taken_too():
    few = pictures_of([0, 0, 0, 1, 1, 1])
    same_n = torch.tensor([0, 0, 0, 1, 2, 3])
    assert best_of([BLIND, STAND_IN], few, same_n, 0) is STAND_IN


@pytest.mark.parametrize("seed", range(4))
def test_no_copy_is_fitted_and_judged_and_every_class_is_judged(seed):
    pictures = pictures_of([0] * 12 + [1] * 20 + [2] * 9)
    same_n = torch.arange(41) // 3
    part, fitted, validated = validation(pictures, same_n, seed)
    assert not torch.isin(fitted, validated).any()
    flat = part.images.flatten(1)
    where = [int((pictures.images.flatten(1) == one).all(1).nonzero()) for one in flat]
    groups = same_n[torch.tensor(where)]
    assert not torch.isin(groups[fitted], groups[validated]).any()
    assert set(part.labels[validated].tolist()) == {0, 1, 2}


def test_of_many_pictures_some_of_each_class_are_enough():
    pictures = pictures_of([0] * 700 + [1] * 300 + [2] * 20)
    part, *_ = validation(pictures, numbers(pictures), 0)
    assert part.labels.bincount().tolist() == [80, 80, 20]
