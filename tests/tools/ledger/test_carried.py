"""What an earlier version of a lesson measured at further seeds counts, or does not."""

import json

import pytest
from support.ledger_lessons import claim

from tools.ledger.carried import carried

PRINTED = [0, 1]
FIRST, SECOND = "1.1", "1.2"


def claims(first, second=2):
    """Return the records of one run."""
    both = [claim(FIRST, first, at_least=0), claim(SECOND, second, at_least=0)]
    return {record["id"]: record for record in both}


NOW = {seed: claims(seed) for seed in PRINTED}


def kept(folder, seed, found, version="earlier", **parameters):
    """Keep a run of a version of the lesson as the ledger does."""
    run = {
        "rests_on": version,
        "parameters": {"SEED": seed, "BUDGET": 1.0} | parameters,
        "claims": list(found.values()),
    }
    path = folder / f"01_tiny-seed-{seed}-{version}.json"
    path.write_text(json.dumps(run), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    """The runs of an earlier version at the printed seeds and at seed 7."""
    for seed in (*PRINTED, 7):
        kept(tmp_path, seed, claims(seed))
    return tmp_path


def seeds(folder, now=NOW):
    """Return which further seeds count for which claim."""
    found = carried("01_tiny", now, PRINTED, folder)
    return {id: sorted(records) for id, records in found.items()}


def test_further_seeds_of_an_earlier_version_count_where_the_values_are_the_same(
    folder,
):
    assert seeds(folder) == {FIRST: [7], SECOND: [7]}
    found = carried("01_tiny", NOW, PRINTED, folder)
    assert found[FIRST][7]["values"] == [7]


@pytest.mark.parametrize(
    "change", [{"values": [9.0]}, {"limits": [1, None]}, {"unit": "m"}, {"on": "mean"}]
)
def test_a_claim_that_reads_otherwise_at_one_printed_seed_begins_anew(folder, change):
    changed = claims(1)
    changed[FIRST] |= change
    assert seeds(folder, NOW | {1: changed}) == {SECOND: [7]}


def test_words_may_have_changed(folder):
    now = {seed: claims(seed) for seed in PRINTED}
    now[0][FIRST] |= {"text": "other words", "cell": 5}
    record = carried("01_tiny", now, PRINTED, folder)[FIRST][7]
    assert (record["text"], record["cell"], record["values"]) == ("other words", 5, [7])


def test_a_seed_that_was_measured_anew_is_not_looked_for(folder):
    assert seeds(folder, NOW | {7: claims(7)}) == {}


def test_a_new_claim_has_no_earlier_seeds(folder):
    now = {
        seed: found | {"1.3": claim("1.3", 1, at_least=0)}
        for seed, found in NOW.items()
    }
    assert seeds(folder, now) == {FIRST: [7], SECOND: [7]}


def test_a_version_that_lacks_a_printed_seed_does_not_count(folder):
    (folder / "01_tiny-seed-1-earlier.json").unlink()
    assert seeds(folder) == {}


def test_runs_of_another_length_and_damaged_ones_do_not_count(tmp_path):
    for seed in PRINTED:
        kept(tmp_path, seed, claims(seed))
    kept(tmp_path, 7, claims(7), BUDGET=0.5)
    path = kept(tmp_path, 8, claims(8))
    path.write_text(path.read_text(encoding="utf-8")[:40], encoding="utf-8")
    path = kept(tmp_path, 9, claims(9))
    run = json.loads(path.read_text(encoding="utf-8"))
    del run["rests_on"]
    path.write_text(json.dumps(run), encoding="utf-8")
    assert seeds(tmp_path) == {}


def test_the_lesson_as_it_is_has_to_have_every_printed_seed(folder):
    assert seeds(folder, {0: claims(0)}) == {}
