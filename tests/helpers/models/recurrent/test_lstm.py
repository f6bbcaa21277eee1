"""Recurrent networks and language models, against torch.nn's and against equations."""

import math

import pytest
import torch
from torch import nn

from helpers.models.recurrent.lstm import (
    LSTM,
    CarriedLoss,
    LanguageModel,
    Recurrent,
    carried,
    layer_weights,
    lstm_gates,
    preactivation,
    set_forget_bias,
    start_at_frequencies,
)

E, H, V = 3, 4, 7
both = pytest.mark.parametrize(
    "kind", [(Recurrent, nn.RNN, 1), (LSTM, nn.LSTM, 2)], ids=["rnn", "lstm"]
)
one_and_two = pytest.mark.parametrize("layers", [1, 2])


pytestmark = pytest.mark.usefixtures("seeded")


def pair(kind, layers, dtype=torch.float64):
    """Return our layers and torch's, with the same weights."""
    ours, library, _ = kind
    library = library(E, H, layers, batch_first=True).to(dtype)
    ours = ours(E, H, layers).to(dtype)
    ours.load_state_dict(library.state_dict(), strict=True)
    return ours, library


def inputs(kind, layers, B=2, T=6, dtype=torch.float64):
    """Return vectors (B, T, E) and a tuple of initial states, all random."""
    state = tuple(torch.randn(layers, B, H, dtype=dtype) for _ in range(kind[2]))
    return torch.randn(B, T, E, dtype=dtype), state


def as_tuple(state):
    """Return a state of torch.nn as ours: always a tuple."""
    return (state,) if isinstance(state, torch.Tensor) else tuple(state)


def called(module, x, state=None):
    """Return the outputs and the last states in one list."""
    if state and isinstance(module, nn.RNN):
        (state,) = state
    y, last = module(x, state)
    return [y, *as_tuple(last)]


def close(ours, library, gap):
    """Assert that all values agree in shape and within `gap`."""
    for a, b in zip(ours, library, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=gap)


def gradients(module, x, state):
    """Return the gradients of inputs, initial states and parameters."""
    leaves = [value.clone().requires_grad_() for value in (x, *state)]
    values = called(module, leaves[0], tuple(leaves[1:]))
    loss = sum((v * torch.arange(v.numel()).sin().view_as(v)).sum() for v in values)
    parameters = [p for _, p in sorted(module.named_parameters())]
    return torch.autograd.grad(loss, leaves + parameters)


@both
@one_and_two
@pytest.mark.parametrize(("dtype", "gap"), [(torch.float32, 1e-6), (torch.float64, 0)])
def test_outputs_and_last_states_are_torchs(kind, layers, dtype, gap):
    ours, library = pair(kind, layers, dtype)
    x, state = inputs(kind, layers, dtype=dtype)
    close(called(ours, x, state), called(library, x, state), gap or 1e-12)
    close(called(ours, x), called(library, x), gap or 1e-12)


@both
@one_and_two
def test_all_gradients_are_torchs(kind, layers):
    ours, library = pair(kind, layers)
    given = inputs(kind, layers)
    close(gradients(ours, *given), gradients(library, *given), 1e-11)


@both
@pytest.mark.parametrize(("B", "T"), [(1, 1), (1, 5), (4, 1)])
def test_one_row_and_one_step(kind, B, T):
    ours, library = pair(kind, 2)
    given = inputs(kind, 2, B, T)
    close(called(ours, *given), called(library, *given), 1e-12)


@both
@one_and_two
def test_a_state_carried_across_two_halves_gives_the_whole(kind, layers):
    ours, _ = pair(kind, layers)
    x, _ = inputs(kind, layers)
    first, state = ours(x[:, :2])
    second, last = ours(x[:, 2:], state)
    close([torch.cat([first, second], dim=1), *last], called(ours, x), 1e-14)


@both
@one_and_two
def test_the_parameters_have_torchs_names_in_torchs_order(kind, layers):
    ours, library = kind[0](E, H, layers), kind[1](E, H, layers)
    assert list(ours.state_dict()) == list(library.state_dict())
    assert all(p.requires_grad for p in ours.parameters())
    for name in ("input_size", "hidden_size", "num_layers"):
        assert getattr(ours, name) == getattr(library, name)


@both
def test_there_is_one_layer_unless_more_are_asked_for(kind):
    assert kind[0](E, H).num_layers == 1


@both
def test_weights_start_uniform_within_one_over_the_root_of_the_units(kind):
    for weight in kind[0](16, 64, 2).parameters():
        share = weight.detach() * 64**0.5
        assert share.min() == pytest.approx(-1, abs=0.15) and share.min() >= -1
        assert share.max() == pytest.approx(1, abs=0.15) and share.max() <= 1
        assert share.std().item() == pytest.approx(3**-0.5, rel=0.2)


@pytest.mark.parametrize("kind", [LSTM, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("k", [0, 1])
def test_a_layers_weights_stand_in_torchs_order(kind, k):
    layer = kind(E, H, 2)
    own = [p for name, p in layer.named_parameters() if name.endswith(f"_l{k}")]
    for found, wanted in zip(layer_weights(layer, k), own, strict=True):
        assert found is wanted


def test_the_first_layer_is_meant_where_none_is_named():
    layer = nn.LSTM(E, H, 2)
    assert layer_weights(layer)[1] is layer.weight_hh_l0


# Forget gates


@pytest.mark.parametrize("kind", [LSTM, nn.LSTM])
@one_and_two
def test_the_forget_bias_touches_the_forget_blocks_of_biases_only(kind, layers):
    layer = kind(E, H, layers)
    before = {name: p.detach().clone() for name, p in layer.named_parameters()}
    assert set_forget_bias(layer, 3.5) is layer
    for k in range(layers):
        *_, b_ih, b_hh = layer_weights(layer, k)
        torch.testing.assert_close((b_ih + b_hh)[H : 2 * H], torch.full((H,), 3.5))
    for name, p in layer.named_parameters():
        changed = (p != before[name]).nonzero()[:, 0]
        assert set(changed.tolist()) <= set(range(H, 2 * H))
        assert p.requires_grad and ("bias" in name or not len(changed))


@pytest.mark.parametrize("value", [-2.0, 0.0, 3.0])
def test_a_silent_lstm_forgets_at_the_rate_of_its_bias(value):
    layer = LSTM(E, H).requires_grad_(False)
    layer.weight_ih_l0.zero_()
    layer.weight_hh_l0.zero_()
    set_forget_bias(layer, value)
    z_bg = preactivation(torch.randn(1, E), torch.randn(1, H), layer_weights(layer))
    gates = lstm_gates(z_bg)
    torch.testing.assert_close(gates[1], torch.full((1, H), value).sigmoid())


def test_the_gates_are_input_forget_candidate_output():
    biases = torch.tensor([0.5, -1.0, 2.0, 0.25])
    weights = [torch.ones(4, 1), torch.ones(4, 1), biases, torch.zeros(4)]
    gates = lstm_gates(preactivation(torch.zeros(1, 1), torch.zeros(1, 1), weights))
    wanted = [1 / (1 + math.exp(-b)) for b in biases.tolist()]
    wanted[2] = math.tanh(2)
    assert [gate.item() for gate in gates] == pytest.approx(wanted)


# The language model


def recurrents(**options):
    """Return one layer of every kind that a language model can have."""
    library = [kind(E, H, batch_first=True) for kind in (nn.LSTM, nn.GRU, nn.RNN)]
    return [*library, LSTM(E, H), Recurrent(E, H)]


every_layer = pytest.mark.parametrize(
    "layer",
    recurrents(),
    ids=lambda layer: f"{layer.__module__}.{type(layer).__name__}",
)


@every_layer
def test_a_language_model_is_embedding_recurrent_layer_and_head(layer):
    model, ids = LanguageModel(V, layer), torch.randint(V, (2, 6))
    logits, state = model(ids)
    y, last = layer(model.embedding.weight[ids])
    assert logits.shape == (2, 6, V)
    torch.testing.assert_close(logits, y @ model.head.weight.T + model.head.bias)
    close(as_tuple(state), as_tuple(last), 0)


@every_layer
def test_a_language_model_takes_up_its_state(layer):
    model, ids = LanguageModel(V, layer), torch.randint(V, (2, 6))
    first, state = model(ids[:, :2])
    second, last = model(ids[:, 2:], state)
    whole, at_end = model(ids)
    close([torch.cat([first, second], dim=1)], [whole], 1e-6)
    close(as_tuple(last), as_tuple(at_end), 1e-6)


def counted():
    """Return symbols, of which 5 and 6 never occur, and each one's count."""
    return torch.tensor([0, 1, 1, 2, 2, 2, 3, 4, 4, 0, 0, 0]), [4, 2, 3, 1, 2, 0, 0]


def test_starting_at_frequencies_sets_the_bias_alone():
    model = LanguageModel(V, nn.LSTM(E, H))
    kept = {name: p.detach().clone() for name, p in model.named_parameters()}
    ids, counts = counted()
    assert start_at_frequencies(model, ids) is model
    changed = [n for n, p in model.named_parameters() if not torch.equal(p, kept[n])]
    assert changed == ["head.bias"] and model.head.bias.requires_grad
    wanted = [(count + 1) / (len(ids) + V) for count in counts]
    assert model.head.bias.exp().tolist() == pytest.approx(wanted)


def test_before_the_recurrent_part_speaks_the_loss_is_that_of_the_counts():
    ids, counts = counted()
    model = start_at_frequencies(LanguageModel(V, nn.LSTM(E, H)), ids)
    nn.init.zeros_(model.head.weight)
    loss = CarriedLoss()(model, (ids[None], ids[None]))
    share = [(count + 1) / (len(ids) + V) for count in counts]
    wanted = -sum(c * math.log(s) for c, s in zip(counts, share, strict=True))
    assert loss.item() == pytest.approx(wanted / len(ids))


# Carrying the state


def two_windows():
    """Return two batches of (inputs, targets), each (2, 5)."""
    ids = torch.randint(V, (2, 11))
    return [(ids[:, :5], ids[:, 1:6]), (ids[:, 5:10], ids[:, 6:])]


def loss_by_hand(model, batch, state):
    """Return the mean of -ln p of the targets, and the state afterwards."""
    logits, state = model(batch[0], state)
    chosen = logits.log_softmax(dim=-1).gather(2, batch[1][..., None])
    return -chosen.mean(), state


def gradients_of(loss, model):
    """Return the loss's gradient with respect to every parameter."""
    return torch.autograd.grad(loss, list(model.parameters()))


@every_layer
def test_the_second_loss_starts_from_the_first_ones_state_without_its_past(layer):
    model, (first, second) = LanguageModel(V, layer), two_windows()
    loss_of = CarriedLoss(restart=0)
    wanted, state = loss_by_hand(model, first, None)
    close([loss_of(model, first)], [wanted], 1e-6)
    cut = [part.detach() for part in as_tuple(state)]
    cut = cut[0] if isinstance(state, torch.Tensor) else tuple(cut)
    loss, (wanted, _) = loss_of(model, second), loss_by_hand(model, second, cut)
    close([loss], [wanted], 1e-6)
    assert abs(loss - loss_by_hand(model, second, None)[0]) > 1e-5
    found = gradients_of(loss, model)
    close(found, gradients_of(wanted, model), 1e-6)
    uncut = gradients_of(loss_by_hand(model, second, state)[0], model)
    assert max((a - b).abs().max() for a, b in zip(found, uncut, strict=True)) > 1e-5


def test_each_carried_loss_has_its_own_state():
    model, (first, second) = LanguageModel(V, LSTM(E, H)), two_windows()
    one, other = CarriedLoss(), CarriedLoss()
    one(model, first)
    assert other.state is None
    assert other(model, second) == CarriedLoss()(model, second)


@every_layer
def test_lanes_that_restart_begin_from_nothing(layer):
    model, (first, second) = LanguageModel(V, layer), two_windows()
    loss = CarriedLoss(restart=1)
    loss(model, first)
    close([loss(model, second)], [loss_by_hand(model, second, None)[0]], 1e-6)


def lanes_kept(loss, lanes=400):
    """Return which lanes are carried on, after each of three windows."""
    model, ids = LanguageModel(V, nn.GRU(E, H, batch_first=True)), torch.zeros(lanes, 2)
    kept = []
    for _ in range(3):
        loss(model, (ids.long(), ids.long()))
        kept.append(loss.state[0].any(dim=-1))
    return torch.stack(kept)


@pytest.mark.parametrize(
    ("options", "share"), [({}, 0.2), ({"restart": 0.5}, 0.5), ({"restart": 0}, 0)]
)
def test_a_share_of_the_lanes_restarts_others_in_every_window(options, share):
    kept = lanes_kept(CarriedLoss(**options))
    assert (~kept).float().mean(dim=1).tolist() == pytest.approx([share] * 3, abs=0.07)
    assert share == 0 or not torch.equal(kept[0], kept[1])


def test_the_seed_decides_which_lanes_restart():
    before = torch.get_rng_state()
    drawn = [CarriedLoss(0.5, seed).generator.get_state() for seed in (0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(*drawn)
    assert torch.equal(lanes_kept(CarriedLoss(0.5)), lanes_kept(CarriedLoss(0.5, 0)))
    assert not torch.equal(
        lanes_kept(CarriedLoss(0.5)), lanes_kept(CarriedLoss(0.5, 1))
    )


def random_state(parts):
    """Return a state of two layers, three lanes, with a history."""
    return tuple(torch.randn(2, 3, H, requires_grad=True) * 2 for _ in range(parts))


@pytest.mark.parametrize("parts", [1, 2])
def test_carried_keeps_the_numbers_and_the_kind_but_no_history(parts):
    state, keep = random_state(parts), torch.tensor([True, False, True])
    after = carried(state, keep)
    assert isinstance(after, tuple) and len(after) == parts
    for new, old in zip(
        (*after, carried(state[0], keep)), (*state, state[0]), strict=True
    ):
        assert not new.requires_grad and not new[:, 1].any()
        assert torch.equal(new[:, ::2], old[:, ::2])
