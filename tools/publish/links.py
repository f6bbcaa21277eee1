"""Links that open a lesson: on a JupyterHub with nbgitpuller, on Binder, on Colab."""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from tools.publish.place import NO_HUB, Place

STUDY, COLAB = "study", "colab"  # the folders of the published tree
BEGIN = "<!-- links: `make publish` writes what stands from here … -->"
END = "<!-- … to here -->"


def hub(place: Place, path: str) -> str:
    """Return nbgitpuller's link: it clones or merges, then opens `path`."""
    clone = place.repository.rpartition("/")[2]
    wanted = {
        "repo": place.repository,
        "branch": place.branch,
        # From the hub's first folder, so the clone's own folder comes first. Quoted
        # twice: nbgitpuller unpacks the query once, and what is left is an address.
        "urlpath": "lab/tree/" + quote(f"{clone}/{path}"),
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
    """Return the links of the lesson in a file, service -> address: of those that can
    open it."""
    found = {
        "JupyterHub": "" if place.hub == NO_HUB else hub(place, f"{STUDY}/{name}"),
        "Binder": binder(place, f"{STUDY}/{name}"),
        "Colab": colab(place, f"{COLAB}/{name}"),
    }
    return {service: address for service, address in found.items() if address}


def table(place: Place, titles: Mapping[str, str]) -> str:
    """Return the Markdown table of all lessons. `titles`: file name -> title."""
    rows = []
    for name, title in titles.items():
        links = columns(place, name)
        opened = (f"[open]({link})" for link in links.values())
        rows.append(" | ".join([title.replace("|", "\\|"), *opened]))
    head = [" | ".join(["lesson", *links]), " | ".join(["---"] * (len(links) + 1))]
    return "\n".join(f"| {row} |" for row in [*head, *rows])


def with_block(page: str, text: str) -> str:
    """Return a page with the text between the two markers renewed; one without them
    comes back as it was."""
    block = f"{BEGIN}\n\n{text}\n\n{END}"
    return re.sub(f"{BEGIN}.*?{END}", lambda _: block, page, flags=re.DOTALL)
