"""What a check cell asks for: `check("1.2", answer)`, and again with hidden cases.

Of a cell that a teacher has edited the rest is code as any other.
"""

import ast
from dataclasses import dataclass

MODULE = "helpers.page.exercises"


class Stopped(Exception):
    """The kernel did not get to its end with what was asked: a cell failed, with these
    outputs, or the kernel was lost."""


@dataclass(frozen=True)
class Check:
    """One exercise to be judged. answer: the expression for it, in the notebook's own
    names; hidden: the seed of the hidden cases, None for none."""

    id: str
    answer: str
    hidden: int | None = None


def parted(source: str) -> tuple[list[Check], str]:
    """Return the checks in a cell, each once, and the source of all else in it."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic of the teacher's
        return [], source
    found: dict[tuple[str, str], Check] = {}
    rest = []
    for statement in statements:
        if check := check_of(statement):
            known = found.get((check.id, check.answer))
            if known is None or known.hidden is None:
                found[check.id, check.answer] = check
        elif not imports_check(statement):
            rest.append(ast.unparse(statement))
    return list(found.values()), "\n".join(rest)


def check_of(statement: ast.stmt) -> Check | None:
    """Return the check that a statement is, None for any other."""
    match statement:
        case ast.Expr(
            ast.Call(
                ast.Name("check"),
                [ast.Constant(str() as id), answer],
                [] | [ast.keyword("hidden", ast.Constant(int() | None))] as more,
            )
        ):
            hidden = more[0].value.value if more else None
            return Check(id, ast.unparse(answer), hidden)
    return None


def imports_check(statement: ast.stmt) -> bool:
    """Return whether a statement does nothing but import `check`."""
    match statement:
        case ast.ImportFrom(module, [ast.alias("check", None)]):
            return module == MODULE
    return False
