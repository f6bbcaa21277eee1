"""The encoder-decoder: what its logits see, and what it writes."""

import pytest
import torch
from support.decoders import assert_logits_see_only_what_is_before
from torch import nn

from helpers.models.recurrent.seq2seq import EncoderDecoder, greedy_decode

V = 7
pytestmark = pytest.mark.usefixtures("seeded")


def translator():
    """Return an untrained encoder and decoder that is far from uniform."""
    model = EncoderDecoder(V, 5, 6)
    for weight in model.parameters():
        nn.init.normal_(weight, std=2)
    nn.init.zeros_(model.head.bias)
    return model


def step_by_step(model, source, tokens):
    """Return the logits after the begin token and after each of `tokens` but one."""
    _, state = model.encoder(model.embedding.weight[source])
    before = torch.full((len(source), 1), V)
    logits = []
    for t in range(tokens.shape[1]):
        y, state = model.decoder(model.embedding.weight[before], state)
        logits.append(y @ model.head.weight.T + model.head.bias)
        before = tokens[:, t : t + 1]
    return torch.cat(logits, dim=1)


def test_a_decoder_reads_the_begin_token_and_the_true_tokens_before():
    model, source, target = translator(), *torch.randint(V, (2, 3, 5))
    logits = model(source[:, :4], target)
    assert logits.shape == (3, 5, V)
    found = step_by_step(model, source[:, :4], target)
    torch.testing.assert_close(logits, found, rtol=0, atol=1e-5)


@pytest.mark.parametrize("t", [0, 1, 3])
def test_a_logit_does_not_see_its_own_target_or_later_ones(t):
    assert_logits_see_only_what_is_before(translator(), V, t)


def test_the_whole_source_counts():
    model, target = translator(), torch.randint(V, (3, 5))
    source = torch.randint(V, (3, 4))
    for s in range(4):
        changed = source.clone()
        changed[:, s] = (source[:, s] + 1) % V
        assert (model(changed, target) - model(source, target)).abs().max() > 1e-4


def test_an_encoder_decoder_has_two_layers_and_one_token_more():
    model = EncoderDecoder(V)
    assert model.embedding.weight.shape == (V + 1, 32)
    assert model.head.weight.shape == (V, 128)
    for layer in (model.encoder, model.decoder):
        assert (layer.input_size, layer.hidden_size, layer.num_layers) == (32, 128, 1)
    assert model.encoder is not model.decoder


def test_what_is_written_is_the_most_probable_after_ones_own_tokens():
    model, source = translator(), torch.randint(V, (6, 4))
    written = torch.zeros(6, 0, dtype=torch.long)
    for _ in range(5):
        anything = torch.randint(V, (6, 1))
        logits = model(source, torch.cat([written, anything], dim=1))
        written = torch.cat([written, logits[:, -1:].argmax(dim=-1)], dim=1)
    assert torch.equal(greedy_decode(model, source, 5), written)
    assert len(written.unique()) > 3  # or the tokens fed back would not matter


def test_more_can_be_written_than_was_read():
    assert greedy_decode(translator(), torch.randint(V, (2, 1)), 3).shape == (2, 3)


def test_writing_keeps_no_history():
    model, logits = translator(), []
    model.head.register_forward_hook(lambda *call: logits.append(call[-1]))
    greedy_decode(model, torch.randint(V, (2, 3)), 2)
    assert len(logits) == 2 and not any(y.requires_grad for y in logits)
