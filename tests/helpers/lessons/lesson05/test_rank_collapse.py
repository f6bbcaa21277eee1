"""How much positions differ: by hand, and layer by layer without training."""

import math
from itertools import pairwise

import pytest
import torch

from helpers.lessons.lesson05.rank_collapse import (
    BLOCK_VARIANTS,
    over_depth,
    random_tokens,
    rank_one_distance,
    states,
    untrained_blocks,
)
from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.blocks import EncoderLayer

FLOOR = 1e-14  # float64 cannot tell positions apart below


def double(rows):
    """Return one sequence of these rows, (1, T, C)."""
    return torch.tensor([rows], dtype=torch.float64)


# ---------------------------------------------------------------- the measures


def test_the_difference_by_hand():
    # mean (2, 0): what remains is (1, 0) and (-1, 0); 2 of 10 squared
    assert rank_one_distance(double([[3, 0], [1, 0]])) == pytest.approx(
        math.sqrt(2 / 10)
    )
    # mean (1, 1): 1 + 1 + 1 + 1 remain of 4 + 4
    assert rank_one_distance(double([[2, 0], [0, 2]])) == pytest.approx(
        math.sqrt(4 / 8)
    )


def test_positions_that_agree_differ_by_nothing():
    assert rank_one_distance(double([[3.0, -1]]).expand(2, 5, 2)) == 0
    assert rank_one_distance(torch.zeros(2, 4, 3)) == 0
    assert rank_one_distance(torch.full((1, 4, 3), 1e-30, dtype=torch.float64)) < FLOOR


def test_positions_that_cancel_differ_by_all():
    assert rank_one_distance(double([[3, 1], [-3, -1]])) == 1


def test_the_difference_is_a_mean_over_sequences_each_by_its_own_size():
    agree, cancel = double([[1, 0], [1, 0]]), double([[100, 0], [-100, 0]])
    assert rank_one_distance(torch.cat([agree, cancel])) == pytest.approx(0.5)
    assert rank_one_distance(torch.cat([agree, cancel, agree])) == pytest.approx(1 / 3)


def test_the_difference_is_relative():
    x = random_tokens(0)
    assert rank_one_distance(1e-100 * x) == pytest.approx(
        rank_one_distance(x), rel=1e-12
    )
    assert rank_one_distance(x + 5) < 0.3
    # a mean over T independent positions keeps 1 / T of their squares
    assert rank_one_distance(x) == pytest.approx(math.sqrt(1 - 1 / 32), abs=0.01)


def test_no_single_vector_comes_closer_than_the_mean():
    x = random_tokens(1, count=1, length=5, channels=3) + 0.4
    generator = torch.Generator().manual_seed(0)
    for scale in (0.01, 0.1, 1.0):
        moved = x.mean(dim=1, keepdim=True)
        moved = moved + scale * torch.randn(1, 1, 3, generator=generator)
        assert rank_one_distance(x) < ((x - moved).norm() / x.norm()).item()


def test_what_is_no_number_is_not_taken_for_agreement():
    assert math.isnan(rank_one_distance(double([[math.nan, 1], [1, 1]])))


def size(x_btc):
    """Return the root mean square: it tells vanished numbers from equal ones."""
    return x_btc.square().mean().sqrt().item()


# ---------------------------------------------------------------- weights and tokens


def test_weights_and_tokens_depend_on_their_seed_alone():
    state = torch.random.get_rng_state()
    first, other = untrained_blocks(2, seed=3), untrained_blocks(2, seed=4)
    tokens = random_tokens(3)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(7)
    again = untrained_blocks(2, seed=3)
    weights = [[b.linear1.weight for b in blocks] for blocks in (first, again, other)]
    assert all(map(torch.equal, weights[0], weights[1]))
    assert not torch.equal(weights[0][0], weights[2][0])
    assert not torch.equal(weights[0][0], weights[0][1])  # every block has its own
    assert torch.equal(tokens, random_tokens(3))
    assert not torch.equal(tokens, random_tokens(4))


def test_blocks_are_those_that_were_asked_for():
    blocks = untrained_blocks(3, seed=0, channels=8, n_heads=2)
    assert len(blocks) == 3 and all(type(b) is EncoderLayer for b in blocks)
    for block in blocks:
        assert block.linear1.weight.shape == (32, 8)
        assert block.self_attn.n_heads == 2
        assert {p.dtype for p in block.parameters()} == {torch.float64}


def test_tokens_are_standard_normals_of_the_shape_asked_for():
    x = random_tokens(0, count=50, length=20, channels=30)
    assert x.shape == (50, 20, 30) and x.dtype == torch.float64
    assert x.mean().item() == pytest.approx(0, abs=0.02)
    assert x.std().item() == pytest.approx(1, abs=0.02)
    assert random_tokens(0).shape == (8, 32, 64)


def test_tokens_are_not_made_of_the_draws_that_make_the_weights():
    generator = torch.Generator().manual_seed(3)
    direct = torch.randn(2, 4, 8, generator=generator, dtype=torch.float64)
    assert not torch.equal(random_tokens(3, 2, 4, 8), direct)


# ---------------------------------------------------------------- the steps


@pytest.fixture
def block():
    """Return a block, none of whose norms is the identity."""
    (block,) = untrained_blocks(1, seed=0, channels=8, n_heads=2)
    with torch.no_grad():
        for norm in (block.norm1, block.norm2):
            norm.weight.uniform_(0.5, 2)
            norm.bias.uniform_(-1, 1)
    return block


def test_the_steps_are_parts_of_a_block(block):
    x = random_tokens(0, 2, 5, 8)

    def attention(y):
        return block.self_attn(y)[0]

    expected = {
        "attention alone": attention(x),
        "attention and FFN": block.feed_forward(attention(x)),
        "norm, attention": attention(block.norm1(x)),
        "attention, residual": x + attention(x),
        "norm, attention, residual": x + attention(block.norm1(x)),
    }
    for name, wanted in expected.items():
        torch.testing.assert_close(BLOCK_VARIANTS[name](block, x), wanted)
    assert set(BLOCK_VARIANTS) == {*expected, "pre-norm block", "post-norm block"}


@pytest.mark.parametrize("norm_first", [True, False])
def test_whole_blocks_are_the_blocks_of_the_lesson(block, norm_first):
    x = random_tokens(0, 2, 5, 8)
    block.norm_first = norm_first
    name = "pre-norm block" if norm_first else "post-norm block"
    torch.testing.assert_close(BLOCK_VARIANTS[name](block, x), block(x))


def test_states_are_the_input_and_what_follows_block_by_block():
    x, blocks = torch.ones(1, 2, 3, requires_grad=True), [2, 3, 5]
    found = states(lambda block, x: block * x, blocks, x)
    assert found[0] is x
    assert [state[0, 0, 0].item() for state in found] == [1, 2, 6, 30]
    assert not any(state.requires_grad for state in found[1:])


def test_numbers_over_depth_are_measures_of_the_states():
    step = BLOCK_VARIANTS["pre-norm block"]
    path = states(step, untrained_blocks(3, 5), random_tokens(5))
    assert over_depth(step, 3, 5) == [rank_one_distance(x) for x in path]
    assert over_depth(step, 3, 5, size) == [size(x) for x in path]
    assert over_depth(step, 3, 5) != over_depth(step, 3, 6)


# ---------------------------------------------------------------- what happens


@pytest.mark.parametrize("seed", [0, 1])
def test_attention_alone_loses_all_differences_in_a_few_layers(seed):
    found = over_depth(BLOCK_VARIANTS["attention alone"], 6, seed)
    assert found[0] > 0.97 and found[1] > 0.3 and found[2] < 1e-3
    assert found[3] < 1e-12 and max(found[4:]) < FLOOR
    # faster than by a constant factor: each step divides by more than the one before
    factors = [after / before for before, after in pairwise(found[:4])]
    assert factors[0] > 100 * factors[1] > 100 * 100 * factors[2]


@pytest.mark.parametrize("name", ["norm, attention", "attention and FFN"])
def test_neither_a_norm_nor_an_ffn_saves_the_differences(name):
    found = over_depth(BLOCK_VARIANTS[name], 6, 0)
    assert found[1] > 0.1 and found[2] < 0.1 and found[3] < 1e-4
    assert found[6] < FLOOR
    assert (
        over_depth(BLOCK_VARIANTS[name], 12, 0, size)[12] > 0.01
    )  # the numbers are there


RESIDUAL = [name for name in BLOCK_VARIANTS if "residual" in name or "block" in name]


@pytest.mark.parametrize("name", RESIDUAL)
def test_with_a_residual_most_of_the_difference_is_there_after_12_layers(name):
    found = over_depth(BLOCK_VARIANTS[name], 12, 0)
    assert len(RESIDUAL) == 4
    assert 0.6 < found[12] < found[6] < found[0]  # slower, not never


def test_the_numbers_shrink_grow_or_stay():
    def after(name):
        return over_depth(BLOCK_VARIANTS[name], 24, 0, size)[24]

    assert after("attention alone") < 1e-9
    assert 1.3 < after("attention, residual") < 2.5
    assert 1.5 < after("pre-norm block") < 2.5
    assert after("post-norm block") == pytest.approx(1, abs=0.01)


def test_that_numbers_shrink_is_not_why_differences_do():
    blocks = untrained_blocks(4, seed=0)
    with torch.no_grad():
        for block in blocks:  # what all positions share keeps its length
            block.self_attn.in_proj_weight[128:].copy_(torch.eye(64))
            block.self_attn.out_proj.weight.copy_(torch.eye(64))
    path = states(BLOCK_VARIANTS["attention alone"], blocks, random_tokens(0))
    assert size(path[4]) == pytest.approx(size(path[2]), rel=0.01)
    assert rank_one_distance(path[2]) < 0.01 and rank_one_distance(path[4]) < FLOOR


def test_a_causal_mask_slows_the_collapse():
    mask = causal_mask(32)

    def causal(block, x_btc):
        return block.self_attn(x_btc, may_see=mask)[0]

    found = over_depth(causal, 12, 0)
    assert 1e-4 < found[12] < 0.02 < found[6]
