"""What was measured at further seeds before counts, or does not."""

import json

import pytest
from support.ledger_lessons import claim

from helpers.core.errors import UserError
from tools.ledger.carried import carried, earlier, keep_further, seeds_kept
from tools.ledger.command import entry

PRINTED = [0, 1]
FIRST, SECOND = "1.1", "1.2"


def claims(first, second=2):
    """Return the records of one run."""
    both = [claim(FIRST, first, at_least=0), claim(SECOND, second, at_least=0)]
    return {record["id"]: record for record in both}


NOW = {seed: claims(seed) for seed in PRINTED}


def keep_runs(folder, runs, rests_on="before"):
    """Keep the runs of one version, {seed: its claims}, as the ledger does."""
    entries = [
        {"lesson": "01_tiny"} | entry({seed: run[id] for seed, run in runs.items()})
        for id in (FIRST, SECOND)
    ]
    keep_further(entries, {"01_tiny": rests_on}, folder)


@pytest.fixture
def folder(tmp_path):
    """What was kept of an earlier version: the printed seeds and seed 7."""
    keep_runs(tmp_path, NOW | {7: claims(7)})
    return tmp_path


def found(folder, now=NOW, rests_on="now"):
    """Return which records of further seeds count for which claim."""
    return carried(earlier("01_tiny", folder), now, rests_on, PRINTED)


def seeds(folder, now=NOW, rests_on="now"):
    """Return which further seeds count for which claim."""
    of = found(folder, now, rests_on)
    return {id: sorted(records) for id, records in of.items()}


def test_further_seeds_of_an_earlier_version_count_where_the_values_are_the_same(
    folder,
):
    assert seeds(folder) == {FIRST: [7], SECOND: [7]}
    assert found(folder)[FIRST][7]["values"] == [7]


CHANGES = [{"limits": [1, None]}, {"unit": "m"}, {"on": "mean"}]


@pytest.mark.parametrize("change", [{"values": [9.0]}, *CHANGES])
def test_a_claim_that_reads_otherwise_begins_anew(folder, change):
    changed = {seed: claims(seed) for seed in PRINTED}
    changed[0][FIRST] |= change
    assert seeds(folder, changed) == {SECOND: [7]}


def test_a_value_that_differs_at_one_printed_seed_begins_anew(folder):
    changed = claims(1) | {FIRST: claims(1.5)[FIRST]}
    assert seeds(folder, NOW | {1: changed}) == {SECOND: [7]}
    del changed[FIRST]
    assert seeds(folder, NOW | {1: changed}) == {SECOND: [7]}


def test_the_same_code_counts_whatever_another_machine_reads(folder):
    elsewhere = {seed: claims(seed + 1e-9) for seed in PRINTED}
    assert seeds(folder, elsewhere, "before") == {FIRST: [7], SECOND: [7]}
    assert seeds(folder, elsewhere) == {SECOND: [7]}


@pytest.mark.parametrize("change", CHANGES)
def test_nor_does_the_same_code_count_against_another_bound(folder, change):
    changed = {seed: claims(seed) for seed in PRINTED}
    changed[0][FIRST] |= change
    assert seeds(folder, changed, "before") == {SECOND: [7]}


def test_words_may_have_changed(folder):
    now = {seed: claims(seed) for seed in PRINTED}
    now[0][FIRST] |= {"text": "other words", "cell": 5}
    record = found(folder, now)[FIRST][7]
    assert (record["text"], record["cell"], record["values"]) == ("other words", 5, [7])


def test_a_seed_that_was_measured_anew_is_not_looked_for(folder):
    assert seeds(folder, NOW | {7: claims(7)}) == {FIRST: [], SECOND: []}


def test_a_new_claim_has_no_earlier_seeds(folder):
    now = {
        seed: run | {"1.3": claim("1.3", 1, at_least=0)} for seed, run in NOW.items()
    }
    assert seeds(folder, now) == {FIRST: [7], SECOND: [7]}


def test_a_version_that_lacks_a_printed_seed_does_not_count(tmp_path):
    keep_runs(tmp_path, {0: claims(0), 7: claims(7)})
    assert seeds(tmp_path) == {}


def test_the_lesson_as_it_is_has_to_have_every_printed_seed(folder):
    assert seeds(folder, {0: claims(0)}) == {}


def test_without_a_file_nothing_counts_and_a_damaged_one_is_named(folder):
    assert carried(earlier("02_other", folder), NOW, "now", PRINTED) == {}
    path = folder / "01_tiny.json"
    path.write_text(path.read_text(encoding="utf-8")[:40], encoding="utf-8")
    with pytest.raises(UserError, match=r"01_tiny\.json is damaged .* from git"):
        earlier("01_tiny", folder)


def test_the_file_has_a_line_for_each_claim(folder):
    lines = (folder / "01_tiny.json").read_text(encoding="utf-8").splitlines()
    assert [line.partition(":")[0] for line in lines[1:-1]] == ['"1.1"', '"1.2"']
    assert json.loads("\n".join(lines))["claims"][FIRST]["runs"]["7"]["held"] is True


def test_of_the_same_code_printed_seeds_are_carried_too_in_words_of_any_seed(folder):
    further = {9: claims(9)}
    assert seeds(folder, further, "before") == {FIRST: [0, 1, 7], SECOND: [0, 1, 7]}
    assert seeds(folder, further) == {}
    assert seeds(folder, {}, "before") == {}


def test_a_seed_is_kept_where_every_claim_has_it(folder):
    kept = earlier("01_tiny", folder)
    assert seeds_kept(kept, "before") == {0, 1, 7}
    assert seeds_kept(kept, "now") == set()
    del kept["claims"][SECOND]["runs"]["7"]
    assert seeds_kept(kept, "before") == {0, 1}
    assert seeds_kept(earlier("02_none", folder), None) == set()
