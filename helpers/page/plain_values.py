"""Values without code, to be handed from a process that is not trusted to one that is:
numbers as safetensors, all the rest as JSON.

What is neither, a function or a picture, stays where it is: a description goes in its
place. A network that can tell of itself (`told`) is handed over as what it tells.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass, make_dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from helpers.page.compare import describe
from helpers.page.elsewhere import Described, Failed
from helpers.page.kinds import is_plain, kind
from helpers.page.verdicts import Raised, in_a_line

LONGEST = 1_000  # characters of a description
PLAIN = (bool, int, float, str, type(None))


class NotPlain(ValueError):
    """What was handed over is no plain values: its message says what it is instead."""


def to_bytes(values: list) -> tuple[bytes, bytes]:
    """Return values as JSON, and the numbers in them as safetensors."""
    numbers: list[Tensor] = []
    told = [packed_or_described(value, numbers) for value in values]
    named = {str(i): numbers[i] for i in range(len(numbers))}
    return json.dumps(told).encode(), save(named)


def from_bytes(told: bytes, numbers: bytes, kinds: Iterable[type] = ()) -> list:
    """Return the values that `to_bytes` was given.

    kinds: the only classes, of networks and tensors, of which one can be among them.
    Raises NotPlain for whatever `to_bytes` does not write.
    """
    try:
        tensors = load(numbers)
    except Exception:  # whatever the library says of bytes that it cannot read
        raise NotPlain("numbers that are no safetensors") from None
    try:
        records = json.loads(told)
    except (ValueError, RecursionError):
        raise NotPlain("values that are no JSON") from None
    if not isinstance(records, list):
        raise NotPlain("JSON that is no list of values")
    unpacker = Unpacker(tensors, {name_of(each): each for each in kinds})
    try:
        values = [unpacker.value(record) for record in records]
    except NotPlain:
        raise
    except Exception:  # a record of another form, in one of many ways
        raise NotPlain("JSON that describes no values") from None
    if unpacker.used != tensors.keys():
        raise NotPlain("numbers under other names than those that were asked for")
    return values


def name_of(kind: type) -> str:
    """Return the name under which a class is found."""
    return f"{kind.__module__}.{kind.__qualname__}"


def packed_or_described(value: Any, numbers: list[Tensor]) -> Any:
    """Return a value for JSON; where it cannot be packed, its description."""
    before = len(numbers)
    try:
        record = packed(value, numbers)
        json.dumps(record)  # not for integers of thousands of digits
    except Exception:  # odd classes, lists in themselves
        del numbers[before:]
        return described(value)
    return record


def packed(value: Any, numbers: list[Tensor]) -> Any:
    """Return a value for JSON; tensors in it are added to `numbers`, and named by their
    places there."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Tensor):
        return packed_tensor(value, numbers)
    if isinstance(value, np.ndarray | np.generic):
        what = "array" if isinstance(value, np.ndarray) else "number"
        native = np.asarray(value, dtype=value.dtype.newbyteorder("="))
        return packed_tensor(torch.from_numpy(native.copy()), numbers) | {"numpy": what}
    if isinstance(value, tuple | list):
        what = "tuple" if isinstance(value, tuple) else "list"
        record = {what: [packed(each, numbers) for each in value]}
        return record if type(value) in (tuple, list) else record | named(value)
    if isinstance(value, dict):
        return {"dict": [[packed(x, numbers) for x in pair] for pair in value.items()]}
    if isinstance(value, Raised):
        return {"raised": value.error, "line": value.line}
    if isinstance(value, Failed):
        return {"failed": value.text}
    if is_dataclass(value) and not isinstance(value, type):
        return {"fields": packed(vars(value), numbers)} | named(value)
    if isinstance(value, nn.Module) and hasattr(value, "told"):
        return {"told": packed(value.told(), numbers), "class": name_of(type(value))}
    if isinstance(value, int | float | str):  # of a class of its own
        return next(
            base(value) for base in (int, float, str) if isinstance(value, base)
        )
    return described(value)


def packed_tensor(value: Tensor, numbers: list[Tensor]) -> dict:
    """Return the place of a tensor among the numbers, to which it is added."""
    if not is_plain(value):
        return {"no numbers": True}
    own = type(value) not in (Tensor, nn.Parameter)
    plain = value.detach().as_subclass(Tensor).cpu().resolve_conj().resolve_neg()
    pairs = plain.is_complex()
    plain = (torch.view_as_real(plain) if pairs else plain).contiguous().clone()
    save({"": plain})  # not for every dtype
    numbers.append(plain)
    record = {"tensor": str(len(numbers) - 1), "complex": pairs}
    return record | ({"class": name_of(type(value))} if own else {})


def named(value: Any) -> dict:
    """Return the name of a value's class, as part of its record."""
    return {"name": type(value).__name__}


def described(value: Any) -> dict:
    """Return a description, for what stays where it is."""
    try:
        text = describe(value)
    except Exception as error:
        text = f"a {type(value).__name__} that cannot be shown: {in_a_line(error)}"
    return {"described": kind(value), "text": text}


class Unpacker:
    """Makes values of records. Every name in them is looked up here, none imported."""

    def __init__(self, tensors: Mapping[str, Tensor], kinds: Mapping[str, type]):
        self.tensors, self.kinds, self.used = tensors, kinds, set()

    def value(self, record: Any) -> Any:
        """Return the value of a record. Raises an error for one of another form."""
        if type(record) in PLAIN:
            return record
        (make, *_) = (form for form in FORMS if form in record)
        return FORMS[make](self, record)

    def tensor(self, record: dict) -> Any:
        """Return a tensor, of a class that is expected, or an array."""
        name = record["tensor"]
        self.used.add(name)
        value = self.tensors[name]
        if record["complex"]:
            value = torch.view_as_complex(value)
        if "numpy" in record:
            return value.numpy() if record["numpy"] == "array" else value.numpy()[()]
        own = self.kinds.get(record.get("class"))
        return value.as_subclass(own) if own and issubclass(own, Tensor) else value

    def no_numbers(self, record: dict) -> Tensor:
        """Return a tensor whose numbers cannot be read, either."""
        return torch.empty(0, device="meta")

    def row(self, record: dict) -> tuple | list:
        """Return a tuple or a list."""
        base = tuple if "tuple" in record else list
        values = base(self.value(each) for each in record[base.__name__])
        return type(record["name"], (base,), {})(values) if "name" in record else values

    def dictionary(self, record: dict) -> dict:
        """Return a dictionary."""
        return {self.value(key): self.value(x) for key, x in record["dict"]}

    def dataclass(self, record: dict) -> Any:
        """Return an object with the fields of one, in a class without code."""
        fields = self.value(record["fields"])
        return make_dataclass(record["name"], fields)(**fields)

    def network(self, record: dict) -> Any:
        """Return what looks like the network of which this was told."""
        told = self.value(record["told"])
        if record["class"] not in self.kinds or not isinstance(told, dict):
            return Described(f"a network ({short(record['class'])})", "a network")
        own = self.kinds[record["class"]]
        network = own.__new__(own)
        vars(network)["told"] = lambda: told
        return network

    def raised(self, record: dict) -> Raised:
        """Return an error of the answer's."""
        line = record["line"]
        return Raised(cut(record["raised"]), line and (int(line[0]), cut(line[1])))

    def failed(self, record: dict) -> Failed:
        """Return an error of a probe's."""
        return Failed(cut(record["failed"]))

    def description(self, record: dict) -> Described:
        """Return what stands for a thing that was left where it is."""
        return Described(cut(record["described"]), cut(record["text"]))


FORMS = {
    "tensor": Unpacker.tensor,
    "no numbers": Unpacker.no_numbers,
    "tuple": Unpacker.row,
    "list": Unpacker.row,
    "dict": Unpacker.dictionary,
    "fields": Unpacker.dataclass,
    "told": Unpacker.network,
    "raised": Unpacker.raised,
    "failed": Unpacker.failed,
    "described": Unpacker.description,
}


def cut(text: str) -> str:
    """Return a text, cut when long. Raises TypeError for what is none."""
    return "".join(text)[:LONGEST]


def short(name: str) -> str:
    """Return the last part of a dotted name."""
    return cut(name).rpartition(".")[2]
