"""Scores of induction heads, other heads of the same layers, and two figures."""

import math

import torch

from helpers.lessons.lesson08 import induction
from helpers.models.llama.blocks import Sizes


def test_only_the_key_after_the_earlier_copy_counts():
    n = 3
    weights = torch.zeros(2, 2, 6, 6)
    for query in range(n, 2 * n):
        weights[:, 0, query, query - n + 1] = 1.0
        weights[0, 1, query, query - n] = 1.0
    weights[1, 1, 3, 1] = 0.6
    assert torch.allclose(
        induction.induction_scores(weights, n), torch.tensor([1, 0.1])
    )


def test_random_tokens_rest_on_the_seed_and_the_vocabulary():
    tokens = [
        induction.random_tokens(500, Sizes(symbols=7), seed) for seed in (0, 0, 1)
    ]
    assert torch.equal(tokens[0], tokens[1])
    assert not torch.equal(tokens[0], tokens[2])
    assert set(tokens[0].tolist()) == set(range(7))


def test_other_heads_are_of_the_same_layers_and_none_of_the_best():
    best = [(18, 6), (17, 3), (17, 4), (17, 5), (18, 7)]
    for seed in range(20):
        others = induction.same_layers(best, 9, seed)
        assert sorted(layer for layer, _ in others) == [17, 17, 17, 18, 18]
        assert len(set(others)) == 5
        assert not set(others) & set(best)
    assert len({tuple(induction.same_layers(best, 9, s)) for s in range(9)}) > 5


def test_a_layer_without_enough_other_heads_gives_what_it_has():
    assert induction.same_layers([(0, 0), (0, 1)], 3, 0) == [(0, 2)]


def test_the_figures_show_draws_guess_and_the_best_heads():
    nats = torch.rand(4, 9)
    ax = induction.positions_figure(nats, 50).axes[0]
    lines = [line.get_ydata() for line in ax.lines]
    assert len(lines) == 3
    mean_t = torch.as_tensor(lines[0]).double()
    assert torch.allclose(mean_t, nats.mean(0).double(), atol=1e-6)
    assert list(ax.lines[0].get_xdata()) == list(range(2, 11))
    assert lines[1][0] == math.log(50)
    assert ax.lines[2].get_xdata()[0] == 5.5
    corners = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert corners.max() == nats.max() and corners.min() == nats.min()
    scores = torch.rand(4, 3)
    ax = induction.scores_figure(scores, [(3, 1), (0, 2)]).axes[0]
    assert (ax.images[0].get_array() == scores.T.numpy()).all()
    assert [tuple(p) for p in ax.lines[0].get_xydata()] == [(3, 1), (0, 2)]
