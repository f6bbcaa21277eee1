"""What lies beside a lesson in source/ is the teacher's: a class list, a solution."""

from pathlib import Path


def beside(folder: Path) -> list[str]:
    """Return the files below a folder that are no notebooks, from there, sorted."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.relative_to(folder).as_posix() for path in files if path.suffix != ".ipynb"
    )
