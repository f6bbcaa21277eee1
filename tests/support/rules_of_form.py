"""Rules for the file: executed, quiet, the same on every machine.

Each rule takes a lesson and returns the faults it finds, as lines.
"""

import ast
import re

import nbformat
from nbformat import NotebookNode
from support.stored_lesson import IMAGES, Lesson, name

from tools.course import notebooks

MACHINE_PATH = re.compile(
    r"(?<![\w.:/~])/(?:home|root|Users|tmp|work|opt|usr|var|mnt|srv)/[\w.-]+"
    r"|\b[A-Z]:\\+Users\b"
)
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def is_valid(lesson: Lesson) -> list[str]:
    """Notebook format 4.5 or newer, with unique cell ids."""
    ids = [cell.get("id") for cell in lesson.nb.cells]
    found = [f"cell id {i} occurs twice" for i in set(ids) if ids.count(i) > 1]
    if lesson.nb.nbformat_minor < 5:
        found.append(f"format 4.{lesson.nb.nbformat_minor}; 4.5 or newer needed")
    return found or invalid(lesson.nb)


def invalid(nb: NotebookNode) -> list[str]:
    """Return why a notebook breaks the format's own schema."""
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {str(error).splitlines()[0]}"]
    return []


def is_small(lesson: Lesson) -> list[str]:
    """Less than 1 MB."""
    small = lesson.size < 1_000_000
    return [] if small else [f"{lesson.size:,} bytes; fewer than 1,000,000 needed"]


def has_parameters_first(lesson: Lesson) -> list[str]:
    """The first code cell is tagged `parameters` and holds literals only."""
    tagged = [cell for cell in lesson.code if "parameters" in notebooks.tags(cell)]
    if tagged != lesson.code[:1]:
        return [f"{len(tagged)} cells tagged parameters; the first code cell needed"]
    try:
        found = notebooks.parameters(lesson.nb)
    except (ValueError, SyntaxError) as error:
        return [f"the parameters cell holds more than literals: {error}"]
    needed = {"SEED": 0, "BUDGET": 1.0, "DEVICE": "auto"}
    wrong = [n for n in needed if found.get(n) != needed[n]]
    return [f"{n} is {found.get(n)!r}; {needed[n]!r} needed" for n in wrong]


def is_executed_in_order(lesson: Lesson) -> list[str]:
    """The code cells carry the counts 1, 2, 3, …: Run All in a fresh kernel."""
    return [
        f"{name(cell)} has count {cell.execution_count}; {number} needed"
        for number, cell in enumerate(lesson.code, start=1)
        if cell.execution_count != number
    ]


def has_outputs_of_this_code(lesson: Lesson) -> list[str]:
    """`make store` has executed exactly this code."""
    stored = lesson.nb.metadata.get("pixels", {}).get("code")
    if stored == notebooks.code_fingerprint(lesson.nb):
        return []
    number = lesson.path.stem[:2]
    return [f"outputs of other code; needed: make store LESSONS={number}"]


def has_no_errors(lesson: Lesson) -> list[str]:
    """No stored error."""
    errors = [c for c, output in lesson.outputs if output.output_type == "error"]
    return [f"{name(cell)} stores an error; none may be" for cell in errors]


def has_no_stderr(lesson: Lesson) -> list[str]:
    """No warning and no progress bar is stored."""
    loud = [c for c, output in lesson.outputs if output.get("name") == "stderr"]
    return [f"{name(cell)} wrote to stderr; nothing may be stored" for cell in loud]


def has_no_timing_metadata(lesson: Lesson) -> list[str]:
    """Nothing in the metadata changes from run to run."""
    keys = {"execution", "papermill"}
    noisy = [cell for cell in lesson.nb.cells if keys & set(cell.metadata)]
    found = [f"{name(cell)} stores when it ran; needed: make store" for cell in noisy]
    language = lesson.nb.metadata.get("language_info", {})
    if "papermill" in lesson.nb.metadata or "version" in language:
        found.append("notebook metadata name a run or a version; needed: make store")
    return found


def is_plain_python(lesson: Lesson) -> list[str]:
    """No %magic, no !command: every code cell is Python."""
    found = []
    for cell in lesson.code:
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            found.append(f"{name(cell)} is not plain Python: {error.msg}")
    return found


def names_no_machine(lesson: Lesson) -> list[str]:
    """No absolute path and no memory address, in sources and outputs."""
    texts = [(cell, cell.source) for cell in lesson.nb.cells]
    for cell, output in lesson.outputs:
        shown = [v for k, v in output.get("data", {}).items() if k not in IMAGES]
        texts.append((cell, "\n".join(map(str, [output.get("text", ""), *shown]))))
    return [
        f"{name(cell)} names {match[0]!r}; it differs on every machine"
        for cell, text in texts
        for match in [*MACHINE_PATH.finditer(text), *ADDRESS.finditer(text)]
    ]


def has_claims_that_held(lesson: Lesson) -> list[str]:
    """Claims have ids of their own, in the lesson's number; all are judged and held."""
    claims = notebooks.claims(lesson.nb)
    ids = [claim["id"] for claim in claims]
    chapter = f"{int(lesson.path.stem[:2])}."
    return (
        [f"claim {i} occurs twice" for i in set(ids) if ids.count(i) > 1]
        + [
            f"claim {i} needs an id like {chapter}1"
            for i in ids
            if not i.startswith(chapter)
        ]
        + [f"claim {c['id']} is not judged" for c in claims if not c["judged"]]
        + [f"claim {c['id']} does not hold" for c in claims if c["held"] is not True]
    )


EVERY = (
    is_valid,
    is_small,
    has_parameters_first,
    is_executed_in_order,
    has_outputs_of_this_code,
    has_no_errors,
    has_no_stderr,
    has_no_timing_metadata,
    is_plain_python,
    names_no_machine,
    has_claims_that_held,
)
