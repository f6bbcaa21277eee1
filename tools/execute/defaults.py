"""Start from defaults: what a reader has configured for other work reaches no lesson.

Every process of the course that runs, shows or tests a lesson gets its variables from
`environment`: kernels and tests through `kernels.child_environment`, JupyterLab through
`tools.lab.lab`. So no file of the reader's turns a printed figure upside down, or a
right answer wrong:

- matplotlib reads its own file, not the reader's; the fonts it has found stay found. A
  lesson opened elsewhere starts from there too: `helpers.plots.theme.use_theme`.
- IPython and Jupyter read no folder of the reader's; those who call this name another,
  or none. What Python and IPython would run at their start is not run, and the kernel
  called python3 is that of this Python.
- Python leaves the reader's own packages aside (`pip install --user`), unless the
  course itself is installed among them.

What is set up for everyone on this machine, such as /etc/jupyter, stays.
"""

import os
import site
import sys
from importlib.machinery import PathFinder
from pathlib import Path

WARM = "PIXELS_WARM"  # names the folder of a server that forks kernels
# What leads to the reader's own settings, or is one.
PERSONAL = (
    *("PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT"),
    *("MATPLOTLIBRC", "MPLBACKEND", "IPYTHONDIR"),
    *("JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "JUPYTER_NO_CONFIG"),
    *("JUPYTER_PATH", "JUPYTER_PLATFORM_DIRS", "JUPYTERLAB_DIR"),
)
NEEDED = ("torch", "ipykernel")  # without them no lesson runs


def environment(**changes: str | None) -> dict[str, str]:
    """Return this process's variables without what is the reader's, then with these
    changes, None for one that goes."""
    own = dict.fromkeys(PERSONAL) | {
        "JUPYTER_PATH": os.environ.get(WARM),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "MATPLOTLIBRC": matplotlib_file(),
        "PYTHONNOUSERSITE": "1" if stands_without(site.USER_SITE) else None,
    }
    found = os.environ | own | changes
    return {name: text for name, text in found.items() if text is not None}


def matplotlib_file() -> str | None:
    """Return the file of defaults that comes with matplotlib, which goes before the
    reader's; None where there is no matplotlib. Nothing is imported."""
    if spec := PathFinder.find_spec("matplotlib"):
        return str(Path(spec.origin).with_name("mpl-data") / "matplotlibrc")
    return None


def stands_without(folder: str | None) -> bool:
    """Return whether this Python has what lessons need without this folder."""
    rest = [entry for entry in sys.path if entry != folder]
    return all(PathFinder.find_spec(name, rest) for name in NEEDED)
