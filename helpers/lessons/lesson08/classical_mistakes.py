"""The classical mistakes in a forward pass of a Llama, one at a time.

    python -m helpers.lessons.lesson08.classical_mistakes

measures what each costs on the first 128 tokens of each of the lesson's eight texts,
and what the missing mask does to code, and stores it (two minutes of one core).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.core.files import ROOT
from helpers.core.run import progress_bar
from helpers.data import measured
from helpers.lessons.lesson08.left_out import LENGTH, beginnings
from helpers.models.llama.blocks import Llama, RMSNorm, SwiGLU

MODELS = ROOT / "helpers" / "models"
FILE = measured.FOLDER / "classical_mistakes.json"
COMMAND = "python -m helpers.lessons.lesson08.classical_mistakes"
RIGHT, UNMASKED = "no mistake", "no causal mask"
CODE = {name: f"{name}, code" for name in (RIGHT, UNMASKED)}
FILES = (  # code that no model trained before this course can have read
    "transformer/attention.py",
    "transformer/blocks.py",
    "transformer/gpt.py",
    "language/bpe.py",
    "language/ngram.py",
)
PLACES = 0, 256  # where in a file the tokens begin: its top, and further down


@contextmanager
def exchanged(part: object, **values) -> Iterator[None]:
    """Give a part other attributes for a while."""
    before = {name: vars(part).get(name) for name in values}
    vars(part).update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del vars(part)[name]
            else:
                vars(part)[name] = value


def with_forward(kind: type[nn.Module], forward: Callable) -> Callable:
    """Return the mistake by which every part of a kind computes forward(part, x)."""

    @contextmanager
    def mistake(model: Llama) -> Iterator[None]:
        with ExitStack() as stack:
            for part in model.modules():
                if isinstance(part, kind):
                    wrong = forward.__get__(part)
                    stack.enter_context(exchanged(part, forward=wrong))
            yield

    return mistake


def layer_norm(norm: RMSNorm, x_btc: Tensor) -> Tensor:
    """Subtract the mean too: lesson 05's norm, with RMSNorm's weights."""
    return F.layer_norm(x_btc, x_btc.shape[-1:], norm.weight, None, norm.eps)


def large_eps(norm: RMSNorm, x_btc: Tensor) -> Tensor:
    return F.rms_norm(x_btc, x_btc.shape[-1:], norm.weight, 0.1)


def gelu(mlp: SwiGLU, x_btc: Tensor) -> Tensor:
    return mlp.down_proj(F.gelu(mlp.gate_proj(x_btc)) * mlp.up_proj(x_btc))


def relu(mlp: SwiGLU, x_btc: Tensor) -> Tensor:
    return mlp.down_proj(F.relu(mlp.gate_proj(x_btc)) * mlp.up_proj(x_btc))


def gate_and_up_exchanged(mlp: SwiGLU, x_btc: Tensor) -> Tensor:
    return mlp.down_proj(F.silu(mlp.up_proj(x_btc)) * mlp.gate_proj(x_btc))


def with_rows(change: Callable[[Tensor, int], Tensor], *names: str) -> Callable:
    """Return the mistake by which layers of these names put out other channels:
    change(their output (B, T, C), the width of a head)."""

    @contextmanager
    def mistake(model: Llama) -> Iterator[None]:
        head = model.sizes.channels // model.sizes.n_heads
        with ExitStack() as stack:
            for name, part in model.named_modules():
                if name.endswith(names):
                    hook = lambda _, inputs, y_btc: change(y_btc, head)  # noqa: E731
                    stack.enter_context(part.register_forward_hook(hook))
            yield

    return mistake


def paired_as_halves(y_btc: Tensor, head: int) -> Tensor:
    """Let pair i be the channels i and i + D / 2, as in transformers."""
    halves = y_btc.unflatten(-1, (-1, 2, head // 2))
    return halves.mT.flatten(-3)


def unscaled(y_btc: Tensor, head: int) -> Tensor:
    """Undo the division of the scores by the square root of D."""
    return y_btc * head**0.5


@contextmanager
def tiled_heads(model: Llama) -> Iterator[None]:
    """Let query head h read the keys and values of head h modulo 3, not h over 3: the
    query heads change places before the attention, and again after it."""
    sizes = model.sizes
    shared = sizes.n_heads // sizes.kv_heads

    def there(y_btc: Tensor, head: int) -> Tensor:
        return y_btc.unflatten(-1, (shared, -1, head)).transpose(-3, -2).flatten(-3)

    def back(_, inputs: tuple[Tensor]) -> tuple[Tensor]:
        head = sizes.channels // sizes.n_heads
        read = inputs[0].unflatten(-1, (-1, shared, head))
        return (read.transpose(-3, -2).flatten(-3),)

    with with_rows(there, "q_proj")(model), ExitStack() as stack:
        for layer in model.layers:
            hook = layer.self_attn.o_proj.register_forward_pre_hook(back)
            stack.enter_context(hook)
        yield


def with_rotation(change: Callable[[Tensor, Tensor], tuple]) -> Callable:
    """Return the mistake by which attention gets change(cosine, sine) of the turns."""

    @contextmanager
    def mistake(model: Llama) -> Iterator[None]:
        def hook(_, inputs: tuple) -> tuple:
            x_btc, rotation, *rest = inputs
            return (x_btc, change(*rotation), *rest)

        with ExitStack() as stack:
            for layer in model.layers:
                stack.enter_context(layer.self_attn.register_forward_pre_hook(hook))
            yield

    return mistake


def with_sizes(**sizes) -> Callable:
    """Return the mistake by which the model is run with other sizes."""
    return lambda model: exchanged(model, sizes=replace(model.sizes, **sizes))


@contextmanager
def scaled_embedding(model: Llama) -> Iterator[None]:
    """Multiply the tokens' vectors by the square root of C, as lesson 05's did."""
    root = model.sizes.channels**0.5
    hook = model.embed_tokens.register_forward_hook(lambda _, i, x_btc: root * x_btc)
    with hook:
        yield


@contextmanager
def no_mask(model: Llama) -> Iterator[None]:
    """Let every token see all of the text."""

    def hook(_, inputs: tuple) -> tuple:
        x_btc, rotation, may_see_ts, *rest = inputs
        return (x_btc, rotation, torch.ones_like(may_see_ts), *rest)

    with ExitStack() as stack:
        for layer in model.layers:
            stack.enter_context(layer.self_attn.register_forward_pre_hook(hook))
        yield


MISTAKES = {
    RIGHT: lambda model: ExitStack(),
    "LayerNorm for RMSNorm": with_forward(RMSNorm, layer_norm),
    "rotary base 10,000": with_sizes(base=10_000.0),
    "GELU for SiLU": with_forward(SwiGLU, gelu),
    "pairs taken as halves": with_rows(paired_as_halves, "q_proj", "k_proj"),
    "no positions": with_rotation(lambda cos, sin: (0 * cos + 1, 0 * sin)),
    "turned the wrong way": with_rotation(lambda cos, sin: (cos, -sin)),
    "scores not scaled": with_rows(unscaled, "q_proj"),
    "ReLU for SiLU": with_forward(SwiGLU, relu),
    "eps 0.1": with_forward(RMSNorm, large_eps),
    "key heads tiled": tiled_heads,
    "gate and up exchanged": with_forward(SwiGLU, gate_and_up_exchanged),
    "embeddings times √C": scaled_embedding,
    UNMASKED: no_mask,
}


@torch.no_grad()
def losses(model: Llama, ids_bt: Tensor, mistake: str) -> list[float]:
    """Return each text's loss (nats), texts (B, T), with one of the MISTAKES."""
    with MISTAKES[mistake](model):
        logits_btv = model(ids_bt)[0][:, :-1]
    nats_bt = F.cross_entropy(logits_btv.mT, ids_bt[:, 1:], reduction="none")
    return nats_bt.mean(dim=1).tolist()


def code(smollm: SmolLM, first: int) -> Tensor:
    """Return LENGTH tokens of each of FILES, from token `first` on: (5, T)."""
    texts = [(MODELS / name).read_text(encoding="utf-8") for name in FILES]
    return torch.stack([smollm.encode(t)[first : first + LENGTH] for t in texts])


def measure(model: Llama, ids_bt: Tensor, code: dict[int, Tensor]) -> dict:
    """Return mistake -> 0 -> the losses of texts (B, T), in nats; and under the names
    of CODE place -> the losses of code (B, T) from there on."""
    bar = progress_bar(MISTAKES, label="mistakes")
    table = {mistake: {0: losses(model, ids_bt, mistake)} for mistake in bar}
    for mistake, name in CODE.items():
        rows = {place: losses(model, ids, mistake) for place, ids in code.items()}
        table[name] = rows
    return table


def stored() -> dict:
    """Return the stored table. UserError where it is missing or damaged."""
    return measured.load(FILE, COMMAND, (*MISTAKES, *CODE.values()))


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    smollm = open_smollm()
    tokens = {place: code(smollm, place) for place in PLACES}
    measured.save(FILE, COMMAND, measure(smollm.model, beginnings(smollm), tokens))
