"""What a language model writes: the most probable tokens, or drawn ones."""

import torch
import torch.nn.functional as F

from helpers.models.transformer.writing import write
from helpers.training.language import greedy

V = 7


def model(ids_bt, state):
    """Return logits that name 2 id + 1 as the most probable next token."""
    return 9 * F.one_hot((2 * ids_bt + 1) % V, V).float(), state


def test_at_temperature_0_it_is_greedy():
    ids = torch.tensor([[1, 4], [3, 5]])
    assert write(model, ids, 4).tolist() == [[2, 5, 4, 2], [4, 2, 5, 4]]
    assert torch.equal(write(model, ids, 4), greedy(model, ids, 4))


def test_a_low_temperature_draws_the_most_probable_and_a_high_one_others():
    torch.manual_seed(0)
    ids = torch.tensor([[1, 4]])
    assert torch.equal(write(model, ids, 6, 0.01), write(model, ids, 6))
    assert not torch.equal(write(model, ids, 60, 100.0), write(model, ids, 60))


def test_a_generator_decides_the_draws_and_leaves_the_common_one_alone():
    ids, before = torch.tensor([[1, 4]]), torch.random.get_rng_state()

    def drawn(seed):
        generator = torch.Generator().manual_seed(seed)
        return write(model, ids, 60, 100.0, generator)

    assert torch.equal(drawn(1), drawn(1)) and not torch.equal(drawn(1), drawn(2))
    assert torch.equal(torch.random.get_rng_state(), before)
