"""The made-up tasks: what is in a batch, what a seed decides, what is refused."""

from collections import Counter
from itertools import islice, pairwise

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.tasks import sequences
from helpers.data.tasks.sequences import UNASKED, copy_first, n_back, reversal
from helpers.training.sequence_tasks import exact_match, target_loss

MAKERS = [
    lambda seed: copy_first(4, 8, seed),
    lambda seed: reversal((2, 5), 8, seed),
    lambda seed: n_back((0, 2), 5, 8, seed),
]


def take(batches, n):
    """Return the first n batches."""
    return list(islice(batches, n))


def same(first, second):
    """Return whether two lists of batches hold equal tensors, one by one."""
    return all(
        torch.equal(a, b)
        for one, other in zip(first, second, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def assert_uniform(values, kinds):
    """Assert that every kind, and nothing else, occurs in its share of `values`."""
    counts = Counter(values)
    assert sorted(counts) == list(kinds)
    share = len(values) / len(kinds)
    assert all(0.8 * share < count < 1.2 * share for count in counts.values())


# ---------------------------------------------------------------- copy first


def test_the_tokens_have_their_ids():
    assert (sequences.COPY_SYMBOLS, sequences.NOISE_SYMBOLS) == (8, 3)
    assert (sequences.COPY_QUERY, sequences.COPY_TOKENS) == (11, 12)


@pytest.mark.parametrize("n_noise", [0, 1, 20])
def test_a_symbol_then_noise_then_the_query(n_noise):
    for tokens, answer in take(copy_first(n_noise, 500, seed=0), 3):
        assert tokens.shape == (500, n_noise + 2) and answer.shape == (500,)
        assert tokens.dtype == answer.dtype == torch.int64
        assert torch.equal(tokens[:, 0], answer)
        assert tokens[:, -1].unique().tolist() == [11]
        assert set(tokens[:, 1:-1].flatten().tolist()) <= {8, 9, 10}


def test_symbols_and_noise_are_uniform():
    tokens, answer = next(copy_first(5, 4000, seed=1))
    assert_uniform(answer.tolist(), range(8))
    for noise in tokens[:, 1:-1].T:
        assert_uniform(noise.tolist(), range(8, 11))
    changes = (tokens[:, 1:-2] != tokens[:, 2:-1]).double().mean()
    assert changes.item() == pytest.approx(2 / 3, abs=0.05)  # drawn one by one


# ---------------------------------------------------------------- reversal


@pytest.mark.parametrize("lengths", [5, (5,), range(5, 6)])
def test_the_target_is_the_source_from_back_to_front(lengths):
    for source, target in take(reversal(lengths, 7, seed=0), 3):
        assert source.shape == target.shape == (7, 5)
        assert source.dtype == target.dtype == torch.int64
        for before, after in zip(source.tolist(), target.tolist(), strict=True):
            assert before == after[::-1]


def test_digits_are_uniform():
    source, _ = next(reversal(2, 5000, seed=1))
    for digits in source.T:
        assert_uniform(digits.tolist(), range(10))


def test_every_length_is_drawn_equally_often():
    drawn = [source.shape[1] for source, _ in take(reversal((3, 1, 6), 2, 0), 1200)]
    assert_uniform(drawn, (1, 3, 6))
    changes = sum(a != b for a, b in pairwise(drawn))
    assert changes == pytest.approx(800, abs=80)  # drawn, not dealt in turn


# ---------------------------------------------------------------- looking back


@pytest.mark.parametrize(
    ("distances", "length"),
    [((1,), 6), ([3], 5), ((0,), 1), ((2, 1), 3), ((0, 5, 1, 1), 6), (range(4), 4)],
)
def test_each_answer_is_the_digit_so_many_places_before(distances, length):
    for ids, answers in take(n_back(distances, length, 7, seed=0), 3):
        assert ids.shape == (7, length) and ids.dtype == torch.int64
        assert answers.shape == (7, length, len(distances))
        assert answers.dtype == torch.int64
        for digits, row in zip(ids.tolist(), answers.tolist(), strict=True):
            for t, place in enumerate(row):
                before = [t - distance for distance in distances]
                assert place == [digits[s] if s >= 0 else UNASKED for s in before]


def test_what_is_unasked_does_not_count_in_a_cross_entropy():
    _, answers = next(n_back((2,), 3, 1, seed=0))
    assert answers[0, :2, 0].tolist() == [UNASKED, UNASKED] == [-100, -100]
    logits = torch.randn(1, 3, 10)
    whole = torch.nn.functional.cross_entropy(logits[0], answers[0, :, 0])
    asked = torch.nn.functional.cross_entropy(logits[0, 2:], answers[0, 2:, 0])
    torch.testing.assert_close(whole, asked)


def test_the_digits_to_look_back_at_are_uniform_and_drawn_one_by_one():
    ids, _ = next(n_back((1,), 4, 5000, seed=1))
    for digits in ids.T:
        assert_uniform(digits.tolist(), range(10))
    changes = (ids[:, 1:] != ids[:, :-1]).double().mean()
    assert changes.item() == pytest.approx(0.9, abs=0.02)


# ---------------------------------------------------------------- seeds, arguments


@pytest.mark.parametrize("make", MAKERS)
def test_batches_depend_on_their_seed_alone(make):
    state = torch.random.get_rng_state()
    first = take(make(3), 4)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(1)
    assert same(first, take(make(3), 4))
    assert not torch.equal(first[0][1].flatten(), next(make(4))[1].flatten())


@pytest.mark.parametrize("make", MAKERS)
def test_no_batch_is_served_twice(make):
    served = [tuple(source.flatten().tolist()) for source, _ in take(make(0), 50)]
    assert len(set(served)) == 50


@pytest.mark.parametrize("make", MAKERS)
def test_two_iterators_do_not_share_their_draws(make):
    one, other = make(3), make(3)
    mixed = [(next(one), next(other)) for _ in range(4)]
    assert same([a for a, _ in mixed], [b for _, b in mixed])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: copy_first(-1, 8, 0), "n_noise is -1; it must .* 0 or more"),
        (lambda: copy_first(2.0, 8, 0), "n_noise is 2.0"),
        (lambda: copy_first(5, 0, 0), "batch_size is 0; it must .* 1 or more"),
        (lambda: reversal(5, 0, 0), "batch_size is 0; it must .* 1 or more"),
        (lambda: reversal(0, 8, 0), "a length is 0; it must .* 1 or more"),
        (lambda: reversal((5, -2), 8, 0), "a length is -2"),
        (lambda: reversal("12", 8, 0), "a length is '1'"),
        (lambda: reversal((), 8, 0), "no lengths to draw from"),
        (lambda: n_back((1, -1), 6, 8, 0), "a distance is -1; it must .* 0 or more"),
        (lambda: n_back((1.0,), 6, 8, 0), "a distance is 1.0"),
        (lambda: n_back((1,), 0, 8, 0), "length is 0; it must .* 1 or more"),
        (lambda: n_back((1,), 6.0, 8, 0), "length is 6.0"),
        (lambda: n_back((1,), 6, 0, 0), "batch_size is 0; it must .* 1 or more"),
        (lambda: n_back((), 6, 8, 0), r"distances are \[\]; at least one"),
        (lambda: n_back((1, 6), 6, 8, 0), r"are \[1, 6\]; .* below the length, 6"),
        (lambda: n_back((7, 1), 6, 8, 0), r"are \[7, 1\]; .* below the length, 6"),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(make, said):
    with pytest.raises(UserError, match=said):
        make()
    assert issubclass(UserError, ValueError)


# ---------------------------------------------------------------- loss, exact match


def test_the_loss_is_the_mean_cross_entropy_of_the_targets():
    source, target = torch.tensor([[3, 4], [5, 6]]), torch.tensor([[0, 1], [1, 1]])
    shares = torch.tensor([[[0.5, 0.5], [0.75, 0.25]], [[0.2, 0.8], [0.9, 0.1]]])
    loss = target_loss(lambda *given: shares.log() + 7, (source, target))
    expected = -torch.tensor([0.5, 0.25, 0.8, 0.1]).log().mean().item()
    assert loss.item() == pytest.approx(expected)


def test_the_model_is_given_the_source_and_the_true_target():
    source, target, given = torch.tensor([[3, 4, 5]]), torch.tensor([[0, 1, 1]]), []

    def model(*tensors):
        given.extend(tensors)
        return torch.zeros(1, 3, 2)

    target_loss(model, (source, target))
    assert given[0] is source and given[1] is target


def test_a_perfect_writer_matches_always():
    assert exact_match(lambda source, n: source.flip(1), 6, seed=0) == 1.0


@pytest.mark.parametrize("n", [1, 2, 6])
def test_a_copier_matches_palindromes_alone(n):
    source, target = next(reversal(n, 500, seed=3))
    palindromes = sum(map(torch.equal, source, target))
    share = exact_match(lambda source, n: source, n, seed=3)
    assert share == pytest.approx(palindromes / 500)


def test_one_wrong_digit_spoils_a_string():
    def write(source, n):
        written = source.flip(1)
        written[:30, 2] += 1  # wrong in 30 of 40 strings, in one digit of 4 each
        return written

    assert exact_match(write, 4, seed=0, count=40) == 0.25


def test_a_writer_is_asked_for_strings_of_the_length_by_seed():
    asked = []

    def write(source, n):
        asked.append((source, n))
        return source

    for seed in (0, 0, 1):
        exact_match(write, 5, seed)
    sources = [source for source, _ in asked]
    assert [n for _, n in asked] == [5, 5, 5] and sources[0].shape == (500, 5)
    assert torch.equal(*sources[:2]) and not torch.equal(*sources[1:])
