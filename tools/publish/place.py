"""Where the course is published: read from publish.toml."""

import re
import tomllib
from collections.abc import Mapping
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
        r"[\w-]+/[\w.-]+|https://[\w.:-]+(/[\w.~-]+)+",
        "OWNER/NAME on GitHub, or an address such as https://git.example.org/owner/name",
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

    @property
    def folder(self) -> str:
        """Return the name of the folder in which a clone lies."""
        return self.repository.rpartition("/")[2]


def settings(
    overrides: Mapping[str, str | None] | None = None, path: Path | None = None
) -> Place:
    """Return the place in publish.toml, with what `overrides` gives instead.

    Raises UserError for a value that is missing, is still the placeholder, or has
    another form.
    """
    path = path or files.ROOT / "publish.toml"
    text, found = read(path)
    given = {name: value for name, value in (overrides or {}).items() if value}
    values = {name: str((found | given).get(name, "")).rstrip("/") for name in FORMS}
    for name, (form, needed) in FORMS.items():
        where = f"--{name}" if name in given else f"{path.name}, {line(text, name)}"
        if values[name] == NO_REPOSITORY:
            raise UserError(
                f"{where} is still {NO_REPOSITORY!r}; write there the owner and name "
                "of your repository on GitHub, or give them with --repository."
            )
        if not re.fullmatch(form, values[name], re.ASCII):
            raise UserError(f"{where} is {values[name]!r}; it needs {needed}.")
    return Place(address(values["repository"]), values["branch"], values["hub"])


def read(path: Path) -> tuple[str, dict]:
    """Return the text of the settings and what stands in it. Raises UserError for a
    file that is absent or is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text).get("publish", {})
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read: {reason}.") from error


def line(text: str, name: str) -> str:
    """Return where a setting stands, such as "line 3: branch", or its name alone."""
    found = re.search(rf"^\s*{name}\s*=", text, re.MULTILINE)
    return f"line {text.count(chr(10), 0, found.end()) + 1}: {name}" if found else name


def address(repository: str) -> str:
    """Return the https address of "OWNER/NAME", or of an address, as git takes it."""
    whole = repository if "://" in repository else GITHUB + repository
    return whole.removesuffix(".git") if whole.startswith(GITHUB) else whole
