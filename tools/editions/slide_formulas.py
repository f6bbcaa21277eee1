"""A cell's text as HTML with MathML, which browsers draw without a script."""

from jinja2 import pass_context
from jinja2.runtime import Context
from math_core import LatexError, LatexToMathML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from helpers.core.errors import UserError
from tools.course.notebooks import formulas

CONVERTER = LatexToMathML(fancy_error=False)


class Renderer(IPythonRenderer):
    """nbconvert's HTML with MathML where nbconvert leaves TeX for MathJax."""

    def inline_math(self, body: str) -> str:
        """Return a formula in its line of text."""
        return mathml(body, own_line=False)

    def block_math(self, body: str) -> str:
        """Return a formula on its own line."""
        return mathml(body, own_line=True)

    def block_html(self, html: str) -> str:
        """Return HTML inside a text, such as a folded answer, with its formulas."""
        for formula in formulas(html):
            own_line = formula.startswith("$$")
            html = html.replace(formula, mathml(formula.strip("$"), own_line))
        return super().block_html(html)


def mathml(tex: str, own_line: bool) -> str:
    """Return a formula as MathML. Raises UserError for one that cannot be converted."""
    try:
        return CONVERTER.convert_with_local_state(tex, displaystyle=own_line)
    except LatexError as error:
        shown = " ".join(tex.split())
        reason = str(error).partition(": ")[2].rstrip(".")  # without its place
        raise UserError(f"{shown!r} cannot become MathML: {reason}.") from error


def to_html(source: str, cell: NotebookNode) -> str:
    """Return Markdown of a cell as HTML.

    Raises UserError, with the cell's id, for a formula that cannot be converted.
    """
    renderer = Renderer(escape=False, attachments=cell.get("attachments"))
    try:
        return MarkdownWithMath(renderer=renderer).render(source)
    except UserError as error:
        raise UserError(f"In cell {cell.id} the formula {error}") from error


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """Return Markdown as HTML: nbconvert's filter of this name."""
    return to_html(source, context["cell"])
