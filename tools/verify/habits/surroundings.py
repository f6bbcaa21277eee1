"""Where a kernel lives: which folders are closed to it, and what its variables say.

Nothing is changed where one's files are. The home folder is another one, empty and
closed; data/ is the course's own, and what is written there is refused on the way.
Permission bits alone would not do: they do not stop root, which is who runs in most
containers; `walls` and, where it can, `seal` (both beside this file) stop root too.
"""

from collections.abc import Sequence
from pathlib import Path

from tools.course import files
from tools.execute.kernels import at_home
from tools.verify.habits import seal
from tools.verify.habits.walls import Walls

DATA = files.ROOT / "data"


def surroundings(walls: Sequence[str], folder: Path, log: Path) -> dict:
    """Return the fields of a job that put its kernel behind `walls`: the launcher, and
    the kernel's environment, in which None takes a variable away.

    `walls`: among "network", "data" and "home", which is made in `folder`. `log`: the
    file that the walls write to.
    """
    if not walls:
        return {}
    log.unlink(missing_ok=True)  # every process adds to it
    network, environment = "network" in walls, {}
    folders = {"data": str(DATA)} if "data" in walls else {}
    if "home" in walls:
        home = closed(folder / "home")
        folders["home"] = str(home)
        environment = at_home(home)
    launcher = seal.launcher(network, folders.values())
    held = Walls(str(log), network, folders, sealed=bool(launcher))
    return {"environment": environment | held.as_environment(), "launcher": launcher}


def closed(folder: Path) -> Path:
    """Return an empty folder in which its owner may not write."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    return folder


def log_of(path: Path, folder: Path) -> Path:
    """Return where the walls around a lesson write down what runs into them."""
    return folder / f"{path.stem}-walls.log"
