"""Three ways ranked: all get the same draws, and each is asked as it should be."""

import json
from statistics import mean

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.text.docstrings import LIBRARIES
from helpers.data.text.libraries import Texts, draws
from helpers.lessons.lesson06 import text_transfer_study
from helpers.lessons.lesson06.text_transfer_study import (
    COMMAND,
    DRAWS,
    FILE,
    SEEDS,
    WAYS,
    K,
    by_tuning,
    measure_and_save,
    measure_ranking,
    stored,
)

POOL = Texts([f"learn {i}" for i in range(24)], torch.arange(2).repeat_interleave(12))
TEST = Texts([f"test {i}" for i in range(8)], torch.tensor([0, 1] * 4))


@pytest.fixture
def asked(monkeypatch):
    """Let stand-ins answer that are right of 8 texts 8, 4 and 3 times; return what
    each was asked: (name, train, test, seed)."""
    seen = []

    def way(name, rights):
        def answered(train, test, seed):
            seen.append((name, train, test, seed))
            given = test.labels.clone()
            given[rights:] = 1 - given[rights:]
            return given

        return answered

    def frozen(vectors_of, *given):
        assert vectors_of == "frozen the model"
        return way("frozen", 4)(*given)

    def tuned(minilm, *given):
        assert minilm == "the model"
        return way("tuned", 3)(*given)

    stand_ins = {
        "model_folder": lambda: "folder",
        "loaded": {"folder": "the model"}.__getitem__,
        "library_task": lambda: (POOL, TEST),
        "FrozenMiniLM": lambda minilm: f"frozen {minilm}",
        "by_counted_words": way("counted", 8),
        "by_frozen_minilm": frozen,
        "by_tuning": tuned,
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(text_transfer_study, name, stand_in)
    return seen


def test_every_way_is_scored_under_its_own_name(asked):
    table = measure_ranking(k=2, seeds=range(2), n_draws=3)
    shares = (1.0, 0.5, 0.375)
    assert table == {w: {"2": [s] * 6} for w, s in zip(WAYS, shares, strict=True)}
    assert tuple(table) == WAYS == ("counted words", *WAYS[1:])


def test_all_ways_get_the_same_draws_the_same_test_and_the_same_seed(asked):
    measure_ranking(k=3, seeds=(4, 7), n_draws=2)
    assert [name for name, *_ in asked] == ["counted", "frozen", "tuned"] * 4
    wanted = [(seed, train) for seed in (4, 7) for train in draws(POOL, 3, 2, seed)]
    for number, (seed, train) in enumerate(wanted):
        for _, given, test, given_seed in asked[3 * number : 3 * number + 3]:
            assert given.texts == train.texts and given_seed == seed
            assert torch.equal(given.labels, train.labels)
            assert test is TEST


def test_the_draws_of_a_seed_share_no_text(asked):
    measure_ranking(k=4, seeds=(0,), n_draws=3)
    texts = [text for name, train, *_ in asked for text in train.texts]
    assert sorted(texts[::3]) == sorted(set(texts[::3]))
    drawn = [set(train.texts) for name, train, *_ in asked if name == "counted"]
    assert not drawn[0] & drawn[1] and not drawn[1] & drawn[2]
    assert all(len(one) == 8 for one in drawn)


def test_scores_are_rounded_to_four_places(asked, monkeypatch):
    third = Texts(["a", "b", "c"], torch.zeros(3, dtype=torch.long))
    monkeypatch.setattr(text_transfer_study, "library_task", lambda: (POOL, third))
    monkeypatch.setattr(
        text_transfer_study, "by_tuning", lambda *given: torch.tensor([0, 1, 0])
    )
    table = measure_ranking(k=2, seeds=(0,), n_draws=1)
    assert table["MiniLM fine-tuned"] == {"2": [0.6667]}


def test_what_is_asked_for_is_what_the_course_tells():
    assert (K, list(SEEDS), DRAWS) == (16, [0, 1, 2, 3, 4], 3)
    assert measure_ranking.__defaults__ == (K, SEEDS, DRAWS)
    assert measure_and_save.__defaults__ == (FILE, measure_ranking)


def test_tuning_answers_for_the_test_with_what_it_learned(monkeypatch):
    told = []
    monkeypatch.setattr(
        text_transfer_study,
        "fine_tuned",
        lambda *given: told.append(given) or ("tuned", "history"),
    )
    monkeypatch.setattr(
        text_transfer_study, "by_fine_tuned", lambda *given: told.append(given) or 5
    )
    assert by_tuning("minilm", POOL, TEST, 3) == 5
    assert told == [("minilm", POOL, 3), ("tuned", "minilm", TEST.texts)]


def test_without_minilm_one_sentence_says_so(monkeypatch):
    def absent():
        raise UserError("MiniLM is not installed.")

    monkeypatch.setattr(text_transfer_study, "model_folder", absent)
    monkeypatch.setattr(text_transfer_study, "library_task", None)  # is not waited for
    with pytest.raises(UserError, match="not installed"):
        measure_ranking()


# The stored table


def test_what_is_written_is_read_again(asked, tmp_path):
    file = tmp_path / "new" / "ranking.json"
    assert measure_and_save(file, lambda: measure_ranking(2, range(1), 2)) == file
    assert stored(file) == {
        "counted words": {2: [1.0, 1.0]},
        "MiniLM frozen": {2: [0.5, 0.5]},
        "MiniLM fine-tuned": {2: [0.375, 0.375]},
    }
    facts = json.loads(file.read_text(encoding="utf-8"))
    assert (
        facts["command"]
        == COMMAND
        == "python -m helpers.lessons.lesson06.text_transfer_study"
    )


def test_a_missing_or_damaged_table_is_named_with_the_command(tmp_path):
    file = tmp_path / "ranking.json"
    for state in ("missing", "damaged"):
        with pytest.raises(UserError) as caught:
            stored(file)
        assert str(caught.value) == f"{file} is {state}; run `{COMMAND}`."
        file.write_text('{"accuracy": {"counted words": {}}}', encoding="utf-8")


def test_the_shipped_table_is_whole():
    table = stored()
    assert FILE.parts[-3:] == ("data", "measured", "paragraph_ranking.json")
    assert tuple(table) == WAYS and len(WAYS) == 3
    for row in table.values():
        assert tuple(row) == (16,)
        assert len(row[16]) == len(SEEDS) * DRAWS == 15
        assert all(0 <= s <= 1 and round(s, 4) == s for s in row[16])
        assert len(set(row[16])) > 1


def test_the_shipped_scores_are_shares_of_the_tested_paragraphs():
    scores = [s for row in stored().values() for s in row[16]]
    n = 50 * len(LIBRARIES)
    assert all(round(round(n * s) / n, 4) == s for s in scores)
    assert all(mean(row[16]) > 2 / len(LIBRARIES) for row in stored().values())
    assert json.loads(FILE.read_text(encoding="utf-8"))["command"] == COMMAND
