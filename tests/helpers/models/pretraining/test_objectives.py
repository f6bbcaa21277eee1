"""Targets from the text itself: moved by one, or hidden."""

import pytest
import torch
import torch.nn.functional as F

from helpers.models.pretraining.objectives import (
    IGNORED,
    mask_tokens,
    masked_loss,
    next_token,
)

IDS = torch.tensor([[5, 6, 7, 8, 9]])
DRAWS = torch.tensor([[0.39, 0.41, 0.46, 0.5, 0.1]])
RANDOM = torch.tensor([[1, 2, 3, 4, 0]])
NONE = torch.zeros_like(IDS, dtype=torch.bool)


def test_the_next_token_is_the_target():
    inputs, targets = next_token(torch.tensor([[3, 4, 5], [6, 7, 8]]))
    assert inputs.tolist() == [[3, 4], [6, 7]]
    assert targets.tolist() == [[4, 5], [7, 8]]


def test_one_token_has_no_next_one():
    with pytest.raises(ValueError, match="2 are needed"):
        next_token(torch.tensor([[3]]))


def test_each_draw_has_its_fate():
    inputs, targets = mask_tokens(IDS, DRAWS, RANDOM, NONE, 99, share=0.5)
    assert inputs.tolist() == [[99, 2, 7, 8, 99]]
    assert targets.tolist() == [[5, 6, 7, IGNORED, 9]]
    assert IDS.tolist() == [[5, 6, 7, 8, 9]]


def test_special_tokens_are_never_chosen():
    special = torch.tensor([[True, False, True, False, True]])
    inputs, targets = mask_tokens(IDS, DRAWS, RANDOM, special, 99, share=0.5)
    assert inputs.tolist() == [[5, 2, 7, 8, 9]]
    assert targets.tolist() == [[IGNORED, 6, IGNORED, IGNORED, IGNORED]]


def test_a_share_of_0_chooses_none_and_of_1_all():
    _, targets = mask_tokens(IDS, DRAWS, RANDOM, NONE, 99, share=0)
    assert (targets == IGNORED).all()
    _, targets = mask_tokens(IDS, DRAWS, RANDOM, NONE, 99, share=1)
    assert torch.equal(targets, IDS)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_an_impossible_share_is_said(share):
    with pytest.raises(ValueError, match=r"not in 0\.\.1"):
        mask_tokens(IDS, DRAWS, RANDOM, NONE, 99, share)


def test_the_loss_is_the_library_s_where_something_is_asked():
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([[1, IGNORED, 3], [IGNORED, 0, IGNORED]])
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.testing.assert_close(masked_loss(logits, targets), expected)


def test_the_loss_of_nothing_is_0_and_so_is_its_gradient():
    logits = torch.ones(1, 2, 4, requires_grad=True)
    loss = masked_loss(logits, torch.full((1, 2), IGNORED))
    loss.backward()
    assert loss == 0
    assert (logits.grad == 0).all()
