"""Stubs: a function or class that a learner has not written yet."""

import ast
import inspect
import textwrap
from typing import Any


def untouched(answer: Any) -> bool:
    """True for `...`, and where a body still has the stub's bare `...`: a function,
    or a class of which any method is a stub, or that defines nothing."""
    if answer is ... or not callable(answer):
        return answer is ...
    if isinstance(answer, type):  # of a class in a notebook there is no source
        methods = [m for m in vars(answer).values() if inspect.isfunction(m)]
        empty = not methods and all(name.startswith("__") for name in vars(answer))
        return empty or any(map(untouched, methods))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    except (OSError, TypeError, SyntaxError):  # a lambda, a built-in: no stub
        return False
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is ...
        for node in ast.walk(tree)
    )
