"""Attempts at an exercise: detect unwritten stubs, and run an answer safely."""

import ast
import inspect
import linecache
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch

from helpers.page.elsewhere import probe
from helpers.page.inputs import call
from helpers.page.verdicts import Raised, in_a_line


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


@contextmanager
def apart() -> Iterator[None]:
    """Judge an answer in isolation: the page's random state and gradients are kept,
    exit() does not end the kernel, and no warning reaches stderr (to nbgrader that is
    a failure)."""
    forked, grad = torch.random.fork_rng(devices=[]), torch.enable_grad()
    with warnings.catch_warnings(), forked, grad, exit_raises():
        warnings.simplefilter("ignore")
        yield


@probe
def attempt(answer: Any, case: tuple) -> Any:
    """Return what an answer, function or value, gives for a case, or its error."""
    if not callable(answer):
        return answer
    try:
        return call(answer, case)
    except (Exception, SystemExit) as error:  # an interrupt ends the cell
        return Raised(in_a_line(error), own_line(answer, error))


def own_line(answer: Callable, error: BaseException) -> tuple[int, str] | None:
    """Return number and text of the answer's own line in which an error arose.

    The number counts lines of the cell; None where the answer has no line in it.
    """
    files = files_of(answer)
    lines = [
        (number, linecache.getline(frame.f_code.co_filename, number).strip())
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in files
    ]
    return lines[-1] if lines else None


def files_of(answer: Callable) -> set[str]:
    """Return the files (cells) in which an answer's own code stands."""
    kind = answer if isinstance(answer, type) else type(answer)
    functions = [answer, *vars(kind).values()]
    codes = [getattr(inspect.unwrap(f), "__code__", None) for f in functions if f]
    return {code.co_filename for code in codes if code is not None}


@contextmanager
def exit_raises() -> Iterator[None]:
    """Let IPython's exit() and quit() raise SystemExit, as Python's own do."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        yield
        return
    with patch.object(shell, "ask_exit", stop, create=True):
        yield


def stop() -> None:
    raise SystemExit("exit() was called")
