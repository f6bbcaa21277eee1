"""When pretraining pays: all ways get the same draws, and each knows what it may."""

import json

import pytest
import torch

from helpers.core.errors import UserError
from helpers.data.text.docstrings import LIBRARIES
from helpers.data.text.libraries import Texts, draws
from helpers.lessons.lesson07 import when_it_pays
from helpers.lessons.lesson07.small_text_models import Vocabulary, tiny_gpt
from helpers.lessons.lesson07.when_it_pays import (
    COMMAND,
    FILE,
    SEEDS,
    TUNED_STEPS,
    WAYS,
    Remembered,
    add,
    by_lsa,
    by_scratch,
    by_tuned_gpt,
    features,
    from_library,
    ks_of,
    large_task,
    lsa_vectors,
    measure_and_save,
    minilm_vectors,
    stored,
    tiny_ways,
    whole_ways,
)

COLOURS = [["red apple", "red plum pie"], ["blue sea", "blue sky high"]]
POOL = Texts(
    [f"{text} {n}" for kind in COLOURS for n in "abcdefgh" for text in kind],
    torch.arange(2).repeat_interleave(16),
)
TEST = Texts(["blue", "a red one", "very blue", "red"], torch.tensor([1, 0, 1, 0]))


def test_a_library_gives_masked_paragraphs_of_files_apart(monkeypatch, tmp_path):
    long = " and so the reader learns what it is about in a plain sentence of its own"
    numbers = [f"{letter}hat" for letter in "abcdefghijkl"]
    for name in ("a", "b"):
        texts = [f"{n.title()} numpy{long} {name} {n} {n}{name}." for n in numbers]
        (tmp_path / f"{name}.py").write_text("\n".join(texts), encoding="utf-8")
    files = [tmp_path / "a.py", tmp_path / "b.py"]
    stand_ins = {
        "located": lambda name: (tmp_path, "1"),
        "sources": lambda root: files,
        "documentation": lambda file: file.read_text(encoding="utf-8").split("\n"),
        "paragraphs": lambda docstring: [docstring],
        "held_out": lambda name, share: name.endswith("b.py"),
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(when_it_pays, name, stand_in)

    class AllNew:
        def adds(self, text):
            return True

    found = from_library("numpy", 11, 8, AllNew())
    assert len(found[False]) == 11 and len(found[True]) == 8
    assert all(" a " in text and "numpy" not in text for text in found[False])
    assert all(" b " in text for text in found[True])
    with pytest.raises(ValueError, match="fewer"):
        from_library("numpy", 11, 9, AllNew())  # eight of a file to test on, no more


def test_the_task_has_both_sides_of_every_library_in_order(monkeypatch):
    remembered = []

    def from_one(name, n_pool, n_test, novelty):
        remembered.append(novelty)
        return {False: [f"{name} pool"] * n_pool, True: [f"{name} test"] * n_test}

    monkeypatch.setattr(when_it_pays, "from_library", from_one)
    pool, test = large_task(3, 2)
    assert pool.labels.tolist() == sorted([*range(6)] * 3)
    assert test.labels.tolist() == sorted([*range(6)] * 2)
    assert pool.texts[3] == f"{LIBRARIES[1]} pool"
    assert test.texts[2] == f"{LIBRARIES[1]} test"
    assert len(set(map(id, remembered))) == 1  # near-duplicates across libraries go


def test_vectors_are_computed_once_and_found_by_text():
    asked = []

    def compute(texts):
        asked.extend(texts)
        return torch.arange(len(texts))[:, None]

    vectors = Remembered(compute, ["b", "a", "b"])
    assert asked == ["b", "a"]
    assert vectors(["a", "b", "a"]).tolist() == [[1], [0], [1]]


def test_lsa_learns_from_the_pool_alone():
    one = lsa_vectors(POOL.texts, ["red apple", "blue sea"], 3)
    assert one.shape == (2, 3)
    torch.testing.assert_close(one.norm(dim=1), torch.ones(2))
    more = lsa_vectors(POOL.texts, ["blue sea", "an unknown word", "red apple"], 3)
    torch.testing.assert_close(more[[2, 0]], one, rtol=0, atol=1e-5)


def test_lsa_takes_the_space_that_does_better_in_the_folds():
    labels = dict(
        zip(POOL.texts + TEST.texts, [*POOL.labels, *TEST.labels], strict=True)
    )
    good = lambda texts: torch.tensor([[2.0 * labels[t] - 1] for t in texts])  # noqa: E731
    useless = lambda texts: torch.zeros(len(texts), 1)  # noqa: E731
    for spaces in ([good, useless], [useless, good]):
        assert torch.equal(by_lsa(spaces, POOL, TEST, 0), TEST.labels)


def test_the_scratch_network_learns_what_is_easy():
    assert torch.equal(by_scratch(POOL, TEST, 0), TEST.labels)


def test_a_gpt_is_tuned_as_a_copy(monkeypatch):
    vocabulary = Vocabulary(POOL.texts, 40)
    gpt = tiny_gpt(len(vocabulary), 0)
    before = {name: w.clone() for name, w in gpt.state_dict().items()}
    monkeypatch.setattr(when_it_pays, "TUNED_STEPS", {16: 20})
    told = by_tuned_gpt(gpt, vocabulary, POOL, TEST, 0)
    assert torch.equal(told, TEST.labels)
    assert all(torch.equal(w, before[name]) for name, w in gpt.state_dict().items())


def test_frozen_features_have_one_scale():
    vocabulary = Vocabulary(POOL.texts, 40)
    found = features(tiny_gpt(len(vocabulary), 0), vocabulary, POOL.texts)
    assert found.shape == (32, 128) and not found.requires_grad
    torch.testing.assert_close(found.std(dim=0), torch.full((128,), 128**-0.5))
    assert found.mean(dim=0).abs().max() < 1e-4


def test_tiny_ways_compare_a_pretrained_gpt_with_an_untrained_one(monkeypatch):
    made = {}

    def pretrained(vocabulary, texts, seed, steps, lr):
        made.update(texts=texts, seed=seed, steps=steps, lr=lr)
        return tiny_gpt(len(vocabulary), seed + 1), 5.0

    monkeypatch.setattr(when_it_pays, "pretrained_gpt", pretrained)
    ways = tiny_ways(POOL, TEST, 3)
    assert set(ways) == {way for way in WAYS if way.startswith("tiny")}
    assert made == {"texts": POOL.texts, "seed": 3, "steps": 250, "lr": 3e-3}
    vectors = [ways[f"tiny GPT {n}"].args[0](["blue"]) for n in ("frozen", "untrained")]
    assert not torch.equal(*vectors)


def test_minilm_vectors_keep_the_order_of_the_texts():
    class Encoding:
        def __init__(self, ids):
            self.ids = ids

    class MiniLM:
        tokenizer = type(
            "T", (), {"encode": lambda _, t: Encoding([len(t)] * len(t))}
        )()

        @staticmethod
        def model(ids_bt, attention_mask):
            states = torch.stack([ids_bt, torch.ones_like(ids_bt)], dim=-1).float()
            return type("Output", (), {"last_hidden_state": states})

    found = minilm_vectors(MiniLM, ["aaa", "a", "aaaaa", "aa"], size=3)
    assert (found[:, 0] / found[:, 1]).tolist() == pytest.approx([3, 1, 5, 2])


def test_each_way_gets_the_same_draw_and_is_scored_under_its_name():
    seen = []

    def way(name, rights):
        def answered(train, test, seed):
            seen.append((name, train.texts, seed))
            given = test.labels.clone()
            given[rights:] = 1 - given[rights:]
            return given

        return answered

    seeds = {"one": 3, "two": 1}
    table = {name: {str(k): [] for k in SEEDS} for name in seeds}
    big = Texts([str(i) for i in range(1400)], torch.arange(2).repeat_interleave(700))
    add(table, {name: way(name, n) for name, n in seeds.items()}, big, TEST, 2)
    assert table["one"] == {str(k): [0.75] for k in SEEDS}
    assert table["two"] == {str(k): [0.25] for k in SEEDS}
    for number, k in enumerate(SEEDS):
        (wanted,) = draws(big, k, 1, 2)
        assert seen[number] == ("one", wanted.texts, 2)
        assert seen[number + len(SEEDS)] == ("two", wanted.texts, 2)


def test_more_draws_are_made_of_few_labels():
    assert ks_of("LSA", 0) == [4, 16, 64, 256, 700] and ks_of("LSA", 3) == [4, 16, 64]
    assert ks_of("tiny GPT fine-tuned", 2) == list(TUNED_STEPS) == [16, 256]


def test_four_ways_stand_under_their_names(monkeypatch):
    monkeypatch.setattr(when_it_pays, "DIMENSIONS", (2, 3))
    monkeypatch.setattr(when_it_pays, "minilm_vectors", lambda m, t: torch.eye(len(t)))
    ways = whole_ways(POOL, TEST, "minilm")
    assert tuple(ways) == WAYS[:4]
    spaces = ways["LSA"].args[0]
    assert [space(["blue"]).shape[1] for space in spaces] == [2, 3]


def test_measuring_fills_and_saves_the_whole_table(monkeypatch, tmp_path):
    right = lambda train, test, seed: test.labels  # noqa: E731
    big = Texts([str(i) for i in range(1400)], torch.arange(2).repeat_interleave(700))
    tiny = {way: right for way in WAYS[4:]}
    stand_ins = {
        "large_task": lambda: (big, TEST),
        "model_folder": lambda: None,
        "loaded": lambda folder: None,
        "whole_ways": lambda *_: {way: right for way in WAYS[:4]},
        "tiny_ways": lambda *_: tiny,
    }
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(when_it_pays, name, stand_in)
    file = measure_and_save(tmp_path / "table.json")
    facts = json.loads(file.read_text(encoding="utf-8"))
    assert facts["command"] == COMMAND
    table = stored(file)
    assert tuple(table) == WAYS
    assert {k: len(v) for k, v in table["LSA"].items()} == SEEDS
    assert {k: len(v) for k, v in table["tiny GPT frozen"].items()} == dict.fromkeys(
        SEEDS, 3
    )
    assert table["tiny GPT fine-tuned"] == {k: [1.0] * 3 for k in TUNED_STEPS}


def test_a_missing_table_names_its_command(tmp_path):
    with pytest.raises(UserError, match="when_it_pays"):
        stored(tmp_path / "none.json")


def test_the_stored_table_is_whole():
    table = stored(FILE)
    assert {k: len(v) for k, v in table["MiniLM frozen"].items()} == SEEDS
    assert {k: len(v) for k, v in table["tiny GPT frozen"].items()} == dict.fromkeys(
        SEEDS, 3
    )
    assert all(0.1 < x < 0.9 for row in table.values() for v in row.values() for x in v)
