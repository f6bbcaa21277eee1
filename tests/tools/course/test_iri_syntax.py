"""nbformat's slow import waits for the first web address, and then checks it."""

import importlib.util
import subprocess
import sys

import pytest

from tools.course import iri_syntax
from tools.course.files import ROOT

CHECK = """
import tools, nbformat, tools.editions.student, jsonschema, sys
checker = jsonschema.Draft7Validator.FORMAT_CHECKER
assert "lark" not in sys.modules
assert checker.conforms("http://example.org/\u00e9", "iri")
assert "lark" in sys.modules
assert not checker.conforms("a b", "iri")
assert not checker.conforms("http://[", "iri-reference")
import rfc3987_syntax
assert rfc3987_syntax.parse("iri", "a:b")
"""


def test_an_address_is_checked_as_ever_and_nothing_is_built_before():
    subprocess.run([sys.executable, "-c", CHECK], cwd=ROOT, check=True)


def test_pytest_does_not_build_it_either():
    """nbval, which pytest loads by itself, imports nbformat in every process."""
    tests = "tests/helpers/core/test_signs.py"
    command = ["-X", "importtime", "-m", "pytest", "-q", "--collect-only", tests]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True)
    assert done.returncode == 0
    assert b" nbformat" in done.stderr
    assert b"syntax_helpers" not in done.stderr


@pytest.mark.parametrize("imported", [True, False])
def test_a_package_that_is_imported_or_missing_stays_so(monkeypatch, imported):
    there = object() if imported else None
    monkeypatch.delitem(sys.modules, iri_syntax.NAME, raising=False)
    if imported:
        monkeypatch.setitem(sys.modules, iri_syntax.NAME, there)
    else:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    iri_syntax.defer()
    assert sys.modules.get(iri_syntax.NAME) is there
