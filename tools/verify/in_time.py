"""A plugin of pytest: when the CPU seconds are used up, no other test begins.

Not seconds on the wall: a machine that is busy reads the same verdict. The tests that
are named as `--whole` run to their end whatever they cost.
"""

import os
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the limit, and what does not fall under it."""
    parser.addoption("--cpu-limit", type=float, help="CPU seconds, imports included")
    parser.addoption("--whole", action="append", default=[], help="a module of tests")


def used() -> float:
    """Return the CPU seconds of this process and of those that it has ended."""
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None):
    """Run one test; stop after it when the next one may not begin."""
    done = yield
    limit, whole = (item.config.getoption(name) for name in ("cpu_limit", "whole"))
    if limit and nextitem and used() > limit:
        following = nextitem.path
        if not any(following.samefile(Path(path)) for path in whole):
            item.session.shouldstop = f"{limit:.0f} CPU seconds are used up"
    return done
