"""Where the course is published: read from publish.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from helpers.core.errors import UserError
from tools.course import files

SETTINGS = files.ROOT / "publish.toml"  # not pyproject: a change installs nothing
TABLE = "publish"
NO_REPOSITORY, NO_HUB = "OWNER/NAME", "https://hub.example.org"  # to be filled in
GITHUB = "https://github.com/"
NAMES = ("repository", "branch", "hub")


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
    overrides: Mapping[str, str | None] | None = None, path: Path = SETTINGS
) -> Place:
    """Return the place in `path`, with what `overrides` gives instead.

    Raises UserError, with the line to change, for a value that is missing, is still
    the placeholder, or has another form.
    """
    text, found = read(path)
    given = {name: value for name, value in (overrides or {}).items() if value}
    values = {name: given.get(name, found.get(name)) for name in NAMES}
    where = {
        name: f"--{name}" if name in given else line(text, name, path.name)
        for name in NAMES
    }
    return Place(
        repository(values["repository"], where["repository"]),
        branch(values["branch"], where["branch"]),
        hub(values["hub"], where["hub"]),
    )


def read(path: Path) -> tuple[str, dict]:
    """Return the text of the settings and what stands in it. Raises UserError for a
    file that is absent or is not TOML."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text).get(TABLE, {})
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be read: {reason}.") from error


def shown(path: Path = SETTINGS) -> Place:
    """Return the place in `path` to show the form of its links, placeholders too."""
    _, found = read(path)
    if found["repository"] != NO_REPOSITORY:
        return settings(path=path)
    return Place(GITHUB + NO_REPOSITORY, found["branch"], found["hub"])


def line(text: str, name: str, file: str) -> str:
    """Return where a setting stands, as in "publish.toml, line 3: branch"."""
    in_table = False
    for number, content in enumerate(text.splitlines(), start=1):
        if content.strip().startswith("["):
            in_table = content.strip() == f"[{TABLE}]"
        elif in_table and re.match(rf"\s*{name}\s*=", content):
            return f"{file}, line {number}: {name}"
    return f"{file}, [{TABLE}]: {name}"


def repository(value: object, where: str) -> str:
    """Return the address of "OWNER/NAME", or of a whole address. Raises UserError."""
    if value == NO_REPOSITORY:
        raise UserError(
            f"{where} is still {NO_REPOSITORY!r}; write there the owner and name of "
            "your repository on GitHub, or give them with --repository."
        )
    text = value.removesuffix("/") if isinstance(value, str) else ""
    if re.fullmatch(r"[\w-]+/[\w.-]+", text, re.ASCII):
        text = GITHUB + text
    parts = https(text)
    ends_well = parts and re.fullmatch(r"(/[\w.~-]+)+", parts.path, re.ASCII)
    if not ends_well or (parts.netloc == "github.com" and parts.path.count("/") != 2):
        raise UserError(
            f"{where} is {value!r}; it needs OWNER/NAME on GitHub, or an address such "
            "as https://git.example.org/owner/name without a password."
        )
    return text.removesuffix(".git") if text.startswith(GITHUB) else text


def branch(value: object, where: str) -> str:
    """Return the name of a branch that all three kinds of links can carry."""
    if isinstance(value, str) and re.fullmatch(r"\w[\w.-]*", value, re.ASCII):
        return value
    raise UserError(
        f"{where} is {value!r}; it needs a name of letters, digits, '.', '_' and '-' "
        "(with a '/' in it, links could not tell it from a folder)."
    )


def hub(value: object, where: str) -> str:
    """Return the address of a hub, the placeholder too. Raises UserError."""
    text = value.rstrip("/") if isinstance(value, str) else ""
    if not https(text):
        raise UserError(
            f"{where} is {value!r}; it needs the address of a JupyterHub, such as "
            f"{NO_HUB}."
        )
    return text


def https(text: str):
    """Return the parts of a plain https address, None for anything else: a query, a
    password or a blank have no place in a link."""
    try:
        parts = urlsplit(text)
        plain = re.fullmatch(r"[\w.-]+(:\d+)?", parts.netloc, re.ASCII)
    except ValueError:
        return None
    rest = parts.query or parts.fragment or re.search(r"\s", text)
    return parts if parts.scheme == "https" and plain and not rest else None
