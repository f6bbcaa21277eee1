"""ResNet-18 with torchvision's ImageNet weights, loaded from a checked file."""

from functools import partial
from pathlib import Path

import torch
from torch import nn

from helpers.checkpoints.backbones import Backbone
from helpers.core.errors import UserError
from helpers.core.files import fetch, intact
from helpers.data.images.folder import SIDE
from helpers.models.vision.resnet import BasicBlock, ResNet

# torchvision's ResNet18_Weights.IMAGENET1K_V1; the name's end begins the checksum.
NAME = "resnet18-f37072fd.pth"
URL = f"https://download.pytorch.org/models/{NAME}"
DIGEST = "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WIDTH = 512
LR, BATCH = 3e-4, 16  # a step of 16 pictures takes about a CPU second


def weights_file() -> Path:
    """Return the checked file of weights: from torch hub's cache, the course's cache,
    or the network. Raises UserError when it is in none of the three."""
    kept = Path(torch.hub.get_dir()) / "checkpoints" / NAME
    if intact(kept, DIGEST):
        return kept
    if kept.exists():
        print(f"{kept} has another checksum than torchvision's file; it is ignored.")
    return fetch(URL, NAME, DIGEST)


def resnet18(file: Path) -> nn.Module:
    """Return lesson 02's ResNet-18 with the weights in a file, without its last layer:
    (B, 3, H, W) -> (B, 512). Raises RuntimeError for weights of another network."""
    weights = torch.load(file, map_location="cpu", weights_only=True)
    with torch.device("meta"):  # nothing is drawn that would be overwritten
        network = ResNet(BasicBlock, (2, 2, 2, 2))
    network.load_state_dict(weights, assign=True)
    network.fc = nn.Identity()
    return network


def imagenet() -> Backbone:
    """Return the ImageNet backbone. Raises UserError when its weights cannot be had."""
    body = partial(resnet18, weights_file())
    return Backbone("the ImageNet ResNet-18", body, WIDTH, SIDE, MEAN, STD, LR, BATCH)


def imagenet_or(course: Backbone) -> Backbone:
    """Return the ImageNet backbone; without its weights one line says why, and the
    course's own is returned."""
    try:
        return imagenet()
    except UserError as error:
        print(f"{' '.join(str(error).split())} Going on with {course.name}.")
        return course
