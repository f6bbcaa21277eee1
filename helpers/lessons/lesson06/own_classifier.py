"""Frozen features or fine-tuning: train a pretrained backbone on new classes."""

import copy
import math

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from helpers.checkpoints.backbones import Backbone, with_head
from helpers.core.errors import UserError
from helpers.data.images.datasets import ImageSet, batches
from helpers.training.fit import History, fit, predict

LUCK = 0.05  # in one comparison of twenty, two equals seem to differ
AT_ONCE = 50  # pictures: what a large backbone reads in one go
HEAD_LR, HEAD_BATCH = 1e-2, 16
TO_HEAD = 3.0  # how much faster the head learns than the backbone in fine-tuning


def features(model: nn.Sequential, images: Tensor) -> Tensor:
    """Return what the backbone of `with_head` makes of pictures, (N, width), on the
    CPU. It runs in evaluation mode: its batch-norm statistics stay as they are."""
    return predict(model[:-1], images, AT_ONCE)


def frozen(
    backbone: Backbone,
    train: ImageSet,
    steps: int,
    seed: int,
    device: torch.device | str = "cpu",
) -> tuple[nn.Sequential, History]:
    """Return (model, history): the backbone as it came, and a head fitted to its
    features of `train`, which are computed once. The model is on `device`, in
    evaluation mode."""
    model = with_head(backbone, len(train.classes)).to(device)
    model[:-1].requires_grad_(False)
    maps_nd11 = features(model, train.images)[:, :, None, None]
    served = batches(train.with_images(maps_nd11), HEAD_BATCH, seed)
    head = nn.Sequential(nn.Flatten(), model.head)
    history = fit(head, served, steps, lr=HEAD_LR, label="frozen")
    return model.eval(), history


def fine_tuned(
    frozen_model: nn.Sequential,
    backbone: Backbone,
    train: ImageSet,
    steps: int,
    seed: int,
    augment=None,
) -> tuple[nn.Sequential, History]:
    """Return (model, history): a copy of the frozen model in which every parameter was
    trained further, the head faster. The copy is where the model is, in evaluation
    mode.

    It starts from the fitted head: a random one would first spoil the features (Kumar
    et al. 2022, arXiv:2202.10054). Norms learn from each batch: held as they came, the
    course's backbone did worse on handwritten digits, even with 14 of them. `augment`
    is as in `helpers.data.images.datasets.batches`. Raises UserError for batches of one
    picture.
    """
    if min(backbone.batch, len(train)) < 2:
        raise UserError("Batches of 1 picture have no spread to learn; 2 are needed.")
    model = copy.deepcopy(frozen_model).requires_grad_(True)
    groups = [
        {"params": list(model.body.parameters()), "lr": backbone.lr},
        {"params": list(model.head.parameters()), "lr": TO_HEAD * backbone.lr},
    ]
    served = batches(train, backbone.batch, seed, augment)
    optimizer = AdamW(groups, weight_decay=1e-2, fused=True)
    history = fit(model, served, steps, optimizer=optimizer, label="fine-tuning")
    return model.eval(), history


def probabilities(model: nn.Module, images: Tensor) -> Tensor:
    """Return how likely each class is for each picture: (N, K), rows sum to 1."""
    return predict(model, images, AT_ONCE).softmax(dim=1)


def verdict(model_n: Tensor, pixels_n: Tensor, guess_n: Tensor) -> str:
    """Return what a test has shown, in words: which pictures (N,) the model read right,
    which a linear classifier on their pixels did, and which one gets right who always
    names the most frequent class. "Ahead" means: by more than luck explains."""
    right = [int(right_n.sum()) for right_n in (model_n, pixels_n, guess_n)]
    said = (
        f"Of {len(model_n)} test pictures the model reads {right[0]} right, a linear "
        f"classifier on pixels {right[1]}, and the most frequent class {right[2]}. "
    )
    if ahead(model_n, guess_n) != 1:
        return said + (
            "That is not clearly more than naming one class every time: look at the "
            "pictures and their labels, or collect more."
        )
    over_pixels = ahead(model_n, pixels_n)
    if over_pixels == 1:
        return said + "The network is ahead of bare pixels, by more than luck explains."
    if over_pixels == -1:
        return said + (
            "Bare pixels are ahead: this backbone does not suit these pictures."
        )
    return said + (
        "Whether the network or bare pixels are better, so few pictures cannot say."
    )


def ahead(ours_n: Tensor, theirs_n: Tensor) -> int:
    """Return 1 or -1 when the first or the second answers, each right or wrong for the
    same pictures, are better by more than luck explains (a sign test on those where
    they differ), and 0 otherwise."""
    gained, lost = int((ours_n & ~theirs_n).sum()), int((theirs_n & ~ours_n).sum())
    few, n = min(gained, lost), gained + lost
    luck = 2 * sum(math.comb(n, i) for i in range(few + 1)) / 2**n
    if luck > LUCK:
        return 0
    return 1 if gained > lost else -1
