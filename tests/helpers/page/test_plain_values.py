"""What is handed over as plain values comes out as it was, and nothing else does."""

import json
from collections import namedtuple
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from helpers.page.compare import describe, same
from helpers.page.elsewhere import Described, Failed
from helpers.page.kinds import kind, kind_difference
from helpers.page.plain_values import LONGEST, NotPlain, from_bytes, to_bytes
from helpers.page.verdicts import Raised

T = torch.tensor
Pair = namedtuple("Pair", "first second")


class Shown(torch.Tensor):
    """A tensor that is shown in its own way."""

    def __repr__(self):
        return "shown"


class Net(nn.Linear):
    """A network that tells of itself."""

    def told(self):
        return {"weight": self.weight, "modes": ["train"]}


class Size(IntEnum):
    """A number of a class of its own."""

    LARGE = 3


@dataclass
class Field:
    """A class that a page defines."""

    size: int
    jump: torch.Tensor


def carried(*values, kinds=()):
    """Return what values are on the other side."""
    return from_bytes(*to_bytes(list(values)), kinds)


TENSOR = torch.arange(6.0).view(2, 3)
VALUES = [
    *(None, True, 3, -2.5, float("inf"), "text", [], (), {}),
    *(T(3.0), TENSOR, TENSOR.mT, TENSOR > 2, TENSOR.to(torch.complex64)),
    *(TENSOR.bfloat16(), torch.empty(0, 3), T([float("nan"), 1.0])),
    *(np.arange(3.0), np.array([[True]]), np.float32(0.5), np.bool_(True)),
    *([1, (2.0, TENSOR)], {"a": [T(1)], 2: "b"}),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_out_as_it_was(value):
    (out,) = carried(value)
    assert type(out) is type(value)
    assert same(out, value, 0)
    assert (kind(out), describe(out)) == (kind(value), describe(value))


def test_bytes_in_another_order_are_numbers_all_the_same():
    (out,) = carried(np.arange(3, dtype=">i4"))
    assert out.tolist() == [0, 1, 2]


def test_many_values_come_in_their_order():
    assert [x.item() for x in carried(*map(T, range(12)))] == list(range(12))


def test_parts_that_share_their_numbers_are_no_obstacle():
    row, whole = carried(TENSOR[0], TENSOR)
    assert torch.equal(row, TENSOR[0]) and torch.equal(whole, TENSOR)


def test_classes_of_a_page_keep_their_fields_and_their_names():
    pair, field, size = carried(Pair(1, TENSOR), Field(3, TENSOR), Size.LARGE)
    assert kind(pair) == "a Pair of 2 values"
    assert same(field, Field(3, TENSOR), 0)
    assert kind_difference(5, field) == "That is an int; a Field is asked for."
    assert type(size) is int


def test_a_tensor_of_a_class_is_one_only_where_that_is_expected():
    value = TENSOR.as_subclass(Shown)
    (out,) = carried(value, kinds=[Shown])
    assert repr(out) == "shown" and torch.equal(out, value)
    (plain,) = carried(value)
    assert type(plain) is torch.Tensor
    assert type(carried(nn.Parameter(TENSOR))[0]) is torch.Tensor


def test_a_network_is_what_it_tells_of_itself():
    net = Net(2, 2)
    (out,) = carried(net, kinds=[Net])
    assert type(out) is Net
    assert same(out.told(), net.told(), 0)
    (other,) = carried(net)
    assert isinstance(other, Described) and other.kind == "a network (Net)"


OWN = []
OWN.append(OWN)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (len, "a function, not what it returns"),
        (nn.Linear, "a class (Linear)"),
        (nn.Linear(1, 1), "a network (Linear)"),
        (object(), "a object"),
        ({1, 2}, "a set"),
        (10**5_000, "an int"),
        (np.array(["a"]), "a NumPy array of shape (1,)"),
        (OWN, "a list of 1 value"),
    ],
    ids=range(8),
)
def test_what_is_no_plain_value_is_described(value, what):
    out, after = carried(value, TENSOR)
    assert isinstance(out, Described)
    assert kind(out) == what
    assert len(describe(out)) <= LONGEST
    assert torch.equal(after, TENSOR)


def test_a_described_value_is_shown_as_it_would_be():
    (out,) = carried({1, 2})
    assert describe(out) == "{1, 2}"


def test_a_tensor_without_plain_numbers_is_still_one():
    (out,) = carried(TENSOR.to_sparse())
    assert "holds no plain numbers" in kind_difference(out, TENSOR)


def test_errors_are_values_too():
    raised, failed = carried(Raised("ValueError: 1", (3, "1 / 0")), Failed("no"))
    assert raised == Raised("ValueError: 1") and raised.line == (3, "1 / 0")
    assert carried(Raised("E"))[0].line is None
    assert failed == Failed("no")
    assert len(carried(Raised("E" * 9_999))[0].error) == LONGEST


def told(*records):
    return json.dumps(records).encode()


NONE, ONE = save({}), save({"0": T(1.0)})
NAMED = {"tensor": "0", "complex": False}


@pytest.mark.parametrize(
    ("values", "numbers", "said"),
    [
        (told(NAMED), b"", "no safetensors"),
        (told(NAMED), b"\xff" * 64, "no safetensors"),
        (told(NAMED), ONE[:-1], "no safetensors"),
        (b"", NONE, "no JSON"),
        (b"\x80\x04K\x01.", NONE, "no JSON"),  # a pickle
        (b"[" * 100_000, NONE, "no JSON"),
        (b'{"list": []}', NONE, "no list of values"),
        (told(1), ONE, "other names"),
        (told(NAMED), save({"0": T(1.0), "weights": T(1.0)}), "other names"),
        (told(NAMED), save({"weights": T(1.0)}), "describes no values"),
        (told({"tensor": "0"}), ONE, "describes no values"),
        (told({"tensor": "0", "complex": True}), ONE, "describes no values"),
        (told({"import": "os"}), NONE, "describes no values"),
        (told({}), NONE, "describes no values"),
        (told([1]), NONE, "describes no values"),
        (told({"dict": [[[1], 2]]}), NONE, "describes no values"),
        (told({"fields": {"dict": [["a b", 1]]}, "name": "F"}), NONE, "no values"),
        (told({"told": 1, "class": 2}), NONE, "no values"),
        (told({"raised": 1, "line": None}), NONE, "no values"),
        (told({"described": ["f"], "text": 3}), NONE, "no values"),
    ],
)
def test_what_was_written_otherwise_is_refused(values, numbers, said):
    with pytest.raises(NotPlain, match=said):
        from_bytes(values, numbers)


@pytest.mark.parametrize("name", ["os.system", "builtins.print", "torch.nn.Linear"])
def test_no_name_in_it_is_looked_up(name):
    net = {"told": {"dict": [["a", 1]]}, "class": name}
    value, tensor = from_bytes(told(net, NAMED | {"class": name}), ONE)
    assert type(value) is Described
    assert type(tensor) is torch.Tensor
