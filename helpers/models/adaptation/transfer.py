"""Transfer learning: new heads, frozen layers, rates by depth (lesson 06).

A network here is anything whose last layer is called `fc` and reads vectors (B, D):
lesson 02's residual networks, and torchvision's.
"""

import copy
from collections.abc import Iterable

import torch.nn.functional as F
from torch import Tensor, nn


def backbone_and_head(model: nn.Module) -> tuple[nn.Module, nn.Linear]:
    """Return a copy of the network that stops at its features, and a copy of its head.

    Backbone: (B, C, H, W) -> (B, D). Head: (B, D) -> (B, K). Raises AttributeError
    for a network without `fc`.
    """
    backbone = copy.deepcopy(model)
    head = backbone.fc
    backbone.fc = nn.Identity()
    return backbone, head


def with_new_head(model: nn.Module, classes: int) -> nn.Module:
    """Return a copy of the network that tells `classes` others apart: (B, K) logits.

    The new head is 0: every answer starts as likely as any other, and its loss is
    ln K. Raises AttributeError for a network without `fc`.
    """
    model = copy.deepcopy(model)
    model.fc = nn.Linear(model.fc.in_features, classes)
    nn.init.zeros_(model.fc.weight)
    nn.init.zeros_(model.fc.bias)
    return model


class Frozen(nn.Module):
    """A layer, or several, that no training changes: same shapes in and out.

    Its parameters take no gradient, and it stays in evaluation mode, whatever the
    network around it does: batch norm averages, and drops nothing out.
    """

    def __init__(self, layers: nn.Module):
        super().__init__()
        self.layers = layers.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> "Frozen":
        return super().train(False)  # in train mode, norms would learn from each batch

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.layers(*inputs)


def freeze(model: nn.Module, names: Iterable[str]) -> nn.Module:
    """Return the network itself, with the parts of these names frozen for good.

    Names as in `model.named_modules()`, such as "stem" or "blocks.0". Raises
    AttributeError for a name that the network does not have.
    """
    for name in names:
        model.set_submodule(name, Frozen(model.get_submodule(name)))
    return model


def rates_by_depth(parts: list[nn.Module], lr: float, shrink: float) -> list[dict]:
    """Return groups of parameters for an optimizer, from the input to the head.

    The last part learns at the rate `lr`, every other one `shrink` times slower than
    the next (Howard and Ruder 2018). What is frozen is in no group.
    """
    groups = []
    for depth, part in enumerate(reversed(parts)):
        learning = [p for p in part.parameters() if p.requires_grad]
        if learning:
            groups.append({"params": learning, "lr": lr / shrink**depth})
    return groups[::-1]


class Heads(nn.Module):
    """Several questions about the same features: (B, D) -> name -> (B, K) logits.

    `classes`: how many answers each question has, by its name (no dots in it).
    """

    def __init__(self, width: int, classes: dict[str, int]):
        super().__init__()
        self.heads = nn.ModuleDict({n: nn.Linear(width, k) for n, k in classes.items()})

    def forward(self, features_bd: Tensor) -> dict[str, Tensor]:
        return {name: head(features_bd) for name, head in self.heads.items()}


def summed_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    """Return the sum over all questions of the mean cross-entropy (nats).

    The batch: inputs, and labels (B, Q), a column for each question in its order.
    Raises ValueError unless there are as many columns as questions.
    """
    inputs, labels_bq = batch
    pairs = zip(model(inputs).values(), labels_bq.unbind(dim=1), strict=True)
    return sum(F.cross_entropy(logits_bk, labels_b) for logits_bk, labels_b in pairs)
