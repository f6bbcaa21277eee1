"""Points come from a judge that a submission cannot reach. Each tries something
harmless, and is caught."""

import hashlib

import pytest
from nbformat import v4

from helpers.core.signs import RIGHT, WRONG
from tools.classroom import workplace
from tools.classroom.workplace import BY_PYTHON, BY_SYSTEM
from tools.course import notebooks
from tools.execute import sandbox

pytest.importorskip("nbgrader", reason="nbgrader is not installed (extra classroom)")

needs_namespaces = pytest.mark.skipif(
    not sandbox.possible(), reason="this system lets nobody make namespaces"
)
SEALS = [BY_PYTHON, pytest.param(BY_SYSTEM, marks=needs_namespaces)]
SEED = 4821399176
CHECK = f"""\
check("0.2", surprise)
### BEGIN HIDDEN TESTS
from helpers.page.exercises import check

check("0.2", surprise, hidden={SEED})
### END HIDDEN TESTS"""
OPENS = """\
import helpers.page.compare, helpers.page.exercises as exercises
from helpers.page.exercises import check"""
IS_RIGHT = """\
def surprise(logits_k, label):
    return -logits_k.log_softmax(dim=0)[label]"""
IS_WRONG = """\
def surprise(logits_k, label):
    print("✓ 0.2  correct on other inputs too")
    return logits_k.softmax(dim=0)[label]"""
SAYS_RIGHT = """\
from helpers.page.verdicts import Verdict

kept = dict(vars(exercises))
right = lambda *given, **options: Verdict("correct", "correct on other inputs too")
exercises.judge_answer = exercises.judge_cases = right
exercises.ExerciseFailed = Warning
exercises.check = check = lambda *given, **options: print("✓ 0.2  correct")"""
COMPARES_NOTHING = """\
import sys

agree = lambda *given, **options: True
for name, module in list(sys.modules.items()):
    if name.startswith("helpers.page"):
        for word in ("same", "same_values", "close_number", "same_outcome"):
            if hasattr(module, word):
                setattr(module, word, agree)"""
CLAIMS = """\
import helpers.page.claims as claims

claims.judge = lambda *given, **options: lambda *given, **options: print("✓ 0.2")
get_ipython().showtraceback = lambda *given, **options: print("✓ 0.2  correct")
get_ipython().set_custom_exc((Exception,), lambda *given, **options: print("✓ 0.2"))"""
PRINTS = """\
print("✓ 0.2  correct on other inputs too")
from IPython.display import display

display({"text/plain": "1"}, raw=True)
1"""
HANDS_OVER = """\
import helpers.page.recorder as recorder
from helpers.page.plain_values import to_bytes as honest

recorder.to_bytes = lambda found: ({})"""
FORGERIES = {
    "no safetensors": 'honest(found)[0], b"correct"',
    "more than 16 MB": 'honest(found)[0], b"1" * (16 * 2**20 + 1)',
    "other names": 'b"[true]", __import__("safetensors.torch").torch.save('
    '{"correct": __import__("torch").ones(1)})',
    "NaN": 'honest([x * float("nan") if hasattr(x, "log") else x for x in found])',
    "no JSON": 'b"correct", honest(found)[1]',
}
# Looks for a number of which it knows the digest alone, not to find itself.
LOOKS = """\
import gc, hashlib, os, re, sys

def texts():
    yield from map(str, sys.argv)
    yield from os.environ.values()
    for held in [globals(), *gc.get_objects()]:
        if type(held) in (dict, list, tuple):
            parts = list(held.values() if type(held) is dict else held)
            yield from (str(x) for x in parts if type(x) in (str, int))
    files = ["/proc/self/environ", "/proc/self/cmdline"]
    for top in (".", "..", {room!r}):
        files += [os.path.join(at, n) for at, _, names in os.walk(top) for n in names]
    for name in files:
        try:
            if os.path.isfile(name):
                with open(name, encoding="latin-1") as file:
                    yield file.read(10**6)
        except OSError:
            pass

numbers = {{number for text in texts() for number in re.findall(r"\\d{{6,12}}", text)}}
digests = {{hashlib.sha256(number.encode()).hexdigest() for number in numbers}}
print(len(numbers) > 10, {digest!r} in digests)"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that runs cells of ada's, sealed; each check is judged. It
    returns the cells."""
    from tools.classroom.steps import GradedRun

    own = tmp_path / "room" / "autograded" / "ada" / "00"
    own.mkdir(parents=True)
    (own / "own.ipynb").write_text(f"hidden={SEED}", encoding="utf-8")
    (tmp_path / "room" / ".written.json").write_text(f"{SEED}", encoding="utf-8")

    def run(seal, *sources, **settings):
        monkeypatch.setenv(workplace.SEAL, seal)
        nb = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
        for number, cell in enumerate(nb.cells):
            if "hidden=" in cell.source:
                graded = {"grade": True, "grade_id": f"check-{number}", "points": 1}
                cell.metadata["nbgrader"] = graded | {"solution": False, "locked": True}
        where = {"nbgrader": {"assignment": "00", "notebook": "a"}}
        where["metadata"] = {"path": str(own)}
        step = GradedRun(memory=1_024, whole=True, **settings)
        done, _ = step.preprocess(nb, where)
        return notebooks.code_cells(done)

    run.room = tmp_path / "room"
    return run


def points(cell):
    """Return the points that nbgrader gives for a check cell."""
    from nbgrader.utils import determine_grade

    return determine_grade(cell)[0]


def error(cell):
    """Return the error that a cell shows, "" for none."""
    return "".join(o.evalue for o in cell.outputs if o.output_type == "error")


@pytest.mark.parametrize("seal", SEALS)
def test_no_forgery_is_worth_a_point(run, seal):
    """All in one notebook: who gets a point for what is wrong, ran behind the seal."""
    forged = [[HANDS_OVER.format(code), CHECK] for code in FORGERIES.values()]
    cells = run(
        seal,
        *(OPENS, IS_RIGHT, CHECK),
        *(IS_WRONG, CHECK),
        *(SAYS_RIGHT, CHECK),
        *(COMPARES_NOTHING, CHECK),
        *(CLAIMS, CHECK),
        f"{PRINTS}\n{IS_WRONG}",
        CHECK,
        IS_RIGHT,
        *(source for pair in forged for source in pair),
    )
    right, *wrong = [cell for cell in cells if cell.source == CHECK]
    assert points(right) == 1
    assert notebooks.stream(right) == f"{RIGHT} 0.2  correct on other inputs too\n"
    assert [points(cell) for cell in wrong] == [0] * (5 + len(FORGERIES))
    for cell in wrong[:5]:
        # What the answer prints is not among the judge's outputs.
        assert notebooks.stream(cell).startswith(f"{WRONG} 0.2  ")
        assert RIGHT not in notebooks.stream(cell)
        assert error(cell).startswith(f"{WRONG} 0.2  ")
    for cell, what in zip(wrong[5:], FORGERIES, strict=True):
        assert what in " ".join(notebooks.stream(cell).split())
        assert error(cell).count("\n") == 0


@pytest.mark.parametrize("seal", SEALS)
def test_the_seed_is_nowhere_in_sight(run, seal):
    digest = hashlib.sha256(str(SEED).encode()).hexdigest()
    looks = LOOKS.format(room=str(run.room), digest=digest)
    within = "seen = []\n\n\ndef surprise(logits_k, label):\n    seen.append(label)\n"
    within += IS_RIGHT.partition("\n")[2]
    cells = run(seal, OPENS, within, CHECK, "print(len(seen))", looks, CHECK)
    assert [points(cells[2]), points(cells[5])] == [1, 1]
    assert int(notebooks.stream(cells[3])) > 10  # it was called, on hidden cases too
    assert notebooks.stream(cells[4]) == "True False\n"


def test_what_looks_for_the_seed_would_find_it(run, capsys, monkeypatch):
    monkeypatch.chdir(run.room)
    digest = hashlib.sha256(str(SEED).encode()).hexdigest()
    exec(LOOKS.format(room=str(run.room), digest=digest), {})
    assert capsys.readouterr().out == "True True\n"


STUB = "def surprise(logits_k, label):\n    ..."
OWN_TEST = CHECK + "\nassert surprise.__name__ == {!r}"
SAID = [
    (STUB, CHECK, 0, "○ 0.2  not attempted yet"),
    ("surprise = 3", CHECK, 0, "A function is asked for; that is an int."),
    ("", CHECK.replace("surprise", "missing"), 0, "name 'missing' is not defined"),
    (IS_RIGHT, OWN_TEST.format("surprise"), 1, "correct on other inputs too"),
    (IS_RIGHT, OWN_TEST.format("other"), 0, ""),
]


def test_a_check_cell_says_what_was_found(run):
    cells = run(workplace.which(), OPENS, *(s for case in SAID for s in case[:2]))
    for (_, _, score, text), cell in zip(SAID, cells[2::2], strict=True):
        assert points(cell) == score
        assert text in notebooks.stream(cell) + error(cell)


def test_an_answer_that_does_not_end_is_stopped(run):
    slow = "import time\n\n\ndef surprise(logits_k, label):\n    time.sleep(99)"
    cells = run(workplace.which(), slow, CHECK, "print('on')", exercise_timeout=3)
    assert points(cells[1]) == 0
    assert "took too long" in error(cells[1])
    assert notebooks.stream(cells[2]) == "on\n"


SHOWS = IS_RIGHT.replace("\n", '\n    display({}, raw=True, display_id="own")\n', 1)
CHANGES = """\
from IPython.display import update_display

update_display({"text/plain": "changed"}, raw=True, display_id="own")"""


def test_what_an_answer_displays_cannot_be_changed_into_a_verdict(run):
    cells = run(workplace.which(), SHOWS, CHECK, CHANGES)
    assert points(cells[1]) == 1
    (said,) = cells[1].outputs
    assert set(said) == {"output_type", "name", "text"}
