"""Where the course is published: read from publish.toml."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from helpers.core.errors import UserError
from tools.course import files

NO_REPOSITORY, NO_HUB = "OWNER/NAME", "https://hub.example.org"  # to be filled in
GITHUB = "https://github.com/"
# Name -> (its form, what is needed). All three become parts of links that everybody
# may see, so none holds a password; and git and Binder say the rest.
FORMS = {
    "repository": (
        rf"(?!{NO_REPOSITORY}$)[\w-]+/[\w.-]+|https://[\w.:-]+(/[\w.~-]+)+",
        "the owner and name of your repository on GitHub, with a '/' between them, or "
        "an address such as https://git.example.org/owner/name",
    ),
    "branch": (
        r"\w[\w.-]*",
        "a name of letters, digits, '.', '_' and '-' (links take a '/' for a folder)",
    ),
    "hub": (r"https://[\w.:/~-]+", f"the address of a JupyterHub, such as {NO_HUB}"),
}


@dataclass(frozen=True)
class Place:
    """`repository`: its https address. `branch`: what learners get. `hub`: the https
    address of a JupyterHub, without a slash at its end."""

    repository: str
    branch: str
    hub: str

    @property
    def github(self) -> str:
        """Return "owner/name", "" where the repository is not on GitHub."""
        on_github = self.repository.startswith(GITHUB)
        return self.repository.removeprefix(GITHUB) if on_github else ""


def settings(**options: str | None) -> Place:
    """Return the place in publish.toml, with what the `options` give instead.

    Raises UserError for a value that is missing, is still the placeholder, or has
    another form.
    """
    found = read(files.ROOT / "publish.toml")
    given = {name: value for name, value in options.items() if value}
    values = {name: str((found | given).get(name, "")).rstrip("/") for name in FORMS}
    for name, (form, needed) in FORMS.items():
        if not re.fullmatch(form, values[name], re.ASCII):
            where = f"--{name}" if name in given else f"In publish.toml {name}"
            raise UserError(f"{where} is {values[name]!r}; it needs {needed}.")
    return Place(address(values["repository"]), values["branch"], values["hub"])


def read(path: Path) -> dict:
    """Return the settings in a file. Raises UserError for one that is absent or is
    not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get("publish", {})
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read: {reason}.") from error


def address(repository: str) -> str:
    """Return the https address of "OWNER/NAME", or of an address, as git takes it."""
    whole = repository if "://" in repository else GITHUB + repository
    return whole.removesuffix(".git") if whole.startswith(GITHUB) else whole
