"""The environment in which kernels and tests run: defaults, one thread, no bars."""

import os
from pathlib import Path

from helpers.page.claims import COLLECT
from tools.course.files import BUILD, ROOT, make_folder, write_whole
from tools.execute import defaults


def child_environment(root: Path = ROOT, **changes: str | None) -> dict[str, str]:
    """Return the environment in which kernels and tests run: one thread, no bars, and
    nothing that the reader has configured (`tools.execute.defaults`).

    Two notebooks run at once, so each gets one thread. The checkout at `root` comes
    first on the import path: what is executed is what stands there, wherever it was
    installed. `changes`: other variables, None for one that goes.
    """
    own = {
        "IPYTHONDIR": str(quiet_profile()),
        "JUPYTER_NO_CONFIG": "1",
        "OMP_NUM_THREADS": "1",
        COLLECT: "",  # only the ledger sets it
        "PIXELS_QUIET": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",  # Windows would say ✓ in a code page without it
        "PYTHONPATH": first("PYTHONPATH", root),
    }
    return defaults.environment(**own | changes)


def first(variable: str, *parts: Path) -> str:
    """Return `parts` as a list of paths, before those that a variable holds already."""
    paths = [*map(str, parts), os.environ.get(variable, "")]
    return os.pathsep.join(path for path in paths if path)


def at_home(folder: Path) -> dict[str, str | None]:
    """Return the changes that make `folder` the home of a process, in which it keeps
    all that is its own: what names another place goes."""
    return dict.fromkeys(ELSEWHERE) | {"HOME": str(folder), "USERPROFILE": str(folder)}


def quiet_profile() -> Path:
    """Write the IPython profile of executed kernels: errors only, no history."""
    folder = BUILD / "ipython"
    config = folder / "profile_default" / "ipython_kernel_config.py"
    text = "c.IPKernelApp.log_level = 40\nc.HistoryManager.enabled = False\n"
    make_folder(config.parent)
    write_whole(config, text)
    return folder


# What tells a program where else than in the home folder it may write.
ELSEWHERE = (
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
    *("MPLCONFIGDIR", "TORCH_HOME", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"),
    *("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "SCIKIT_LEARN_DATA"),
    *("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("APPDATA", "LOCALAPPDATA", "PIXELS_DATA"),
)
