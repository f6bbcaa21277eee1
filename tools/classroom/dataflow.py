"""What statements of a page do with the page's names, read from the source alone.

Where a source does not tell, the answer holds too much, never too little.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, *IMPORTS)
INNER_LOOPS = {"listcomp", "setcomp", "dictcomp", "genexpr"}
# In these, what is named on one side may come to share a thing with the other.
MEETINGS = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.Call),
    *(ast.comprehension, ast.withitem),
)
# Who calls these may read or bind any name; `vars` only where it is given nothing.
ANY_NAME = {"globals", "locals", "exec", "eval", "get_ipython", "__import__"}
ANY_NAME_ALONE = {"vars", "dir"}
SETTERS = {"setattr", "delattr"}
VALUES = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)


class Unreadable(Exception):
    """A source does not tell which names it reads, binds or changes."""


@dataclass
class Flow:
    """What statements do with names.

    now: read when they run. later: read in the functions that they make. binds: given
    a value; surely: in any case; defines: by a definition. sets: a part of it is given
    a value. passes: called upon, or given to a call, which may change it. meetings:
    names that may share a thing since.
    """

    now: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    surely: set[str] = field(default_factory=set)
    defines: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)
    passes: set[str] = field(default_factory=set)
    meetings: list[set[str]] = field(default_factory=list)


def statements_of(source: str) -> list[ast.stmt]:
    """Return a cell's statements, none where IPython finds no Python in it, for then
    nothing of it runs; raises Unreadable for what is not Python alone."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError) as error:
        if never_runs(source):
            return []
        raise Unreadable(str(error)) from None


def never_runs(source: str) -> bool:
    """Return whether a cell is no Python even once its magics are written out."""
    from IPython.core.inputtransformer2 import TransformerManager  # takes a while

    try:
        ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return True
    except RecursionError:
        pass
    return False


def flow_of(statements: Iterable[ast.stmt]) -> Flow:
    """Return what statements of a page do with its names; raises Unreadable where they
    could do anything."""
    page = ast.Module(list(statements), [])
    flow = Flow()
    try:
        table = symtable.symtable(ast.unparse(page), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    scopes(flow, table)
    for statement in page.body:
        if is_definition(statement):
            flow.defines |= bound(statement)
        if is_definition(statement) or isinstance(statement, ast.Assign):
            flow.surely |= bound(statement)
    for node in ast.walk(page):
        changes(flow, node)
    known = flow.now | flow.later | flow.binds  # the rest is a function's own
    flow.sets &= known
    flow.passes &= known
    flow.meetings = [meeting & known for meeting in flow.meetings]
    return flow


def scopes(flow: Flow, table: symtable.SymbolTable, called: bool = False) -> None:
    """Enter which of the page's names a scope and those inside it read and bind.

    `called`: whether the scope stands in a function, which runs later.
    """
    of_page = table.get_type() == "module"
    for symbol in table.get_symbols():
        name = symbol.get_name()
        reads = symbol.is_referenced() or symbol.is_declared_global()
        if (of_page or symbol.is_global()) and reads:
            (flow.later if called else flow.now).add(name)
        given = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        if given and (of_page or symbol.is_declared_global()):
            flow.binds.add(name)
    for inner in table.get_children():
        function = inner.get_type() == "function"
        scopes(
            flow, inner, called or (function and inner.get_name() not in INNER_LOOPS)
        )


def is_definition(statement: ast.stmt) -> bool:
    """Return whether a statement only binds what no call changes: an import, a
    function, a class, a number, a text, a pattern."""
    if not isinstance(statement, ast.Assign):
        return isinstance(statement, DEFINITIONS)
    value = statement.value
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "re.compile":
        return all(isinstance(each, ast.Constant) for each in value.args)
    parts = (n for n in ast.walk(value) if not isinstance(n, ast.expr_context))
    return all(isinstance(each, VALUES) for each in parts)


def bound(statement: ast.stmt) -> set[str]:
    """Return the names that a definition or an assignment binds."""
    if isinstance(statement, ast.Assign):
        found = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
        return {name.id for name in found if isinstance(name.ctx, ast.Store)}
    if not isinstance(statement, IMPORTS):
        return {statement.name}
    named = {alias.name for alias in statement.names}
    if {"*", "__main__"} & {*named, getattr(statement, "module", None)}:
        raise Unreadable("import *, or of the page itself")
    given = (alias.asname or alias.name for alias in statement.names)
    return {name.partition(".")[0] for name in given}


def changes(flow: Flow, node: ast.AST) -> None:
    """Enter what one node may change, in a function or not, and what meets there."""
    if isinstance(node, ast.Attribute | ast.Subscript):
        if not isinstance(node.ctx, ast.Load):
            flow.sets |= root(node)
    elif isinstance(node, ast.AugAssign):
        flow.now |= root(node.target) & flow.binds  # a function's own are not there
    elif isinstance(node, ast.Call):
        call(flow, node)
    if isinstance(node, MEETINGS):
        flow.meetings.append(set(names(node)))
    elif isinstance(node, ast.For | ast.AsyncFor):
        flow.meetings.append({*names(node.target), *names(node.iter)})


def call(flow: Flow, node: ast.Call) -> None:
    """Enter what a call may change."""
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    passed = {name for each in given for name in names(each)}
    if isinstance(node.func, ast.Name):
        flow.passes.add(node.func.id)
        if node.func.id in ANY_NAME or (not given and node.func.id in ANY_NAME_ALONE):
            raise Unreadable(f"{node.func.id}()")
        flow.sets |= passed if node.func.id in SETTERS else set()
    elif isinstance(node.func, ast.Attribute):
        setter = node.func.attr.startswith("set_")  # torch.set_default_dtype
        (flow.sets if setter else flow.passes).update(root(node.func))
    flow.passes |= passed


def root(node: ast.AST) -> set[str]:
    """Return the name at the root of `name.part[0].call()`, where there is one."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def names(node: ast.AST) -> Iterator[str]:
    """Yield every name that stands in a node."""
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
