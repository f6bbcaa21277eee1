"""A window that keeps the first tokens."""

import torch

from helpers.lessons.lesson08.windows import window_mask


def test_by_hand():
    rows = ["1000", "1100", "1110", "1011"]
    expected = torch.tensor([[c == "1" for c in row] for row in rows])
    assert torch.equal(window_mask(4, 2, 1), expected)


def test_limits():
    full = torch.ones(5, 5).bool().tril()
    assert torch.equal(window_mask(5, 5, 0), full)
    assert torch.equal(window_mask(5, 1, 5), full)
    assert torch.equal(window_mask(5, 1, 0), torch.eye(5).bool())
