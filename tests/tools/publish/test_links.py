"""Where the course is published: every setting is checked, every link is one."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from helpers.core.errors import UserError
from tools.course import files, notebooks
from tools.publish import links, tree
from tools.publish.command import GUIDE
from tools.publish.place import GITHUB, NO_HUB, NO_REPOSITORY, Place, read, settings

PLACE = Place("https://github.com/a-b/c.d", "student", "https://hub.uni.edu/x")
ELSEWHERE = Place("https://git.uni.edu:8443/t/c.git", "student", NO_HUB)
WHOLE = "https%3A%2F%2Fgit.uni.edu%3A8443%2Ft%2Fc.git"
ODD = "01_größe & co?#%.ipynb"
GOOD = {"repository": "a/b", "branch": "student", "hub": NO_HUB}


@pytest.fixture
def settings_of(a_course):
    """Return a function that returns the place in a publish.toml of some text."""

    def read_from(text, **options):
        path = files.make_folder(a_course()) / "publish.toml"
        path.write_text(text, encoding="latin-1")
        return settings(**options)

    return read_from


def toml(**values):
    """Return settings that are good, but for some values."""
    lines = [f"{name} = {value!r}" for name, value in (GOOD | values).items()]
    return "\n".join(["[publish]", *lines])


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
def test_a_repository_is_a_name_on_github_or_an_address(settings_of, given, address):
    assert settings_of(toml(repository=given)) == Place(address, "student", NO_HUB)


WRONG = {
    "repository": [
        *("", "only", "a/b/c", "git@github.com:a/b.git", "http://x.org/a", 7),
        *("https://me:secret@x.org/a", "https://x.org", "https://x.org/a?b"),
        NO_REPOSITORY,
    ],
    "branch": ["", "class/2026", "-f", "a;b"],
    "hub": ["hub.uni.edu", "http://hub.uni.edu", "https://a b"],
}
UNREADABLE = r".*publish.toml cannot be read: "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[publish", UNREADABLE),
        ("\xff", UNREADABLE),
        ("[project]", "In publish.toml repository is ''; it needs "),
        *(
            (toml(**{name: given}), f"In publish.toml {name} is '{given}'; it needs ")
            for name in WRONG
            for given in WRONG[name]
        ),
    ],
)
def test_settings_that_cannot_be_used_are_one_sentence(settings_of, text, words):
    with pytest.raises(UserError, match=f"^{words.replace('?', '[?]')}.*[.]$"):
        settings_of(text)


def test_options_win_and_are_named_where_they_are_wrong(settings_of):
    given = {"repository": "c/d", "branch": None, "hub": "https://h.org/"}
    wanted = Place("https://github.com/c/d", "student", "https://h.org")
    assert settings_of(toml(repository=NO_REPOSITORY), **given) == wanted
    with pytest.raises(UserError, match="--branch is 'a/b'"):
        settings_of(toml(), **given | {"branch": "a/b"})


# ---------------------------------------------------------------- links


def asked(link):
    """Return the parameters of a link, unpacked once, as a server does."""
    return {name: value for name, [value] in parse_qs(urlsplit(link).query).items()}


@pytest.mark.parametrize(
    ("link", "place", "start", "opened"),
    [
        (links.hub, PLACE, "https://hub.uni.edu/x/hub/user-redirect/git-pull?", "c.d/"),
        # Without targetPath, nbgitpuller calls that folder by the end of the address.
        (links.hub, ELSEWHERE, f"{NO_HUB}/hub/user-redirect/git-pull?", "c.git/"),
        (links.binder, PLACE, "https://mybinder.org/v2/gh/a-b/c.d/student?", ""),
        (links.binder, ELSEWHERE, f"https://mybinder.org/v2/git/{WHOLE}/student?", ""),
    ],
)
def test_a_link_leads_to_the_branch_and_opens_the_lesson(link, place, start, opened):
    found = link(place, "study/00.ipynb")
    assert found.startswith(start)
    clone = {"repo": place.repository, "branch": "student"} if opened else {}
    assert asked(found) == clone | {"urlpath": f"lab/tree/{opened}study/00.ipynb"}


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
    assert rule == "| --- | --- | --- | --- |"
    assert first.startswith("| 00 \\| a | [open](https://hub.uni.edu/x/hub/")
    assert second.count("[open](https://") == 3
    elsewhere = links.table(ELSEWHERE, {"00.ipynb": "00"})
    assert elsewhere.splitlines()[:2] == ["| lesson | Binder |", "| --- | --- |"]


# ---------------------------------------------------------------- the guide


def test_only_what_stands_between_the_markers_is_renewed():
    page = f"before\n{links.BEGIN}\nold\n{links.END}\nafter\n"
    renewed = f"before\n{links.BEGIN}\n\nnew\n\n{links.END}\nafter\n"
    assert links.with_block(page, "new") == renewed
    assert links.with_block(renewed, "new") == renewed
    assert links.with_block(links.BEGIN, "new") == links.BEGIN  # without its end


def test_the_guide_has_the_links_that_the_settings_give():
    page = (files.ROOT / GUIDE).read_text(encoding="utf-8")
    found = read(files.ROOT / "publish.toml")
    if found["repository"] != NO_REPOSITORY:
        table = links.table(settings(), tree.titles())
        assert links.with_block(page, table) == page, "type: python -m tools publish"
        return
    # While nothing is filled in, it shows the form of each, and no dead link.
    place = Place(GITHUB + NO_REPOSITORY, found["branch"], found["hub"])
    shown = page.partition(links.BEGIN)[2].partition(links.END)[0]
    first = notebooks.lessons()[0].name
    assert "](" not in shown
    assert re.findall(r"`(.*)`", shown) == [
        links.hub(place, f"study/{first}"),
        links.binder(place, f"study/{first}"),
        links.colab(place, f"colab/{first}"),
    ]
