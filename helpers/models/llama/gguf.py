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

NUMBER_CODES = dict(enumerate("BbHhIif?..Qqd"))  # as in struct, by kind
TEXT_KIND, LIST_KIND = 8, 9
ALIGNMENT, LONGEST = 32, 2**24  # bytes; no text and no list is longer than LONGEST


def read_bytes(file: BinaryIO, length: int) -> bytes:
    """Return the next bytes of a file. Raises ValueError where there are fewer."""
    if length > LONGEST:
        raise ValueError(f"a text should be {length:,} bytes long; {LONGEST:,} at most")
    if len(found := file.read(length)) < length:
        raise ValueError(f"the file ends after {file.tell():,} bytes, in its header")
    return found


def read_number(file: BinaryIO, code: str):
    """Return a file's next number, its lowest byte first; `code` as in struct."""
    return struct.unpack("<" + code, read_bytes(file, struct.calcsize("<" + code)))[0]


def read_value(file: BinaryIO, kind: int):
    """Return a file's next value: a number, a text, or a list of either."""
    if kind > 12:
        raise ValueError(f"a value is of kind {kind}; the last that is known is 12")
    if kind == TEXT_KIND:
        return read_bytes(file, read_number(file, "Q")).decode()
    if kind == LIST_KIND:
        kind, length = read_number(file, "I"), read_number(file, "Q")
        if kind == LIST_KIND or length > LONGEST:
            raise ValueError(f"a list should have {length:,} values of kind {kind}")
        return [read_value(file, kind) for _ in range(length)]
    return read_number(file, NUMBER_CODES[kind])


@dataclass(frozen=True)
class Entry:
    """One row of the table of tensors: `shape` as in PyTorch, `kind` the number of its
    type, `start` counted from the data's first byte."""

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int


def read_entry(file: BinaryIO) -> Entry:
    """Return the next row of the table of tensors."""
    name, axes = read_value(file, TEXT_KIND), read_number(file, "I")
    if axes > 4:
        raise ValueError(f"{name!r} should have {axes:,} axes; 4 at most")
    shape = tuple(read_number(file, "Q") for _ in range(axes))[::-1]
    return Entry(name, shape, read_number(file, "I"), read_number(file, "Q"))


def read_header(file: BinaryIO) -> tuple[dict, list[Entry], int]:
    """Return what a GGUF file says of its model, its table of tensors, and the place
    of the data's first byte. Raises ValueError for a file that is damaged."""
    if (magic := file.read(4)) != b"GGUF":
        raise ValueError(f"a GGUF file begins with b'GGUF', this one with {magic!r}")
    version, tensors, fields = (read_number(file, code) for code in "IQQ")
    if version not in (2, 3):
        raise ValueError(f"this is version {version} of the format, not 2 or 3")
    said = {}
    for _ in range(fields):
        name, kind = read_value(file, TEXT_KIND), read_number(file, "I")
        said[name] = read_value(file, kind)
    table = [read_entry(file) for _ in range(tensors)]
    return said, table, -(-file.tell() // ALIGNMENT) * ALIGNMENT


def decode_q4_1(blocks_nb: Tensor) -> Tensor:
    """Return each block's 32 numbers, (N, 20) uint8 -> (N, 32) float32: step, minimum
    (float16), and 16 bytes; byte i has digit i below and digit i + 16 above."""
    scales_n2, digits_nb = blocks_nb[:, :4].view(torch.float16), blocks_nb[:, 4:]
    step_n1, least_n1 = scales_n2.float().split(1, dim=1)
    digits_nd = torch.cat([digits_nb & 15, digits_nb >> 4], dim=1)
    return digits_nd * step_n1 + least_n1


def decode_q8_0(blocks_nb: Tensor) -> Tensor:
    """Return the 32 numbers of each block, (N, 34) uint8 -> (N, 32) float32: a step,
    float16, then 32 digits, int8."""
    step_n1 = blocks_nb[:, :2].view(torch.float16).float()
    return blocks_nb[:, 2:].view(torch.int8) * step_n1


def decode_f32(blocks_nb: Tensor) -> Tensor:
    """Return the one number of each block, (N, 4) uint8 -> (N, 1) float32."""
    return blocks_nb.view(torch.float32)


BLOCKS = {0: (1, 4), 3: (32, 20), 8: (32, 34)}  # of each type: numbers, bytes
DECODERS = {0: decode_f32, 3: decode_q4_1, 8: decode_q8_0}


def tensor_place(header: int, start: int, shape: tuple, block: tuple) -> tuple:
    """Return where in a file a tensor begins and where it ends, in bytes. The data
    begins where the header ends, at the next multiple of ALIGNMENT."""
    numbers, size = block
    begin = -(-header // ALIGNMENT) * ALIGNMENT + start
    return begin, begin + prod(shape) // numbers * size


def read_tensor(raw: np.ndarray, first: int, row: Entry) -> Tensor:
    """Return one tensor of a file's bytes `raw`, decoded to float32."""
    begin, end = tensor_place(first, row.start, row.shape, BLOCKS[row.kind])
    blocks_nb = torch.from_numpy(raw[begin:end].copy())
    blocks_nb = blocks_nb.reshape(-1, BLOCKS[row.kind][1])
    return DECODERS[row.kind](blocks_nb).reshape(row.shape)
