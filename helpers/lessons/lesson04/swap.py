"""A reader's own function in the place of one that the page has defined."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def calling(method: Callable, **instead: Any) -> Iterator[None]:
    """While it lasts, `method` finds these under the names that its page has bound."""
    page = method.__globals__
    before = {name: page[name] for name in instead}
    page.update(instead)
    try:
        yield
    finally:
        page.update(before)
