"""`python -m tools publish`: a tree to push as a branch, and the links that open it.

Nothing is pushed, and no remote is asked: the commands to do so are printed.
"""

import argparse
from pathlib import Path

from tools.course import files
from tools.publish import links
from tools.publish.folder import renew
from tools.publish.place import NAMES, NO_HUB, Place, settings
from tools.publish.tree import titles, tree

FOLDER = files.BUILD / "publish"
GUIDE = files.ROOT / "teaching" / "README.md"
START = """\
    git init --initial-branch={branch}
    git remote add origin {repository}
"""
COMMIT = """\
    git add --all
    git commit -m "The course for students"
    git push origin {branch}
"""
AGAIN = """
If the branch is there already (build/ was cleaned), type before `git add`:

    git fetch origin {branch}
    git reset --soft FETCH_HEAD
"""
NEVER = "Never push with --force: learners could not pull any more."


def commands(place: Place, is_repository: bool) -> str:
    """Return what to type in the folder to publish it."""
    text = COMMIT if is_repository else START + COMMIT + AGAIN
    return text.format(branch=place.branch, repository=place.repository)


def keep_in_step(page: Path, table: str) -> bool:
    """Renew the table between the two markers of a page; return whether it changed."""
    if not page.is_file():
        return False
    text = page.read_text(encoding="utf-8")
    renewed = links.with_block(text, table)
    if renewed != text:
        files.write_whole(page, renewed)
    return renewed != text


def main(arguments: argparse.Namespace) -> int:
    """Write build/publish and print how to push it, then the links; return 0.

    Raises UserError for a setting that cannot be used.
    """
    overrides = {name: getattr(arguments, name) for name in NAMES}
    place = settings(overrides)
    for sentence in renew(FOLDER, tree(place)):
        print(f"! {sentence}")
    lessons = titles(files.NOTEBOOKS)
    table = links.table(place, lessons)
    # What an option says is for once: the guide stands for the settings.
    if not any(overrides.values()) and keep_in_step(
        GUIDE, links.for_guide(place, lessons)
    ):
        print(f"{GUIDE.name}: links renewed")
    shown = FOLDER.relative_to(files.ROOT).as_posix()
    print(f"{shown} is written. To publish it, type:\n\n    cd {shown}")
    print(commands(place, (FOLDER / ".git").exists()))
    print(f"{NEVER}\n\nThe links, also in {shown}/LINKS.md:\n\n{table}")
    if place.hub == NO_HUB:
        print(f"\n! {NO_HUB} is a placeholder: set hub in publish.toml, or --hub.")
    return 0
