"""Translators: their sizes, how they are trained, and what counts as exactly right."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.data.tasks.sequences import reversal
from helpers.lessons.lesson05 import translation
from helpers.lessons.lesson05.translation import (
    learn_to_translate,
    share_exact,
    translator,
)
from helpers.models.transformer.translator import Translator
from helpers.training.sequence_tasks import target_loss

V, T = 7, 5


def test_a_translator_has_as_many_blocks_that_read_as_blocks_that_write():
    model = translator(V, 3, seed=0)
    readers = model.transformer.encoder.layers
    writers = model.transformer.decoder.layers
    assert isinstance(model, Translator) and len(readers) == len(writers) == 3
    for block in (*readers, *writers):
        assert block.self_attn.n_heads == 4
        assert block.linear1.weight.shape == (256, 64)
    assert model.head.weight.shape == (V, 64)
    assert model(torch.zeros(2, 4).long(), torch.zeros(2, T).long()).shape == (2, T, V)


def test_nothing_looks_at_padding():
    source, target = torch.randint(1, V, (2, 4)), torch.randint(V, (2, T))
    longer = F.pad(source, (0, 3), value=0)
    for padding, same in ((0, True), (-1, False)):
        model = translator(V, 1, 0) if padding < 0 else translator(V, 1, 0, padding)
        gap = (model(source, target) - model(longer, target)).abs().max()
        assert model.padding == padding and (gap < 1e-5) == same


def test_the_seed_alone_decides_the_weights():
    def first(seed, before):
        torch.manual_seed(before)
        return nn.utils.parameters_to_vector(translator(V, 1, seed).parameters())

    assert torch.equal(first(3, before=1), first(3, before=2))
    assert not torch.equal(first(3, before=1), first(4, before=1))


@pytest.mark.parametrize(("more", "lr"), [((), 3e-3), ((0.5,), 0.5)])
def test_training_is_as_it_was_asked_for(monkeypatch, more, lr):
    calls = []
    monkeypatch.setattr(translation, "fit", lambda *a, **k: calls.append((a, k)) or 7)
    model, task = nn.Linear(1, 1), reversal(T, 4, seed=0)
    assert learn_to_translate(model, task, 9, *more) == 7
    ((given, options),) = calls
    assert given == (model, task, 9) and options.pop("label")
    assert options == {"lr": lr, "loss": target_loss, "warm_up": 0.1, "clip": 1.0}


def test_a_translator_learns_a_little():
    model, (source, target) = translator(10, 1, seed=0), next(reversal(2, 200, seed=1))
    untrained = share_exact(model, source, target)
    history = learn_to_translate(model, reversal(2, 32, seed=0), 60)
    assert history.final_loss(10) < 0.5 * history.losses[0]
    assert share_exact(model, source, target) > untrained + 0.5 and model.training


class Copier(nn.Module):
    """Write the source again, but, in a row that begins with `spoiled`, another token
    at one place; remember in which mode."""

    begin = V

    def __init__(self, spoiled=-1, place=0):
        super().__init__()
        self.spoiled, self.place, self.modes = spoiled, place, set()
        self.part, self.sizes = nn.Linear(1, 1), []

    def read(self, source_bs):
        self.sizes.append(len(source_bs))
        return (source_bs,)

    def write(self, before_bt, source_bs):
        self.modes.add((self.training, self.part.training, torch.is_grad_enabled()))
        tokens = source_bs.clone()
        tokens[source_bs[:, 0] == self.spoiled, self.place] = V - 1
        return F.one_hot(tokens[:, : before_bt.shape[1]], V).float()


def rows(n, *marked):
    """Return n rows of T tokens below V - 1, those `marked` beginning with 5."""
    torch.manual_seed(0)
    rows_bt = torch.randint(5, (n, T))
    rows_bt[list(marked), 0] = 5
    return rows_bt


def test_a_perfect_model_is_always_exactly_right():
    assert share_exact(Copier(), rows(8), rows(8)) == 1.0


@pytest.mark.parametrize("place", range(T))
def test_one_wrong_token_spoils_its_row_and_no_other(place):
    source = rows(8, 3)
    assert share_exact(Copier(5, place), source, source) == 7 / 8


def test_a_model_that_is_always_wrong_somewhere_has_no_row():
    source = rows(4, 0, 1, 2, 3)
    assert share_exact(Copier(5, T - 1), source, source) == 0.0


@pytest.mark.parametrize("marked", [(0,), (500,), (1000,), (0, 499, 500, 1000)])
def test_more_than_500_rows_are_read_in_parts_and_all_count(marked):
    source, model = rows(1001, *marked), Copier(5)
    found = share_exact(model, source, source)
    assert found == pytest.approx((1001 - len(marked)) / 1001)
    assert model.sizes == [500, 500, 1]


def test_as_many_tokens_are_written_as_the_target_has():
    source = rows(6, 2)
    assert share_exact(Copier(5, T - 1), source, source[:, : T - 1]) == 1.0
    assert share_exact(Copier(5, T - 2), source, source[:, : T - 1]) < 1


@pytest.mark.parametrize("training", [True, False])
def test_marking_is_in_evaluation_mode_and_leaves_no_trace(training):
    model = Copier().train(training)
    model.part.train(not training)
    share_exact(model, rows(3), rows(3))
    assert model.modes == {(False, False, False)}
    assert (model.training, model.part.training) == (training, not training)
