"""What a lesson rests on: the import closure of its page, and what a file concerns.

Read from the sources alone, nothing is imported. `python -m tools.course.imports FILE`
names the lessons that a changed file reaches, and its nearest tests.
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tools.course import notebooks
from tools.course.files import ROOT

TOPS = ("helpers", "tools", "tests")


def module_name(path: Path) -> str:
    """Return the name under which a file is imported: helpers/a/b.py, helpers.a.b."""
    return ".".join(path.with_suffix("").parts)


def file_of(module: str, root: Path = ROOT) -> Path:
    """Return the file of a module, whether it exists or not."""
    return root.joinpath(*module.split(".")).with_suffix(".py")


@cache
def imports(source: str) -> frozenset[str]:
    """Return the modules that a source imports, in functions too; of `from a import b`,
    a and a.b: which of them is a module is for the files to say."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {f"{node.module}", *inside}
    return frozenset(found)


def closure(
    modules: Iterable[str], root: Path = ROOT, without: Iterable[str] = ()
) -> set[str]:
    """Return those of `modules` that are files of the checkout, with all the files
    that they import, directly or through another; `without`: not these, nor what is
    imported through them alone."""
    found, todo, left_out = set(), set(modules), set(without)
    while todo:
        module = todo.pop()
        path = file_of(module, root)
        if module not in found | left_out and path.is_file():
            found.add(module)
            todo |= imports(path.read_text(encoding="utf-8"))
    return found


def distances(
    changed: Iterable[str], tests: Iterable[str], root: Path = ROOT
) -> dict[str, int]:
    """Return how many imports lead from each of `tests` to one of the changed files,
    1 where it imports one itself; those that none leads from are left out."""
    users: dict[str, set[str]] = {}
    tests = {tested_as(Path(path)): path for path in tests}
    paths = [p.relative_to(root) for top in TOPS for p in (root / top).rglob("*.py")]
    for path in paths:
        source = (root / path).read_text(encoding="utf-8")
        for module in imports(source):
            users.setdefault(module, set()).add(tested_as(path))
    here, seen, steps, found = {tested_as(Path(path)) for path in changed}, set(), 0, {}
    while here:
        seen |= here
        found |= {tests[name]: steps for name in here & tests.keys() if steps}
        here = set().union(*(users.get(name, set()) for name in here)) - seen
        steps += 1
    return found


def tested_as(path: Path) -> str:
    """Return the name under which tests import a file: as `module_name`, but without
    the folder tests/, which pytest has on its path."""
    return module_name(path).removeprefix("tests.")


def used_by(lesson: Path) -> set[str]:
    """Return what a lesson imports itself; its bank of exercises is found by number."""
    cells = notebooks.code_cells(notebooks.read(lesson))
    return {bank_of(lesson)}.union(*(imports(cell.source) for cell in cells))


def bank_of(lesson: Path) -> str:
    """Return the name of the module of a lesson's exercises."""
    return f"helpers.lessons.lesson{lesson.stem[:2]}.exercises"


def beneath(lesson: Path, root: Path = ROOT, without: Iterable[str] = ()) -> list[Path]:
    """Return the files that a lesson rests on, besides its own cells: the modules of
    its closure, see there, and the folders of data/ that one of them names."""
    found = sorted(closure(used_by(lesson), root, without))
    modules = [file_of(name, root) for name in found]
    sources = [path.read_text(encoding="utf-8") for path in modules]
    named = set().union(*map(data_folders, sources))
    folders = [root / "data" / name for name in sorted(named)]
    stored = [file for folder in folders for file in sorted(folder.glob("*"))]
    return [*modules, *(file for file in stored if file.is_file())]


@cache
def data_folders(source: str) -> frozenset[str]:
    """Return the folders of data/ that a source reads, as in `ROOT / "data" / "a"`;
    not the cache: what is downloaded there has a checksum in the source."""
    return frozenset(
        node.right.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.BinOp)
        and isinstance(node.left, ast.BinOp)
        and ast.unparse(node.left.right) == "'data'"
        and node.right.value != "cache"
    )


@cache
def code_only(source: str) -> str:
    """Return a source without docstrings, comments and empty lines: what is left
    decides what it computes. A source that is no plain Python comes back as it is."""
    try:
        dropped = docstring_lines(ast.parse(source))
        tokens = [*tokenize.generate_tokens(io.StringIO(source).readline)]
    except (SyntaxError, tokenize.TokenError):
        return source
    lines = source.splitlines()
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    kept = (s for n, s in enumerate(lines, start=1) if n not in dropped and s.strip())
    return "\n".join(line.rstrip() for line in kept)


def docstring_lines(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that docstrings take."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            found |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return found


def concerned(file: str, root: Path = ROOT) -> list[Path]:
    """Return the lessons that a file of the checkout reaches, in their order."""
    path = root / file
    return [
        lesson
        for lesson in notebooks.lessons(root / "notebooks")
        if lesson == path or path in beneath(lesson, root)
    ]


def nearest_tests(file: str, root: Path = ROOT) -> list[str]:
    """Return the tests of a file, by its place: helpers/a/b.py is tested in
    tests/helpers/a/test_b.py, and in test_b_*.py beside it."""
    place = Path("tests", file)
    stem = f"test_{place.stem}"
    found = (root / place.parent).glob("*.py")
    return sorted(
        path.relative_to(root).as_posix()
        for path in found
        if path.stem == stem or path.stem.startswith(f"{stem}_")
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        reached = " ".join(path.stem[:2] for path in concerned(name)) or "none"
        print(f"{name}\n  lessons: {reached}")
        print(f"  tests: {' '.join(nearest_tests(name)) or 'none'}")
