"""The curve over labels: every way gets the same, and is counted as it was."""

import copy
import json
import math
from dataclasses import replace
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from helpers.checkpoints.pretrained import Recipe, made, small_net
from helpers.core.errors import UserError
from helpers.data.images.datasets import ImageSet, digits
from helpers.data.images.rendered import letters
from helpers.data.images.splits import few
from helpers.lessons.lesson06 import label_efficiency
from helpers.lessons.lesson06.label_efficiency import (
    DRAWS,
    FILE,
    KS,
    WAYS,
    answers,
    compared,
    feature_sets,
    from_scratch,
    gains,
    labels_needed,
    mean_sd,
    measure_and_save,
    measure_curve,
    rights,
    savings,
    spreads,
    stored,
)
from helpers.models.adaptation.transfer import backbone_and_head, with_new_head
from helpers.training.few_labels import adapt, by_features, by_model, share
from helpers.training.untrained import untrained

TINY = Recipe(pictures=200, steps=3, batch=32, width=4)
STEPS = 3


@pytest.fixture(scope="module")
def pictures():
    """Return the handwritten digits."""
    return digits()


@pytest.fixture(scope="module")
def source():
    """Return a tiny network that has hardly seen letters."""
    return made("letters", TINY)


@pytest.fixture(scope="module")
def features(source, pictures):
    """Return what the linear models and the SVMs read."""
    return feature_sets(source, pictures.images, 0)


@pytest.fixture(scope="module")
def parts(pictures):
    """Return the indices (train, test) of two pictures per class and of the tested."""
    return few(pictures.labels, 2, 0)


@pytest.fixture(scope="module")
def found(source, pictures, features, parts):
    """Return the answers of all ways."""
    return answers(source, pictures, features, parts, 0, STEPS)


# What the ways start from


def test_a_newborn_has_the_small_networks_backbone_and_a_head_at_zero():
    first, again, other = (from_scratch(seed).eval() for seed in (3, 3, 4))
    small = untrained(lambda: small_net(10), 3).eval()
    images = torch.rand(2, 1, 8, 8)
    seen = [backbone_and_head(net)[0](images) for net in (first, again, other, small)]
    assert torch.equal(seen[0], seen[1]) and torch.equal(seen[0], seen[3])
    assert not torch.equal(seen[0], seen[2])
    assert not first(images).any() and first(images).shape == (2, 10)
    assert from_scratch(3, classes=4).eval()(images).shape == (2, 4)


def test_features_are_the_pixels_and_what_two_networks_see(source, pictures, features):
    assert list(features) == ["pixels", "letters", "random"]
    assert torch.equal(features["pixels"].view_as(pictures.images), pictures.images)
    seen = source.blocks(source.stem(pictures.images[:9])).mean(dim=(2, 3))
    assert torch.allclose(features["letters"][:9], seen, atol=1e-5)
    assert features["letters"].shape == (1797, 16)
    assert features["random"].shape == (1797, 96)
    assert not any(vectors.requires_grad for vectors in features.values())


def test_the_random_network_knows_of_letters_only_how_bright_they_are(source):
    seen = letters(500, 0).images
    net = untrained(lambda: small_net(52), 7).train()
    with torch.no_grad():
        in_training = backbone_and_head(net)[0].train()(seen)
    first, again = (feature_sets(source, seen, 7)["random"] for _ in "12")
    assert torch.equal(first, again)
    torch.testing.assert_close(first, in_training, rtol=0.02, atol=0.02)


def test_features_of_another_seed_differ_for_the_random_network_alone(source):
    images = letters(5, 0).images
    first, other = (feature_sets(source, images, seed) for seed in (0, 1))
    same = [name for name in first if torch.equal(first[name], other[name])]
    assert same == ["pixels", "letters"]


# What they answer


def test_all_ways_answer_for_every_tested_picture_in_their_order(found):
    assert tuple(found) == WAYS and len(set(WAYS)) == 6
    assert all(v.shape == (797,) and v.dtype == torch.int64 for v in found.values())
    assert len({tuple(v.tolist()) for v in found.values()}) == 6


def test_each_way_is_what_its_name_says(found, source, pictures, features, parts):
    def fitted(name, kind, scaled=True):
        labels = pictures.labels
        return by_features(features[name], labels, *parts, kind, scaled)

    def trained(model):
        adapt(model, pictures.subset(parts[0]), STEPS, 0)
        return by_model(model, pictures.images[parts[1]])

    wanted = {
        "SVM on pixels": fitted("pixels", "SVM", scaled=False),
        "frozen random": fitted("random", "linear"),
        "frozen + linear": fitted("letters", "linear"),
        "frozen + SVM": fitted("letters", "SVM"),
        "from scratch": trained(from_scratch(0)),
        "fine-tuned": trained(with_new_head(source, 10)),
    }
    for way, given in wanted.items():
        assert torch.equal(found[way], given), way


def test_the_same_is_answered_twice_whatever_the_random_state(
    found, source, pictures, features, parts
):
    torch.manual_seed(11)
    again = answers(source, pictures, features, parts, 0, STEPS)
    assert all(torch.equal(again[way], found[way]) for way in WAYS)


def test_the_source_stays_as_it_was(source, pictures, features, parts):
    before = copy.deepcopy(source.state_dict())
    feature_sets(source, pictures.images[:5], 0)
    answers(source, pictures, features, parts, 0, STEPS)
    after = source.state_dict()
    assert any(name.endswith("running_mean") for name in before)
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not any(layer.training for layer in source.modules())
    assert source.fc.out_features == 52


def test_the_seed_decides_how_networks_learn_and_nothing_else(
    monkeypatch, found, source, pictures, features, parts
):
    born = []
    monkeypatch.setattr(
        label_efficiency,
        "from_scratch",
        lambda *given: born.append(given[0]) or from_scratch(*given),
    )
    other = answers(source, pictures, features, parts, 1, STEPS)
    same = [way for way in WAYS if torch.equal(other[way], found[way])]
    assert same == list(WAYS[:4]) and born == [1]


def test_the_tested_pictures_teach_nothing(found, source, pictures, features, parts):
    train, test = parts
    kept, rest = test[:400], test[400:]
    labels, images = pictures.labels.clone(), pictures.images.clone()
    labels[test] = 9 - labels[test]
    images[rest] = 5 - 9 * images[rest]
    other = {name: vectors.clone() for name, vectors in features.items()}
    for vectors in other.values():
        vectors[rest] = 5 - 9 * vectors[rest]
    changed = ImageSet(images, labels, pictures.classes)
    again = answers(source, changed, other, (train, test), 0, STEPS)
    for way in WAYS:
        assert torch.equal(again[way][:400], found[way][:400]), way
    alone = answers(source, pictures, features, (train, kept), 0, STEPS)
    assert all(torch.equal(alone[way], found[way][:400]) for way in WAYS)


def test_every_way_learns_from_its_labels(source, pictures):
    train, test = few(pictures.labels, 20, 0)
    perfect = F.one_hot(pictures.labels).float()
    vectors = dict.fromkeys(("pixels", "letters", "random"), perfect)
    given = answers(source, pictures, vectors, (train, test), 0, 20)
    scores = [share(labels, pictures.labels[test]) for labels in given.values()]
    assert scores[:4] == [1] * 4 and min(scores[4:]) > 0.2  # by chance: 0.1


@pytest.mark.parametrize("classes", [2, 3])
def test_any_number_of_classes_is_told_apart(source, pictures, features, classes):
    known = (pictures.labels < classes).nonzero()[:, 0]
    few_kinds = ImageSet(
        pictures.images[known], pictures.labels[known], pictures.classes[:classes]
    )
    vectors = {name: one[known] for name, one in features.items()}
    train, test = few(few_kinds.labels, 5, 0, tested=100)
    given = answers(source, few_kinds, vectors, (train, test), 0, 20)
    assert tuple(given) == WAYS
    for way, labels in given.items():
        assert set(labels.tolist()) <= set(range(classes)), way
        if "random" not in way:
            assert share(labels, few_kinds.labels[test]) > 1.2 / classes, way


def test_new_heads_have_as_many_answers_as_there_are_classes(
    monkeypatch, source, pictures, features
):
    heads = []

    def noted(model, *given):
        heads.append(model.fc.out_features)

    monkeypatch.setattr(label_efficiency, "adapt", noted)
    known = (pictures.labels < 3).nonzero()[:, 0]
    kinds = ImageSet(pictures.images[known], pictures.labels[known], ("0", "1", "2"))
    vectors = {name: one[known] for name, one in features.items()}
    answers(source, kinds, vectors, few(kinds.labels, 2, 0, tested=9), 0, STEPS)
    assert heads == [3, 3]


# Many draws


def test_every_k_is_asked_of_every_draw(monkeypatch, source, pictures, features):
    asked = []
    monkeypatch.setattr(label_efficiency, "answers", lambda *given: asked.append(given))
    found = compared(source, pictures, features, [1, 5], [2, 3, 4], 17)
    assert list(found) == [(1, 2), (1, 3), (1, 4), (5, 2), (5, 3), (5, 4)]
    for (k, seed), given in zip(found, asked, strict=True):
        assert given[0] is source and given[1] is pictures and given[2] is features
        for part, wanted in zip(given[3], few(pictures.labels, k, seed), strict=True):
            assert torch.equal(part, wanted)
        assert given[4:] == (seed, 17)


def test_what_is_compared_are_the_answers(found, source, pictures, features):
    again = compared(source, pictures, features, [2], [0], STEPS)
    assert list(again) == [(2, 0)] and tuple(again[2, 0]) == WAYS
    assert all(torch.equal(again[2, 0][way], found[way]) for way in WAYS)


def with_errors(labels, k, seed, wrong):
    """Return the true labels of a draw's test part, but for the first `wrong`."""
    given = labels[few(labels, k, seed)[1]].clone()
    given[:wrong] = 9 - given[:wrong]
    return given


def test_right_answers_are_counted_against_each_draws_own_test_part(pictures):
    labels = pictures.labels
    wrong = {(1, 5): 797, (1, 6): 400, (20, 5): 100, (20, 6): 0}
    found = {
        (k, seed): {
            way: with_errors(labels, k, seed, max(0, n - place))
            for place, way in enumerate(WAYS)
        }
        for (k, seed), n in wrong.items()
    }
    table = rights(found, labels)
    assert tuple(table) == WAYS
    for place, way in enumerate(WAYS):
        assert list(table[way]) == [1, 20]
        expected = [[797 - place, 400 - place], [100 - place, 0]]
        for k, row in zip((1, 20), expected, strict=True):
            shares = [1 - max(0, n) / 797 for n in row]
            assert table[way][k] == pytest.approx(shares)


def test_a_spread_is_mean_and_deviation_of_the_sample_in_percent():
    assert mean_sd([0.5, 0.7]) == "60.0 ± 14.1"
    assert mean_sd([0.9, 0.9, 0.9]) == "90.0 ± 0.0"
    assert mean_sd([0.1, 0.2, 0.6]) == "30.0 ± 26.5"


def test_spreads_stand_in_a_row_for_each_way():
    table = {
        "one": {2: [0.5, 0.7], 10: [0.8, 0.8]},
        "other": {2: [0.1, 0.2, 0.6], 10: [1.0, 1.0]},
    }
    shown = spreads(table)
    assert shown.header == ["labels per class", "2", "10"]
    assert shown.rows == [
        ["one", "60.0 ± 14.1", "80.0 ± 0.0"],
        ["other", "30.0 ± 26.5", "100.0 ± 0.0"],
    ]


def test_a_single_value_has_no_deviation():
    assert mean_sd([0.5]) == "50.0" and mean_sd([1.0]) == "100.0"
    assert mean_sd((0.12345,)) == "12.3"
    table = {"one": {1: [0.5]}, "other": {1: [0.25]}}
    assert spreads(table).rows == [["one", "50.0"], ["other", "25.0"]]


def test_spreads_of_the_measured_ways_have_a_row_each():
    shown = spreads(stored())
    assert shown.header == ["labels per class", *map(str, KS)]
    assert [row[0] for row in shown.rows] == list(WAYS)
    wanted = [mean_sd(stored()[WAYS[-1]][k]) for k in KS]
    assert shown.rows[-1][1:] == wanted and all(" ± " in one for one in wanted)


def test_gains_are_points_draw_by_draw():
    table = {"ours": [0.5, 0.75, 1.0], "base": [0.25, 1.0, 1.0], "other": [0.0]}
    assert gains(table, "ours", "base") == [25, -25, 0]
    assert gains(table, "base", "ours") == [-25, 25, 0]
    with pytest.raises(ValueError):
        gains(table, "ours", "other")


def test_gains_at_one_number_of_labels():
    table = {
        "ours": {0: [0.5], 1: [0.5, 0.75], 10: [1.0, 1.0]},
        "base": {0: [0.0], 1: [0.25, 0.25], 10: [0.5, 0.75]},
    }
    assert gains(table, "ours", "base", 1) == [25, 50]
    assert gains(table, "ours", "base", k=10) == [50, 25]
    assert gains(table, "ours", "base", k=0) == [50]  # no label is a number, too
    with pytest.raises(KeyError):
        gains(table, "ours", "base", 5)


# How many labels


CURVE = {1: 0.5, 10: 0.7, 100: 0.9}


@pytest.mark.parametrize(
    "accuracy, labels",
    [
        (0.6, math.sqrt(10)),
        (0.65, 10**0.75),
        (0.8, math.sqrt(1000)),
        (0.5, 1),
        (0.7, 10),
        (0.9, 100),
        (0.4, 1),
        (0.0, 1),
        (0.91, math.inf),
    ],
)
def test_labels_needed_lie_on_lines_over_log_k(accuracy, labels):
    assert labels_needed(CURVE, accuracy) == pytest.approx(labels)
    backwards = dict(reversed(CURVE.items()))
    assert labels_needed(backwards, accuracy) == pytest.approx(labels)


def test_a_number_of_labels_is_a_number_even_at_the_ends():
    for accuracy in (0.4, 0.6, 0.95):
        assert isinstance(labels_needed(CURVE, accuracy), float)
    assert labels_needed({5: 0.5}, 0.5) == 5
    assert labels_needed({5: 0.5}, 0.6) == math.inf


def test_a_curve_that_dips_is_read_where_it_first_reaches():
    curve = {1: 0.5, 2: 0.4, 4: 0.8, 8: 0.3, 16: 0.9}
    assert labels_needed(curve, 0.6) == pytest.approx(2 * math.sqrt(2))
    assert labels_needed(curve, 0.45) == 1
    assert labels_needed(curve, 0.85) == pytest.approx(8 * 2 ** (0.55 / 0.6))


def test_equal_points_need_no_line():
    assert labels_needed({1: 0.3, 2: 0.3, 4: 0.5}, 0.4) == pytest.approx(2**1.5)
    assert labels_needed({1: 0.5, 2: 0.5}, 0.5) == 1


def test_savings_are_counted_by_hand():
    table = {
        "ours": {1: [0.4, 0.6], 10: [0.7, 0.7], 100: [0.8, 1.0]},  # CURVE
        "base": {1: [0.2, 0.2], 10: [0.5, 0.5], 100: [0.5, 0.7]},
        "other": {1: [1.0], 10: [1.0], 100: [1.0]},
    }
    found = savings(table, "ours", "base")
    assert list(found) == [10, 100]  # 10 labels for 1, 100 for the root of 10
    assert found == pytest.approx({10: 10, 100: 100 / math.sqrt(10)})


def test_a_way_saves_nothing_against_itself_and_never_reaches_a_better_one():
    table = {
        "ours": {4: [0.7, 0.7], 1: [0.5, 0.5], 2: [0.6, 0.6]},
        "better": {4: [0.9], 1: [0.55], 2: [0.8]},
    }
    assert savings(table, "ours", "ours") == pytest.approx({2: 1, 4: 1})
    assert savings(table, "ours", "better") == {2: 0, 4: 0}
    assert list(savings(table, "better", "ours")) == [2, 4]


# The stored table


def test_every_class_has_pictures_enough_for_the_largest_k(pictures):
    for seed in range(DRAWS):
        assert len(few(pictures.labels, max(KS), seed)[0]) == 10 * max(KS)


def test_every_draw_has_its_own_pretraining_split_and_pictures(monkeypatch, pictures):
    asked = []

    def noted(name, result):
        def stand_in(*given):
            asked.append((name, *given))
            return result(*given)

        monkeypatch.setattr(label_efficiency, name, stand_in)

    def one_wrong_more(source, pictures, features, ks, seeds, steps):
        (seed,) = seeds
        wrong = partial(with_errors, pictures.labels)
        return {(k, seed): {w: wrong(k, seed, seed) for w in WAYS} for k in ks}

    noted("made", lambda name, recipe: f"source {recipe.seed}")
    noted("feature_sets", lambda source, images, seed: f"features {seed}")
    noted("compared", one_wrong_more)
    table = measure_curve(ks=(2, 5), draws=3, recipe=TINY, steps=17)
    for seed in range(3):
        first, second, third = asked[3 * seed : 3 * seed + 3]
        assert first == ("made", "letters", replace(TINY, seed=seed))
        assert second[1] == f"source {seed}" and second[3] == seed
        assert torch.equal(second[2], pictures.images)
        assert third[1] == f"source {seed}" and third[3] == f"features {seed}"
        assert third[4:] == ((2, 5), [seed], 17)
    shares = [1.0, 0.9987, 0.9975]  # 0, 1 and 2 of 797 are wrong
    assert table == {way: {"2": shares, "5": shares} for way in WAYS}


def test_what_is_stored_is_the_whole_recipe(monkeypatch):
    asked = []
    monkeypatch.setattr(label_efficiency, "made", lambda *given: asked.append(given))
    monkeypatch.setattr(label_efficiency, "feature_sets", lambda *given: None)
    monkeypatch.setattr(
        label_efficiency, "compared", lambda *given: asked.append(given[3:]) or {}
    )
    table = measure_curve()
    assert asked[::2] == [("letters", Recipe(seed=seed)) for seed in range(5)]
    assert asked[1::2] == [(KS, [draw], 150) for draw in range(5)]
    assert tuple(map(int, table[WAYS[0]])) == KS == tuple(sorted(set(KS)))


def test_a_small_measurement_is_reproducible():
    first, again = (measure_curve((1,), draws, TINY, steps=1) for draws in (2, 1))
    assert tuple(first) == WAYS
    for way, row in first.items():
        assert list(row) == ["1"] and len(row["1"]) == 2
        assert again[way]["1"] == row["1"][:1]
        assert row["1"][0] != row["1"][1]
        assert all(0 <= value <= 1 and round(value, 4) == value for value in row["1"])


def stub():
    """Return a measurement that took no time."""
    return {way: {str(k): [0.1 * k, 0.5] for k in (1, 2)} for way in WAYS}


def test_what_is_written_is_read_again(tmp_path):
    file = tmp_path / "new" / "measured" / "curve.json"
    assert measure_and_save(file, stub) == file
    expected = {way: {1: [0.1, 0.5], 2: [0.2, 0.5]} for way in WAYS}
    assert stored(file) == expected and tuple(stored(file)) == WAYS
    facts = json.loads(file.read_text(encoding="utf-8"))
    assert facts["command"] == "python -m helpers.lessons.lesson06.label_efficiency"
    assert facts["torch"] == torch.__version__.split("+")[0]
    assert measure_and_save(file, lambda: {w: {} for w in WAYS}) == file
    assert stored(file) == {way: {} for way in WAYS}


def test_a_measurement_that_breaks_leaves_the_last_one(tmp_path):
    file = measure_and_save(tmp_path / "curve.json", stub)
    with pytest.raises(ZeroDivisionError):
        measure_and_save(file, lambda: 1 / 0)
    assert stored(file)[WAYS[0]][2] == [0.2, 0.5]


def said(file):
    """Return the one sentence that reading ends in."""
    with pytest.raises(UserError) as caught:
        stored(file)
    message = str(caught.value)
    assert "\n" not in message and ". " not in message
    assert message.endswith(
        "; run `python -m helpers.lessons.lesson06.label_efficiency`."
    )
    return message


def test_a_missing_table_is_named_with_what_helps(tmp_path):
    assert said(tmp_path / "curve.json").startswith(
        f"{tmp_path / 'curve.json'} is missing;"
    )


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"3", b"\xff\xfe", b"{}", b'{"accuracy": []}'),
        json.dumps({"accuracy": dict.fromkeys(WAYS, 3)}).encode(),
        json.dumps({"accuracy": {w: {"1": [1]} for w in WAYS[1:]}}).encode(),
        json.dumps({"accuracy": {w: {"one": [1]} for w in WAYS}}).encode(),
    ],
)
def test_a_table_that_is_none_is_noticed(tmp_path, content):
    file = tmp_path / "curve.json"
    file.write_bytes(content)
    assert said(file).startswith(f"{file} is damaged;")


def test_the_shipped_table_is_whole():
    table = stored()
    assert FILE.parts[-3:] == ("data", "measured", "label_curve.json")
    assert tuple(table) == WAYS and DRAWS == 5 and {1, 2, 5, 10, 20, 50} <= set(KS)
    for row in table.values():
        assert tuple(row) == KS
        for values in row.values():
            assert len(values) == 5 and all(0 <= value <= 1 for value in values)
            assert len(set(values)) > 1
