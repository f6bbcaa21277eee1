"""Deep blocks that reverse: the model, how it learns, and on what it is marked."""

import pytest
import torch

from helpers.data.tasks.sequences import reversal
from helpers.lessons.lesson05 import pre_norm
from helpers.lessons.lesson05.pre_norm import (
    Reverser,
    gradient_ratio,
    learn_to_reverse,
)
from helpers.models.transformer.blocks import LayerNorm
from helpers.training.sequence_tasks import tag_loss

T = 6


def reverser(norm="first", layers=2):
    """Return a new model, always the same."""
    torch.manual_seed(0)
    return Reverser(layers, norm)


def right(model, seed=9):
    """Return the share of digits that the model gets right in other strings."""
    digits, answers = next(reversal(10, 500, seed))
    return (model(digits).argmax(dim=-1) == answers).float().mean().item()


@pytest.mark.parametrize("norm", ["first", "last", "none"])
def test_a_reverser_answers_at_every_place_and_looks_both_ways(norm):
    model, ids = reverser(norm, layers=3), torch.randint(10, (2, T))
    assert model(ids).shape == (2, T, 10)
    assert [b.norm_first for b in model.body.layers] == [norm != "last"] * 3
    norms = [m for m in model.modules() if isinstance(m, LayerNorm)]
    assert len(norms) == {"first": 3 * 2 + 1, "last": 3 * 2, "none": 0}[norm]
    assert isinstance(model.body.norm, LayerNorm) == (norm == "first")
    changed = ids.clone()
    changed[:, -1] = (ids[:, -1] + 1) % 10
    assert (model(ids) - model(changed))[:, 0].abs().min() > 0
    swapped = model(ids.flip(1)).flip(1)
    assert not torch.allclose(swapped, model(ids), atol=1e-3)


def test_sizes_and_the_spread_of_the_digits_are_as_asked():
    model = Reverser(1, "first", channels=64)
    (block,) = model.body.layers
    assert (block.self_attn.n_heads, block.linear1.out_features) == (2, 128)
    assert model.embedding.weight.shape == (10, 64)
    assert model.embedding.weight.std().item() == pytest.approx(1 / 8, rel=0.2)
    assert reverser().head.in_features == 32


def test_two_blocks_learn_to_reverse():
    model = reverser()
    assert right(model) < 0.2
    history, share = learn_to_reverse(model, 200, 0.2, seed=0)
    assert share > 0.8 and right(model) > 0.8
    assert history.final_loss() < 0.6 < 2 < history.losses[0]
    assert len(history.losses) == 200 and model.training


def test_the_share_is_of_500_strings_that_were_not_in_training():
    model, read = reverser(), []
    model.register_forward_hook(lambda _, inputs, y: read.append(inputs[0]))
    _, share = learn_to_reverse(model, 3, 0.2, seed=4)
    assert [ids.shape for ids in read] == [(32, 10)] * 3 + [(500, 10)]
    assert torch.equal(read[0], next(reversal(10, 32, 4))[0])
    trained, asked = ({tuple(row) for row in b.tolist()} for b in (read[0], read[-1]))
    assert not trained & asked
    said = model(read[-1]).argmax(dim=-1)
    assert share == pytest.approx((said == read[-1].flip(1)).float().mean().item())


def test_the_same_seed_gives_the_same_result_and_another_does_not():
    def run(seed):
        history, share = learn_to_reverse(reverser(), 3, 0.2, seed)
        return [*history.losses, share]

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize("warm_up", [0.0, 0.4])
def test_training_is_as_it_was_asked_for(monkeypatch, warm_up):
    calls = []
    monkeypatch.setattr(pre_norm, "fit", lambda *a, **k: calls.append((a, k)) or 7)
    model = reverser()
    history, share = learn_to_reverse(model, 9, warm_up, seed=0)
    (((given, _, steps), options),) = calls
    assert (history, given, steps) == (7, model, 9) and options.pop("label")
    assert options == {"lr": 5e-3, "loss": tag_loss, "warm_up": warm_up}
    assert isinstance(share, float) and share == pytest.approx(right(model, 1))


@pytest.mark.parametrize("norm", ["first", "last", "none"])
def test_gradients_reach_every_parameter(norm):
    model = reverser(norm, layers=4)
    tag_loss(model, next(reversal(10, 8, 0))).backward()
    for name, weight in model.named_parameters():
        assert weight.grad.any(), name


def test_another_place_for_the_norms_is_refused():
    with pytest.raises(ValueError, match="norm is 'middle', not 'first', 'last' or"):
        Reverser(1, "middle")


def test_the_ratio_of_gradients_by_hand():
    model = reverser(layers=3)
    tag_loss(model, next(reversal(10, 256, 5))).backward()
    blocks = [block.linear2.weight.grad.norm().item() for block in model.body.layers]
    assert gradient_ratio(reverser(layers=3), 5) == pytest.approx(blocks[0] / blocks[2])
    assert blocks[0] != pytest.approx(blocks[2], rel=0.01)
