"""`python -m tools publish`: a tree to push as a branch, and the links that open it.

Nothing is pushed, and no remote is asked: the commands to do so are printed.
"""

import argparse

from tools.course import files, notebooks
from tools.course.tracked import to_hand_out
from tools.publish import links
from tools.publish.folder import renew
from tools.publish.place import FORMS, NO_HUB, settings
from tools.publish.tree import titles, tree

GUIDE = "teaching/README.md"  # has the links between two markers
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
EXAMPLE = "--repository OWNER/NAME --branch student"


def options(parser: argparse.ArgumentParser) -> None:
    """Add what publish.toml says otherwise."""
    for name, text in (
        ("repository", "OWNER/NAME on GitHub, or the https address of another"),
        ("branch", "the branch that learners get"),
        ("hub", "the https address of your JupyterHub"),
    ):
        parser.add_argument(f"--{name}", help=f"{text} (default: publish.toml)")


def keep_in_step(table: str) -> None:
    """Renew the table between the two markers of the teachers' guide, and say so."""
    page = files.ROOT / GUIDE
    text = page.read_text(encoding="utf-8")
    renewed = links.with_block(text, table)
    if renewed != text:
        files.write_whole(page, renewed)
        print(f"{GUIDE}: links renewed")


def main(arguments: argparse.Namespace) -> int:
    """Write build/publish and print how to push it, then the links; return 0.

    Raises UserError for a setting that cannot be used.
    """
    given = {name: getattr(arguments, name) for name in FORMS}
    place, folder = settings(**given), files.BUILD / "publish"
    table = links.table(place, titles())
    moved = renew(folder, tree(place, table))
    for sentence in (*to_hand_out(notebooks.lessons())[1], *moved):
        print(f"! {sentence}")
    # What an option says is for once: the guide stands for the settings.
    if not any(given.values()):
        keep_in_step(table)
    shown = folder.relative_to(files.ROOT).as_posix()
    print(f"{shown} is written. To publish it, type:\n\n    cd {shown}")
    commands = COMMIT if (folder / ".git").exists() else START + COMMIT + AGAIN
    print(commands.format(branch=place.branch, repository=place.repository))
    print(f"{NEVER}\n\nThe links, also in {shown}/LINKS.md:\n\n{table}")
    if place.hub == NO_HUB:
        print("\nFor links to your JupyterHub, set hub in publish.toml, or --hub.")
    return 0
