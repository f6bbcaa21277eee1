"""Pretrained checkpoints that the course ships: small ResNets, trained and loaded.

`python -m helpers.checkpoints.pretrained` trains them anew, half a minute each at one
thread, and writes `data/pretrained/`. Bit for bit the same only on the same machine
and PyTorch.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.core.files import ROOT, sha256, write_whole
from helpers.data.images.datasets import ImageSet, batches
from helpers.data.images.rendered import SOURCES
from helpers.models.vision.resnet import DeepNet, ResidualBlock
from helpers.training.fit import History, accuracy, fit
from helpers.training.untrained import untrained

FOLDER = ROOT / "data" / "pretrained"
COMMAND = "python -m helpers.checkpoints.pretrained"
CHECKED = 2_000  # pictures on which the accuracy is measured
CHECK_SEED = 99  # theirs: another than any that trains


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; the defaults are those of what is shipped."""

    pictures: int = 60_000
    steps: int = 940  # twice through the pictures
    batch: int = 128
    lr: float = 1e-2
    width: int = 24
    seed: int = 0


# ---------------------------------------------------------------- how


def small_net(classes: int, width: int = 24) -> DeepNet:
    """Return lesson 02's residual network of 8 layers: (B, 1, H, W) -> (B, K) logits,
    from 4 * width features."""
    return DeepNet(ResidualBlock, 8, width=width, classes=classes)


def pretrain(
    source: ImageSet, recipe: Recipe, device: torch.device | str = "cpu"
) -> tuple[DeepNet, History]:
    """Return a small network trained on the source as the recipe says, in evaluation
    mode, and its History. `recipe.pictures` is not used: the source is given."""
    net = untrained(lambda: small_net(len(source.classes), recipe.width), recipe.seed)
    net = net.to(device, memory_format=torch.channels_last)
    served = batches(source, recipe.batch, recipe.seed)
    history = fit(net, served, recipe.steps, lr=recipe.lr, label="pretraining")
    return net.eval(), history


def made(name: str, recipe: Recipe) -> DeepNet:
    """Return the network of one of SOURCES, trained as the recipe says."""
    return pretrain(SOURCES[name](recipe.pictures, recipe.seed), recipe)[0]


# ---------------------------------------------------------------- as files


def train_and_save(
    name: str, folder: Path = FOLDER, recipe: Recipe | None = None
) -> Path:
    """Train the network of one of SOURCES, save its weights and return their path. A
    JSON file beside them holds the recipe, their checksum, and their accuracy on
    pictures of another seed."""
    from safetensors.torch import save_file

    recipe = recipe or Recipe()
    source = SOURCES[name](recipe.pictures, recipe.seed)
    net, _ = pretrain(source, recipe)
    net = net.to(memory_format=torch.contiguous_format)  # a file has one order
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{name}.safetensors"
    save_file(net.state_dict(), weights)
    facts = {
        "sha256": sha256(weights),
        "command": COMMAND,
        "recipe": asdict(recipe) | {"pictures": len(source)},
        "accuracy": round(accuracy(net, SOURCES[name](CHECKED, CHECK_SEED)), 4),
        "torch": torch.__version__.split("+")[0],
    }
    text = json.dumps(facts, indent=2) + "\n"
    write_whole(weights.with_suffix(".json"), text)
    return weights


def load_net(name: str, folder: Path = FOLDER) -> DeepNet:
    """Return the network that was trained on one of SOURCES, in evaluation mode:
    (B, 1, 8, 8) -> (B, K) logits. Raises UserError when a file is absent or has been
    changed."""
    facts = description(folder / f"{name}.json")
    weights = checked(folder / f"{name}.safetensors", facts["sha256"])
    net = small_net(len(weights["fc.bias"]), len(weights["stem.0.weight"]))
    net.load_state_dict(weights)
    return net.eval()


def description(path: Path) -> dict:
    """Return what is written about the weights. Raises UserError when it is not
    there, or was not written by `train_and_save`."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        facts["sha256"], facts["recipe"], facts["accuracy"]
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; {remedy()}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged; {remedy()}") from error
    return facts


def checked(path: Path, digest: str) -> dict[str, Tensor]:
    """Return the weights in a file. Raises UserError unless it is there and its
    content has this SHA-256."""
    from safetensors.torch import load_file

    if not path.is_file():
        raise UserError(f"{path} is missing; {remedy()}")
    if sha256(path) != digest:
        raise UserError(
            f"{path} has another checksum than the file beside it says, so it was not "
            f"loaded; {remedy()}"
        )
    return load_file(path)


def remedy() -> str:
    """Return the end of an error message: how to restore the file."""
    return f"get it back with `git checkout data/pretrained`, or run `{COMMAND}`."


if __name__ == "__main__":
    torch.set_num_threads(1)
    for source_name in SOURCES:
        print(train_and_save(source_name).relative_to(ROOT))
