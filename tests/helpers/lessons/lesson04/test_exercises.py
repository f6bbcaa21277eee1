"""What the exercises of lesson 04 promise beside their values, broken one by one."""

import pytest
import torch

from helpers.page.exercises import find, judge_answer

INF = float("inf")


def added_minus_infinity(scores_qk, may_see_qk):
    mask_qk = torch.zeros_like(scores_qk).masked_fill(~may_see_qk, -INF)
    return (scores_qk + mask_qk).softmax(dim=-1).nan_to_num(0.0)


def nearly_hidden(scores_qk, may_see_qk):
    weights_qk = scores_qk.masked_fill(~may_see_qk, -20.0).softmax(dim=-1)
    return weights_qk * may_see_qk.any(dim=-1, keepdim=True)


def nearly_one(scores_qk, may_see_qk):
    shown_qk = scores_qk.exp() * may_see_qk
    return shown_qk / (shown_qk.sum(dim=-1, keepdim=True) + 1e-9)


def always_float32(scores_qk, may_see_qk):
    return right(scores_qk.float(), may_see_qk)


def right(scores_qk, may_see_qk):
    weights_qk = scores_qk.masked_fill(~may_see_qk, -INF).softmax(dim=-1)
    return weights_qk.nan_to_num(0.0)


def by_numpy(q_bntd, k_bntd):
    scores = q_bntd.numpy() @ k_bntd.mT.numpy() / q_bntd.shape[-1] ** 0.5
    return torch.from_numpy(scores)


def detached(x_btc, n_heads):
    return torch.stack(x_btc.detach().chunk(n_heads, dim=-1), dim=1)


@pytest.mark.parametrize(
    ("id", "answer", "said"),
    [
        ("4.2", by_numpy, "not for inputs that need a gradient: Can't call numpy()"),
        ("4.3", added_minus_infinity, "the gradient to the scores is NaN"),
        ("4.3", nearly_hidden, "a hidden key still gets a weight of"),
        ("4.3", nearly_one, "right to some digits only"),
        ("4.3", always_float32, "The numbers are float32; asked for is float64."),
        ("4.5", detached, "no gradient flows back to `x_btc`"),
    ],
)
def test_a_broken_promise_is_named(id, answer, said):
    verdict = judge_answer(find(id), answer)
    assert verdict.state == "wrong"
    assert said in verdict.message


def test_the_usual_answer_keeps_all_of_them():
    assert judge_answer(find("4.3"), right, hidden=0).state == "correct"
