"""Where the course is published: every setting is checked, every link is one."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from helpers.core.errors import UserError
from tools.course import files
from tools.publish import links, tree
from tools.publish import place as publish_place
from tools.publish.place import NO_HUB, Place, settings

GUIDE = files.ROOT / "teaching" / "README.md"
PLACE = Place("https://github.com/a-b/c.d", "student", "https://hub.uni.edu/x")
ELSEWHERE = Place("https://git.uni.edu:8443/t/c.git", "student", NO_HUB)
ODD = "01_größe & co?#%.ipynb"
GOOD = {"repository": "a/b", "branch": "student", "hub": NO_HUB}


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a publish.toml with these settings, from line 4
    on, and returns its path."""

    def write(**values):
        lines = ["[project]", 'branch = "no"', "[publish]"]
        lines += [f"{name} = {value!r}" for name, value in values.items()]
        path = tmp_path / "publish.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("a-b/c.d_e", "https://github.com/a-b/c.d_e"),
        ("a/b.git", "https://github.com/a/b"),
        ("https://github.com/a/b.git", "https://github.com/a/b"),
        ("https://github.com/a/b/", "https://github.com/a/b"),
        ("https://git.uni.edu:8443/~t/x/c.git", "https://git.uni.edu:8443/~t/x/c.git"),
    ],
)
def test_a_repository_is_a_name_on_github_or_an_address(written, given, address):
    path = written(**GOOD | {"repository": given})
    assert settings(path=path) == Place(address, "student", NO_HUB)


@pytest.mark.parametrize(
    "given",
    [
        *("", "only", "a/b/c", "a b/c", "git@github.com:a/b.git", "http://x.org/a"),
        *("https://me:secret@x.org/a", "https://x.org", "https://x.org/a?b", 7, None),
        *("https://github.com/a", "https://github.com/a/b/c", "https://[/a", "ä/b"),
    ],
)
def test_any_other_repository_is_one_sentence(written, given):
    values = GOOD | {"repository": given}
    if given is None:
        del values["repository"]
    with pytest.raises(UserError, match=r"repository is .*; it needs OWNER/NAME on"):
        settings(path=written(**values))


def test_the_placeholder_is_named_with_its_line(written):
    path = written(**GOOD | {"repository": "OWNER/NAME"})
    with pytest.raises(UserError) as raised:
        settings(path=path)
    said = str(raised.value)
    assert said.startswith("publish.toml, line 4: repository is still 'OWNER/NAME';")
    assert said.count(". ") == 0 and said.endswith("--repository.")


@pytest.mark.parametrize("given", ["class/2026", "-f", "a b", "", "a;b", "ü"])
def test_a_branch_that_links_cannot_carry_is_one_sentence(written, given):
    path = written(**GOOD | {"branch": given})
    with pytest.raises(UserError, match=r"publish.toml, line 5: branch is "):
        settings(path=path)


@pytest.mark.parametrize("given", ["hub.uni.edu", "http://hub.uni.edu", "https://a b"])
def test_a_hub_without_https_is_one_sentence(written, given):
    path = written(**GOOD | {"hub": given})
    with pytest.raises(UserError, match=r"line 6: hub is .*address of a JupyterHub"):
        settings(path=path)


def test_options_win_and_are_named_where_they_are_wrong(written):
    path = written(**GOOD | {"repository": "OWNER/NAME"})
    given = {"repository": "c/d", "branch": None, "hub": "https://h.org/"}
    wanted = Place("https://github.com/c/d", "student", "https://h.org")
    assert settings(given, path) == wanted
    with pytest.raises(UserError, match="--branch is 'a/b'"):
        settings(given | {"branch": "a/b"}, path)


def test_without_the_table_it_says_where_the_setting_belongs(tmp_path):
    path = tmp_path / "publish.toml"
    path.write_text("[project]\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"publish.toml, \[publish\]: repository"):
        settings(path=path)


# ---------------------------------------------------------------- links


def asked(link):
    """Return the parameters of a link, unpacked once, as a server does."""
    return {name: value for name, [value] in parse_qs(urlsplit(link).query).items()}


def test_nbgitpullers_link_clones_the_branch_and_opens_the_lesson():
    link = links.hub(PLACE, "study/00.ipynb")
    assert link.startswith("https://hub.uni.edu/x/hub/user-redirect/git-pull?")
    assert asked(link) == {
        "repo": "https://github.com/a-b/c.d",
        "branch": "student",
        "urlpath": "lab/tree/c.d/study/00.ipynb",  # below the folder of the clone
    }
    # Without targetPath, nbgitpuller calls that folder by the end of the address.
    assert "lab/tree/c.git/s" in asked(links.hub(ELSEWHERE, "s"))["urlpath"]


def test_binders_link_names_the_branch_and_the_lesson():
    link = links.binder(PLACE, "study/00.ipynb")
    assert link.startswith("https://mybinder.org/v2/gh/a-b/c.d/student?")
    assert asked(link) == {"urlpath": "lab/tree/study/00.ipynb"}
    link = links.binder(ELSEWHERE, "study/00.ipynb")
    whole = "https%3A%2F%2Fgit.uni.edu%3A8443%2Ft%2Fc.git"
    assert link.startswith(f"https://mybinder.org/v2/git/{whole}/student?")


def test_colabs_link_leads_to_the_file_on_github():
    link = links.colab(PLACE, "colab/00.ipynb")
    start = "https://colab.research.google.com/github/a-b/c.d/blob/student/"
    assert link == start + "colab/00.ipynb"
    assert links.colab(ELSEWHERE, "colab/00.ipynb") == ""


@pytest.mark.parametrize("place", [PLACE, ELSEWHERE])
def test_odd_names_arrive_whole(place):
    found = links.columns(place, ODD)
    assert ("Colab" in found) == (place is PLACE)
    for service, link in found.items():
        assert re.fullmatch(r"https://[\w./%?=&:~+-]+", link, re.ASCII), link
        carried = asked(link).get("urlpath") or urlsplit(link).path
        assert unquote(carried).endswith("/" + ODD), service


def test_the_table_has_a_row_for_each_lesson_and_a_column_for_each_service():
    page = links.table(PLACE, {"00.ipynb": "00 | a", "01.ipynb": "01"})
    head, rule, first, second = page.splitlines()
    assert head == "| lesson | JupyterHub | Binder | Colab |"
    assert rule == "|---|---|---|---|"
    assert first.startswith("| 00 \\| a | [open](https://hub.uni.edu/x/hub/")
    assert second.count("[open](https://") == 3
    elsewhere = links.table(ELSEWHERE, {"00.ipynb": "00"}, leave_out=["JupyterHub"])
    assert elsewhere.splitlines()[:2] == ["| lesson | Binder |", "|---|---|"]


# ---------------------------------------------------------------- the guide


def test_only_what_stands_between_the_markers_is_renewed():
    page = f"before\n{links.block('old')}\nafter\n"
    assert links.with_block(page, "new") == f"before\n{links.block('new')}\nafter\n"
    assert links.with_block(links.with_block(page, "new"), "new").count("new") == 1


@pytest.mark.parametrize(
    "page",
    [
        "no markers",
        links.BEGIN,
        f"{links.END} {links.BEGIN}",
        links.block("a") + links.block("b"),
    ],
)
def test_a_page_without_its_two_markers_stays_as_it_is(page):
    assert links.with_block(page, "new") == page


def test_the_guide_has_the_links_that_the_settings_give():
    page = GUIDE.read_text(encoding="utf-8")
    titles = tree.titles(files.NOTEBOOKS)
    shown = links.for_guide(publish_place.shown(), titles)
    assert links.block(shown) in page, "type: python -m tools publish"


def test_while_nothing_is_filled_in_the_guide_shows_forms_and_no_dead_links():
    titles = {"00_a.ipynb": "00 · A", "01_b.ipynb": "01 · B"}
    unknown = Place("https://github.com/OWNER/NAME", "student", NO_HUB)
    text = links.for_guide(unknown, titles)
    assert "](" not in text and text.count("`https://") == 3
    known = Place("https://github.com/a/b", "student", NO_HUB)
    assert links.for_guide(known, titles) == links.table(known, titles)


@pytest.mark.parametrize("content", [None, "[publish", "\xff"])
def test_settings_that_cannot_be_read_are_one_sentence(tmp_path, content):
    path = tmp_path / "publish.toml"
    if content is not None:
        path.write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=r"publish.toml cannot be read: ") as raised:
        settings(path=path)
    assert "\n" not in str(raised.value)
