"""The workflows call what there is, may only read, and run where the README says."""

import re

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from support.project import PROJECT
from support.readme import README

from tools.__main__ import COMMANDS
from tools.course import files

FOLDER = files.ROOT / ".github" / "workflows"
FILES = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.yml"))
}
MAKEFILE = (files.ROOT / "Makefile").read_text(encoding="utf-8")
LISTED = re.search(r"^COMMANDS := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)[1]
TARGETS = LISTED.replace("\\\n", " ").split()
JOBS = {
    f"{file}: {name}": job
    for file, workflow in FILES.items()
    for name, job in workflow["jobs"].items()
}
BY_HASH = "--require-hashes --only-binary :all:"
PINNED = FILES["weekly.yml"]["jobs"]["pinned"]["strategy"]["matrix"]


def commands(job: dict) -> list[str]:
    """Return the lines that a job executes, one for each value of its matrix."""
    lines = [s["run"].splitlines() for s in job["steps"] if "run" in s]
    found = [line for block in lines for line in block]
    for name, values in job.get("strategy", {}).get("matrix", {}).items():
        sign = f"${{{{ matrix.{name} }}}}"
        found = [c.replace(sign, v) for c in found for v in values]
    return list(dict.fromkeys(found))


def known(command: str) -> bool:
    """Return whether a command calls the system, pip, or what the checkout holds."""
    words = command.split()
    if words[:2] == ["sudo", "sysctl"]:
        return True  # the runner's own
    if words[0] == "make":
        return words[1] in TARGETS
    if words[0] == "pixels":
        return words[1] in COMMANDS
    if words[:2] == ["python", "-m"]:
        return words[2] == "pip" or (words[2] == "tools" and words[3] in COMMANDS)
    file = words[1] if words[0] == "python" else words[0]
    return (files.ROOT / file).is_file()


@pytest.mark.parametrize(
    "command", sorted({c for job in JOBS.values() for c in commands(job)})
)
def test_every_command_is_there(command):
    assert known(command)


@pytest.mark.parametrize(
    "command",
    ["make tea", "pixels tea", "python -m tools tea", "python tools/tea.py", ".ci/tea"],
)
def test_a_command_that_is_not_there_is_seen(command):
    assert not known(command)


def test_a_matrix_is_multiplied_out():
    job = {
        "strategy": {"matrix": {"command": ["a", "b"]}},
        "steps": [{"run": "make ${{ matrix.command }}\nls"}, {"uses": "x@v1"}],
    }
    assert commands(job) == ["make a", "make b", "ls"]


@pytest.mark.parametrize("file", FILES)
def test_a_workflow_may_only_read(file):
    assert FILES[file]["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_uses_named_versions_and_hides_no_failure(name):
    job = JOBS[name]
    assert "permissions" not in job and "continue-on-error" not in str(job)
    assert job["timeout-minutes"] < 360  # where GitHub ends it without a report
    assert job.get("strategy", {"fail-fast": False})["fail-fast"] is False
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name) for name in actions)
    assert "newest" not in name or "constraints" not in " ".join(commands(job))


@pytest.mark.parametrize("name", JOBS)
def test_no_step_after_the_checkout_finds_credentials(name):
    (step,) = [s for s in JOBS[name]["steps"] if "/checkout@" in s.get("uses", "")]
    assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("file", FILES)
def test_a_digest_stands_beside_the_version_it_is_and_is_renewed(file):
    text = (FOLDER / file).read_text(encoding="utf-8")
    assert text.count("uses:") == len(
        re.findall(r"@[0-9a-f]{40} # v[\d.]+$", text, re.M)
    )
    renewed = yaml.safe_load(
        (FOLDER.parent / "dependabot.yml").read_text(encoding="utf-8")
    )
    assert renewed["updates"][0]["package-ecosystem"] == "github-actions"


@pytest.mark.parametrize("name", [name for name in JOBS if "newest" not in name])
def test_what_is_pinned_is_installed_by_its_hashes(name):
    lines, file = commands(JOBS[name]), name.partition(":")[0]
    if not any("pip install" in line for line in lines):
        said = FILES[file].get("env", {}) | JOBS[name].get("env", {})
        assert said["LOCKED"] == 1  # for make
        return
    *torch, locked, course = [line for line in lines if "pip install" in line]
    assert all("--no-deps" in line and "torch torchvision" in line for line in torch)
    assert locked.endswith(f"{BY_HASH} -r requirements.lock")
    assert course.endswith("--no-deps --no-build-isolation -e .")
    assert BY_HASH in MAKEFILE


def test_once_a_week_and_whenever_asked():
    on = FILES["weekly.yml"][True]  # YAML reads `on` as a truth value
    (time,) = on["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", time["cron"])
    assert "workflow_dispatch" in on


@pytest.mark.parametrize("command", ["claims", "faults", "mutants", "habits", "e2e"])
def test_what_takes_too_long_for_every_push_runs_every_week(command):
    assert f"make {command}" in commands(FILES["weekly.yml"]["jobs"]["long"])


def test_the_matrix_begins_at_the_oldest_python_and_leaves_none_out():
    minors = [Version(text).minor for text in PINNED["python"]]
    assert minors == list(range(minors[0], minors[-1] + 1))
    accepted = SpecifierSet(PROJECT["requires-python"])
    assert Version(f"3.{minors[0]}") in accepted
    assert Version(f"3.{minors[0] - 1}.99") not in accepted


def test_the_readme_names_the_systems_and_pythons_of_the_matrix():
    systems = {"Linux": "ubuntu", "macOS": "macos", "Windows": "windows"}
    assert PINNED["os"] == [f"{system}-latest" for system in systems.values()]
    first, *_, last = PINNED["python"]
    (paragraph,) = [text for text in README.split("\n\n") if "weekly.yml" in text]
    assert f"Python {first} to {last}" in " ".join(paragraph.split())
    assert all(system in paragraph for system in systems)
