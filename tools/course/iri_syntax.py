"""Build the grammar of web addresses when one is checked, not with every notebook.

nbformat imports jsonschema, which imports rfc3987_syntax, which builds the parser of
RFC 3987 (addresses beyond ASCII) at once: 1.3 of the 1.5 CPU seconds that `import
nbformat` takes, in every process, and no notebook has such an address to check.
"""

import importlib
import importlib.util
import sys
from types import ModuleType

NAME = "rfc3987_syntax"


def is_valid_syntax(term: str, value: str) -> bool:
    """Return what the package says: whether `value` has the form of `term`, such as
    "iri". From now on the package itself is imported."""
    if isinstance(sys.modules.get(NAME), Deferred):
        del sys.modules[NAME]
    return importlib.import_module(NAME).is_valid_syntax(term, value)


class Deferred(ModuleType):
    """What stands in for the package, with the one function that jsonschema takes."""

    is_valid_syntax = staticmethod(is_valid_syntax)


def defer() -> None:
    """Let the package wait; one that is imported already, or missing, stays so."""
    if NAME not in sys.modules and importlib.util.find_spec(NAME):
        sys.modules[NAME] = Deferred(NAME)
