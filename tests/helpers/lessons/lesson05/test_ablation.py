"""Models that lack a part, as the page makes them: that part, and nothing else."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from support.stored_lesson import load
from torch import nn

from helpers.lessons.lesson05.cost_formulas import gpt_parameters
from helpers.models.recurrent.lstm import start_at_frequencies
from helpers.models.transformer.attention import causal_mask
from helpers.models.transformer.blocks import EncoderLayer, LayerNorm
from helpers.models.transformer.gpt import GPT
from helpers.training import language
from helpers.training.costs import parameter_count
from helpers.training.fused import fused
from tools.course import files

V, C, L, T = 7, 64, 2, 6
TEXT = torch.arange(200) % V
PAGE = load(files.NOTEBOOKS / "05_transformer_blocks.ipynb")
CELLS = [
    cell.source
    for cell in PAGE.code
    if "class Lacking(" in cell.source or "lost = {" in cell.source
]
WHOLE = gpt_parameters(V, C, L, tied=False)


@torch.no_grad()
def large(model):
    """Return the model, its matrices ten times as large: GPT's look almost evenly."""
    for weight in model.parameters():
        weight.mul_(10 if weight.dim() == 2 else 1)
    return model


@pytest.fixture(scope="module")
def page():
    """Return the names of the page's two cells, run on a short text without training:
    `models` by the trial's name, and the `draws` and steps they were to learn with."""
    seen = []

    def train_gpt(model, steps, draw):
        seen.append((model, steps, draw))

    run = SimpleNamespace(
        seeds=lambda *_: [3, 4], steps=lambda n: n, device=torch.device("cpu")
    )
    names = {"EncoderLayer": EncoderLayer, "GPT": GPT, "V": V, "fused": fused}
    names |= {"run": run, "train_gpt": train_gpt, "language": language, "nn": nn}
    names |= {"start_at_frequencies": start_at_frequencies, "torch": torch}
    names |= {"train_ids": TEXT, "test_ids": TEXT, "spent": []}
    names["progress_bar"] = lambda items, label: items
    assert len(CELLS) == 2
    for cell in CELLS:
        exec(cell, names)
    names["models"] = dict(
        zip(names["trials"], (large(m) for m, *_ in seen), strict=True)
    )
    names["draws"] = [tuple(asked) for _, *asked in seen]
    return names


@pytest.fixture
def without(page):
    return page["models"].__getitem__


def logits(model, ids_bt=None):
    torch.manual_seed(1)
    ids_bt = torch.randint(V, (2, T)) if ids_bt is None else ids_bt
    return model(ids_bt)[0]


def test_all_learn_alike_and_only_the_control_has_another_seed(page):
    assert page["draws"] == [(55, 3)] * (len(page["trials"]) - 1) + [(55, 4)]
    assert list(page["trials"])[-1] == "nothing, other seed"
    assert list(page["lost"]) == [*page["left_out"], "nothing, other seed"]
    assert len(page["spent"]) == len(page["trials"])


def test_a_loss_is_what_the_whole_gpt_does_better(page):
    found = page["bits"]["attention"] - page["bits"]["nothing"]
    assert page["lost"]["attention"] == pytest.approx(found.item())


def test_nothing_missing_is_a_gpt(without):
    torch.manual_seed(3)
    whole = start_at_frequencies(fused(GPT(V, C, 4, L, tied=False)), TEXT)
    assert torch.equal(logits(without("nothing")), logits(large(whole)))


PARTS = ["heads", "norms", "FFN", "positions", "attention", "residual"]


@pytest.mark.parametrize("part", PARTS)
def test_what_is_left_has_the_same_weights_and_says_something_else(without, part):
    whole, model = without("nothing"), without(part)
    theirs = whole.state_dict()
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, theirs[name]), name
    assert not torch.allclose(logits(model), logits(whole), atol=1e-4)


@pytest.mark.parametrize(
    ("part", "unused"),
    [
        ("nothing", ()),
        ("heads", ()),
        ("positions", ()),
        ("residual", ()),
        ("attention", ("self_attn", "norm1")),
        ("FFN", ("linear", "norm2")),
    ],
)
def test_only_the_part_learns_nothing(without, part, unused):
    model = without(part)
    logits(model).square().sum().backward()
    idle = {name for name, weight in model.named_parameters() if weight.grad is None}
    blocks = {name for name, _ in model.named_parameters() if ".layers." in name}
    assert idle == {n for n in blocks if any(f".{u}" in n for u in unused)}


def test_a_narrow_network_and_no_norms_have_fewer_weights(without):
    assert parameter_count(without("wide FFN")) == WHOLE - L * (6 * C * C + 3 * C)
    assert parameter_count(without("norms")) == WHOLE - (2 * L + 1) * 2 * C
    assert not [m for m in without("norms").modules() if isinstance(m, LayerNorm)]


def test_without_attention_the_past_makes_no_difference(without):
    ids = torch.randint(V, (2, T), generator=torch.Generator().manual_seed(5))
    other = (ids + 1) % V
    other[:, -1] = ids[:, -1]
    model = without("attention")
    assert torch.equal(logits(model, ids)[:, -1], logits(model, other)[:, -1])
    model = without("nothing")
    assert not torch.equal(logits(model, ids)[:, -1], logits(model, other)[:, -1])


@pytest.mark.parametrize("part", ["positions", "nothing"])
def test_without_positions_the_order_of_the_past_makes_none(without, part):
    block = deepcopy(without(part).body.layers[0])  # in a second one the mask tells
    block.self_attn.in_proj_weight.data /= 10  # so that it looks at several places
    x_btc = torch.randn(1, T, C, generator=torch.Generator().manual_seed(2))
    swapped_btc = x_btc[:, [1, 0, *range(2, T)]]
    gap = (block(x_btc) - block(swapped_btc))[:, -1].abs().max()
    assert (gap < 1e-4) == (part == "positions")


def test_without_heads_there_is_one_as_wide_as_all(without):
    looks = [layer.self_attn for layer in without("heads").body.layers]
    assert [look.n_heads for look in looks] == [1, 1]
    assert [layer.self_attn.n_heads for layer in without("FFN").body.layers] == [4, 4]


@pytest.mark.parametrize("part", ["residual", "FFN", "attention"])
def test_a_block_by_hand(without, part):
    block = without(part).body.layers[0]
    x, mask = torch.randn(2, T, C), causal_mask(T)
    read = block.self_attn(block.norm1(x), may_see=mask)[0]

    def think(x):
        inner = F.gelu(block.linear1(block.norm2(x)), approximate="tanh")
        return block.linear2(inner)

    wanted = {"residual": think(read), "FFN": x + read, "attention": x + think(x)}
    torch.testing.assert_close(block(x, mask), wanted[part])
