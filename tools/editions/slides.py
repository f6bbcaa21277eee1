"""`python -m tools slides`: lessons as decks of slides, HTML files for any browser."""

import argparse
import shutil
from collections import Counter
from pathlib import Path

from nbformat import NotebookNode

from helpers.core.errors import UserError
from helpers.core.run import progress_bar
from helpers.core.tables import text_table
from tools.course import files, notebooks
from tools.course.options import add_lesson_names, from_environment
from tools.editions.slide_deck import counts, deck, is_shown

WIDGET = "application/vnd.jupyter.widget-view+json"
HEADER = ("lesson", "slides", "figures", "predictions")
NETWORK = "https://unpkg.com/reveal.js@4.6.1"
NEEDED = ("dist/reveal.js", "dist/reveal.css", "plugin/notes/notes.js")
EXAMPLE = "01 --reveal reveal.js-4.6.1"


def options(parser: argparse.ArgumentParser) -> None:
    """Add which lessons to export, and where reveal.js is."""
    add_lesson_names(parser)
    parser.add_argument(
        "--reveal",
        default=from_environment("REVEAL"),
        metavar="FOLDER",
        help="an unpacked reveal.js 4, copied beside the decks: they then need no "
        "network; or its address (default: $PIXELS_REVEAL, else its public address)",
    )


def for_export(path: Path) -> NotebookNode:
    """Return the deck of the lesson in `path` without widgets and hidden code."""
    nb = deck(notebooks.read(path))
    nb.metadata.pop("widgets", None)
    for cell in filter(is_shown, notebooks.code_cells(nb)):
        cell.outputs = [o for o in cell.outputs if WIDGET not in o.get("data", {})]
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata["transient"] = {"remove_source": True}  # nbconvert's name
    return nb


def export(path: Path, folder: Path, reveal: str = NETWORK) -> Counter:
    """Write the deck of the lesson in `path` into `folder`; return what it shows.

    `reveal`: where the deck finds reveal.js, an address or a folder beside the deck.
    Raises UserError for a formula that cannot be converted.
    """
    from nbconvert import SlidesExporter  # where used: it takes a second to import

    from tools.editions.slide_formulas import markdown2html

    nb = for_export(path)
    exporter = SlidesExporter(
        template_name="slides_template",
        extra_template_basedirs=[str(Path(__file__).parent)],
        reveal_theme="white",  # its type comes along; others ask the network for it
        reveal_url_prefix=reveal,
        filters={"markdown2html": markdown2html},
    )
    name = {"metadata": {"name": notebooks.title(nb)}}
    text, _ = exporter.from_notebook_node(nb, name)
    files.write_whole(folder / f"{path.stem}.slides.html", text)
    return counts(nb)


def beside(reveal: str, folder: Path) -> str:
    """Return where a deck in `folder` finds reveal.js: an address as it is ("" is its
    public one); a folder is copied beside the decks, so that they go offline together.

    Raises UserError where the folder does not hold reveal.js.
    """
    if not reveal or reveal.startswith(("http://", "https://")):
        return reveal or NETWORK
    for name in NEEDED:
        if not (Path(reveal) / name).is_file():
            raise UserError(f"{reveal} is not reveal.js 4: it has no {name}.")
    for name in ("dist", "plugin/notes"):
        shutil.copytree(
            Path(reveal) / name, folder / "reveal" / name, dirs_exist_ok=True
        )
    return "reveal"


def main(arguments: argparse.Namespace) -> int:
    """Export the chosen lessons into build/slides; print a table; return 0."""
    paths, folder = notebooks.choose(arguments.lessons), files.BUILD / "slides"
    reveal = beside(arguments.reveal, files.make_folder(folder))
    rows = []
    for path in progress_bar(paths, label="decks"):
        shown = export(path, folder, reveal)
        numbers = (str(shown[name]) for name in HEADER[1:])
        rows.append((path.stem, *numbers))
    print(text_table([HEADER, *rows], right=(1, 2, 3)))
    print(f"The decks are in {folder}; in a browser, S shows the speaker notes.")
    if reveal.startswith("http"):
        print(f"Showing them needs {reveal}; with --reveal FOLDER they go offline.")
    return 0
