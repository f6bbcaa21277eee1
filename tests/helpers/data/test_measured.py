"""Stored measurements: read as they were written, or one sentence says what helps."""

import json

import pytest
import torch

from helpers.core.errors import UserError
from helpers.core.files import ROOT
from helpers.data.measured import FOLDER, load, save

COMMAND = "python -m helpers.something"
TABLE = {"one way": {"1": [0.5, 0.25], "10": [0.75]}, "other": {"1": [], "2": [1.0]}}
WAYS = tuple(TABLE)


@pytest.fixture
def file(tmp_path):
    """Return a stored table."""
    return save(tmp_path / "table.json", COMMAND, TABLE)


def test_what_is_saved_is_loaded_with_numbers_as_keys(file):
    wanted = {"one way": {1: [0.5, 0.25], 10: [0.75]}, "other": {1: [], 2: [1.0]}}
    assert load(file, COMMAND, WAYS) == wanted


def test_ways_come_as_asked_for_and_no_others(file):
    assert tuple(load(file, COMMAND, WAYS[::-1])) == WAYS[::-1]
    assert tuple(load(file, COMMAND, WAYS[1:])) == WAYS[1:]


def test_the_file_says_how_it_was_made(file):
    text = file.read_text(encoding="utf-8")
    facts = json.loads(text)
    assert list(facts) == ["command", "torch", "accuracy"]
    assert facts["command"] == COMMAND and facts["accuracy"] == TABLE
    assert torch.__version__.startswith(facts["torch"]) and "+" not in facts["torch"]
    assert text.endswith("}\n") and text.count("\n") > 5  # lines, so that changes show


def test_folders_are_made_and_an_old_table_is_replaced(tmp_path):
    path = tmp_path / "new" / "still newer" / "table.json"
    assert save(path, COMMAND, TABLE) == path
    assert save(path, COMMAND, {"one way": {"3": [1.0]}}) == path
    assert load(path, COMMAND, WAYS[:1]) == {"one way": {3: [1.0]}}
    assert [one.name for one in path.parent.iterdir()] == ["table.json"]


def test_tables_lie_with_the_courses_data():
    assert FOLDER == ROOT / "data" / "measured"


def said(file, command=COMMAND):
    """Return the one sentence that loading ends in."""
    with pytest.raises(UserError) as caught:
        load(file, command, WAYS)
    message = str(caught.value)
    assert "\n" not in message and ". " not in message
    assert caught.value.__cause__ is not None
    return message


def test_a_missing_table_is_named_with_its_command(tmp_path):
    path = tmp_path / "absent.json"
    assert said(path) == f"{path} is missing; run `{COMMAND}`."
    assert said(path, "make it").endswith("; run `make it`.")


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"3", b"null", b"\xff\xfe", b"{}"),
        b'{"accuracy": []}',
        b'{"accuracy": null}',
        b'{"accuracy": {"one way": {"1": [0.5]}}}',
        b'{"accuracy": {"one way": {"k": [0.5]}, "other": {}}}',
        b'{"accuracy": {"one way": [0.5], "other": {}}}',
        b'{"accuracy": {"one way": {}, "other": null}}',
    ],
)
def test_a_damaged_table_is_named_with_its_command(tmp_path, content):
    path = tmp_path / "table.json"
    path.write_bytes(content)
    assert said(path) == f"{path} is damaged; run `{COMMAND}`."


def test_half_a_table_is_damaged(file):
    file.write_bytes(file.read_bytes()[:-20])
    assert said(file) == f"{file} is damaged; run `{COMMAND}`."
