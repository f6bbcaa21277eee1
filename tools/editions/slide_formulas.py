"""Formulas as pictures, drawn by matplotlib: a deck needs no network for them."""

import html
import re
from base64 import b64encode
from io import BytesIO

from helpers.core.errors import UserError

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
# TeX that matplotlib spells otherwise, or sets well without.
SPELLED = {
    r"\mathrel{+}=": r"\;{+}{=}\;",
    r"\mathrel{\times}=": r"\;{\times}{=}\;",
    r"\tfrac": r"\frac",
    r"\big": "",
}
POINTS = 22  # of the type, on a slide 1,280 px wide


def with_pictures(source: str) -> str:
    """Return a Markdown text whose formulas are pictures; code stays as it is.

    Raises UserError for a formula that cannot be drawn.
    """
    pieces = CODE.split(source)
    pieces[::2] = [FORMULA.sub(picture, text) for text in pieces[::2]]
    return "".join(pieces)


def picture(match: re.Match) -> str:
    """Return the HTML image of a formula, in its line of text or on its own line."""
    own_line = match[1] is not None
    tex = " ".join((match[1] or match[2]).split())
    svg, depth = drawn(tex.replace(r"\frac", r"\dfrac") if own_line else tex)
    return (
        f'<img class="formula {"display" if own_line else "inline"}" '
        f'alt="{html.escape(tex)}" style="vertical-align: -{depth:.1f}px" '
        f'src="data:image/svg+xml;base64,{b64encode(svg).decode()}">'
    )


def drawn(tex: str) -> tuple[bytes, float]:
    """Return a formula as SVG, and how far it reaches below the line, in pixels.

    Raises UserError for one that cannot be drawn.
    """
    from matplotlib import rc_context  # where used: half a second
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser

    for theirs, ours in SPELLED.items():
        tex = tex.replace(theirs, ours)
    text, file = f"${tex}$", BytesIO()
    font = FontProperties(size=POINTS, math_fontfamily="dejavusans")
    try:
        with rc_context({"svg.hashsalt": "deck"}):  # the same text each time
            size = MathTextParser("path").parse(text, dpi=72, prop=font)
            figure = Figure(figsize=(size.width / 72, size.height / 72))
            figure.text(0, size.depth / size.height, text, fontproperties=font)
            figure.savefig(
                file, format="svg", transparent=True, metadata={"Date": None}
            )
    except ValueError as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(f"The formula {tex!r} cannot be drawn: {reason}.") from error
    return file.getvalue(), size.depth * 96 / 72
