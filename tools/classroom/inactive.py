"""What students hand in stays text on a teacher's page: nothing of it runs there.

The formgrader shows it within Jupyter, where a script has the teacher's rights, and
feedback pages are opened from a disk. So HTML of cells and outputs keeps its form
(tables, figures, the course's boxes) and loses scripts, handlers, frames, forms and
addresses but for plain links; what a browser would run is not shown at all.
"""

import re
from functools import cache

from bleach.css_sanitizer import ALLOWED_CSS_PROPERTIES, CSSSanitizer
from bleach.sanitizer import Cleaner
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbformat import v4
from nbgrader.preprocessors import NbGraderPreprocessor

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup"),
    *("dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h1"),
    *("h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark"),
    *("ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"),
}
ANYWHERE = {"class", "style", "title", "align"}
OF_TAGS = {
    "a": {"name", "id"},
    "img": {"alt", "width", "height"},
    "details": {"open"},
    "ol": {"start"},
    **{name: {"colspan", "rowspan"} for name in ("td", "th")},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
STYLES = ALLOWED_CSS_PROPERTIES | {
    *("border", "border-left", "border-right", "border-top", "border-bottom"),
    *("border-collapse", "margin", "margin-left", "margin-top", "padding", "max-width"),
}
PICTURES = ("image/png", "image/jpeg")
PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]*")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
PLAIN = ("text/plain", "text/latex", "text/markdown")
WORD = re.compile(r"[\w-]{1,64}")
LINK = re.compile(r"(https?://|mailto:|#)\S*|[\w./#-]+")
URL = re.compile(r"url\s*\(", re.IGNORECASE)


def allowed(tag: str, name: str, value: str) -> bool:
    """Return whether a tag keeps an attribute: pictures are those in the page."""
    if tag == "img" and name == "src":
        return PICTURE.fullmatch(value) is not None
    if tag == "a" and name == "href":
        return LINK.fullmatch(value) is not None
    if name == "style" and URL.search(value):
        return False
    return name in ANYWHERE or name in OF_TAGS.get(tag, ())


@cache
def cleaner() -> Cleaner:
    """Return what takes out of HTML all that could run."""
    return Cleaner(
        tags=TAGS,
        attributes=allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=STYLES),
    )


def inactive(html: str) -> str:
    """Return HTML in which nothing can run."""
    return cleaner().clean(html)


@cache
def usual() -> HTMLExporter:
    """Return what turns Markdown into HTML, as nbconvert does."""
    return HTMLExporter()


@pass_context
def markdown(context, source: str) -> str:
    """Return the HTML of Markdown in which nothing can run: a filter of templates."""
    return inactive(HTMLExporter.markdown2html(usual(), context, source))


class Inactive(NbGraderPreprocessor):
    """Take out of a notebook what could run on a page; Markdown is the filter's."""

    def preprocess(self, nb, resources):
        """Clean all cells, and drop what only a script on the page would read."""
        for name in ("widgets", "title"):
            nb.metadata.pop(name, None)
        return super().preprocess(nb, resources)

    def preprocess_cell(self, cell, resources, index):
        """Clean the outputs of a cell and its tags; show a raw one as text."""
        if "tags" in cell.metadata:
            tags = cell.metadata.tags
            tags = tags if isinstance(tags, list) else []
            cell.metadata["tags"] = [tag for tag in tags if WORD.fullmatch(str(tag))]
        if cell.cell_type == "raw":
            text = f"    {cell.source}".replace("\n", "\n    ")
            cell = v4.new_markdown_cell(text, id=cell["id"], metadata=cell.metadata)
            cell.metadata.pop("raw_mimetype", None)
        for output in cell.get("outputs", []):
            if "data" in output:
                output["data"] = shown(output.data)
                output["metadata"] = {}
        return cell, resources


def shown(data: dict) -> dict:
    """Return of an output's data what a page shows and no browser runs."""
    kept = {kind: data[kind] for kind in PLAIN if isinstance(data.get(kind), str)}
    for kind in PICTURES:
        if isinstance(data.get(kind), str) and BASE64.fullmatch(data[kind]):
            kept[kind] = data[kind]
    if isinstance(data.get("text/html"), str):
        kept["text/html"] = inactive(data["text/html"])
    return kept
