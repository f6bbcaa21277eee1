"""A step of writing is what the full model would have done without any cache."""

from dataclasses import FrozenInstanceError, astuple

import pytest
import torch
from torch import nn

from helpers.core.errors import UserError
from helpers.data.text.corpus import Characters
from helpers.lessons.lesson05 import generation
from helpers.lessons.lesson05.generation import trace
from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.gpt import GPT
from helpers.models.transformer.kv_cache import Cached

C, N, LAYERS, LONGEST = 16, 2, 3, 24
CHARACTERS = Characters("abcdefgh \n")
V = len(CHARACTERS)
PROMPT = "bad cab"
SEED = 2  # with it, the model writes more than one character over and over
positions = pytest.mark.parametrize("longest", [LONGEST, None], ids=["table", "rotary"])
steps = pytest.mark.parametrize("step", [1, 2, 9])


@torch.no_grad()
def writer(longest=None):
    """Return a GPT whose matrices are large, so that what it writes depends on what it
    reads, and whose heads look at several places."""
    model = GPT(V, C, N, LAYERS, longest, tied=False)
    torch.manual_seed(SEED)
    for weight in model.parameters():
        weight.normal_(0, 0.6)
    return model


@torch.no_grad()
def seen_by_all(model, text):
    """Return the logits after a text, read at once, and each layer's own weights."""
    seen = []
    hooks = [
        layer.self_attn.register_forward_hook(lambda *a: seen.append(a[-1][1][0]))
        for layer in model.body.layers
    ]
    logits, _ = model(CHARACTERS.encode(text, unknown_ok=True)[None])
    for hook in hooks:
        hook.remove()
    return logits[0, -1], torch.stack(seen)


@positions
@steps
def test_the_text_is_what_the_model_writes_without_a_cache(longest, step):
    model = writer(longest)
    told = trace(model, CHARACTERS, PROMPT, step)
    ids = CHARACTERS.encode(PROMPT)
    for _ in range(step):
        ids = torch.cat([ids, model(ids[None])[0][0, -1:].argmax(dim=-1)])
    assert told.text == CHARACTERS.decode(ids)
    assert told.n_prompt == len(PROMPT)
    assert len(set(told.text[-step:])) > 1 or step < 9


@positions
@steps
def test_weights_are_those_of_the_last_character_in_the_full_model(longest, step):
    model = writer(longest)
    told = trace(model, CHARACTERS, PROMPT, step)
    _, weights = seen_by_all(model, told.text[:-1])
    P = len(PROMPT) + step - 1
    assert told.weights.shape == (LAYERS, N, P) and weights.shape[-2:] == (P, P)
    torch.testing.assert_close(told.weights, weights[:, :, -1], rtol=0, atol=1e-5)
    torch.testing.assert_close(told.weights.sum(dim=-1), torch.ones(LAYERS, N))
    assert told.weights.flatten(0, 1).unique(dim=0).shape[0] == LAYERS * N


@positions
@steps
@torch.no_grad()
def test_keys_are_those_that_are_kept(longest, step):
    model = writer(longest)
    told = trace(model, CHARACTERS, PROMPT, step)
    ids = CHARACTERS.encode(told.text[:-1], unknown_ok=True)
    _, past = Cached(model)(ids[None])
    keys = torch.cat([k for k, _ in past])
    assert keys.shape == (LAYERS, N, len(PROMPT) + step - 1, C // N)
    torch.testing.assert_close(told.keys, keys, rtol=0, atol=1e-5)
    both = [part for pair in past for part in pair]
    assert told.numbers == sum(part.numel() for part in both)
    assert told.n_bytes == sum(part.nbytes for part in both)


@pytest.mark.parametrize(("step", "computed"), [(1, len(PROMPT)), (2, 1), (9, 1)])
def test_the_prompt_is_computed_at_once_then_one_position_each(step, computed):
    assert trace(writer(), CHARACTERS, PROMPT, step).computed == computed


@positions
@steps
def test_the_best_are_the_full_models_most_probable_ones(longest, step):
    model = writer(longest)
    told = trace(model, CHARACTERS, PROMPT, step)
    wanted = seen_by_all(model, told.text[:-1])[0].softmax(dim=0)
    ranked = sorted(range(V), key=lambda id: -wanted[id].item())[:5]
    assert told.best == tuple(CHARACTERS.symbols[id] for id in ranked)
    torch.testing.assert_close(told.probabilities, wanted[ranked], rtol=0, atol=1e-5)
    assert told.best[0] == told.text[-1]


def test_a_small_vocabulary_has_fewer_candidates():
    few = Characters("ab")
    told = trace(GPT(len(few), C, N, 1), few, "a", 1)
    assert len(told.best) == len(told.probabilities) == 3
    assert told.probabilities.sum().item() == pytest.approx(1)


def test_a_prompt_of_one_character_is_enough():
    told = trace(writer(), CHARACTERS, "a", 1)
    assert told.weights.shape == (LAYERS, N, 1) and (told.weights == 1).all()
    assert (told.computed, told.n_prompt, len(told.text)) == (1, 1, 2)


# ---------------------------------------------------------------- drawn


def drawn(temperature, seed, step=6):
    return trace(writer(), CHARACTERS, PROMPT, step, temperature, seed)


def test_at_a_temperature_each_seed_draws_its_own_text_again_and_again():
    texts = {seed: drawn(2.0, seed).text for seed in range(4)}
    assert len(set(texts.values())) > 1
    assert texts == {seed: drawn(2.0, seed).text for seed in range(4)}


@steps
def test_probabilities_at_a_temperature_are_those_it_is_drawn_from(step):
    model = writer()
    told = trace(model, CHARACTERS, PROMPT, step, 3.0, seed=1)
    wanted = (seen_by_all(model, told.text[:-1])[0] / 3).softmax(dim=0)
    ids = CHARACTERS.encode("".join(told.best), unknown_ok=True)
    torch.testing.assert_close(told.probabilities, wanted[ids], rtol=0, atol=1e-5)


def test_a_draw_beyond_the_best_is_shown_behind_them():
    shown = [drawn(1e6, seed, step=1) for seed in range(20)]
    sizes = {len(told.best) for told in shown}
    assert sizes == {5, 6}
    for told in shown:
        assert told.text[-1] in told.best and len(set(told.best)) == len(told.best)
        assert len(told.best) == 5 or told.best[-1] == told.text[-1]
        assert (told.probabilities.diff() <= 0).all()


def test_every_draw_is_drawn_anew():
    written = drawn(1e6, 0, step=20).text[len(PROMPT) :]
    assert len(set(written)) > 3  # 20 draws from 11 all but equal ones


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("prompt", ["", " ", "\n  "])
def test_a_blank_prompt_is_refused(prompt):
    with pytest.raises(UserError, match=r"^The prompt is blank; [^.]+\.$"):
        trace(writer(), CHARACTERS, prompt, 1)


def test_unknown_characters_are_named():
    with pytest.raises(UserError, match="never showed 'z'"):
        trace(writer(), CHARACTERS, "abz", 1)


@pytest.mark.parametrize(("n", "step"), [(LONGEST, 1), (1, LONGEST), (20, 5)])
def test_learned_positions_can_be_filled_and_not_more(n, step):
    model = writer(LONGEST)
    assert trace(model, CHARACTERS, "a" * n, step).keys.shape[2] == LONGEST
    with pytest.raises(UserError, match=r"take 25 positions, .* has learned 24; "):
        trace(model, CHARACTERS, "a" * n, step + 1)
    with pytest.raises(
        UserError, match=f"prompt of {n + 1} characters and step {step}"
    ):
        trace(model, CHARACTERS, "a" * (n + 1), step)


@pytest.mark.parametrize("step", [0, -1])
def test_steps_count_from_1(step):
    with pytest.raises(ValueError, match=f"from 1, not {step}"):
        trace(writer(), CHARACTERS, PROMPT, step)


def test_a_negative_temperature_is_refused():
    with pytest.raises(ValueError, match="temperature"):
        trace(writer(), CHARACTERS, PROMPT, 1, -1.0)


# ---------------------------------------------------------------- left alone


@pytest.mark.parametrize("step", [1, 3])
def test_the_model_is_in_evaluation_mode_meanwhile_and_as_before_after(step):
    model, modes = writer(), []
    model.train()
    model.body.layers[1].eval()
    before = [layer.training for layer in model.modules()]
    model.body.norm.register_forward_hook(lambda m, *_: modes.append(m.training))
    trace(model, CHARACTERS, PROMPT, step)
    assert modes == [False] * step
    assert [layer.training for layer in model.modules()] == before


def test_nothing_of_it_needs_a_gradient_and_nothing_can_be_changed():
    told = trace(writer(), CHARACTERS, PROMPT, 3)
    tensors = [part for part in astuple(told) if isinstance(part, torch.Tensor)]
    assert len(tensors) == 3 and not any(part.requires_grad for part in tensors)
    with pytest.raises(FrozenInstanceError):
        told.text = ""


def test_only_what_is_new_goes_through_the_layers():
    model, lengths = writer(), []
    layer: nn.Module = model.body.layers[0].linear1
    layer.register_forward_hook(lambda m, x, y: lengths.append(x[0].shape[1]))
    trace(model, CHARACTERS, PROMPT, 4)
    assert lengths == [len(PROMPT), 1, 1, 1]


def test_double_precision_takes_twice_the_bytes():
    told = trace(writer().double(), CHARACTERS, PROMPT, 2)
    assert told.weights.dtype == told.keys.dtype == torch.float64
    assert told.n_bytes == 8 * told.numbers == 8 * LAYERS * 2 * C * (len(PROMPT) + 1)


def test_weights_come_from_the_formulas_of_attention():
    """The same numbers by hand: softmax(q·k / √D) of one layer."""
    model = writer(LONGEST)
    told = trace(model, CHARACTERS, "cab", 1)
    layer = model.body.layers[0]
    weight, bias = layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias
    with torch.no_grad():
        x = layer.norm1(model.embedding(CHARACTERS.encode("cab")[None]))
        _, full = layer.self_attn(x, may_see=causal_mask(3))
        q = (x @ weight[:C].T + bias[:C])[0, -1].view(N, -1)
        scores = (told.keys[0] @ q[:, :, None])[:, :, 0] / (C // N) ** 0.5
    torch.testing.assert_close(told.weights[0], scores.softmax(dim=-1))
    torch.testing.assert_close(told.weights[0], full[0, :, -1])
    assert generation.BEST == 5
