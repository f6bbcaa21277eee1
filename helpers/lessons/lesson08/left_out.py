"""What the loss is after each block, and with blocks left out, halved or exchanged.

    python -m helpers.lessons.lesson08.left_out

measures all of it on the first 128 tokens of each of the lesson's eight texts, and
stores it (five minutes of one core). Blocks are counted from 0.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from helpers.analysis.residual_stream import lens_nats, residual_stream, run_blocks
from helpers.checkpoints.smollm import SmolLM, open_smollm
from helpers.core.run import progress_bar
from helpers.data import measured
from helpers.lessons.lesson08.texts import TEXTS
from helpers.models.llama.blocks import Llama, Sizes

FILE = measured.FOLDER / "left_out.json"
COMMAND = "python -m helpers.lessons.lesson08.left_out"
LENGTH = 128
# without the block; without its attention, so its MLP alone; without its MLP
LEFT_OUT = {"block": None, "attention": "MLP", "MLP": "attention"}
ORDERS = "as trained", "left out", "backwards", "the first six times", "shuffled"
WAYS = ("read off", *LEFT_OUT, *ORDERS)
BLIND = math.log(Sizes().symbols)  # nats: every token equally likely
GROUP = 6  # blocks of which the order is changed


def beginnings(smollm: SmolLM, names: Iterable[str] = TEXTS, length: int = LENGTH):
    """Return the first tokens of texts, (B, T)."""
    return torch.stack([smollm.encode(TEXTS[name])[:length] for name in names])


def order(way: str, group: list[int]) -> list[int]:
    """Return in which order a group of blocks runs, by one of the ORDERS."""
    mixed = torch.randperm(len(group), generator=torch.Generator().manual_seed(8))
    orders = group, [], group[::-1], group[:1] * len(group), [group[i] for i in mixed]
    return dict(zip(ORDERS, orders, strict=True))[way]


def loss(model: Llama, x_btc: Tensor, ids_bt: Tensor) -> Tensor:
    """Return the losses (B,) that the head reads off a stream (B, T, C)."""
    return lens_nats(x_btc, model.norm, model.embed_tokens.weight, ids_bt)


def without(model: Llama, stream_lbtc: Tensor, block: int, what: str) -> Tensor:
    """Return the last stream (B, T, C) without a block, or without a half of it."""
    x_btc, kept = stream_lbtc[block], LEFT_OUT[what]
    if kept is not None:
        x_btc = run_blocks(model, x_btc, [block], kept)
    return run_blocks(model, x_btc, range(block + 1, len(model.layers)))


def reordered(model: Llama, stream_lbtc: Tensor, first: int, way: str) -> Tensor:
    """Return the last stream (B, T, C) when GROUP blocks from `first` on run in one of
    the ORDERS."""
    group = list(range(first, first + GROUP))
    after = range(first + GROUP, len(model.layers))
    return run_blocks(model, stream_lbtc[first], [*order(way, group), *after])


def measure(model: Llama, ids_bt: Tensor, firsts: Iterable[int]) -> dict:
    """Return way -> block -> the losses of texts (B, T), in nats: read off the stream
    before a block (and after the last), without it, and by order of GROUP blocks."""
    stream_lbtc, table = residual_stream(model, ids_bt), {way: {} for way in WAYS}
    L = len(model.layers)
    asked = [("read off", k) for k in range(L + 1)]
    asked += [(way, k) for way in LEFT_OUT for k in range(L)]
    asked += [(way, k) for way in ORDERS for k in firsts]
    for way, k in progress_bar(asked, label="blocks"):
        if way == "read off":
            x_btc = stream_lbtc[k]
        elif way in LEFT_OUT:
            x_btc = without(model, stream_lbtc, k, way)
        else:
            x_btc = reordered(model, stream_lbtc, k, way)
        table[way][k] = loss(model, x_btc, ids_bt).tolist()
    return table


def stored() -> dict:
    """Return the stored table. UserError where it is missing or damaged."""
    return measured.load(FILE, COMMAND, WAYS)


def added(table: dict, way: str) -> Tensor:
    """Return what leaving out costs, each text's loss minus that of the whole model:
    (blocks, texts)."""
    whole_s = torch.tensor(table["read off"][max(table["read off"])])
    return torch.tensor(list(table[way].values())) - whole_s


if __name__ == "__main__":  # pragma: no cover
    torch.set_num_threads(1)
    smollm = open_smollm()
    firsts = (3, 12, 15, 18)
    measured.save(FILE, COMMAND, measure(smollm.model, beginnings(smollm), firsts))
