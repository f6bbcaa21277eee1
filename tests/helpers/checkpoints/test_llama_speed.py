"""What is measured of two ways to write, on a model of a few tokens."""

import pytest
import torch

from helpers.checkpoints import llama_speed
from helpers.checkpoints.library_llama import library_llama
from helpers.models.llama.blocks import Llama, Sizes
from helpers.models.transformer.writing import write

SMALL = Sizes(symbols=71, channels=24, layers=1, n_heads=6, kv_heads=2, inner=20)


def test_first_token_speed_peak_and_tokens(monkeypatch):
    times, asked = iter([10.0, 13.0, 20.0, 24.0]), []
    monkeypatch.setattr(llama_speed, "process_time", lambda: next(times))

    def writer(ids_bt, n):
        asked.append(n)
        return torch.arange(n)[None]

    cost = llama_speed.measured(lambda: writer)
    assert asked == [1, llama_speed.TOKENS]
    assert cost["first"] == 3.0
    assert cost["speed"] == llama_speed.TOKENS / 4
    assert cost["peak"] is None or 50 < cost["peak"] < 100_000
    assert cost["ids"] == list(range(llama_speed.TOKENS))


def test_generate_writes_on_behind_an_end_token():
    torch.manual_seed(0)
    model, ids = Llama(SMALL).requires_grad_(False), torch.tensor([[5, 1, 8]])
    theirs = library_llama(model)
    ours = write(model, ids, 12)
    theirs.generation_config.eos_token_id = ours[0, 2].item()
    assert torch.equal(llama_speed.by_generate(theirs)(ids, 12), ours)


@pytest.mark.parametrize("way", ["ours", "library", "shared"])
def test_every_way_has_a_name(way):
    assert llama_speed.WAYS[way].__name__ == way
