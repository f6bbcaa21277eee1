"""A page opens in one line: what it sets, and when its claims are judged."""

import ast
import subprocess
import sys

import matplotlib
import pytest
import torch

from helpers.core.errors import UserError
from helpers.page import progress
from helpers.page.claims import ClaimFailed
from helpers.page.setup import open_lesson
from tools.course import files, notebooks

pytestmark = pytest.mark.usefixtures("theme")


@pytest.fixture(autouse=True)
def followed(monkeypatch):
    """Return the lessons whose progress is followed; nothing is written down."""
    lessons = []
    monkeypatch.setattr(progress, "follow", lessons.append)
    monkeypatch.delenv("PIXELS_COLLECT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return lessons


def test_it_seeds_follows_the_lesson_and_uses_the_theme(followed):
    matplotlib.rcParams["axes.titlelocation"] = "center"
    run, _ = open_lesson("04", 3, 0.5, "cpu")
    drawn = torch.rand(2)
    assert (run.seed, run.budget, run.device.type) == (3, 0.5, "cpu")
    torch.manual_seed(3)
    assert torch.equal(drawn, torch.rand(2))
    assert followed == ["04"]
    assert matplotlib.rcParams["axes.titlelocation"] == "left"


@pytest.mark.parametrize(
    ("budget", "as_printed", "judged"),
    [(1.0, True, True), (1.0, False, False), (0.5, True, False), (0.5, False, False)],
)
def test_a_claim_is_judged_on_the_page_as_printed_alone(
    budget, as_printed, judged, capsys
):
    _, claim = open_lesson("04", 0, budget, "cpu", as_printed=as_printed)
    if judged:
        with pytest.raises(ClaimFailed):
            claim("4.1", "one is two", 1, at_least=2)
    else:
        claim("4.1", "one is two", 1, at_least=2)
        assert "(not judged here)" in capsys.readouterr().out
    with pytest.raises(ClaimFailed):  # what rests on no training is always judged
        claim("4.2", "one is two", 1, kind="always", at_least=2)


def test_without_data_of_its_own_a_lesson_is_as_printed():
    _, claim = open_lesson("04", 0, 1.0, "cpu")
    with pytest.raises(ClaimFailed):
        claim("4.1", "one is two", 1, at_least=2)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((-1, 1.0, "cpu"), "SEED is -1"),
        ((0, 0, "cpu"), "BUDGET is 0"),
        ((0, 1.0, "tpu"), "DEVICE is 'tpu'"),
    ],
)
def test_a_setting_that_no_page_can_start_with_is_one_sentence(settings, words):
    with pytest.raises(UserError, match=words):
        open_lesson("04", *settings)


# What a first cell can do without: PyTorch's compiler, all of torchvision, the parts of
# matplotlib that draw, and libraries that one step of a lesson needs.
WAIT = (
    *("torch._dynamo", "torch._inductor", "sympy", "triton", "torchvision"),
    *("matplotlib.figure", "matplotlib.pyplot", "mpl_toolkits"),
    *("transformers", "sklearn", "scipy", "pandas", "nbformat"),
)
LIGHT = (
    *("core.run", "page.claims", "page.compare", "page.exercises", "training.fit"),
    *("analysis.activations", "plots.theme", "models.vision.cnn"),
)


def first_imports(path):
    """Return what the cells of a lesson import up to the one that opens it."""
    sources = [cell.source for cell in notebooks.code_cells(notebooks.read(path))]
    opens = next(i for i, source in enumerate(sources) if "open_lesson(" in source)
    body = ast.parse("\n".join(sources[: opens + 1])).body
    return [n for n in body if isinstance(n, ast.Import | ast.ImportFrom)]


def test_the_first_cell_of_a_lesson_imports_nothing_that_can_wait():
    """All lessons at once, in a fresh Python: but first helpers that need no widget."""
    nodes = [node for path in notebooks.lessons() for node in first_imports(path)]
    assert len(nodes) > len(notebooks.lessons())
    script = ["import sys", *(f"import helpers.{name}" for name in LIGHT)]
    script += ["found = {'ipywidgets'} & sys.modules.keys()", *map(ast.unparse, nodes)]
    script += [f"print(*sorted(found | {set(WAIT)} & sys.modules.keys()))"]
    words = [sys.executable, "-c", "\n".join(script)]
    done = subprocess.run(words, cwd=files.ROOT, capture_output=True, check=True)
    assert done.stdout.decode().split() == []
