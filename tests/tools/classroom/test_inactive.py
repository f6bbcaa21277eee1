"""Nothing that a student has written runs on a page; what the course shows stays."""

import re

import pytest
from nbformat import v4

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

ACTIVE = [
    "<script>window.ran = 1</script>",
    "<SCRIPT SRC='https://pixels.invalid/a.js'></SCRIPT>",
    "<img src=x onerror='window.ran = 1'>",
    "<img src='https://pixels.invalid/a.png'>",
    "<svg onload='window.ran = 1'></svg>",
    "<svg><script>window.ran = 1</script></svg>",
    "<iframe src='https://pixels.invalid/'></iframe>",
    "<a href='javascript:window.ran = 1'>a</a>",
    "<a href=' java&#115;cript:window.ran = 1'>a</a>",
    "<a href='data:text/html,ran'>a</a>",
    "<form action='https://pixels.invalid/'><input name=a></form>",
    "<object data='a'></object><embed src='a'>",
    "<base href='https://pixels.invalid/'><meta http-equiv='refresh' content='0'>",
    "<link rel=stylesheet href='https://pixels.invalid/a.css'>",
    "<style>body { display: none }</style>",
    "<p style='background-color: url(https://pixels.invalid/a)'>a</p>",
    "<details ontoggle='window.ran = 1' open><summary>a</summary></details>",
    "</div></div></body><script>window.ran = 1</script>",
]
RUNS = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|base|meta|link|style|svg)"
    r"|\son\w+\s*=|javascript:|pixels\.invalid|data:text",
    re.IGNORECASE,
)
KEPT = [
    '<div style="border-left:4px solid #009E73;padding:2px 10px">✓ 1.1  a: 0.5</div>',
    '<table><tbody><tr><td style="text-align:right">1</td></tr></tbody></table>',
    '<img alt="a" src="data:image/png;base64,iVBORw0KGgo=">',
    "<details><summary>Answer</summary><p>a &lt; b</p></details>",
    '<a href="https://example.org/a">a</a>',
]


@pytest.fixture(scope="module")
def page():
    """Return a function that makes a page of cells as a feedback page is made; of it,
    what stands in the body."""
    from nbconvert.exporters import HTMLExporter
    from traitlets.config import Config

    from tools.classroom.inactive import Inactive, markdown

    config = Config()
    config.HTMLExporter.filters = {"markdown2html": markdown}
    config.HTMLExporter.preprocessors = [Inactive]
    config.HTMLExporter.template_name = "classic"
    exporter = HTMLExporter(config=config)

    def page(*cells):
        html, _ = exporter.from_notebook_node(v4.new_notebook(cells=list(cells)))
        return html.partition("<body>")[2]

    return page


def shown(data, **metadata):
    """Return a code cell that shows something."""
    output = v4.new_output("display_data", data=data, metadata=metadata)
    return v4.new_code_cell("1", outputs=[output])


@pytest.mark.parametrize("html", ACTIVE)
@pytest.mark.parametrize("place", ["markdown", "text/html", "text/markdown", "raw"])
def test_what_could_run_is_gone(page, html, place):
    makers = {"markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}
    cell = makers[place](html) if place in makers else shown({place: html})
    text = page(cell, v4.new_markdown_cell("the *end*"))
    # As text it may stand there: what begins with &lt; is none.
    assert not RUNS.search(re.sub(r"&lt;.*?(?=<|$)", "", text)), html
    assert "<em>end</em>" in text


@pytest.mark.parametrize("html", KEPT)
def test_what_the_course_shows_stays(page, html):
    from tools.classroom.inactive import inactive

    plain = html.replace(" ", "").replace(";", "").replace("'", '"')
    assert inactive(html).replace(" ", "").replace(";", "") == plain
    text = page(shown({"text/html": html, "text/plain": "a"}))
    (said,) = re.findall(r'>([^<>]+)<|src="([^"]+)', html)[:1]
    assert "".join(said) in text


def test_other_kinds_of_outputs_are_pictures_or_text(page):
    picture = "iVBORw0KGgo="
    text = page(
        shown({"image/png": picture}, **{"image/png": {"width": "1 onload=run()"}}),
        shown({"image/png": '" onerror="run()', "text/plain": "instead"}),
        shown({"application/javascript": "run()", "text/plain": "in words"}),
        shown({"image/svg+xml": "<svg onload='run()'/>", "text/plain": "drawn"}),
        shown({"text/latex": "$a < b$<script>run()</script>"}),
    )
    assert f"data:image/png;base64,{picture}" in text
    for word in ("instead", "in words", "drawn"):
        assert word in text
    assert "run()" not in text.replace("&lt;script&gt;run()&lt;/script&gt;", "")


def test_names_that_become_attributes_are_names(page):
    cell = v4.new_code_cell("1", metadata={"tags": ['a" onclick="run()', "good"]})
    text = page(cell)
    assert "run()" not in text
    assert "celltag_good" in text
