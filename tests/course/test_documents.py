"""What the documents name is there: pages, modules, rooms, versions."""

import pkgutil
import re

import pytest
import yaml
from support.project import PROJECT
from support.readme import README

from tools.__main__ import COMMANDS
from tools.course import files

ROOT = files.ROOT
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in (ROOT, ROOT / "data", ROOT / "teaching")
    for path in sorted(folder.glob("*.md"))
}
NOW = PAGES.keys() - {"CHANGELOG.md"}  # which also says what was
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
MODULE = re.compile(r"\b(?:helpers|tools)(?:\.[a-z]\w*)+\b")
CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
COMMAND = re.compile(r"\b(?:make|pixels|python -m tools) ([a-z]\w*)")
PATH = re.compile(r"`((?:helpers|tools|tests|notebooks|teaching)/[\w./]*)`")


def anchors(text: str) -> set[str]:
    """Return the anchors that a renderer gives the headings of a page."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(name: str, text: str) -> list[str]:
    """Return the relative links of a page that lead nowhere; one in code is none."""
    found = []
    for target, anchor in LINK.findall(re.sub(r"`[^`\n]+`", "", text)):
        path = (ROOT / name).parent / target
        page = path.read_text(encoding="utf-8") if target and path.is_file() else text
        if not path.exists() or (anchor and anchor not in anchors(page)):
            found.append(f"{target}#{anchor}")
    return found


def gone(text: str) -> list[str]:
    """Return the modules, their functions, the commands and the paths of a text that
    are no more; paths with "NN" or "07" in them are examples."""
    code = "\n".join(CODE.findall(text))
    paths = [path for path in PATH.findall(text) if not re.search("NN|07", path)]
    return [
        *(name for name in MODULE.findall(text) if not resolves(name)),
        *(name for name in COMMAND.findall(code) if name not in COMMANDS),
        *(path for path in paths if not (ROOT / path).exists()),
    ]


def resolves(name: str) -> bool:
    """Return whether "package.module" or "package.module.function" can be imported."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    assert broken_links(name, PAGES[name]) == []


@pytest.mark.parametrize(
    "link", ["[a](../no.md)", "[a](#no)", "[a](../README.md#no)", "[a](README.md#no)"]
)
def test_a_broken_link_is_seen(link):
    text = f"# A page\n\n{link} [b](#a-page) [c](../README.md#licence) [d](README.md)"
    assert len(broken_links("teaching/README.md", text)) == 1


@pytest.mark.parametrize("name", sorted(NOW))
def test_every_module_command_and_path_is_there(name):
    assert gone(PAGES[name]) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("helpers.core.no", "helpers.core.no"),
        ("helpers.core.run.no", "helpers.core.run.no"),
        ("`tests/no.py`", "tests/no.py"),
        ("`helpers/no/`", "helpers/no/"),
        ("`make tea`", "tea"),
        ("```\npixels lab\npython -m tools tea 01\n```", "tea"),
    ],
)
def test_what_is_gone_is_seen(text, name):
    fine = "`helpers/models/` `teaching/07.md` `make lab`, helpers.core.run.start"
    assert gone(f"{text} make tea {fine}") == [name]


# ---------------------------------------------------------------- rooms


def listed(text: str) -> dict[str, set[str]]:
    """Return the rooms that a README's layout names, by the folder they are in."""
    layout = text.partition("## Layout")[2].split("```")[1]
    rooms, top = {}, ""
    for line in layout.strip().splitlines():
        name = line.split()[0].partition("/")[0]
        if line.startswith(" "):
            rooms[top].add(name)
        else:
            rooms[top := name] = set()
    return rooms


@pytest.mark.parametrize("top", ["helpers", "tools"])
def test_every_room_has_a_line_in_the_readme(top):
    rooms = {path.parent.name for path in (ROOT / top).glob("*/__init__.py")}
    assert listed(README)[top] == rooms


def test_the_layout_names_what_there_is():
    assert [name for name in listed(README) if not (ROOT / name).is_dir()] == []


# ---------------------------------------------------------------- versions


def test_the_version_is_the_same_everywhere():
    newest = re.search(r"^## \[(.+?)\] - \d{4}-\d\d-\d\d$", PAGES["CHANGELOG.md"], re.M)
    assert newest[1] == citation()["version"] == PROJECT["version"]


def test_the_citation_has_what_its_format_requires():
    found = citation()
    assert found["cff-version"] == "1.2.0"
    assert all(found[key] for key in ("message", "title", "license"))
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert all(author["name"] in licence for author in found["authors"])
    assert sorted(found["license"]) == sorted(PROJECT["license"].split(" AND "))
    assert found["abstract"] == PROJECT["description"]


def citation() -> dict:
    """Return what CITATION.cff says."""
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_hooks_fetch_nothing_and_leave_outputs_alone():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (repository,) = yaml.safe_load(text)["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system", hook["id"]
        assert "nbstripout" not in hook["entry"]
