"""Stored measurements: JSON tables in `data/measured/`, with their command."""

import json
from pathlib import Path

import torch

from helpers.core.errors import UserError
from helpers.core.files import ROOT, write_whole

FOLDER = ROOT / "data" / "measured"


def save(file: Path, command: str, table: dict) -> Path:
    """Write a table, the command that measures it and PyTorch's version as JSON;
    return the file."""
    version = torch.__version__.split("+")[0]
    facts = {"command": command, "torch": version, "accuracy": table}
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(facts, indent=1) + "\n")
    return file


def load(file: Path, command: str, ways: tuple[str, ...]) -> dict[str, dict]:
    """Return a saved table: way -> k -> accuracies, one per draw. Raises UserError when
    the file is absent or damaged, and says which command measures it again."""
    try:
        table = json.loads(file.read_text(encoding="utf-8"))["accuracy"]
        return {w: {int(k): v for k, v in table[w].items()} for w in ways}
    except FileNotFoundError as error:
        raise UserError(f"{file} is missing; run `{command}`.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{file} is damaged; run `{command}`.") from error
