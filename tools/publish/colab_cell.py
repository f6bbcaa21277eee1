import importlib
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

REPOSITORY = "https://github.com/OWNER/NAME"
BRANCH = "student"
PRINTED_WITH = "2.14.1"
NEEDED = ["tqdm>=4.67"]


def is_absent(requirement):
    """Return whether no version at all of a package is installed."""
    try:
        metadata.version(re.match(r"[\w.-]+", requirement)[0])
    except metadata.PackageNotFoundError:
        return True
    return False


def call(name, remedy, command):
    """Run a command; raise RuntimeError with what it said last where it fails."""
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        last = (said.splitlines() or ["nothing"])[-1]
        raise RuntimeError(
            f"The course is not installed, since {name} said {last!r}: {remedy}, then "
            "run this cell again."
        )


def install_course(folder):
    """Clone the course into `folder`, install what is absent, make it importable."""
    if not (folder / "pyproject.toml").exists():
        remedy = f"make sure that {REPOSITORY} is public and has a branch {BRANCH}"
        shallow = ("git", "clone", "--depth=1", f"--branch={BRANCH}", "--")
        call("git", remedy, (*shallow, REPOSITORY, str(folder)))
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")
    if absent := [text for text in NEEDED if is_absent(text)]:
        call("pip", "wait a minute", (*pip, *absent))
    if is_absent("from-pixels-to-transformers"):
        call("pip", "wait a minute", (*pip, "--editable", str(folder)))
    # Without them a lesson leaves out what needs them, so a failure stops nothing.
    subprocess.run((sys.executable, "-m", "tools", "weights"), cwd=folder)
    if str(folder) not in sys.path:  # this Python has started without it
        sys.path.insert(0, str(folder))
    importlib.invalidate_caches()


if __name__ == "__main__":  # as in every notebook; nothing happens on an import
    install_course(Path(REPOSITORY.rpartition("/")[2]).absolute())
    print(
        f"✓ the course is installed; PyTorch here: {metadata.version('torch')},",
        end=" ",
    )
    print(f"on the printed pages: {PRINTED_WITH}, so last digits may differ")
