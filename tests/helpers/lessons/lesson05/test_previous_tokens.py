"""Heads that begin by looking at the last few positions."""

import pytest
import torch

from helpers.lessons.lesson05.previous_tokens import look_back, pointer
from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.positions import rotate

pytestmark = pytest.mark.usefixtures("seeded")
V, T = 31, 40


def mean_weights(gpt, layer=0):
    """Return each head's weights in a block, (N, T, T), mean over 16 random texts."""
    x = gpt.embedding(torch.randint(V, (16, T)))
    block = gpt.body.layers[layer]
    with torch.no_grad():
        looks = block.self_attn(block.norm1(x), may_see=causal_mask(T))
    return looks[1].mean(dim=0)


@pytest.mark.parametrize(("channels", "least"), [(128, 0.7), (64, 0.6), (32, 0.4)])
def test_three_heads_look_one_two_and_three_back(channels, least):
    weights = mean_weights(look_back(GPT(V, channels, 4, 2)))
    for head, back in enumerate((1, 2, 3)):
        there = weights[head].diagonal(-back)
        assert there.mean() > least
        for other in {0, 1, 2, 3, 4} - {back}:
            assert weights[head].diagonal(-other)[4:].mean() < 0.3 * there.mean()


def test_the_fourth_head_and_the_second_block_look_everywhere():
    gpt = look_back(GPT(V, 64, 4, 2))
    for weights in (mean_weights(gpt)[3:], mean_weights(gpt, layer=1)):
        for back in range(5):
            assert weights[:, 20:].diagonal(-back, 1, 2).mean() < 0.1


def test_only_biases_of_the_first_blocks_queries_and_keys_change():
    torch.manual_seed(0)
    before = GPT(V, 64, 4, 2).state_dict()
    torch.manual_seed(0)
    gpt = GPT(V, 64, 4, 2)
    assert look_back(gpt) is gpt
    changed = [k for k, p in gpt.state_dict().items() if not torch.equal(p, before[k])]
    assert changed == ["body.layers.0.self_attn.in_proj_bias"]
    q, k, v = gpt.body.layers[0].self_attn.in_proj_bias.chunk(3)
    assert q[:48].any() and k[:48].any() and not v.any()
    assert not q[48:].any() and not k[48:].any()


@pytest.mark.parametrize("heads", [1, 2])
def test_fewer_heads_than_places_are_no_error(heads):
    weights = mean_weights(look_back(GPT(V, 64, heads, 1)))
    for head in range(heads):
        assert weights[head].diagonal(-head - 1).mean() > 0.5


def test_size_says_how_narrow_the_looks_are():
    narrow, wide = (
        mean_weights(look_back(GPT(V, 64, 4, 1), size))[0].diagonal(-1).mean()
        for size in (6.0, 3.0)
    )
    assert narrow > wide + 0.2


def test_a_pointer_is_turned_as_keys_are():
    start = torch.zeros(5, 16)
    start[:, 0:8:2] = 1
    wanted = rotate(start)
    for position in range(5):
        torch.testing.assert_close(pointer(position, 16), wanted[position])
    back = pointer(-3, 16)
    torch.testing.assert_close(rotate(back.expand(4, 16))[3], start[0])


def test_narrow_heads_have_fewer_pairs():
    assert pointer(0, 4).tolist() == [1, 0, 1, 0]
