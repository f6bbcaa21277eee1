"""Windows of a text, and losses along it, against the same computed one by one."""

import math
from itertools import islice, pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.core.errors import UserError
from helpers.data.text.corpus import Characters
from helpers.models.recurrent.lstm import LanguageModel
from helpers.training import language
from helpers.training.language import (
    bits,
    context_bits,
    cut,
    expected,
    generated_text,
    learn,
    nats,
    random_windows,
    spread_rows,
    stream,
    stream_nats,
    window_nats,
)

V = 5


def lanes_of(T, lanes, window, epochs_of, seed=0):
    """Return the first batches of a text that counts upwards from 0."""
    return list(islice(stream(torch.arange(T), lanes, window, seed), epochs_of))


@pytest.mark.parametrize(("lanes", "window"), [(1, 1), (3, 4), (2, 7)])
def test_the_targets_are_the_next_symbols(lanes, window):
    for inputs, targets in lanes_of(61, lanes, window, 30):
        assert inputs.shape == targets.shape == (lanes, window)
        assert torch.equal(targets, inputs + 1)  # the text counts upwards


def epochs(batches):
    """Return the batches in lists, a new one where the lanes begin anew."""
    parts = [[batches[0]]]
    for before, after in pairwise(batches):
        if after[0][0, 0] != before[1][0, -1]:
            parts.append([])
        parts[-1].append(after)
    return parts


@pytest.mark.parametrize(("T", "lanes", "window"), [(62, 3, 4), (60, 4, 5), (9, 1, 4)])
def test_a_batch_goes_on_where_the_last_one_ended(T, lanes, window):
    long, parts = T // lanes, epochs(lanes_of(T, lanes, window, 60))
    for batches in parts[:-1]:
        joined = torch.cat([inputs for inputs, _ in batches], dim=1)
        start = joined[0, 0].item()
        for lane, row in enumerate(joined.tolist()):
            first = lane * long + start
            assert row == list(range(first, first + len(row)))
        assert 0 <= start < window
        assert len(batches) == (long - start - 1) // window  # none left out


def test_every_epoch_begins_at_an_offset_below_the_window():
    parts = epochs(lanes_of(60, 2, 4, 400))
    starts = [batches[0][0][0, 0].item() for batches in parts]
    assert len(starts) > 50
    assert all(starts.count(offset) > 5 for offset in range(4))


def test_random_windows_start_anywhere_and_targets_are_the_next_symbols():
    batches = list(islice(random_windows(torch.arange(9), 3, 4, 0), 300))
    starts = [inputs[:, 0] for inputs, _ in batches]
    for (inputs, targets), first in zip(batches, starts, strict=True):
        assert inputs.shape == targets.shape == (3, 4)
        assert torch.equal(inputs, first[:, None] + torch.arange(4))
        assert torch.equal(targets, inputs + 1)
    counts = torch.cat(starts).bincount()
    assert len(counts) == 5 and counts.min() > 120  # 0 to 4, 180 each on average


def test_random_windows_depend_on_the_seed_alone():
    a, b, c = (
        torch.cat(next(random_windows(torch.arange(500), 8, 4, s))) for s in (1, 1, 2)
    )
    assert torch.equal(a, b) and not torch.equal(a, c)


@pytest.mark.parametrize(("T", "size", "window"), [(4, 1, 4), (9, 0, 4), (9, 1, 0)])
def test_a_text_without_a_window_is_refused_at_once(T, size, window):
    with pytest.raises(UserError, match=f"^{T} symbols do not hold {size} windows"):
        random_windows(torch.arange(T), size, window, 0)


def test_a_text_of_one_window_is_enough():
    inputs, targets = next(random_windows(torch.arange(5), 2, 4, 0))
    assert inputs.tolist() == [[0, 1, 2, 3]] * 2 and targets[0].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("extra", [0, 1])
def test_the_last_symbol_of_a_lane_is_a_target(extra):
    batches = lanes_of(2 * (9 + extra), 2, 4, 100)
    last = max(targets[0].max().item() for _, targets in batches)
    assert last == 8 + extra


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    def starts(seed):
        return [inputs[0, 0].item() for inputs, _ in lanes_of(99, 1, 9, 60, seed)]

    before = torch.get_rng_state()
    assert starts(0) == starts(0) != starts(1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("T", "lanes", "window"),
    [(8, 1, 4), (17, 2, 4), (5, 9, 1), (0, 1, 1), (50, 0, 4), (50, -1, 4), (50, 2, 0)],
)
def test_a_text_too_short_is_refused_at_once(T, lanes, window):
    said = f"^{T} symbols do not fill {lanes} lanes of two windows of {window} symbols;"
    with pytest.raises(UserError, match=said):
        stream(torch.arange(T), lanes, window, 0)


@pytest.mark.parametrize(("T", "lanes", "window"), [(9, 1, 4), (18, 2, 4), (3, 1, 1)])
def test_two_windows_and_a_symbol_are_enough(T, lanes, window):
    assert len(lanes_of(T, lanes, window, 5)) == 5


# Rows


@pytest.mark.parametrize(
    ("T", "window", "rows"),
    [
        (7, 3, [[0, 1, 2, 3], [3, 4, 5, 6]]),
        (9, 3, [[0, 1, 2, 3], [3, 4, 5, 6]]),
        (4, 3, [[0, 1, 2, 3]]),
        (3, 1, [[0, 1], [1, 2]]),
    ],
)
def test_rows_share_one_symbol(T, window, rows):
    assert cut(torch.arange(T), window).tolist() == rows


@pytest.mark.parametrize(("T", "window"), [(3, 3), (0, 1), (1, 1)])
def test_less_than_a_row_is_refused(T, window):
    said = f"^{T} symbols are too few for a window of {window}.$"
    with pytest.raises(UserError, match=said):
        cut(torch.arange(T), window)
    with pytest.raises(UserError, match=said):
        window_nats(Leaky(), torch.arange(T), window)


# Losses


class Leaky(nn.Module):
    """A GRU that is other, and remembers another state, while it trains."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.inner = LanguageModel(V, nn.GRU(3, 4, batch_first=True))
        for weight in self.inner.parameters():
            nn.init.normal_(weight)
        self.graded = []

    def forward(self, ids, state=None):
        logits, state = self.inner(ids, state)
        self.graded.append(logits.requires_grad)
        return (logits * 3 if self.training else logits), state


def symbols(T, seed=0):
    """Return T symbols of V, drawn at random."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(V, (T,), generator=generator)


def one_by_one(inner, ids):
    """Return -ln p of ids[1:], each from a state that has read those before it."""
    losses, state = [], None
    for t in range(len(ids) - 1):
        logits, state = inner(ids[None, t : t + 1], state)
        losses.append(-logits[0, 0].log_softmax(dim=0)[ids[t + 1]].item())
    return losses


def test_nats_are_the_negative_logarithms_of_the_targets_probabilities():
    logits, targets = torch.randn(2, 3, V), symbols(6).view(2, 3)
    found = nats(logits, targets)
    probabilities = F.softmax(logits, dim=-1)
    for b in range(2):
        for t in range(3):
            wanted = -math.log(probabilities[b, t, targets[b, t]])
            assert found[b, t].item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize(("T", "window"), [(23, 4), (21, 4), (6, 5), (600, 2)])
@torch.no_grad()
def test_loss_by_place_in_windows_that_start_from_nothing(T, window):
    model, ids = Leaky().eval(), symbols(T)
    rows = [
        one_by_one(model.inner, ids[start : start + window + 1])
        for start in range(0, T - window, window)
    ]
    wanted = torch.tensor(rows).mean(dim=0)
    found = window_nats(model, ids, window)
    assert found.shape == (window,) and found.device.type == "cpu"
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_a_window_has_64_places_unless_told():
    assert window_nats(Leaky(), symbols(200)).shape == (64,)


@pytest.mark.parametrize(
    ("T", "lanes"), [(40, 1), (41, 2), (43, 3), (600, 2), (301, 1), (5, 4), (601, 300)]
)
@torch.no_grad()
def test_loss_with_the_state_carried_through_each_lane(T, lanes):
    model, ids = Leaky().eval(), symbols(T)
    long = (T - 1) // lanes
    losses = [
        loss
        for lane in range(lanes)
        for loss in one_by_one(model.inner, ids[lane * long : (lane + 1) * long + 1])
    ]
    wanted = sum(losses) / len(losses)
    assert stream_nats(model, ids, lanes) == pytest.approx(wanted, rel=1e-5)


def test_there_are_16_lanes_unless_told():
    model, ids = Leaky(), symbols(16 * 20 + 1)
    assert stream_nats(model, ids) == stream_nats(model, ids, 16)
    assert stream_nats(model, ids) != stream_nats(model, ids, 15)


@pytest.mark.parametrize("measure", [window_nats, stream_nats])
@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_measured_in_evaluation_mode_and_left_as_it_was(measure, training):
    model, ids = Leaky().train(training), symbols(400)
    found, wanted = measure(model, ids, 8), measure(Leaky().eval(), ids, 8)
    torch.testing.assert_close(torch.as_tensor(found), torch.as_tensor(wanted))
    assert model.training == training
    assert not any(model.graded)


@pytest.mark.parametrize(
    ("nats", "wanted"), [(math.log(2), 1), (math.log(8), 3), (0, 0)]
)
def test_bits(nats, wanted):
    assert bits(nats) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("T", "longest", "places", "starts"),
    [
        (11, 2, 3, [0, 3, 6]),
        (12, 2, 3, [0, 3, 6, 9]),
        (9, 2, 100, [0, 1, 2, 3, 4, 5, 6]),
        (4, 3, 5, [0]),
    ],
)
def test_rows_are_spread_over_the_text(T, longest, places, starts):
    rows = spread_rows(torch.arange(T), longest, places).tolist()
    assert rows == [list(range(start, start + longest + 1)) for start in starts]


@torch.no_grad()
def test_loss_at_the_same_places_with_more_and_more_of_the_past():
    model, ids, reach = Leaky().eval(), symbols(60), [1, 7, 3]
    wanted = []
    for k in reach:
        losses = [
            one_by_one(model.inner, ids[t - k : t + 1])[-1] for t in range(7, 60, 5)
        ]
        wanted.append(sum(losses) / len(losses) / math.log(2))
    assert context_bits(model.train(), ids, reach, 10) == pytest.approx(
        wanted, rel=1e-5
    )
    assert model.training and not any(model.graded)


# Training


def test_learning_carries_the_state_from_window_to_window():
    model, ids = Leaky().inner, symbols(100)
    kept = [weight.detach().clone() for weight in model.parameters()]
    history = learn(model, ids, 5, lr=0.0, seed=3, lanes=2, window=4, restart=0.0)
    state, wanted = None, []
    for inputs, targets in islice(stream(ids, 2, 4, 3), 5):
        logits, state = model(inputs, state)
        wanted.append(nats(logits, targets).mean().item())
    assert history.losses == pytest.approx(wanted, rel=1e-5)
    assert all(map(torch.equal, kept, model.parameters()))


def test_a_text_that_repeats_is_learnt():
    model, ids = Leaky().inner, torch.arange(400) % V
    learn(model, ids, 40, lr=0.05, seed=0, lanes=4, window=8)
    assert stream_nats(model, ids, 4) < 0.5 * math.log(V)


def test_learning_has_defaults_that_can_be_changed(monkeypatch):
    calls = []
    monkeypatch.setattr(
        language, "fit", lambda *given, **options: calls.append(options)
    )
    learn(Leaky(), symbols(5000), 7, 0.1, 0)
    learn(Leaky(), symbols(5000), 7, 0.1, 0, clip=None, warm_up=0.3, label="mine")
    for options in calls:
        assert options.pop("loss").restart > 0
    assert calls[0] == {"lr": 0.1, "warm_up": 0.05, "clip": 1.0}
    assert calls[1] == {"lr": 0.1, "warm_up": 0.3, "clip": None, "label": "mine"}


def test_learning_reads_32_lanes_in_windows_of_64(monkeypatch):
    monkeypatch.setattr(language, "fit", lambda model, windows, *_, **__: next(windows))
    inputs, _ = learn(Leaky(), symbols(5000), 7, 0.1, 0)
    assert inputs.shape == (32, 64)


def small_model(symbols=V):
    """Return an untrained language model, its weights from one seed."""
    torch.manual_seed(0)
    return LanguageModel(symbols, nn.LSTM(3, 4, batch_first=True))


@pytest.mark.parametrize("lanes", [0, 1, 5, 6, 30])
def test_more_lanes_than_the_text_has_room_for_are_no_error(lanes):
    ids = torch.arange(24) % V
    n = 23 // max(lanes, 1) if lanes < 24 else 0
    if n == 0:
        with pytest.raises(UserError, match="too few"):
            stream_nats(small_model(), ids, lanes)
    else:
        rows = ids[: max(lanes, 1) * n + 1].unfold(0, n + 1, n)
        model = small_model()
        wanted = nats(model(rows[:, :-1])[0], rows[:, 1:]).mean().item()
        assert stream_nats(model, ids, lanes) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("window", [0, -1, 24])
def test_a_window_that_does_not_fit_is_named(window):
    with pytest.raises(UserError, match=f"window of {window}"):
        cut(torch.arange(24), window)


def test_rows_longer_than_the_text_are_named():
    with pytest.raises(UserError, match="4 symbols are too few for rows of 9"):
        context_bits(small_model(), torch.arange(4), [8])


def test_expected_are_the_probabilities_after_each_symbol():
    model, ids = small_model().train(), torch.arange(7) % V
    given = expected(model, ids)
    assert given.shape == (7, V)
    assert torch.allclose(given.sum(dim=1), torch.ones(7))
    assert torch.allclose(given[2], model(ids[None, :3])[0][0, -1].softmax(dim=0))
    assert model.training


def test_a_text_is_written_after_its_prompt():
    characters, model = Characters("abc"), small_model(4)
    only_b = torch.tensor([0.0, 0.0, 1.0, 0.0])
    page = generated_text(model, characters, "ca", 5, lambda logits: only_b, seed=0)
    assert page == "cabbbbb"


def test_the_seed_decides_what_is_written():
    def page(seed):
        softmax = torch.nn.Softmax(dim=0)
        return generated_text(small_model(4), Characters("abc"), "a", 30, softmax, seed)

    assert page(1) == page(1) != page(2)


@pytest.mark.parametrize("prompt", ["", "axb"])
def test_a_prompt_of_unknown_characters_is_refused(prompt):
    with pytest.raises(UserError, match=r"empty|'x'"):
        generated_text(small_model(4), Characters("abc"), prompt, 3, torch.exp, seed=0)
