"""A block on bare kernels equals torchvision's, and one that is not is noticed."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet as library

from helpers.lessons.lesson02.bare_kernels import gap_on_kernels
from helpers.page.exercises import find


def their_block(stride):
    torch.manual_seed(0)
    projection = nn.Sequential(
        nn.Conv2d(3, 5, 1, stride, bias=False), nn.BatchNorm2d(5)
    )
    return library.BasicBlock(3, 5, stride, projection)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_reference_equals_the_library(stride):
    x_bchw = torch.randn(4, 3, 7, 9)
    block = find("2.4").reference
    assert gap_on_kernels(block, their_block(stride), x_bchw) <= 1e-12


def test_every_known_wrong_block_is_told_from_the_library():
    x_bchw = torch.randn(4, 3, 7, 9)
    for wrong in find("2.4").wrong:
        if "always 2" in wrong.message:  # at stride 2 it is right
            continue
        try:
            gap = gap_on_kernels(wrong.answer, their_block(2), x_bchw)
        except (RuntimeError, ValueError):  # shapes that do not fit, unused kernels
            continue
        assert gap > 0.01, wrong.message


def test_a_gradient_that_is_cut_off_is_noticed():
    def block(x_bchw, first_oc33, second_oo33, skip_oc11, norm, stride):
        y_bohw = F.relu(norm(F.conv2d(x_bchw, first_oc33, stride=stride, padding=1)))
        y_bohw = norm(F.conv2d(y_bohw, second_oo33, padding=1))
        skip_bohw = norm(F.conv2d(x_bchw.detach(), skip_oc11, stride=stride))
        return F.relu(y_bohw + skip_bohw)

    x_bchw = torch.randn(4, 3, 7, 9)
    assert gap_on_kernels(block, their_block(2), x_bchw) > 0.01
