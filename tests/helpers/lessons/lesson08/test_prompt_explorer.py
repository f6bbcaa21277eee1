"""The explorer: candidates, the best one by layer, and one head's map."""

from types import SimpleNamespace

import pytest
import torch

from helpers.checkpoints.smollm import SmolLM
from helpers.core.errors import UserError
from helpers.lessons.lesson08.prompt_explorer import CANDIDATES, LONGEST, Lens
from helpers.models.llama.blocks import Llama, Sizes

TEXT = "a prompt"


@pytest.fixture
def lens():
    torch.manual_seed(0)
    sizes = Sizes(128, channels=24, layers=3, n_heads=6, kv_heads=3, inner=8)
    tokenizer = SimpleNamespace(
        encode=lambda text: SimpleNamespace(ids=[ord(c) for c in text]),
        decode=lambda ids, skip_special_tokens: chr(ids[0]) * (1 + 19 * (ids[0] == 97)),
    )
    model = Llama(sizes).requires_grad_(False)
    return Lens(SmolLM(tokenizer, model, {}, real=False))


def test_the_last_state_gives_the_model_s_own_logits(lens):
    ids, states, weights = lens.reading(TEXT)
    assert len(states) == 4
    assert len(weights) == 3
    assert weights[0].shape == (6, len(TEXT), len(TEXT))
    logits = lens.smollm.model(ids[None])[0][0, -1]
    assert torch.allclose(lens.logits(states[-1]), logits, atol=1e-5)
    assert torch.equal(states[0], lens.smollm.model.embed_tokens.weight[ord("t")])
    assert lens.reading(TEXT)[1] is states
    assert lens.reading(TEXT + "!")[1] is not states


def test_the_panels_show_candidates_layers_and_the_chosen_head(lens):
    figure = lens.draw(TEXT, 0.5, 1, 4)
    left, right, below = figure.axes[:3]
    _, states, weights = lens.reading(TEXT)
    best = (lens.logits(states[-1]) / 0.5).softmax(dim=0).topk(CANDIDATES)
    bars = [bar.get_width() for bar in left.patches]
    assert bars == pytest.approx(best.values.tolist())
    assert left.get_xlabel() == "probability, temperature 0.5"
    names = [t.get_text() for t in right.get_yticklabels()]
    assert [name.partition(":")[0] for name in names] == ["0", "1", "2", "3"]
    assert (below.images[0].get_array() == weights[1][4].numpy()).all()
    title = below.get_title() + below.get_title(loc="left")  # with any theme
    assert title == "layer 1, head 4"
    assert len(lens.draw("b" * 30, 1, 0, 0).axes[2].get_xticks()) == 10


def test_tokens_are_shown_short_and_visible(lens):
    assert lens.name(ord(" ")) == "␣"
    assert lens.name(ord("a")) == "a" * 13 + "…"


@pytest.mark.parametrize(
    ("prompt", "layer", "head", "said"),
    [
        (" \n", 0, 0, "at least one word"),
        ("a" * (LONGEST + 1), 0, 0, "65 tokens; at most 64"),
        ("a", 3, 0, "layers 0 to 2"),
        ("a", 0, 6, "heads 0 to 5"),
    ],
)
def test_bad_input_gets_a_sentence(lens, prompt, layer, head, said):
    with pytest.raises(UserError, match=said):
        lens.draw(prompt, 1, layer, head)
