"""English text corpus from the docstrings of Python and installed libraries."""

import ast
import hashlib
import importlib.util
import json
import os
import platform
import re
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from helpers.core.files import cache_folder, set_aside, write_whole
from helpers.core.run import progress_bar
from helpers.data.text.prose import paragraphs, words

LIBRARIES = ("python", "numpy", "torch", "matplotlib", "networkx", "sympy")
RECIPE = 2  # to be raised whenever what is read here or kept by prose.py changes
# Tests, other people's code, and what later versions of Python no longer hold.
SKIPPED = {"__pycache__", "site-packages", "dist-packages", "test", "tests", "testing"}
SKIPPED |= {"_vendor", "_vendored", "idlelib", "lib2to3", "turtledemo", "ensurepip"}
SKIPPED |= {"distutils"}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITIONS = FUNCTIONS | ast.ClassDef
ATTACHING = re.compile(b"add_(newdoc|docstr)")
UNREADABLE = (OSError, SyntaxError, ValueError, RecursionError, MemoryError)
# What find_spec and version raise, or what becomes of the None that they may return.
NOT_THERE = (ImportError, ValueError, AttributeError, TypeError)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of English, one line of ASCII, and the library it comes from."""

    library: str
    text: str


def docs(libraries: Iterable[str] = ("python",)) -> list[Paragraph]:
    """Return the prose in the documentation of some of `LIBRARIES`; none is imported.

    Library by library, each in the order of its files; a paragraph that two libraries
    share counts for the first. The first call for a library takes seconds and leaves
    its result in the cache. Raises UserError for an unknown library or one not here.
    """
    libraries = (libraries,) if isinstance(libraries, str) else tuple(libraries)
    for library in libraries:
        if library not in LIBRARIES:
            raise UserError(
                f"There are no docs of {library!r}; "
                f"known libraries are {', '.join(LIBRARIES)}."
            )
    found = [Paragraph(name, text) for name in libraries for text in texts_of(name)]
    first = {}
    for paragraph in found:
        first.setdefault(words(paragraph.text), paragraph)
    return list(first.values())


def held_out(text: str, share: float = 0.1) -> bool:
    """Return whether a paragraph belongs to the test set: true for a `share` of them.

    Only its own characters decide, not its position: it stays on its side when other
    paragraphs come or go. Raises UserError for a share outside 0..1.
    """
    if not 0 <= share <= 1:
        raise UserError(f"The share held out is {share}; it must be from 0 to 1.")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7]) < share * 2**56


# ---------------------------------------------------------------- where it comes from


def texts_of(library: str) -> list[str]:
    """Return a library's paragraphs, from the cache where it holds them. Raises
    UserError for a library that is not installed."""
    root, version = located(library)
    path = kept_at(f"docs-{library}-{version}-recipe{RECIPE}.json")
    texts = stored(path) if path else None
    if texts is None:
        texts = built(library, root)
        if path:
            store(texts, path)
    return texts


def located(library: str) -> tuple[Path, str]:
    """Return the folder and the version of a library without importing it. Raises
    UserError when it is not installed."""
    if library == "python":
        return Path(sysconfig.get_path("stdlib")), platform.python_version()
    try:
        # Top-level names only: for "a.b", find_spec would import a.
        folder = importlib.util.find_spec(library).submodule_search_locations[0]
        return Path(folder), importlib.metadata.version(library)
    except NOT_THERE:
        raise UserError(
            f"The library {library} is not installed; its docs need it: "
            f"pip install {library}."
        ) from None


def built(library: str, root: Path) -> list[str]:
    """Return the paragraphs in the source files below `root`, without duplicates.
    Raises UserError when there are no source files."""
    files = sources(root)
    if not files:
        raise UserError(
            f"Found no Python files in {root}; the docs of {library} are read from "
            "its source, which this installation lacks."
        )
    texts = {}
    for file in progress_bar(files, label=f"reading the docs of {library}"):
        for docstring in documentation(file):
            for text in paragraphs(docstring):
                texts.setdefault(words(text), text)
    return list(texts.values())


def sources(root: Path) -> list[Path]:
    """Return the Python files below a folder, in an order that no system changes."""
    files = []
    for folder, inside, names in os.walk(root):
        inside[:] = [name for name in inside if name not in SKIPPED]
        files += [Path(folder, name) for name in names if name.endswith(".py")]
    return sorted(files, key=lambda file: file.relative_to(root).as_posix())


def documentation(file: Path) -> list[str]:
    """Return the docstrings in a source file, or nothing where it cannot be read."""
    try:
        with warnings.catch_warnings(action="ignore"):  # such as "invalid escape"
            tree = ast.parse(source := file.read_bytes())
        if file.parts[-2:] == ("pydoc_data", "topics.py"):
            return list(topics(tree))
        # Few files attach anything, and looking through all takes seconds.
        more = attached(tree) if ATTACHING.search(source) else ()
        return [*docstrings(tree), *more]
    except UNREADABLE:
        return []


def topics(tree: ast.Module) -> Iterator[str]:
    """Yield the values of the dicts that a module assigns: what help() shows."""
    for node in tree.body:
        if isinstance(getattr(node, "value", None), ast.Dict):
            yield from ast.literal_eval(node.value).values()


def docstrings(node: ast.AST) -> Iterator[str]:
    """Yield the docstrings of a module, class or function, if public, and of what is
    public in it; nothing inside a function is."""
    if isinstance(node, ast.Module | DEFINITIONS):
        if getattr(node, "name", "").startswith("_"):
            return
        yield ast.get_docstring(node) or ""
    if isinstance(node, FUNCTIONS):
        return
    # Also below `if` and `try`, where versions and platforms are told apart.
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.stmt | ast.ExceptHandler):
            yield from docstrings(inner)


def attached(tree: ast.Module) -> Iterator[str]:
    """Yield the texts that a module attaches to functions written in C."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ATTACHING.match(called(call).encode()):
            for argument in call.args:
                yield from filter(None, map(constant, ast.walk(argument)))


def called(call: ast.Call) -> str:
    """Return the last name of what is called: "f" for f() and for a.b.f()."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def constant(node: ast.AST) -> str:
    """Return the string that a node is, or an empty one."""
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else ""


# ---------------------------------------------------------------- where it is kept


def kept_at(name: str) -> Path | None:
    """Return the path of a name in the cache, or None where there is no cache."""
    try:
        return cache_folder() / name
    except UserError:  # docs need no cache: they are only slower without
        return None


def stored(path: Path) -> list[str] | None:
    """Return the paragraphs in a cached file, or None where it is not there; a
    damaged one is set aside."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        texts = content["paragraphs"]
        if isinstance(texts, list) and content["sha256"] == fingerprint(texts):
            return texts
    except OSError:
        return None
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    set_aside(path)
    return None


def store(texts: list[str], path: Path) -> None:
    """Save paragraphs to a file atomically; where it cannot be written, do nothing."""
    content = {"sha256": fingerprint(texts), "paragraphs": texts}
    with suppress(OSError):
        write_whole(path, json.dumps(content, indent=0))


def fingerprint(texts: list[str]) -> str:
    """Return the SHA-256 of paragraphs, none of which holds a newline."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
