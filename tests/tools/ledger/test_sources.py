"""The ledger says in which step a claim stands, and which works that step cites."""

import pytest
from nbformat import v4

from tools.course import notebooks
from tools.ledger.sources import sources

CELLS = [
    v4.new_markdown_cell("# 01 · A lesson\n\nAs in 1998."),
    v4.new_code_cell("1"),
    v4.new_markdown_cell("Li and Hu (2015) end step 0.\n\n## Step 1. Look\n\ntext"),
    v4.new_code_cell("2"),
    v4.new_markdown_cell("So it is (Luo et al. 2016, figure 2; Veit et al. 2016)."),
    v4.new_code_cell("3"),
    v4.new_markdown_cell("Luo et al. (2016) again.\n\n## The end: a table\n\ntext"),
    v4.new_code_cell("4"),
]


def test_every_code_cell_has_its_step_and_the_works_cited_there():
    assert sources(v4.new_notebook(cells=CELLS)) == [
        ", citing Li and Hu 2015",
        "Step 1, citing Luo et al. 2016; Veit et al. 2016",
        "Step 1, citing Luo et al. 2016; Veit et al. 2016",
        "The end",
    ]


@pytest.mark.parametrize("path", notebooks.lessons(), ids=lambda path: path.stem)
def test_every_claim_of_the_lessons_stands_in_a_step(path):
    nb = notebooks.read(path)
    places = sources(nb)
    assert len(places) == len(notebooks.code_cells(nb))
    assert all(places[claim["cell"]] for claim in notebooks.claims(nb))
