"""What a language model writes: the most probable tokens, or drawn ones."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.writing import write

V, B = 7, 3
pytestmark = pytest.mark.usefixtures("seeded")


def model(ids_bt, state):
    """Return logits that name 2 id + 1 as the most probable next token."""
    return 9 * F.one_hot((2 * ids_bt + 1) % V, V).float(), state


def test_what_is_written_is_what_the_logits_say_and_keeps_no_history():
    gpt, ids, kept = GPT(V, 16, 4, 2), torch.randint(V, (B, 4)), []
    for weight in (p for p in gpt.parameters() if p.dim() == 2):
        nn.init.normal_(weight)  # so that what it writes depends on what it reads
    gpt.head.register_forward_hook(lambda *call: kept.append(call[-1]))
    found = write(gpt, ids, 5)
    assert found.shape == (B, 5) and not any(y.requires_grad for y in kept)
    whole = torch.cat([ids, found], dim=1)
    assert torch.equal(gpt(whole)[0].argmax(dim=-1)[:, 3:-1], found)
    assert (found[:, 1:] != found[:, :-1]).any()


@pytest.mark.parametrize("n", [1, 4])
def test_only_the_last_place_counts_and_the_state_is_handed_on(n):
    calls = []

    def counting(ids_bt, state):
        calls.append((ids_bt.tolist(), state))
        return model(ids_bt, len(calls))

    found = write(counting, torch.tensor([[1, 4], [3, 5]]), n)
    assert found.tolist() == [[2, 5, 4, 2][:n], [4, 2, 5, 4][:n]]
    wanted = [[[1, 4], [3, 5]], *([[a], [b]] for a, b in [(2, 4), (5, 2), (4, 5)])]
    assert calls == list(zip(wanted, [None, 1, 2, 3], strict=True))[:n]


def test_a_low_temperature_draws_the_most_probable_and_a_high_one_others():
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
