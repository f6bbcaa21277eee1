"""A random GPT-2 in which a mistake would show."""

import pytest
import torch
from torch import nn

from helpers.checkpoints.convert import random_gpt2


@pytest.fixture(scope="module")
def gpt2():
    """Return a small GPT-2 of transformers."""
    torch.manual_seed(0)
    return random_gpt2(23, 16, n_heads=4, layers=3, longest=24)


def test_its_sizes_are_as_asked(gpt2):
    assert gpt2.transformer.wte.weight.shape == (23, 16)
    assert gpt2.transformer.wpe.weight.shape == (24, 16)
    heads = [block.attn.num_heads for block in gpt2.transformer.h]
    assert heads == [4, 4, 4]
    assert gpt2.transformer.h[0].mlp.c_fc.weight.shape == (16, 64)


def test_no_dropout_is_active(gpt2):
    ids = torch.randint(23, (2, 24))
    assert not any(m.training for m in gpt2.modules() if isinstance(m, nn.Dropout))
    assert torch.equal(gpt2(ids).logits, gpt2(ids).logits)


def test_every_parameter_is_drawn_with_the_same_deviation(gpt2):
    for name, weight in gpt2.named_parameters():
        assert weight.mean().item() == pytest.approx(0, abs=0.08), name
        assert weight.std().item() == pytest.approx(0.08, rel=0.5), name
    biases = [p for name, p in gpt2.named_parameters() if name.endswith("bias")]
    assert len(biases) == 3 * 6 + 1 and all(bias.all() for bias in biases)
    assert gpt2.lm_head.weight is gpt2.transformer.wte.weight


def test_nothing_is_said_about_it(capfd):
    model = random_gpt2(9, 8, n_heads=2, layers=1, longest=4)
    model(torch.zeros(1, 4, dtype=torch.long))
    assert capfd.readouterr() == ("", "")
    config = model.config
    assert {config.bos_token_id, config.eos_token_id, config.pad_token_id} == {None}
