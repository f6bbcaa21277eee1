"""Tiny lessons for the tests of the tools: they need none of the real ones."""


def code(source, *tags, **metadata):
    """Return a code cell."""
    from nbformat import v4  # where used: it takes as long to import as torch

    return v4.new_code_cell(source, metadata=metadata | {"tags": list(tags)})


def claim_source(id="1.1", judged=True, held=True):
    """Return code that shows a claim's record without importing torch."""
    record = {"id": id, "judged": judged, "held": held, "measured": "0.5", "text": "t"}
    data = {"text/plain": id, "application/vnd.pixels-claim+json": record}
    return f"from IPython.display import display\ndisplay({data!r}, raw=True)"


GRADED = {"grade": True, "grade_id": "check-1-1", "points": 1, "locked": True}


def tiny_cells(*more):
    """Return the cells of a lesson that holds: parameters, a claim, an exercise."""
    from nbformat import v4

    return [
        v4.new_markdown_cell("# A tiny lesson"),
        code('SEED = 0\nBUDGET = 1.0\nDEVICE = "auto"', "parameters"),
        code(claim_source()),
        code(
            "def answer():\n"
            "    ### BEGIN SOLUTION\n    return 42\n    ### END SOLUTION",
            nbgrader={"grade": False, "solution": True, "grade_id": "ex-1-1"},
        ),
        code(
            'print("✓ 1.1" if answer() == 42 else "○ 1.1  not attempted")',
            nbgrader=GRADED,
        ),
        *more,
    ]
