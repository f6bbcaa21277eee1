"""`python -m tools store`: a second run changes nothing, a failure nothing at all."""

import pytest
from support.tiny_lessons import claim_source, code, tiny_cells

from tools.course import notebooks
from tools.execute import store
from tools.execute.warm import Servers

FIGURE = """\
import matplotlib.pyplot as plt
plt.plot([1, 3, 2])
plt.show()"""
WIDGET = """\
from ipywidgets import IntSlider
IntSlider(3)"""
FLUSHED = "for word in 'ab':\n    print(word, flush=True)"  # one message for each word
CLOCK = "import time\nprint(time.time_ns())"


@pytest.fixture(scope="module")
def stored(tmp_path_factory, write_lesson):
    """Store five lessons twice; return their folder, bytes and problems per round."""
    folder = tmp_path_factory.mktemp("store")
    extra = [code(FLUSHED), code(FIGURE), code(WIDGET), code(CLOCK, "timing")]
    lessons = {
        "01_holds": tiny_cells(*extra),
        "02_fails": tiny_cells(code("1 / 0")),
        "03_warns": tiny_cells(code("import sys\nprint('!', file=sys.stderr)")),
        "04_open": tiny_cells(code(claim_source("4.1", False, None))),
    }
    paths = [write_lesson(folder, name, cells) for name, cells in lessons.items()]
    written = {path.stem: path.read_bytes() for path in paths}
    with Servers(("ipykernel.kernelapp", "papermill")) as servers:
        problems = store.store_lessons(paths, folder / "out", servers=servers)
        first = {path.stem: path.read_bytes() for path in paths}
        store.store_lessons(paths[:1], folder / "out", servers=servers)
    second = {path.stem: path.read_bytes() for path in paths}
    return folder, (written, first, second), problems


def test_a_lesson_that_holds_is_stored_with_counts_and_outputs(stored):
    folder, (written, first, second), _ = stored
    assert written["01_holds"] != first["01_holds"] == second["01_holds"]
    nb = notebooks.read(folder / "01_holds.ipynb")
    cells = notebooks.code_cells(nb)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "image/png" in cells[-3].outputs[0].data
    # Nothing that differs from run to run, and nothing half-written beside it.
    left = [set(cell.metadata) - {"nbgrader"} for cell in cells]
    assert left == [{"tags"}, *[set()] * 6, {"tags"}]
    assert [output.text for output in cells[-4].outputs] == ["a\nb\n"]
    assert set(nb.metadata) == {"language_info", "pixels", "widgets"}
    assert "version" not in nb.metadata.language_info
    assert not list(folder.glob(".*"))


def test_the_saved_widget_is_the_one_that_is_shown(stored):
    nb = notebooks.read(stored[0] / "01_holds.ipynb")
    data = notebooks.code_cells(nb)[-2].outputs[0].data
    shown = data["application/vnd.jupyter.widget-view+json"]["model_id"]
    state = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert state[shown]["model_name"] == "IntSliderModel"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("02_fails", "02_fails: not stored: cell [5]: ZeroDivisionError"),
        ("03_warns", "03_warns: not stored: cell [5] wrote to stderr"),
        ("04_open", "04_open: not stored: claim 4.1 was not judged"),
    ],
)
def test_what_does_not_hold_is_not_stored(stored, name, sentence):
    _, (written, first, _), problems = stored
    assert first[name] == written[name]
    assert any(problem.startswith(sentence) for problem in problems)


def test_a_timing_is_taken_anew_when_the_code_has_changed(stored):
    old = notebooks.read(stored[0] / "01_holds.ipynb")
    new = notebooks.read(stored[0] / "01_holds.ipynb")
    new.cells[-1].outputs[0].text = "another time"
    store.keep_old_timings(new, old)
    assert new.cells[-1].outputs == old.cells[-1].outputs
    new.cells[-1].outputs[0].text = "another time"
    old.metadata.pixels.code = "the hash of other code"
    store.keep_old_timings(new, old)
    assert new.cells[-1].outputs[0].text == "another time"
