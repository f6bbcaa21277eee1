"""Export a model to one file with torch.export, load it again and predict."""

import copy
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from helpers.checkpoints.squares import Squares
from helpers.core.errors import UserError
from helpers.core.files import create, expanded
from helpers.core.shown import quoted
from helpers.core.tables import Table
from helpers.data.images.files import as_square, read_picture
from helpers.training.fit import evaluation_mode

ABOUT = "about.json"  # the classes, the side of the pictures, and how to ask
# All that it takes; the course's own code is not needed.
HOW = """\
import json
import torch
from PIL import Image, ImageOps

extra = {"about.json": ""}
program = torch.export.load("FILE", extra_files=extra).module()
classes = json.loads(extra["about.json"])["classes"]
picture = ImageOps.exif_transpose(Image.open("PICTURE")).convert("RGB")
pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)
logits = program(pixels.view(1, picture.height, picture.width, 3))
chances = dict(zip(classes, logits.softmax(dim=1)[0].tolist()))
"""


@dataclass(frozen=True)
class Exported:
    """A model read back from a file: no Python class of the course is needed for it.

    `program` turns pictures as they are stored, bytes (N, H, W, 3) of any H and W, into
    logits (N, K): it cuts them to squares of `side` by itself.
    """

    program: Callable[[Tensor], Tensor]
    classes: tuple[str, ...]
    side: int

    @torch.no_grad()
    def logits(self, images: Tensor, at_once: int = 50) -> Tensor:
        """Return the logits (N, K) of pictures (N, 3, side, side) in 0..1, whose
        values are those of bytes."""
        bytes_nhw3 = (255 * images).round().to(torch.uint8).permute(0, 2, 3, 1)
        return torch.cat([self.program(part) for part in bytes_nhw3.split(at_once)])

    def predict(self, path: str | Path) -> tuple[str, dict[str, float]]:
        """Return the class of one picture file, and each class's probability, the
        most likely first. Raises UserError for a file that is no picture."""
        path = expanded(path)
        if not path.is_file():
            raise UserError(
                f"There is no picture at {quoted(path)}; give a picture's file."
            )
        image = as_square(read_picture(path), self.side)
        chances = self.logits(image[None]).softmax(dim=1)[0]
        order = chances.argsort(descending=True).tolist()
        ranked = {self.classes[k]: chances[k].item() for k in order}
        return self.classes[order[0]], ranked


def export(
    model: nn.Module, classes: Sequence[str], side: int, path: str | Path
) -> Path:
    """Export the model in evaluation mode to a file and return the file's path.

    `model` turns pictures (N, 3, side, side) in 0..1, for any N, into logits (N, K).
    What comes before it is in the file as well, see `Exported`; so are the names of the
    classes and the lines of Python that ask it. A file that is there is never
    overwritten: a number is added to the name, and a line says so. Raises UserError
    when the folder is absent or may not be written to.
    """
    model = nn.Sequential(Squares(side), copy.deepcopy(model).cpu())
    # No picture of the reader's; three lengths that differ, or they would be tied.
    example = torch.zeros(2, side + 1, side + 2, 3, dtype=torch.uint8)
    names = ("pictures", "height", "width")
    any_size = {i: torch.export.Dim(name, min=1) for i, name in enumerate(names)}
    with evaluation_mode(model), torch.no_grad():
        program = torch.export.export(model, (example,), dynamic_shapes=(any_size,))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it names the folders of this machine
    about = json.dumps({"classes": list(classes), "side": side, "how": HOW})
    packed = io.BytesIO()
    torch.export.save(program, packed, extra_files={ABOUT: about})
    return write_to_free_name(packed.getvalue(), Path(path).expanduser())


def write_to_free_name(content: bytes, path: Path) -> Path:
    """Write to `path`, or to the first free name like it; return where it went."""
    number, free = 2, path
    while True:
        try:
            is_new = create(free, content)
        except OSError as error:
            raise UserError(
                f"{quoted(free)} cannot be written ({error.strerror}); give a file's "
                "name in a folder that is there, has room, and that you may write to."
            ) from error
        if is_new:
            break
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    if free != path:
        print(f"{path.name} is there already; written to {free.name} instead.")
    return free


def reload(path: str | Path) -> Exported:
    """Return the model in a file of `export`.

    Only weights, the graph and the text about them are read: an archive that holds
    pickled objects, which could run code, is refused. Raises UserError for it, for a
    missing file, and for one that `export` has not written.
    """
    path = Path(path).expanduser()
    check_plain(path)
    extra = {ABOUT: ""}
    program = torch.export.load(path, extra_files=extra)
    about = json.loads(extra[ABOUT])
    return Exported(program.module(), tuple(about["classes"]), about["side"])


def check_plain(path: Path) -> None:
    """Raise UserError unless `path` is an archive of `export` without pickled code."""
    try:
        with zipfile.ZipFile(path) as archive:
            plain = all(is_plain(archive, name) for name in archive.namelist())
            ours = any(name.endswith(f"/extra/{ABOUT}") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{quoted(path)} cannot be read as a model ({error})."
        ) from error
    if not (plain and ours):
        raise UserError(
            f"{quoted(path)} is no model of this lesson's; nothing was loaded."
        )


def is_plain(archive: zipfile.ZipFile, name: str) -> bool:
    """Return whether one part of the archive holds numbers and text only."""
    if name.endswith("_config.json"):
        entries = json.loads(archive.read(name))["config"].values()
        return not any(entry["use_pickle"] for entry in entries)
    if "/sample_inputs/" in name:
        try:
            torch.load(io.BytesIO(archive.read(name)), weights_only=True)
        except Exception:  # whatever it was, it was more than tensors
            return False
    return True


def contents(path: str | Path) -> Table:
    """Return what an exported file holds: parts, number of files, kilobytes."""
    kinds = {
        "/data/weights/weight_": "weights and buffers",
        "/models/": "the graph of operations (JSON)",
        "/sample_inputs/": "an example input (zeros)",
        f"/extra/{ABOUT}": "classes, picture size, how to ask (JSON)",
    }
    with zipfile.ZipFile(Path(path).expanduser()) as archive:
        entries = [(entry.filename, entry.file_size) for entry in archive.infolist()]
    groups = {what: [] for what in (*kinds.values(), "format notes")}
    for name, size in entries:
        what = next((kinds[k] for k in kinds if k in name), "format notes")
        groups[what].append(size)
    rows = [(what, len(s), sum(s) / 1000) for what, s in groups.items()]
    return Table(["part", "files", "size (kB)"], rows)
