"""Words counted, MiniLM frozen, MiniLM fine-tuned: each sees what it may, no more."""

import copy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from transformers import BertForSequenceClassification

from helpers.checkpoints import text_transfer
from helpers.checkpoints.minilm import open_minilm
from helpers.checkpoints.text_transfer import (
    STRENGTHS,
    TOKENS,
    TUNING,
    FrozenMiniLM,
    accuracies,
    batch_of,
    batches,
    by_counted_words,
    by_fine_tuned,
    by_frozen_minilm,
    fine_tuned,
    learning,
    linear_model,
    shortest_first,
    text_loss,
    token_ids,
    with_class_head,
)
from helpers.core.errors import UserError
from helpers.data.text.libraries import Texts, draws

FISH, TREES = ["salmon", "trout", "herring"], ["oak", "birch", "willow"]
LONG = "The old man told his grandson a story about the sea. " * 8
PAIRS = [
    ("The {} swims in cold water.", "The {} grows near cold water."),
    ("A {} was caught today.", "A {} was felled today."),
    ("We ate {} with lemon.", "We sat below the {} tree."),
    ("Its fins are those of a {}.", "Its leaves are those of an {}."),
]


def told(number):
    """Return 8 sentences, half on fish (0), half on trees (1), that name one each."""
    return Texts(
        [fish.format(FISH[number]) for fish, _ in PAIRS]
        + [tree.format(TREES[number]) for _, tree in PAIRS],
        torch.tensor([0] * 4 + [1] * 4),
    )


def right(found, wanted):
    return (found == wanted).float().mean().item()


# ---------------------------------------------------------------- the linear model


def blobs(n, spread, seed=0):
    """Return vectors (2 n, 5) around two points, and their labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(2).repeat_interleave(n)
    return labels[:, None] + spread * torch.randn(2 * n, 5, generator=generator), labels


def test_the_strength_is_the_best_of_the_folds():
    vectors, labels = blobs(12, spread=1.5)
    model = linear_model("passthrough", vectors.numpy(), labels, seed=3)
    scores = model.cv_results_["mean_test_score"]
    tried = [found["linear__C"] for found in model.cv_results_["params"]]
    assert tuple(tried) == STRENGTHS and model.n_splits_ == 4
    assert model.best_params_["linear__C"] == tried[scores.argmax()]
    assert model.best_params_["linear__C"] == model.best_estimator_["linear"].C


def test_the_linear_model_learns_and_is_the_same_every_time():
    vectors, labels = blobs(12, spread=0.2)
    new, wanted = blobs(50, spread=0.2, seed=1)
    first, again = (
        linear_model("passthrough", vectors.numpy(), labels, seed=3) for _ in "12"
    )
    assert right(torch.from_numpy(first.predict(new.numpy())), wanted) > 0.99
    weights = [model.best_estimator_["linear"].coef_ for model in (first, again)]
    assert (weights[0] == weights[1]).all()


def test_the_seed_decides_the_folds():
    vectors, labels = blobs(12, spread=0.2)
    models = [linear_model("passthrough", vectors, labels, seed) for seed in (3, 3, 4)]
    folds = [[part.tolist() for _, part in m.cv.split(vectors, labels)] for m in models]
    assert folds[0] == folds[1] != folds[2]


def test_too_few_labels_for_the_folds():
    vectors, labels = blobs(3, spread=0.2)
    with pytest.raises(ValueError, match="needs 4 labels"):
        linear_model("passthrough", vectors.numpy(), labels, seed=0)


def test_counted_words_know_no_word_of_the_test(monkeypatch):
    train, test = told(0), told(1)
    kept = []
    model = text_transfer.linear_model
    monkeypatch.setattr(
        text_transfer, "linear_model", lambda *a: kept.append(model(*a)) or kept[-1]
    )
    found = by_counted_words(train, test, seed=0)
    assert found.dtype == torch.int64 and found.shape == (8,)
    known = set(kept[0].best_estimator_["features"].vocabulary_)
    assert {"salmon", "oak", "fins"} <= known
    assert not known & {"trout", "birch"}
    assert right(by_counted_words(train, train, seed=0), train.labels) == 1


def test_frozen_vectors_are_asked_for_both_parts():
    where = {text: float(i // 4) for i, text in enumerate(told(0).texts)}
    where |= {text: 0.1 + i // 4 for i, text in enumerate(told(1).texts)}
    asked = []

    def vectors_of(texts):
        asked.append(list(texts))
        return torch.tensor([[where[text], 1.0] for text in texts])

    found = by_frozen_minilm(vectors_of, told(0), told(1), seed=0)
    assert torch.equal(found, told(1).labels)
    assert asked == [told(0).texts, told(1).texts]


# ---------------------------------------------------------------- compared

POOL = Texts([f"learn {i}" for i in range(24)], torch.arange(2).repeat_interleave(12))
TEST = Texts([f"test {i}" for i in range(8)], torch.tensor([0, 1] * 4))


def noting(asked, rights):
    """Return a way that is right of as many of the 8 texts as `rights(train)` says."""

    def way(train, test, seed):
        asked.append((train, test, seed))
        given = test.labels.clone()
        given[rights(train) :] = 1 - given[rights(train) :]
        return given

    return way


def test_shares_stand_by_way_draw_and_number_of_labels():
    ways = {
        "all": noting([], lambda train: 8),
        "as many": noting([], lambda train: len(train) // 2),
    }
    found = accuracies(ways, POOL, TEST, (1, 2, 4), seed=0, n_draws=2)
    assert found == {"all": [[1.0] * 3] * 2, "as many": [[0.125, 0.25, 0.5]] * 2}


def test_each_draw_has_a_row_of_its_own():
    numbers = iter([1, 2, 3, 4, 5, 6])
    ways = {"one": lambda train, test, seed: numbered(next(numbers), test)}
    found = accuracies(ways, POOL, TEST, (2, 1), seed=0)
    assert found == {"one": [[1 / 8, 4 / 8], [2 / 8, 5 / 8], [3 / 8, 6 / 8]]}


def numbered(right, test):
    """Return labels of which the first are right."""
    return torch.cat([test.labels[:right], 1 - test.labels[right:]])


def test_all_ways_get_the_same_draws_the_same_test_and_the_seed():
    seen = [], []
    ways = {name: noting(seen[i], lambda train: 8) for i, name in enumerate("ab")}
    accuracies(ways, POOL, TEST, (1, 3), seed=5, n_draws=2)
    wanted = [*draws(POOL, 1, 2, 5), *draws(POOL, 3, 2, 5)]
    for one, other, train in zip(*seen, wanted, strict=True):
        assert one[0] is other[0] and one[1] is other[1] is TEST
        assert one[0].texts == train.texts and one[2] == other[2] == 5


def test_a_way_that_is_absent_is_left_out():
    ways = {"none": None, "one": noting([], lambda train: 8), "last": None}
    assert accuracies(ways, POOL, TEST, (1,), seed=0, n_draws=1) == {"one": [[1.0]]}
    assert accuracies({"none": None}, POOL, TEST, (1,), seed=0, n_draws=1) == {}


def test_more_texts_than_there_are_cannot_be_drawn():
    ways = {"one": noting([], lambda train: 8)}
    with pytest.raises(UserError, match="3 draws of 5 texts per class"):
        accuracies(ways, POOL, TEST, (5,), seed=0)


# ---------------------------------------------------------------- the real MiniLM


@pytest.fixture(scope="module")
def minilm():
    """MiniLM itself."""
    if (found := open_minilm()) is None:
        pytest.skip("MiniLM is not installed")
    return found


def test_long_texts_are_cut_and_still_end(minilm):
    ids = token_ids(minilm, LONG)
    assert len(ids) == TOKENS == 48 and (ids[0], ids[-1]) == (101, 102)
    assert ids[:-1] == minilm.encode(LONG)[0][: TOKENS - 1].tolist()
    short = "The sea."
    assert token_ids(minilm, short) == minilm.encode(short)[0].tolist()


def test_a_batch_is_filled_up(minilm):
    ids, real = batch_of(minilm, ["The sea.", "The old man and the sea."])
    assert ids.shape == real.shape == (2, 9)
    assert ids.dtype == real.dtype == torch.int64
    assert real.sum(dim=1).tolist() == [5, 9]
    assert ids[0, 5:].tolist() == [0] * 4


def test_vectors_are_those_of_one_text_alone(minilm):
    texts = ["The sea.", told(0).texts[0], told(1).texts[7], "The sea."]
    vectors = FrozenMiniLM(minilm)(texts)
    alone = torch.stack([minilm.sentence_vector(text) for text in texts])
    assert vectors.shape == (4, 384) and not vectors.requires_grad
    torch.testing.assert_close(vectors, alone, atol=1e-5, rtol=0)


def test_filling_must_be_told(minilm):
    """Without the mask, the vector of a filled text is another one."""
    ids, real = batch_of(minilm, ["The sea.", LONG])
    with torch.no_grad():
        masked = text_transfer.mean_vectors(minilm.model, ids, real)[0]
        unmasked = text_transfer.mean_vectors(minilm.model, ids, real.fill_(1))[0]
    assert (masked - unmasked).abs().max() > 0.01


def test_what_was_read_is_remembered(minilm, monkeypatch):
    frozen, sizes = FrozenMiniLM(minilm), []
    read = text_transfer.batch_of
    monkeypatch.setattr(
        text_transfer, "batch_of", lambda m, t: sizes.append(len(t)) or read(m, t)
    )
    first = frozen(told(0).texts)
    assert torch.equal(frozen(told(0).texts[::-1]), first.flip(0))
    frozen([*told(0).texts, LONG])
    assert sizes == [8, 1]


def test_the_shortest_come_first(minilm):
    texts = [LONG[: 5 + 7 * ((13 * i) % 40)] for i in range(40)]
    parts = list(shortest_first(minilm, texts))
    assert [len(part) for part in parts] == [32, 8]
    order = torch.cat(parts).tolist()
    lengths = [len(token_ids(minilm, texts[i])) for i in order]
    assert sorted(order) == list(range(40)) and lengths == sorted(lengths)
    assert list(shortest_first(minilm, [])) == []


def test_every_text_once_before_any_comes_again(minilm, seeded):
    train = told(0)
    ids = [tuple(token_ids(minilm, text)) for text in train.texts]
    label_of = dict(zip(ids, train.labels.tolist(), strict=True))
    supply = batches(minilm, train, size=3)
    epochs = []
    for _ in "12":
        got = [next(supply) for _ in range(3)]
        assert [len(labels) for _, _, labels in got] == [3, 3, 2]
        rows = [row for batch in got for row in zip(*batch, strict=True)]
        epochs.append([tuple(row[real > 0].tolist()) for row, real, _ in rows])
        assert sorted(epochs[-1]) == sorted(ids)
        assert [label_of[one] for one in epochs[-1]] == [int(y) for _, _, y in rows]
    assert epochs[0] != epochs[1]


# ---------------------------------------------------------------- MiniLM, fine-tuned


@pytest.fixture(scope="module")
def fresh(minilm):
    """Return MiniLM with a new last layer for three classes."""
    return with_class_head(minilm, 3, seed=0)


def test_minilms_own_weights_are_in_it(minilm, fresh):
    assert type(fresh) is BertForSequenceClassification
    own, came = fresh.bert.state_dict(), minilm.model.state_dict()
    assert own.keys() == came.keys() and "pooler.dense.weight" in own
    assert all(torch.equal(own[name], value) for name, value in came.items())
    ids, real = batch_of(minilm, ["The sea.", LONG])
    with torch.no_grad():
        pooled = minilm.model(ids, attention_mask=real).pooler_output
        logits = fresh(ids, attention_mask=real).logits
    assert logits.shape == (2, 3)
    torch.testing.assert_close(logits, fresh.classifier(pooled), atol=1e-5, rtol=0)


def test_the_copy_can_learn_and_the_original_cannot(minilm, fresh):
    assert not any(layer.training for layer in fresh.modules())
    assert all(p.requires_grad for p in fresh.parameters())
    assert not any(p.requires_grad for p in minilm.model.parameters())
    shared = {p.data_ptr() for p in fresh.parameters()}
    assert not shared & {p.data_ptr() for p in minilm.model.parameters()}
    assert fresh.config is not minilm.model.config
    assert (fresh.config.num_labels, minilm.model.config.num_labels) == (3, 2)


def test_the_last_layer_is_new_and_depends_on_the_seed_alone(minilm, fresh):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    again, other = (with_class_head(minilm, 3, seed) for seed in (0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    heads = [model.classifier.weight for model in (fresh, again, other)]
    assert heads[0].shape == (3, 384) and heads[0].std() > 0.01
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])
    assert torch.equal(
        *(m.bert.encoder.layer[5].output.dense.weight for m in (fresh, other))
    )


@pytest.mark.parametrize("n", [-1, 0, 1])
def test_fewer_than_two_classes_are_refused(minilm, n):
    with pytest.raises(ValueError, match=f"^{n} class of texts; .* 2 or more"):
        with_class_head(minilm, n, seed=0)
    assert with_class_head(minilm, 2, seed=0).config.num_labels == 2


def test_texts_of_one_class_are_refused_before_any_training(minilm):
    one = Texts(told(0).texts[:4], torch.zeros(4, dtype=torch.long))
    with pytest.raises(ValueError, match="1 class of texts"):
        fine_tuned(minilm, one, 0)


def test_the_loss_is_that_of_the_real_tokens(minilm, fresh):
    ids, real = batch_of(minilm, ["The sea.", "The old man and the sea."])
    labels = torch.tensor([2, 0])
    with torch.no_grad():
        logits = fresh(ids, attention_mask=real).logits
        loss = text_loss(fresh, (ids, real, labels))
        wider = [F.pad(part, (0, 5)) for part in (ids, real)]
        same = text_loss(fresh, (*wider, labels))
    assert loss.item() == pytest.approx(F.cross_entropy(logits, labels).item())
    assert same.item() == pytest.approx(loss.item(), abs=1e-5)


@pytest.fixture(scope="module")
def tuned(minilm):
    """MiniLM fine-tuned on eight sentences, and MiniLM's weights before that."""
    before = copy.deepcopy(minilm.model.state_dict())
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    model, history = fine_tuned(minilm, told(0), 0, replace(TUNING, steps=8, batch=4))
    return model, history, before, torch.equal(torch.rand(3), wanted)


def test_fine_tuning_leaves_the_original_and_the_random_numbers(minilm, tuned):
    _, _, before, same_numbers = tuned
    assert same_numbers
    after = minilm.model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not any(p.requires_grad for p in minilm.model.parameters())
    assert not minilm.model.training


def test_fine_tuning_changes_every_layer_but_the_tables_and_learns(minilm, tuned):
    model, history, before, _ = tuned
    assert model.bert.state_dict().keys() == before.keys()
    tables = {n for n in before if n.startswith("embeddings.")}
    assert {f"embeddings.{t}_embeddings.weight" for t in ("word", "position")} < tables
    for name, weight in model.bert.state_dict().items():
        assert torch.equal(weight, before[name]) == (name in tables), name
    assert model.classifier.out_features == 2
    assert len(history.losses) == 8 and history.losses[-1] < history.losses[0]
    assert not any(layer.training for layer in model.modules())
    found = by_fine_tuned(model, minilm, told(0).texts)
    assert torch.equal(found, told(0).labels)


def test_the_tables_are_half_of_the_weights_and_take_no_gradient(tuned):
    model, _, before, _ = tuned
    tables = [model.get_parameter(f"bert.{n}") for n in before if "embeddings." in n]
    part = sum(t.numel() for t in tables) / sum(w.numel() for w in before.values())
    assert part == pytest.approx(0.5, abs=0.03)
    still = {p.data_ptr() for p in model.parameters() if not p.requires_grad}
    assert still == {table.data_ptr() for table in tables}


def test_the_optimizer_holds_what_learns_and_nothing_else(minilm, monkeypatch):
    kept = []

    class Noted(torch.optim.AdamW):
        def __init__(self, groups, **settings):
            kept.extend([group["lr"], list(group["params"])] for group in groups)
            super().__init__(groups, **settings)

    monkeypatch.setattr(text_transfer, "AdamW", Noted)
    tuning = replace(TUNING, steps=1, batch=2, lr=1e-4, head_lr=1e-2)
    model, _ = fine_tuned(minilm, told(0), 0, tuning)
    assert [rate for rate, _ in kept] == [1e-4, 1e-2]
    assert kept[1][1] == list(model.classifier.parameters())
    places = {p.data_ptr() for _, group in kept for p in group}
    assert places == {p.data_ptr() for p in learning(model)}
    assert not places & {p.data_ptr() for p in model.bert.embeddings.parameters()}


def test_only_what_takes_a_gradient_learns():
    layers = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    assert [p.shape for p in learning(layers)] == [(3, 2), (3,), (1, 3), (1,)]
    layers[0].weight.requires_grad_(False)
    assert learning(layers) == [layers[0].bias, *layers[1].parameters()]
    assert learning(layers.requires_grad_(False)) == []


def test_the_new_layer_learns_faster_than_minilm(minilm):
    tuning = replace(TUNING, steps=1, lr=1e-5, head_lr=1e-3)
    model, _ = fine_tuned(minilm, told(0), 4, tuning)
    start = with_class_head(minilm, 2, 4)
    after = model.state_dict()
    moved = {n: (w - after[n]).abs().max() for n, w in start.state_dict().items()}
    for name, way in moved.items():  # AdamW's first step is as long as its rate
        if name.endswith("key.bias"):  # it moves no attention: its gradient is 0
            continue
        if name.startswith("bert.embeddings."):
            assert way == 0, name
            continue
        rate = 1e-3 if name.startswith("classifier") else 1e-5
        assert way == pytest.approx(rate, rel=0.1), name


def test_dropout_is_on_while_it_learns(minilm, monkeypatch):
    modes, loss = [], text_transfer.text_loss
    monkeypatch.setattr(
        text_transfer, "text_loss", lambda m, b: modes.append(m.training) or loss(m, b)
    )
    model, _ = fine_tuned(minilm, told(0), 0, replace(TUNING, steps=2, batch=2))
    assert modes == [True, True] and model.dropout.p > 0


@pytest.mark.parametrize("training", [True, False])
def test_a_text_is_answered_as_if_alone_and_without_dropout(minilm, fresh, training):
    model, asked = copy.deepcopy(fresh).train(training), []
    model.register_forward_hook(lambda *seen: asked.append(seen[2].logits[0]))
    for texts in (["The sea.", LONG], ["The sea."]):
        by_fine_tuned(model, minilm, texts)
    torch.testing.assert_close(*asked, atol=1e-5, rtol=0)
    assert all(layer.training is training for layer in model.modules())


def test_answers_come_in_the_order_of_the_texts(minilm, tuned):
    texts = [*told(1).texts, LONG]
    found = by_fine_tuned(tuned[0], minilm, texts)
    assert found.shape == (9,) and found.dtype == torch.int64
    backwards = by_fine_tuned(tuned[0], minilm, texts[::-1])
    assert torch.equal(found, backwards.flip(0))


def test_the_seed_decides_how_it_is_tuned(minilm, fresh, monkeypatch):
    monkeypatch.setattr(
        text_transfer, "with_class_head", lambda *given: copy.deepcopy(fresh)
    )
    tuning = replace(TUNING, steps=2, batch=2)
    losses = [fine_tuned(minilm, told(0), s, tuning)[1].losses for s in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_the_seed_decides_where_tuning_starts(minilm, monkeypatch):
    asked, make = [], text_transfer.with_class_head
    monkeypatch.setattr(
        text_transfer, "with_class_head", lambda *g: asked.append(g[1:]) or make(*g)
    )
    fine_tuned(minilm, told(0), 6, replace(TUNING, steps=1, batch=2))
    assert asked == [(2, 6)]


def test_frozen_minilm_knows_fish_that_no_label_named(minilm):
    frozen = FrozenMiniLM(minilm)
    found = by_frozen_minilm(frozen, told(0), told(2), seed=0)
    assert right(found, told(2).labels) >= 7 / 8
