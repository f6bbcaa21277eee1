"""GGUF, a file of a language model's weights, read by hand (lesson 08).

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

MAGIC, ALIGNMENT = b"GGUF", 32
NUMBERS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
TEXT, LIST = 8, 9  # the other kinds of values


@dataclass(frozen=True)
class Entry:
    """One row of the file's table of tensors: `shape` as PyTorch has it, `kind` the
    number of the tensor's type, `start` counted in bytes from the first tensor's."""

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int


def number(file: BinaryIO, code: str):
    """Return the next number of a file, little-endian; `code` as in struct."""
    return struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))[0]


def value(file: BinaryIO, kind: int):
    """Return the next value of a file: a number, a text, or a list of either."""
    if kind == TEXT:
        return file.read(number(file, "Q")).decode()
    if kind == LIST:
        kind, length = number(file, "I"), number(file, "Q")
        return [value(file, kind) for _ in range(length)]
    return number(file, NUMBERS[kind])


def entry(file: BinaryIO) -> Entry:
    """Return the next row of the table of tensors."""
    name, axes = value(file, TEXT), number(file, "I")
    shape = tuple(number(file, "Q") for _ in range(axes))[::-1]
    return Entry(name, shape, number(file, "I"), number(file, "Q"))


def read_header(file: BinaryIO) -> tuple[dict, list[Entry], int]:
    """Return what a GGUF file says of its model, its table of tensors, and the place
    of the first tensor's first byte."""
    if file.read(4) != MAGIC:
        raise ValueError("no GGUF file")
    version, tensors, fields = (number(file, code) for code in "IQQ")
    if version not in (2, 3):
        raise ValueError(f"GGUF of version {version}")
    said = {value(file, TEXT): value(file, number(file, "I")) for _ in range(fields)}
    table = [entry(file) for _ in range(tensors)]
    return said, table, -(-file.tell() // ALIGNMENT) * ALIGNMENT


def decode_q4_1(blocks_nb: np.ndarray) -> np.ndarray:
    """Return the 32 numbers of each block of 20 bytes, (N, 20) uint8 -> (N, 32)
    float32: a step d and a least number m, float16, then 32 digits of 4 bits; a number
    is d * digit + m. Byte i holds digit i below and digit i + 16 above."""
    step_n1, least_n1 = blocks_nb[:, :4].copy().view(np.float16).astype(np.float32).T
    digits_nd = np.concatenate([blocks_nb[:, 4:] & 15, blocks_nb[:, 4:] >> 4], axis=1)
    return digits_nd * step_n1[:, None] + least_n1[:, None]


def decode_q8_0(blocks_nb: np.ndarray) -> np.ndarray:
    """Return the 32 numbers of each block of 34 bytes, (N, 34) uint8 -> (N, 32)
    float32: a step, float16, and 32 digits, int8; a number is their product."""
    step_n1 = blocks_nb[:, :2].copy().view(np.float16).astype(np.float32)
    return blocks_nb[:, 2:].view(np.int8) * step_n1


# by the type's number: (bytes of a block, numbers of a block, how it is decoded)
TYPES = {
    0: (4, 1, lambda blocks_nb: blocks_nb.view(np.float32)),
    3: (20, 32, decode_q4_1),
    8: (34, 32, decode_q8_0),
}


def read_tensor(raw: np.ndarray, first: int, row: Entry) -> Tensor:
    """Return one tensor of a file's bytes `raw`, decoded to float32."""
    size, numbers, decode = TYPES[row.kind]
    length = prod(row.shape) // numbers * size
    at = first + row.start
    decoded = decode(raw[at : at + length].reshape(-1, size))
    return torch.from_numpy(decoded.reshape(row.shape).copy())
