"""The residual stream: its parts give the model's own answer back."""

import pytest
import torch
import torch.nn.functional as F

from helpers.analysis.residual_stream import (
    attention_weights,
    lens_nats,
    residual_stream,
    run_blocks,
)
from helpers.models.llama.blocks import Llama, Sizes

SIZES = Sizes(
    symbols=40, channels=24, layers=4, n_heads=6, kv_heads=2, inner=32, base=50.0
)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = Llama(SIZES).eval().requires_grad_(False)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return model


@pytest.fixture(scope="module")
def ids_bt():
    return torch.randint(40, (3, 9), generator=torch.Generator().manual_seed(1))


def own_nats(model, ids_bt):
    logits = model(ids_bt)[0]
    rows = [F.cross_entropy(x[:-1], i[1:]) for x, i in zip(logits, ids_bt, strict=True)]
    return torch.stack(rows)


def read(model, x_btc, ids_bt):
    return lens_nats(x_btc, model.norm, model.embed_tokens.weight, ids_bt)


def test_the_last_stream_gives_the_model_s_own_loss(model, ids_bt):
    stream = residual_stream(model, ids_bt)
    assert stream.shape == (5, 3, 9, 24)
    assert torch.equal(stream[0], model.embed_tokens(ids_bt))
    own = own_nats(model, ids_bt)
    torch.testing.assert_close(read(model, stream[-1], ids_bt), own)


def test_every_layer_s_output_is_in_the_stream(model, ids_bt):
    seen = []
    hooks = [
        layer.register_forward_hook(lambda _, i, out: seen.append(out[0]))
        for layer in model.layers
    ]
    model(ids_bt)
    for hook in hooks:
        hook.remove()
    torch.testing.assert_close(residual_stream(model, ids_bt)[1:], torch.stack(seen))


def test_blocks_run_in_the_given_order(model, ids_bt):
    stream = residual_stream(model, ids_bt)
    torch.testing.assert_close(run_blocks(model, stream[1], [1, 2]), stream[3])
    assert torch.equal(run_blocks(model, stream[1], []), stream[1])
    backwards = run_blocks(model, stream[1], [2, 1])
    steps = run_blocks(model, run_blocks(model, stream[1], [2]), [1])
    torch.testing.assert_close(backwards, steps)
    assert not torch.allclose(backwards, stream[3], atol=1e-2)


def test_a_half_is_that_half_alone(model, ids_bt):
    x, layer = residual_stream(model, ids_bt)[2], model.layers[2]
    removed = []
    hook = layer.mlp.register_forward_hook(lambda _, i, y: 0 * y)
    removed.append(run_blocks(model, x, [2]))
    hook.remove()
    zero = lambda _, i, out: (0 * out[0], *out[1:])  # noqa: E731
    hook = layer.self_attn.register_forward_hook(zero)
    removed.append(run_blocks(model, x, [2]))
    hook.remove()
    halves = [run_blocks(model, x, [2], only) for only in ("attention", "MLP")]
    for ours, theirs in zip(halves, removed, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert not torch.allclose(*halves, atol=1e-2)
    with pytest.raises(ValueError, match="halves"):
        run_blocks(model, x, [2], "mlp")


def test_nothing_ahead_is_seen(model, ids_bt):
    other = ids_bt.clone()
    other[:, -1] = (other[:, -1] + 1) % 40
    pair = [residual_stream(model, ids)[:, :, :-1] for ids in (ids_bt, other)]
    torch.testing.assert_close(*pair)


def test_weights_are_those_of_the_whole_model(model, ids_bt):
    seen = []
    hook = model.layers[2].self_attn.register_forward_hook(
        lambda _, i, out: seen.append(out[1])
    )
    model(ids_bt)
    hook.remove()
    ours = attention_weights(model, residual_stream(model, ids_bt), 2)
    torch.testing.assert_close(ours, seen[0])
