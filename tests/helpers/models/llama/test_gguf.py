"""A GGUF file is read to its last bit, and a damaged one ends in one sentence."""

import io
import struct

import gguf
import numpy as np
import pytest
import torch

from helpers.models.llama.gguf import (
    BLOCKS,
    DECODERS,
    Entry,
    read_header,
    read_tensor,
    read_value,
    tensor_place,
)

SAID = {
    "a.name": (8, "Ġdé"),
    "b.count": (4, 3_000_000_000),
    "c.base": (6, 0.5),
    "d.on": (7, True),
    "e.below": (11, -5),
    "f.deep": (12, 0.1),
    "g.words": (9, ["x", "", "yy"]),
    "h.kinds": (9, [1, 3]),
}
TABLE = [("one", (2, 64), 3, 0), ("two", (5,), 0, 96), ("three", (2, 1, 32), 8, 128)]


def text(words):
    """Return a text as the format has it."""
    data = words if isinstance(words, bytes) else words.encode()
    return struct.pack("<Q", len(data)) + data


def packed(kind, value):
    """Return a value as the format has it, without its kind."""
    if kind == 8:
        return text(value)
    if kind == 9:
        of_words = isinstance(value[0], str)
        inner = [text(v) if of_words else struct.pack("<i", v) for v in value]
        return struct.pack("<IQ", 8 if of_words else 5, len(value)) + b"".join(inner)
    return struct.pack("<" + {4: "I", 6: "f", 7: "?", 11: "q", 12: "d"}[kind], value)


def header(said=None, table=(), magic=b"GGUF", version=3, tensors=None, fields=None):
    """Return the bytes of a header; the counts may lie."""
    said = said or {}
    counts = len(table) if tensors is None else tensors
    parts = [magic, struct.pack("<I", version), struct.pack("<Q", counts)]
    parts.append(struct.pack("<Q", len(said) if fields is None else fields))
    for name, (kind, value) in said.items():
        parts += [text(name), struct.pack("<I", kind), packed(kind, value)]
    for name, shape, kind, start in table:
        parts += [text(name), struct.pack("<I", len(shape))]
        parts += [struct.pack("<Q", size) for size in reversed(shape)]
        parts += [struct.pack("<IQ", kind, start)]
    return b"".join(parts)


def test_every_kind_of_value_and_every_row_is_read():
    whole = header(SAID, TABLE)
    said, table, first = read_header(io.BytesIO(whole))
    assert said == {name: value for name, (_, value) in SAID.items()}
    assert list(said) == list(SAID)
    assert table == [Entry(*row) for row in TABLE]
    assert first % 32 == 0 and 0 <= first - len(whole) < 32


def test_version_2_is_read_as_well():
    assert read_header(io.BytesIO(header(version=2))) == ({}, [], 32)


def test_a_header_that_ends_on_a_multiple_has_no_padding():
    exact = header({"n": (8, "x" * 19)})
    assert len(exact) == 64 and read_header(io.BytesIO(exact))[2] == 64


def test_a_file_cut_off_anywhere_in_its_header_is_refused():
    whole = header(SAID, TABLE)
    for length in range(4, len(whole)):
        with pytest.raises(ValueError, match=r"ends after [\d,]+ bytes, in its header"):
            read_header(io.BytesIO(whole[:length]))


@pytest.mark.parametrize(
    ("damaged", "sentence"),
    [
        (b"", r"begins with b'GGUF', this one with b''"),
        (header(magic=b"GGML"), r"begins with b'GGUF', this one with b'GGML'"),
        (header(version=1), r"version 1 of the format, not 2 or 3"),
        (header(version=3 << 24), r"version 50331648"),  # of a big-endian machine
        (header(fields=2**60), r"ends after 24 bytes"),
        (header(tensors=2**60), r"ends after 24 bytes"),
        (header(fields=1) + struct.pack("<Q", 2**60), r"1,152,921,504,606,846,976 by"),
        (header(fields=1) + text("n") + struct.pack("<I", 13), r"of kind 13"),
        (
            header(fields=1) + text("n") + struct.pack("<IIQ", 9, 4, 2**60),
            r"a list should have 1,152,921,504,606,846,976 values of kind 4",
        ),
        (
            header(fields=1) + text("n") + struct.pack("<IIQ", 9, 9, 1),
            r"a list should have 1 values of kind 9",
        ),
        (
            header(tensors=1) + text("w") + struct.pack("<I", 2**31),
            r"'w' should have 2,147,483,648 axes; 4 at most",
        ),
        (header(fields=1) + text(b"\xff\xfe"), r"utf-8"),
    ],
    ids=range(12),
)
def test_what_is_damaged_ends_in_one_sentence(damaged, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        read_header(io.BytesIO(damaged))
    assert "\n" not in str(error.value)


def test_four_axes_and_the_longest_text_are_still_read():
    assert read_header(io.BytesIO(header(table=[("w", (1, 2, 3, 4), 0, 0)])))[1]
    assert read_value(io.BytesIO(text("x" * 2**24)), 8) == "x" * 2**24
    with pytest.raises(ValueError, match="16,777,217 bytes long; 16,777,216 at most"):
        read_value(io.BytesIO(text("x" * (2**24 + 1))), 8)


# ---------------------------------------------------------------- blocks


@pytest.mark.parametrize("kind", BLOCKS)
def test_any_blocks_decode_to_the_librarys_bits(kind):
    numbers, size = BLOCKS[kind]
    assert (numbers, size) == gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(kind)]
    draw = np.random.default_rng(kind)
    raw = draw.integers(256, size=(500, size), dtype=np.uint8)
    raw[:, 1] &= 0x3F  # no infinite step, and no NaN
    raw[:, 3] &= 0xBF
    theirs = gguf.dequantize(raw, gguf.GGMLQuantizationType(kind))
    ours = DECODERS[kind](torch.from_numpy(raw))
    assert ours.dtype == torch.float32 and ours.shape == (500, numbers)
    assert ours.numpy().tobytes() == theirs.tobytes()


def test_a_block_by_hand():
    scales = np.array([0.5, -2.0], dtype=np.float16).tobytes()
    block = np.frombuffer(scales + bytes([0xF1, *[0x20] * 15]), dtype=np.uint8).copy()
    weights = DECODERS[3](torch.from_numpy(block)[None])[0]
    assert weights[0] == 1 * 0.5 - 2 and weights[16] == 15 * 0.5 - 2
    assert (weights[1:16] == -2).all() and (weights[17:] == -1).all()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((64, 0, (2, 64), (32, 20)), (64, 144)),
        ((65, 32, (2, 64), (32, 34)), (128, 264)),
        ((95, 0, (), (1, 4)), (96, 100)),
        ((96, 0, (3, 0, 2), (1, 4)), (96, 96)),
    ],
)
def test_where_a_tensor_lies(given, expected):
    assert tensor_place(*given) == expected


def test_tensors_are_cut_out_of_the_file_where_they_lie():
    draw = np.random.default_rng(0)
    raw = np.concatenate(
        [np.zeros(64, np.uint8), draw.integers(60, size=196, dtype=np.uint8)]
    )
    raw.flags.writeable = False  # as a file that is mapped into memory
    for name, shape, kind, start in TABLE:
        begin = 64 + start
        _, size = BLOCKS[kind]
        blocks = raw[begin:].copy()
        count = int(np.prod(shape)) // BLOCKS[kind][0]
        blocks = blocks[: count * size].reshape(count, size)
        theirs = gguf.dequantize(blocks, gguf.GGMLQuantizationType(kind))
        ours = read_tensor(raw, 64, Entry(name, shape, kind, start))
        assert ours.shape == shape
        assert ours.numpy().tobytes() == theirs.tobytes()
