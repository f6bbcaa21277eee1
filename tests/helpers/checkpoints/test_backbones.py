"""Backbones: pictures reach them as they were trained to read, and a head is new."""

import pytest
import torch
from support.picture_folders import STAND_IN, WIDTH
from torchvision.transforms.functional import rgb_to_grayscale

from helpers.checkpoints.backbones import (
    Backbone,
    Reading,
    background_lightness,
    course_backbone,
    with_head,
)


def pictures(n=3, side=32):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_colour_is_scaled_and_normalised_channel_by_channel():
    x = pictures()
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    read = Reading(16, mean, std)(x)
    small = x.view(3, 3, 16, 2, 16, 2).mean((3, 5))
    expected = [(small[:, c] - mean[c]) / std[c] for c in range(3)]
    torch.testing.assert_close(read, torch.stack(expected, dim=1))


def test_one_mean_asks_for_grey_as_the_eye_sees_it():
    x = pictures()
    read = Reading(32, (0.5,), (0.25,))(x)
    assert read.shape == (3, 1, 32, 32)
    torch.testing.assert_close(
        read, (rgb_to_grayscale(x) - 0.5) / 0.25, atol=1e-3, rtol=0
    )


def test_pictures_smaller_than_the_backbone_wants_are_enlarged():
    one = torch.full((1, 3, 8, 8), 0.5)
    assert torch.equal(Reading(20, (0.5,), (1.0,))(one), torch.zeros(1, 1, 20, 20))


def test_a_new_head_says_every_class_is_as_likely():
    model = with_head(STAND_IN, 5)
    assert torch.equal(model(pictures()), torch.zeros(3, 5))
    assert model.head.in_features == WIDTH
    names = {name.split(".")[0] for name in model.state_dict()}
    assert names == {"reading", "body", "head"}


def test_every_model_has_a_body_of_its_own():
    one, other = with_head(STAND_IN, 2), with_head(STAND_IN, 2)
    pairs = list(zip(one.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) and a is not b for a, b in pairs)


def test_a_backbone_of_another_width_is_found_at_once():
    wrong = Backbone("wrong", STAND_IN.body, WIDTH + 1, 16)
    with pytest.raises(RuntimeError, match="shapes"):
        with_head(wrong, 2)(pictures())


def small_net():
    """Return a network as the course's own is: its last layer is called `fc`."""
    net = STAND_IN.body()
    net.fc = torch.nn.Linear(WIDTH, 5)
    return net


@pytest.mark.parametrize(("light", "expected"), [(0.2, 0.7), (0.5, 0.7), (0.8, 0.3)])
def test_on_light_paper_the_courses_backbone_reads_the_negative(light, expected):
    reading = with_head(course_backbone(small_net(), light, size=16), 2).reading
    read = reading(torch.full((1, 3, 32, 32), 0.7))
    torch.testing.assert_close(read, torch.full((1, 1, 16, 16), expected))


def test_the_courses_backbone_is_the_network_up_to_its_last_layer():
    net = small_net().eval()
    backbone, x = course_backbone(net), torch.rand(2, 1, 8, 8)
    assert (backbone.width, backbone.size) == (WIDTH, 8)
    with torch.no_grad():
        torch.testing.assert_close(net.fc(backbone.body()(x)), net(x))
        backbone.body()[0].weight.zero_()
        assert net[0].weight.any() and backbone.body()[0].weight.any()


def test_the_ground_is_how_light_the_edges_are():
    x = torch.zeros(2, 3, 10, 10)
    x[:, :, 1:-1, 1:-1] = 1
    assert background_lightness(x) == 0 and background_lightness(1 - x) == 1
    x[0] = 1
    assert background_lightness(x) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("edge", "expected"),
    [
        ((0, slice(None)), (8 / 16 + 2 / 8) / 2),
        ((-1, slice(None)), (8 / 16 + 2 / 8) / 2),
        ((slice(None), 0), (2 / 16 + 4 / 8) / 2),
        ((slice(None), -1), (2 / 16 + 4 / 8) / 2),
    ],
)
def test_each_of_the_four_edges_counts(edge, expected):
    x = torch.zeros(1, 1, 4, 8)
    x[(..., *edge)] = 1
    assert background_lightness(x) == pytest.approx(expected)
