"""Backbones, heads and freezing: what training may change, and what it may not."""

import copy
import math
from functools import partial
from itertools import repeat

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch.optim import SGD, AdamW

from helpers.models.adaptation.transfer import (
    Frozen,
    Heads,
    backbone_and_head,
    freeze,
    rates_by_depth,
    summed_loss,
    with_new_head,
)
from helpers.models.vision.resnet import (
    BasicBlock,
    DeepNet,
    ResidualBlock,
    ResNet,
    SmallResNet,
)
from helpers.training.costs import bytes_kept
from helpers.training.fit import evaluation_mode, fit, predict

pytestmark = pytest.mark.usefixtures("seeded")


def small():
    """Return lesson 02's deep net of 8 layers, very narrow: 16 features."""
    return DeepNet(ResidualBlock, 8, width=4, classes=5)


# (how to make it, channels in, side, features)
NETWORKS = {
    "DeepNet": (small, 1, 8, 16),
    "SmallResNet": (partial(SmallResNet, width=4), 1, 8, 32),
    "ResNet": (partial(ResNet, BasicBlock, (1, 1, 1, 1), 7), 3, 32, 512),
    "torchvision": (torchvision.models.resnet18, 3, 32, 512),
}


@pytest.fixture(params=NETWORKS, ids=str)
def network(request):
    """Return (network in evaluation mode, a batch for it, its number of features)."""
    make, channels, side, features = NETWORKS[request.param]
    return make().eval(), torch.rand(3, channels, side, side), features


def batch(n=12, classes=5, shift=0.0):
    """Return pictures (n, 1, 8, 8) and labels (n,)."""
    return torch.rand(n, 1, 8, 8) + shift, torch.arange(n) % classes


def state(module):
    """Return a copy of all parameters and statistics by name."""
    return copy.deepcopy(module.state_dict())


def changed(before, module):
    """Return the names in the module's state that differ from `before`."""
    return {n for n, v in module.state_dict().items() if not torch.equal(before[n], v)}


# Backbone and head


def test_backbone_then_head_is_the_network(network):
    model, images, width = network
    backbone, head = backbone_and_head(model)
    assert backbone(images).shape == (3, width) and head.in_features == width
    assert torch.equal(head(backbone(images)), model(images))


def test_taking_a_network_apart_leaves_it_whole(network):
    model, images, _ = network
    before, answers = state(model), model(images)
    backbone, head = backbone_and_head(model)
    with torch.no_grad():
        for p in [*backbone.parameters(), *head.parameters()]:
            p.add_(1)
    assert not changed(before, model) and torch.equal(model(images), answers)


def test_a_new_head_has_its_own_width_and_keeps_the_eyes(network):
    model, images, _ = network
    adapted = with_new_head(model, 3)
    assert adapted(images).shape == (3, 3) and model(images).shape != (3, 3)
    old, new = (backbone_and_head(m)[0](images) for m in (model, adapted))
    assert torch.equal(old, new)
    assert adapted.fc.weight is not model.fc.weight


def test_a_new_head_starts_with_every_answer_as_likely(network):
    model, images, _ = network
    logits = with_new_head(model, 6)(images)
    loss = F.cross_entropy(logits, torch.tensor([0, 3, 5]))
    assert loss.item() == pytest.approx(math.log(6))


def test_a_new_head_learns_from_the_first_step_and_the_eyes_from_the_second():
    model = with_new_head(small(), 5)
    optimizer, moved = SGD(model.parameters(), lr=0.1), []
    for _ in range(2):
        before = state(model)
        fit(model, repeat(batch()), 1, optimizer=optimizer)
        moved.append({n for n in changed(before, model) if n.endswith("weight")})
    assert moved[0] == {"fc.weight"} and "stem.0.weight" in moved[1]


@pytest.mark.parametrize("take", [backbone_and_head, partial(with_new_head, classes=2)])
def test_a_network_needs_a_last_layer_called_fc(take):
    with pytest.raises(AttributeError, match="fc"):
        take(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)))


# Freezing


def test_training_changes_nothing_that_is_frozen():
    model = freeze(with_new_head(small(), 5), ["stem", "blocks"])
    before = state(model)
    fit(model, repeat(batch(shift=3.0)), 5)
    assert changed(before, model) == {"fc.weight", "fc.bias"}


def test_without_gradients_alone_the_norms_still_learn():
    model = with_new_head(small(), 5)
    for part in (model.stem, model.blocks):
        part.requires_grad_(False)
    before = state(model)
    fit(model, repeat(batch(shift=3.0)), 5)
    leaked = changed(before, model) - {"fc.weight", "fc.bias"}
    kinds = {name.rsplit(".", 1)[1] for name in leaked}
    assert kinds == {"running_mean", "running_var", "num_batches_tracked"}
    assert len(leaked) == 3 * 7  # seven norms


def test_frozen_layers_stay_in_evaluation_mode_whatever_is_around_them():
    model = freeze(nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout())), ["1"])
    for asked in (True, False, True):
        model.train(asked)
        assert model[0].training is asked
        assert not any(layer.training for layer in model[1].modules())
    with evaluation_mode(model):
        assert not model[0].training
    assert model[0].training and not model[1].training
    assert model[1].train() is model[1]


def test_frozen_layers_keep_nothing_for_a_backward_pass():
    images, _ = batch()
    blocks, frozen = small().blocks, Frozen(small().blocks)
    maps = torch.rand(4, 4, 8, 8)
    assert torch.equal(Frozen(blocks)(maps), blocks(maps))
    assert frozen(maps).requires_grad is False
    model, half = small(), freeze(small(), ["stem", "blocks.0"])
    whole = bytes_kept(lambda x: model(x.detach()), images)
    assert bytes_kept(lambda x: half(x.detach()), images) < 0.8 * whole


def test_gradients_pass_through_what_is_frozen():
    x = torch.rand(2, 4, 8, 8, requires_grad=True)
    Frozen(small().blocks)(x).sum().backward()
    assert x.grad.abs().sum() > 0


def test_some_parts_can_be_frozen_and_others_learn():
    model = freeze(small(), ["stem", "blocks.0"])
    before = state(model)
    fit(model, repeat(batch()), 2)
    parts = {name.removesuffix(".weight") for name in changed(before, model)}
    assert {"blocks.1.branch.0", "blocks.2.branch.3", "fc"} <= parts
    assert not any(name.startswith(("stem", "blocks.0")) for name in parts)


def test_a_frozen_network_answers_as_before_and_is_exported():
    model, (images, _) = small().eval(), batch()
    answers = model(images)
    frozen = freeze(model, ["stem", "blocks"]).eval()
    assert frozen is model and torch.equal(frozen(images), answers)
    exported = torch.export.export(frozen, (images,)).module()
    assert torch.allclose(exported(images), answers, atol=1e-6)


def test_only_parts_that_exist_can_be_frozen():
    with pytest.raises(AttributeError, match="eyes"):
        freeze(small(), ["eyes"])


def test_a_head_learns_the_same_on_cached_features_as_behind_a_frozen_backbone():
    model, (images, labels) = small(), batch()
    backbone, _ = backbone_and_head(model)
    whole = freeze(with_new_head(model, 5), ["stem", "blocks"])
    alone = copy.deepcopy(whole.fc)
    once = predict(backbone, images)
    long = fit(whole, repeat((images, labels)), 20)
    short = fit(alone, repeat((once, labels)), 20)
    assert short.losses == pytest.approx(long.losses, rel=1e-4)
    assert torch.allclose(alone.weight, whole.fc.weight, atol=1e-5)
    assert torch.allclose(alone(once), predict(whole, images), atol=1e-4)


# Rates


def test_every_part_learns_slower_than_the_next():
    model = small()
    parts = [model.stem, *model.blocks, model.fc]
    groups = rates_by_depth(parts, lr=0.08, shrink=2)
    assert [g["lr"] for g in groups] == pytest.approx([0.005, 0.01, 0.02, 0.04, 0.08])
    assert sum(len(g["params"]) for g in groups) == len(list(model.parameters()))
    assert groups[-1]["params"][0] is model.fc.weight


def test_frozen_parts_are_in_no_group_but_count_as_depth():
    model = freeze(small(), ["stem", "blocks.2"])
    parts = [model.stem, *model.blocks, model.fc]
    groups = rates_by_depth(parts, lr=0.08, shrink=2)
    assert [g["lr"] for g in groups] == pytest.approx([0.01, 0.02, 0.08])
    ids = {id(p) for g in groups for p in g["params"]}
    assert ids == {id(p) for p in model.parameters() if p.requires_grad}


def test_training_keeps_the_ratio_of_the_rates():
    model = with_new_head(small(), 5)
    groups = rates_by_depth([model.stem, model.blocks, model.fc], lr=0.01, shrink=10)
    optimizer = AdamW(groups)
    seen = []

    def watch(model, batch):
        seen.append([g["lr"] for g in optimizer.param_groups])
        return F.cross_entropy(model(batch[0]), batch[1])

    fit(model, repeat(batch()), 10, optimizer=optimizer, loss=watch)
    assert max(row[2] for row in seen) == pytest.approx(0.01)
    for slow, middle, fast in seen:
        assert middle == pytest.approx(fast / 10) and slow == pytest.approx(fast / 100)


# Several heads


def test_each_head_answers_its_own_question():
    heads, features = Heads(16, {"digit": 10, "even": 2}), torch.rand(3, 16)
    logits = heads(features)
    assert {n: tuple(v.shape) for n, v in logits.items()} == {
        "digit": (3, 10),
        "even": (3, 2),
    }
    assert torch.equal(logits["even"], heads.heads["even"](features))


def test_the_loss_is_the_sum_of_the_questions_own():
    heads, features = Heads(16, {"digit": 10, "even": 2}), torch.rand(3, 16)
    labels = torch.tensor([[7, 0], [2, 1], [4, 1]])
    logits = heads(features)
    apart = [
        F.cross_entropy(logits["digit"], torch.tensor([7, 2, 4])),
        F.cross_entropy(logits["even"], torch.tensor([0, 1, 1])),
    ]
    assert summed_loss(heads, (features, labels)).item() == pytest.approx(
        sum(apart).item()
    )
    with pytest.raises(ValueError, match="zip"):
        summed_loss(heads, (features, labels[:, :1]))


def test_heads_on_a_frozen_backbone_learn_without_touching_each_other():
    labels = torch.stack([torch.arange(12) % 3, torch.arange(12) % 2], dim=1)
    features = torch.rand(12, 16)
    both = Heads(16, {"three": 3, "two": 2})
    alone = copy.deepcopy(both.heads["three"])
    history = fit(both, repeat((features, labels)), 30, loss=summed_loss)
    fit(alone, repeat((features, labels[:, 0])), 30)
    assert history.losses[-1] < history.losses[0] - 0.1
    assert torch.allclose(alone.weight, both.heads["three"].weight, atol=1e-6)
