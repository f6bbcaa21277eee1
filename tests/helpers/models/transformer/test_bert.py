"""BERT against transformers' own, and against MiniLM itself."""

import pytest
import torch
from support.drawing import drawn
from torch.nn import functional as F

from helpers.checkpoints import minilm
from helpers.checkpoints.convert import bert_weights
from helpers.checkpoints.minilm import open_minilm
from helpers.models.transformer.attention import padding_mask
from helpers.models.transformer.bert import BERT

pytestmark = pytest.mark.usefixtures("seeded")
B, T, C, N, LAYERS, INNER, V, LONGEST = 3, 9, 16, 4, 3, 40, 31, 12


@pytest.fixture(scope="module")
def theirs():
    """Return a random BertModel of transformers, none of its parameters 0 or 1."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=V,
        hidden_size=C,
        num_hidden_layers=LAYERS,
        num_attention_heads=N,
        intermediate_size=INNER,
        max_position_embeddings=LONGEST,
        attn_implementation="eager",
    )
    return drawn(BertModel(config).eval())  # no dropout


def copied(theirs):
    """Return our BERT with the same weights."""
    model = BERT(V, C, N, LAYERS, INNER, LONGEST)
    model.load_state_dict(bert_weights(theirs.state_dict()))
    return model


@pytest.mark.parametrize("padded", [False, True])
def test_states_are_theirs(theirs, padded):
    ids, segments = torch.randint(V, (B, T)), torch.randint(2, (B, T))
    mask = padding_mask(torch.tensor([T, 4, 1]), T) if padded else None
    with torch.no_grad():
        found = copied(theirs)(ids, mask, segments)
        wanted = theirs(
            ids,
            attention_mask=mask[:, 0].long() if padded else None,
            token_type_ids=segments,
        ).last_hidden_state
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_all_tokens_are_of_the_first_text_unless_told(theirs):
    model, ids = copied(theirs), torch.randint(V, (B, T))
    with torch.no_grad():
        found, wanted = model(ids), theirs(ids).last_hidden_state
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    other = model(ids, segments_bt=torch.ones_like(ids))
    assert (other - found).abs().max() > 1e-2


def test_gradients_are_theirs(theirs):
    model, ids = copied(theirs), torch.randint(V, (B, T))
    segments = torch.randint(2, (B, T))
    weights = torch.randn(B, T, C)
    (model(ids, None, segments) * weights).mean().backward()
    theirs.zero_grad()
    states = theirs(ids, token_type_ids=segments).last_hidden_state
    (states * weights).mean().backward()
    wanted = bert_weights(
        {n: p.grad for n, p in theirs.named_parameters() if p.grad is not None}
    )
    ours = {name: p.grad for name, p in model.named_parameters()}
    wanted["embedding.tokens.weight"][0] = ours["embedding.tokens.weight"][0]
    assert set(ours) == set(wanted)  # token 0 is padding: theirs never learns it
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-3, atol=1e-6)


def test_the_order_of_the_names_does_not_matter(theirs):
    weights = theirs.state_dict()
    turned = bert_weights(dict(reversed(weights.items())))
    for name, weight in bert_weights(weights).items():
        assert torch.equal(weight, turned[name])


def test_norms_come_last_gelu_is_exact_and_eps_small(theirs):
    model = copied(theirs)
    for layer in model.body.layers:
        assert not layer.norm_first and layer.activation is F.gelu
        assert layer.norm1.eps == layer.norm2.eps == 1e-12
    assert model.norm.eps == 1e-12 and model(torch.zeros(1, 1).long()).shape[2] == C


def test_there_are_512_positions_unless_told():
    assert BERT(V, C, N, 1, INNER).embedding.positions.weight.shape == (512, C)


def test_more_than_there_are_positions_is_an_error(theirs):
    with pytest.raises(ValueError, match="13 tokens, but only 12 positions"):
        copied(theirs)(torch.randint(V, (1, LONGEST + 1)))


def test_with_its_weights_it_is_minilm(capfd):
    if (found := open_minilm()) is None:
        pytest.skip("MiniLM is not installed")
    sizes = minilm.CHANNELS, minilm.HEADS, minilm.LAYERS, minilm.INNER
    model = BERT(30_522, *sizes)
    model.load_state_dict(bert_weights(found.model.state_dict()))
    texts = "A cat sat.", "The bank raised its rates again on a rainy Monday."
    rows = [found.encode(text)[0] for text in texts]
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    mask = padding_mask(lengths, ids.shape[1])
    with torch.no_grad():
        ours = model(ids, mask)
        theirs = found.model(ids, attention_mask=mask[:, 0].long()).last_hidden_state
        alone = model(rows[0][None])
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)
    torch.testing.assert_close(ours[:1, : len(rows[0])], alone, rtol=0, atol=1e-4)
    vector = F.normalize(alone[0].mean(dim=0), dim=0)
    torch.testing.assert_close(
        vector, found.sentence_vector(texts[0]), rtol=0, atol=1e-5
    )
    assert capfd.readouterr().err == ""
