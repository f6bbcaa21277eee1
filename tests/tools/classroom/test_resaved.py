"""A notebook is read however it was saved anew; what is none is named."""

import json

import nbformat
import pytest
from nbformat import v4

from helpers.core.errors import UserError
from tools.classroom import resaved
from tools.classroom.resaved import read_resaved

SOURCES = ["# Ünïcode · “quoted”", "x = 1\ny = 2"]
EXERCISE = {"nbgrader": {"grade_id": "ex-1-1"}, "tags": ["a"]}
OLD = {  # as IPython 1 and 2 have written it
    "nbformat": 3,
    "nbformat_minor": 0,
    "metadata": {"name": ""},
    "worksheets": [
        {
            "cells": [
                {"cell_type": "markdown", "source": SOURCES[0], "metadata": {}},
                {
                    "cell_type": "code",
                    "input": SOURCES[1],
                    "language": "python",
                    "outputs": [],
                    "prompt_number": 3,
                    "collapsed": False,
                    "metadata": EXERCISE,
                },
            ]
        }
    ],
}


def notebook(**changes):
    """Return a notebook as JSON, some keys changed."""
    cells = [v4.new_markdown_cell(SOURCES[0]), v4.new_code_cell(SOURCES[1])]
    cells[1].metadata.update(EXERCISE)
    return json.loads(nbformat.writes(v4.new_notebook(cells=cells))) | changes


def text(found=None):
    """Return a notebook, or other JSON, as text."""
    found = notebook() if found is None else found
    return json.dumps(found, ensure_ascii=False, indent=1)


@pytest.fixture
def read(tmp_path):
    """Return a function that reads these bytes, or this text or JSON, as a file."""

    def read(content):
        if isinstance(content, dict | list):
            content = text(content)
        if isinstance(content, str):
            content = content.encode()
        path = tmp_path / "a.ipynb"
        path.write_bytes(content)
        nb, notes = read_resaved(path)
        nbformat.validate(nb)
        assert (nb.nbformat, nb.nbformat_minor) == (4, 5)
        return nb, notes

    return read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (text(), []),
        (text().encode("utf-8-sig"), []),
        ("\ufeff\ufeff" + text(), []),
        (text().replace("\n", "\r\n"), []),
        (text().encode("utf-16"), ["it was read as utf-16"]),
        (text().encode("utf-16-le"), ["it was read as utf-16-le"]),
        (text().encode("cp1252"), ["it was read as cp1252"]),
        (f"\n {text()}\n\n-- \nmy phone", ["text after its end was left out"]),
        (OLD, ["it was converted from format 3"]),
        ({**OLD, "nbformat": None}, ["it was converted from format 3"]),
        (notebook(nbformat_minor=4), []),
        (notebook(nbformat=None, metadata=None), []),
    ],
)
def test_what_is_told_otherwise_is_read(read, content, said):
    nb, notes = read(content)
    assert [cell.source for cell in nb.cells] == SOURCES
    assert nb.cells[1].metadata.items() >= EXERCISE.items()
    assert notes == said


def test_outputs_and_line_ends_of_another_system_go(read):
    found = notebook()
    found["cells"][1] |= {
        "source": ["x = 1\r\n", "y = 2"],
        "outputs": [{"output_type": "error", "ename": "E"}],
        "execution_count": 7,
    }
    (_, cell), _ = read(found)[0].cells, None
    assert cell.source == SOURCES[1]
    assert (cell.outputs, cell.execution_count) == ([], None)


def test_ids_are_kept_once_and_given_where_there_are_none(read):
    found = notebook()
    ids = ["a", "a", None, "not an id", 7]
    found["cells"] = [found["cells"][1] | {"id": id} for id in ids]
    del found["cells"][2]["id"]
    kept = [cell.id for cell in read(found)[0].cells]
    assert kept[0] == "a"
    assert len(set(kept)) == len(ids)


@pytest.mark.parametrize(
    "change",
    [
        {"source": None},
        {"source": ["x", 1]},
        {"metadata": []},
        {"metadata": {"tags": "a"}},
        {"metadata": {"nbgrader": "x"}},
        {"cell_type": "heading"},
        {"cell_type": None},
    ],
)
def test_a_broken_cell_costs_nothing_else(read, change):
    found = notebook()
    found["cells"].insert(1, found["cells"][1] | change)
    cells = read(found)[0].cells
    assert [cell.source for cell in cells[::2]] == SOURCES
    assert cells[2].metadata == EXERCISE


PIXEL = {"a.png": {"image/png": "iVBORw0KGgo="}}


@pytest.mark.parametrize(
    ("pictures", "kept", "shown"),
    [
        (PIXEL, PIXEL, "![](attachment:a.png)"),
        (None, None, "![](missing-attachment:a.png)"),
        ({"b.png": PIXEL["a.png"]}, ..., "![](missing-attachment:a.png)"),
        ({"a.png": {}}, None, "![](missing-attachment:a.png)"),
        ({"a.png": 1}, None, "![](missing-attachment:a.png)"),
        ([1], None, "![](missing-attachment:a.png)"),
    ],
)
def test_a_page_can_be_made_without_a_picture_that_is_gone(read, pictures, kept, shown):
    from nbconvert import HTMLExporter

    found = notebook()
    found["cells"][0] |= {"source": "![](attachment:a.png)", "attachments": pictures}
    nb, _ = read(found)
    assert nb.cells[0].source == shown
    assert nb.cells[0].get("attachments") == (pictures if kept is ... else kept)
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(nb)
    assert ("data:image/png;base64,iVBORw0KGgo=" in page) is (kept is PIXEL)


def test_of_metadata_that_does_not_fit_nbgraders_is_kept(read):
    found = notebook()
    found["cells"][1]["metadata"]["tags"] = "a"
    assert read(found)[0].cells[1].metadata == {"nbgrader": EXERCISE["nbgrader"]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty; ask for the .ipynb file itself"),
        (" \n", "it is empty"),
        ("<!DOCTYPE html>\n<p>Log in</p>", "it is a web page"),
        (b"PK\x03\x04\x14\x00", "it is a zip archive, to be unpacked"),
        (b"%PDF-1.7\n", "it is a PDF"),
        ("{\\rtf1 x}", "it is a text processor's file"),
        (text()[:-20], r"it is cut off or changed by hand: it is no JSON from line \d"),
        (f"{text()[:40]}\n<<<<<<< HEAD\n{text()[40:]}", "it is two versions in one"),
        ("import torch", "it is no JSON; ask for the .ipynb file itself"),
        ([], "it is JSON without cells"),
        ({"a": 1}, "it is JSON without cells"),
        (notebook(cells=["x"]), "its cells are no cells"),
        (notebook(cells=None), "its cells are no cells"),
        (notebook(nbformat=5), "it is of format 5; ask for it in format 4"),
        (OLD | {"worksheets": [1]}, r"its old format is broken \(\w+\)"),
    ],
)
def test_what_is_no_notebook_is_named(read, content, said):
    with pytest.raises(UserError, match=rf"a\.ipynb cannot be read .*: {said}"):
        read(content)


def test_a_notebook_full_of_outputs_is_not_opened(read, monkeypatch):
    monkeypatch.setattr(resaved, "LARGEST", 100)
    with pytest.raises(UserError, match="it has 0 MB; clear its outputs"):
        read(text())


def test_json_that_is_too_deep_is_no_notebook(read, monkeypatch):
    def give_up(*_):
        raise RecursionError

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", give_up)
    with pytest.raises(UserError, match="it is no JSON; ask for"):
        read("[]")
