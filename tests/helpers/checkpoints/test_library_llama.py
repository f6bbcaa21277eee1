"""transformers' Llama with our weights, and what that library does without saying."""

import pytest
import torch

from helpers.checkpoints import library_llama
from helpers.models.llama.blocks import Llama, Sizes
from helpers.models.transformer.writing import write

SMALL = Sizes(symbols=71, channels=24, layers=2, n_heads=6, kv_heads=2, inner=20)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Llama(SMALL).requires_grad_(False)


@pytest.fixture
def theirs(model):
    return library_llama.library_llama(model)


def test_rows_go_from_pairs_to_halves_within_each_head():
    rows = torch.arange(12).view(12, 1)
    halves = library_llama.rows_in_halves(rows, 2).flatten().tolist()
    assert halves == [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]


def test_the_weights_are_shared_and_only_two_kinds_of_rows_move(model, theirs):
    layer, other = model.layers[0].self_attn, theirs.model.layers[0].self_attn
    table = model.embed_tokens.weight.data_ptr()
    assert theirs.lm_head.weight.data_ptr() == table
    assert other.v_proj.weight.data_ptr() == layer.v_proj.weight.data_ptr()
    for part in ("q_proj", "k_proj"):
        a, b = (getattr(side, part).weight for side in (layer, other))
        assert not torch.equal(a, b)
        assert torch.equal(a.sort(dim=0).values, b.sort(dim=0).values)


def test_it_writes_what_ours_writes(model, theirs, capsys):
    theirs.generation_config.eos_token_id = None
    ids = torch.tensor([[5, 1, 8]])
    whole = theirs.generate(ids, max_new_tokens=9, do_sample=False)
    assert torch.equal(whole[:, 3:], write(model, ids, 9))
    assert capsys.readouterr().err == ""


def test_the_file_s_order_is_another_model(model):
    wrong = library_llama.library_llama(model, library_llama.rows_as_they_are)
    ids = torch.arange(9)[None]
    gap = (wrong(ids).logits - model(ids)[0]).abs()
    assert gap[0, 0].max() < 1e-5  # at the first position nothing turns
    assert gap[0, 1:].max() > 1e-3


def test_sampling_cuts_at_the_top_50_although_the_config_says_none(theirs):
    assert theirs.generation_config.top_k is None
    said = {"return_dict_in_generate": True, "output_scores": True}
    drawn = theirs.generate(
        torch.tensor([[5, 1]]), do_sample=True, max_new_tokens=1, **said
    )
    assert drawn.scores[0].isfinite().sum() == 50
    free = theirs.generate(
        torch.tensor([[5, 1]]), do_sample=True, max_new_tokens=1, top_k=0, **said
    )
    assert free.scores[0].isfinite().sum() == 71


def test_sdpa_gives_no_attentions(theirs):
    ids = torch.tensor([[5, 1, 8]])
    assert theirs(ids, output_attentions=True).attentions == ()
    theirs.set_attn_implementation("eager")
    assert theirs(ids, output_attentions=True).attentions[0].shape == (1, 6, 3, 3)


def test_a_bfloat16_checkpoint_stays_one(theirs, tmp_path):
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    theirs.bfloat16().save_pretrained(tmp_path)
    opened = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert opened.dtype == torch.bfloat16
    assert LlamaForCausalLM(opened.config).dtype == torch.float32
