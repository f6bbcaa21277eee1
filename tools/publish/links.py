"""Links that open a lesson: on a JupyterHub with nbgitpuller, on Binder, on Colab."""

from collections.abc import Collection, Mapping
from urllib.parse import quote, urlencode

from tools.publish.place import NO_REPOSITORY, Place

STUDY, COLAB = "study", "colab"  # the folders of the published tree
BEGIN = "<!-- links: `make publish` writes what stands from here … -->"
END = "<!-- … to here -->"


def hub(place: Place, path: str) -> str:
    """Return nbgitpuller's link: it clones or merges, then opens `path`."""
    wanted = {
        "repo": place.repository,
        "branch": place.branch,
        # From the hub's first folder, so the clone's own folder comes first. Quoted
        # twice: nbgitpuller unpacks the query once, and what is left is an address.
        "urlpath": "lab/tree/" + quote(f"{place.folder}/{path}"),
    }
    return f"{place.hub}/hub/user-redirect/git-pull?" + urlencode(
        wanted, quote_via=quote, safe=""
    )


def binder(place: Place, path: str) -> str:
    """Return the link that lets Binder build the branch and open `path`."""
    source = f"gh/{place.github}"
    if not place.github:
        source = "git/" + quote(place.repository, safe="")
    opened = quote("lab/tree/" + quote(path), safe="")
    return f"https://mybinder.org/v2/{source}/{place.branch}?urlpath={opened}"


def colab(place: Place, path: str) -> str:
    """Return the link that opens a copy in Colab, "" outside of GitHub."""
    if not place.github:
        return ""
    on_github = f"{place.github}/blob/{place.branch}/{quote(path)}"
    return f"https://colab.research.google.com/github/{on_github}"


def columns(place: Place, name: str) -> dict[str, str]:
    """Return the links of the lesson in a file, service -> address, where there is
    one: a hub that is still the placeholder shows the form alone."""
    found = {
        "JupyterHub": hub(place, f"{STUDY}/{name}"),
        "Binder": binder(place, f"{STUDY}/{name}"),
        "Colab": colab(place, f"{COLAB}/{name}"),
    }
    return {service: address for service, address in found.items() if address}


def table(
    place: Place, titles: Mapping[str, str], leave_out: Collection[str] = ()
) -> str:
    """Return the Markdown table of all lessons, without the services to `leave_out`.
    `titles`: file name -> title."""
    rows = []
    for name, title in titles.items():
        links = columns(place, name)
        shown = [service for service in links if service not in leave_out]
        cells = [title.replace("|", "\\|"), *(f"[open]({links[s]})" for s in shown)]
        rows.append(f"| {' | '.join(cells)} |")
    head = f"| lesson | {' | '.join(shown)} |"
    return "\n".join([head, "|---" * (len(shown) + 1) + "|", *rows])


def forms(place: Place, name: str) -> str:
    """Return the three kinds of links to the lesson in a file, to read: with a
    placeholder in them they open nothing."""
    return "\n\n".join(f"{k}:\n`{link}`" for k, link in columns(place, name).items())


def for_guide(place: Place, titles: Mapping[str, str]) -> str:
    """Return what TEACHING.md shows: the table, or the forms of the first lesson's
    links while the repository is not filled in."""
    if place.github == NO_REPOSITORY:
        return forms(place, next(iter(titles)))
    return table(place, titles)


def block(text: str) -> str:
    """Return a table between the two markers, as it stands in TEACHING.md."""
    return f"{BEGIN}\n\n{text}\n\n{END}"


def with_block(page: str, text: str) -> str:
    """Return a page with the table between its markers renewed; one without the two
    markers, each once and in order, comes back as it was."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        return page
    return before + block(text) + after
