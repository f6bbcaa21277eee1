"""pyproject.toml is the one source of versions; the other files agree with it."""

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from support.project import PROJECT, PYPROJECT, constraints

from helpers.core import needs
from tools.course import files
from tools.machine import preflight, torch_index
from tools.verify import newest

EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [Requirement(t) for t in PROJECT["dependencies"] + EXTRAS["test"]]
ON_TOP = [Requirement(t) for name in EXTRAS if name != "test" for t in EXTRAS[name]]


def test_conda_takes_every_version_from_pyproject():
    text = (files.ROOT / "environment.yml").read_text(encoding="utf-8")
    environment = yaml.safe_load(text)
    python, pip, from_pip = environment["dependencies"]
    assert pip == "pip"
    index, pins, own = from_pip["pip"]
    assert index == f"--extra-index-url={torch_index.CPU}"
    assert (pins, own) == ("-c constraints.txt", "-e .")
    name, version = python.split("=")  # one "=": Binder reads no other form
    assert name == "python"
    assert Version(version) in SpecifierSet(PROJECT["requires-python"])


def test_the_oldest_python_is_the_same_everywhere():
    assert preflight.OLDEST == needs.OLDEST_PYTHON
    oldest = ".".join(map(str, preflight.OLDEST))
    assert PROJECT["requires-python"] == f">={oldest}"


@pytest.mark.parametrize("requirement", REQUIRED + ON_TOP, ids=lambda r: r.name)
def test_every_requirement_is_pinned_to_a_version_that_satisfies_it(requirement):
    pin = constraints()[canonicalize_name(requirement.name)]
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    assert Version(specifier.version) in requirement.specifier


def test_constraints_hold_on_every_platform():
    for name, pin in constraints().items():
        (specifier,) = pin.specifier
        assert specifier.operator == "=="
        assert not Version(specifier.version).local  # such as +cpu
        assert pin.url is None
        assert not name.startswith(("nvidia-", "cuda-", "triton"))


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("torch==2.14.1", "torch"),
        ("numpy>=2,<3", "numpy"),
        ("dask[distributed]>=1", "dask[distributed]"),
        ('pywinpty>=3; os_name == "nt"', 'pywinpty; os_name == "nt"'),
    ],
)
def test_the_newest_is_asked_for_by_name(requirement, name):
    assert newest.unbound(requirement) == name


def test_the_newest_of_everything_is_asked_for():
    found = [Requirement(text) for text in newest.requirements(PYPROJECT)]
    assert [r.name for r in found] == [r.name for r in REQUIRED]
    assert not any(r.specifier for r in found)


def test_the_cpu_build_of_torch_satisfies_its_pin():
    assert Version("2.14.1+cpu") in constraints()["torch"].specifier
