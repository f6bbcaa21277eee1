"""Rules for the page: exercises, figures, prose and sizes.

Each rule takes a lesson and returns the faults it finds, as lines. Those in EVERY
hold for all lessons, those in FULL for all but the short ones.
"""

import ast
import re
import statistics

from nbformat import NotebookNode
from support.rules_of_form import is_plain_python
from support.stored_lesson import Lesson, lines_of, name, words

from helpers.core.errors import UserError
from tools.course import notebooks
from tools.editions.student import student_notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
LINK = re.compile(r"\]\((?!https?:|mailto:|#|attachment:)([^)\s#]+)[^)]*\)")
LONG = re.compile(r"^(class|from|import) ", re.MULTILINE)
NOT_PROSE = re.compile(r"\s*(#|\||>?\s*[-*+] |>?\s*\d+\. |!\[|<|```|\$\$|$)")


def starts_with_a_title(lesson: Lesson) -> list[str]:
    """The first cell is Markdown with a heading of the first level."""
    first = lesson.nb.cells[0]
    good = first.cell_type == "markdown" and first.source.startswith("# ")
    return [] if good else [f"{name(first)} is first; a title '# …' is needed"]


def has_balanced_solutions(lesson: Lesson) -> list[str]:
    """Every solution region is complete; the student edition is valid Python."""
    try:
        student = student_notebook(lesson.nb)
    except UserError as error:
        return [str(error)]
    faults = is_plain_python(Lesson(lesson.path, student, 0))
    return [f"student edition: {fault}" for fault in faults]


def has_whole_exercises(lesson: Lesson) -> list[str]:
    """Each check has, somewhere before it, the solution cell of the same number."""
    solutions, found = set(), []
    for cell in lesson.code:
        grader = cell.metadata.get("nbgrader", {})
        grade_id = grader.get("grade_id", "")
        if grader.get("solution") and "### BEGIN SOLUTION" in cell.source:
            solutions.add(grade_id)
        number = grade_id.removeprefix("check-")
        if grader.get("grade") and f"ex-{number}" not in solutions:
            found.append(f"{name(cell)} needs a solution cell ex-{number} before it")
        call = f'check("{number.replace("-", ".")}"'
        if grader.get("grade") and call not in cell.source:
            found.append(f"{name(cell)} needs the call {call}, …)")
    return found


def has_figures_with_alt_text(lesson: Lesson) -> list[str]:
    """Every figure carries a text for those who cannot see it."""
    found = []
    for cell, output, kind in lesson.figures:
        alt = output.metadata.get(kind, {}).get("alt", "")
        page = "".join(output.data.get("text/html", ""))
        in_page = re.search(r"<img[^>]* alt=[\"'][^\"']*\w", page)
        if not alt.strip() and not in_page:
            found.append(f"{name(cell)} shows a figure; it needs alt text")
    return found


def has_a_sentence_under_each_figure(lesson: Lesson) -> list[str]:
    """The cell after a figure starts with a sentence that says what it shows."""
    with_figure = {cell.id for cell, _, _ in lesson.figures}
    pairs = zip(lesson.nb.cells, [*lesson.nb.cells[1:], None], strict=True)
    return [
        f"{name(cell)} shows a figure; the next cell must start with a sentence"
        for cell, following in pairs
        if cell.id in with_figure and not starts_with_a_sentence(following)
    ]


def starts_with_a_sentence(cell: NotebookNode | None) -> bool:
    """Return whether a cell is Markdown that starts with prose, up to a full stop."""
    if cell is None or cell.cell_type != "markdown" or NOT_PROSE.match(cell.source):
        return False
    paragraph = cell.source.strip().split("\n\n")[0]
    return bool(re.search(r"[.?!:](\s|\*|\)|$)", paragraph))


def has_short_paragraphs(lesson: Lesson) -> list[str]:
    """At most 90 words in a paragraph."""
    found = []
    for cell in lesson.prose:
        text = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
        for paragraph in re.split(
            r"\n\s*>?\s*\n|\n(?=>?\s*(?:[-*+|#]|\d+\.)\s?)", text
        ):
            if (count := words(paragraph)) > 90:
                start = paragraph.strip()[:40]
                found.append(f"{name(cell)}: {count} words after {start!r}; 90 at most")
    return found


def has_links_that_resolve(lesson: Lesson) -> list[str]:
    """Every relative link leads to a file of the course."""
    return [
        f"{name(cell)} links to {target}, which is not there"
        for cell in lesson.prose
        for target in LINK.findall(cell.source)
        if not (lesson.path.parent / target).exists()
    ]


def has_small_cells(lesson: Lesson) -> list[str]:
    """Code cells: median at most 7 lines, 90th percentile 18; 20 at most, those with a
    class or with imports 30."""
    sizes = sorted(map(lines_of, lesson.code)) or [0]
    p90 = sizes[int(0.9 * (len(sizes) - 1))]
    measured = {"median": statistics.median(sizes), "90th percentile": p90}
    limits = {"median": 7, "90th percentile": 18}
    found = [
        f"{key} of the code cells is {measured[key]} lines; {limit} at most"
        for key, limit in limits.items()
        if measured[key] > limit
    ]
    return found + [
        f"{name(cell)} has {lines_of(cell)} lines; {most} at most"
        for cell in lesson.code
        if lines_of(cell) > (most := 30 if LONG.search(cell.source) else 20)
    ]


def has_prose_between_code(lesson: Lesson) -> list[str]:
    """At most two code cells in a row."""
    found, row = [], 0
    for cell in lesson.nb.cells:
        row = row + 1 if cell.cell_type == "code" else 0
        if row == 3:
            found.append(f"{name(cell)} is the third code cell in a row; two at most")
    return found


def within(label: str, count: int, low: int, high: int) -> list[str]:
    """Return the fault of a number outside low..high."""
    good = low <= count <= high
    return [] if good else [f"{count:,} {label}; {low:,} to {high:,} needed"]


def has_30_to_60_code_cells(lesson: Lesson) -> list[str]:
    """Enough to build, little enough to finish, without the optional steps."""
    return within("code cells", len(main(lesson, lesson.code)), 30, 60)


def has_2500_to_5000_words(lesson: Lesson) -> list[str]:
    """Enough to explain, little enough to read, without the optional steps."""
    return within("words", words_of(main(lesson, lesson.prose)), 2500, 5000)


def has_6_to_12_figures(lesson: Lesson) -> list[str]:
    """Pictures, but no gallery, without the optional steps."""
    shown = main(lesson, [cell for cell, _, _ in lesson.figures])
    return within("figures", len(shown), 6, 12)


def has_bounded_optional_steps(lesson: Lesson) -> list[str]:
    """What may be skipped is less than half of what may not."""
    code, prose, shown = (
        [cell for cell in cells if cell.id in lesson.optional]
        for cells in (lesson.code, lesson.prose, [c for c, _, _ in lesson.figures])
    )
    return [
        *within("optional code cells", len(code), 0, 24),
        *within("optional words", words_of(prose), 0, 2000),
        *within("optional figures", len(shown), 0, 6),
    ]


def needs_no_optional_step(lesson: Lesson) -> list[str]:
    """No other cell uses what only an optional one has defined."""
    known, skipped, found = set(), {}, []
    for cell in lesson.code:
        tree = ast.parse(cell.source)
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        stored = bound(tree)
        if cell.id in lesson.optional:
            skipped |= dict.fromkeys(stored - known, name(cell))
            continue
        used = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        found += [
            f"{name(cell)} uses {word}, which optional {skipped[word]} defines"
            for word in sorted((used - stored) & skipped.keys())
        ]
        known |= stored
        skipped = {word: at for word, at in skipped.items() if word not in stored}
    return found


def bound(tree: ast.Module) -> set[str]:
    """Return the names that a cell's statements bind: assigned, imported, defined."""
    found = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return found


def main(lesson: Lesson, cells: list[NotebookNode]) -> list[NotebookNode]:
    """Return the cells of the main path: those in no optional step."""
    return [cell for cell in cells if cell.id not in lesson.optional]


def words_of(prose: list[NotebookNode]) -> int:
    """Return the number of words in Markdown cells."""
    return words(" ".join(cell.source for cell in prose))


def has_8_exercises(lesson: Lesson) -> list[str]:
    """At least eight exercises."""
    return within("exercises", len(notebooks.exercises(lesson.nb)), 8, 99)


def has_an_explorer(lesson: Lesson) -> list[str]:
    """At least one widget to move, shown on the stored page."""
    shown = any(WIDGET in output.get("data", {}) for _, output in lesson.outputs)
    return [] if shown else ["no ipywidgets explorer among the outputs; one needed"]


EVERY = (
    starts_with_a_title,
    has_balanced_solutions,
    has_whole_exercises,
    has_figures_with_alt_text,
    has_a_sentence_under_each_figure,
    has_short_paragraphs,
    has_links_that_resolve,
    has_small_cells,
    has_prose_between_code,
    needs_no_optional_step,
)
FULL = (
    has_30_to_60_code_cells,
    has_2500_to_5000_words,
    has_6_to_12_figures,
    has_bounded_optional_steps,
    has_8_exercises,
    has_an_explorer,
)
