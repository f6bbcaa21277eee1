"""The encoder-decoder that looks back: its logits, weights and translations."""

import pytest
import torch
import torch.nn.functional as F
from support.decoders import assert_logits_see_only_what_is_before
from torch import nn

from helpers.models.recurrent.seq2seq import (
    AttentiveEncoderDecoder,
    EncoderDecoder,
    translate,
)
from helpers.page.parity import largest_gap

V = 7
pytestmark = pytest.mark.usefixtures("seeded")


def translator(scaled=False):
    """Return an untrained model that is far from uniform."""
    model = AttentiveEncoderDecoder(V, 5, 6, scaled)
    for weight in model.parameters():
        nn.init.normal_(weight, std=2)
    nn.init.zeros_(model.head.bias)
    return model


def states(model, source, target):
    """Return the encoder's states and the decoder's, given the true tokens."""
    read, state = model.encoder(model.embedding.weight[source])
    before = torch.cat([torch.full((len(source), 1), V), target[:, :-1]], dim=1)
    return read, model.decoder(model.embedding.weight[before], state)[0]


@pytest.mark.parametrize("scaled", [False, True])
def test_logits_come_from_states_and_what_they_find(scaled):
    model = translator(scaled)
    source, target = torch.randint(V, (3, 4)), torch.randint(V, (3, 5))
    read, y = states(model, source, target)
    scores = torch.einsum("bth,bsh->bts", y, read) / (6**0.5 if scaled else 1)
    weights = scores.softmax(dim=-1)
    both = torch.cat([y, torch.einsum("bts,bsh->bth", weights, read)], dim=-1)
    mixed = torch.tanh(both @ model.mix.weight.T + model.mix.bias)
    logits = mixed @ model.head.weight.T + model.head.bias
    found = model(source, target)
    assert found.shape == (3, 5, V)
    torch.testing.assert_close(found, logits, rtol=1e-4, atol=1e-5)
    for ours, wanted in zip(model.look_back(y, read), (logits, weights), strict=True):
        torch.testing.assert_close(ours, wanted, rtol=1e-4, atol=1e-5)


def test_gradients_pass_through_what_was_found():
    model, y, read = translator().double(), *torch.randn(2, 2, 4, 6).double()

    def by_hand(y, read):
        found = (y @ read.mT).softmax(dim=-1) @ read
        mixed = F.linear(y, model.mix.weight[:, :6], model.mix.bias)
        return model.head((mixed + found @ model.mix.weight[:, 6:].T).tanh())

    gap = largest_gap(lambda *x: model.look_back(*x)[0], by_hand, y, read, mean=True)
    assert gap < 1e-10


@pytest.mark.parametrize("hidden", [6, 16])
def test_scaling_divides_the_scores_by_the_root_of_the_units(hidden):
    plain = AttentiveEncoderDecoder(V, 5, hidden)
    scaled = AttentiveEncoderDecoder(V, 5, hidden, scaled=True)
    scaled.load_state_dict(plain.state_dict())
    y, read = torch.randn(2, 3, hidden), torch.randn(2, 4, hidden)
    ratios = []
    for model in (plain, scaled):
        logs = model.look_back(y, read)[1].log()
        ratios.append(logs - logs[..., :1])  # scores, but for a constant
    torch.testing.assert_close(ratios[0], ratios[1] * hidden**0.5, rtol=1e-3, atol=1e-4)
    scores = y @ read.mT
    torch.testing.assert_close(
        ratios[0], scores - scores[..., :1], rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("scaled", [False, True])
def test_what_is_written_is_what_the_logits_say_after_it(scaled):
    model, source = translator(scaled), torch.randint(V, (30, 4))
    written, weights = translate(model, source, 6)
    assert written.shape == (30, 6) and written.dtype == torch.int64
    assert torch.equal(model(source, written).argmax(dim=-1), written)
    changes = written[:, 1:] != written[:, :-1]
    assert changes.any()  # or the tokens fed back would not matter
    read, y = states(model, source, written)
    torch.testing.assert_close(weights, model.look_back(y, read)[1])


def test_each_token_written_has_its_weights_over_the_source():
    written, weights = translate(translator(), torch.randint(V, (3, 4)), 7)
    assert written.shape == (3, 7) and weights.shape == (3, 7, 4)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 7))
    assert weights.min() >= 0 and weights.std(dim=-1).max() > 0.05


def test_translating_keeps_no_history():
    model, logits = translator(), []
    model.head.register_forward_hook(lambda *call: logits.append(call[-1]))
    _, weights = translate(model, torch.randint(V, (2, 3)), 2)
    assert len(logits) == 2 and not any(y.requires_grad for y in [*logits, weights])


@pytest.mark.parametrize("t", [0, 1, 3])
def test_a_logit_sees_neither_its_own_target_nor_later_ones(t):
    assert_logits_see_only_what_is_before(translator(), V, t)


def test_gradients_reach_every_parameter():
    model, source, target = translator(), *torch.randint(V, (2, 3, 5))
    loss = F.cross_entropy(model(source, target).flatten(0, 1), target.flatten())
    loss.backward()
    for name, p in model.named_parameters():
        assert p.grad is not None and p.grad.any(), name


def test_it_is_lesson_3s_model_with_one_layer_more():
    model, plain = AttentiveEncoderDecoder(V), EncoderDecoder(V)
    assert isinstance(model, EncoderDecoder)
    more = {name: p.shape for name, p in model.named_parameters()}
    sizes = {name: p.shape for name, p in plain.named_parameters()}
    assert more == {**sizes, "mix.weight": (128, 256), "mix.bias": (128,)}
    assert model.sharpness == pytest.approx(128**0.5)
    assert AttentiveEncoderDecoder(V, 5, 6).head.weight.shape == (V, 6)
