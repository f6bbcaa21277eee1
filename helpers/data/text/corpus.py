"""Text corpus: loading, train/test split and a character-level tokenizer."""

import codecs
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from helpers.core.errors import UserError
from helpers.core.shown import quoted
from helpers.data.text.docstrings import docs, held_out

SHORTEST = 10_000  # characters: the tenth of a shorter text says too little
LONGEST = 20_000_000  # characters: far more than these lessons' models can use
BYTES_EACH = 4  # at most, in UTF-8
NEEDED = "give 'docs' or the path of a UTF-8 text file"
INSTEAD = "its lines are its words, its most frequent sign stands for blanks."
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
LISTED = 10  # strange characters that an error names
MOST_SYMBOLS = 10_000  # each gets a chance at every place: 10,000 take 2 GB
SHOWN = 120  # symbols that an error shows: those of any alphabet, not of Chinese


@dataclass(frozen=True)
class Corpus:
    """A text in two parts that do not overlap: to learn from, and to be tested on."""

    name: str
    train: str
    test: str

    def opening(self, n: int) -> str:
        """Return the first `n` characters to learn from on one line, none of them
        unknown and the first one visible: line ends are blanks where the text has
        blanks, and left out where it has none."""
        blank = " " if " " in self.train else ""
        return self.train.lstrip().replace("\n", blank)[:n]


def corpus(name_or_path: str | Path = "docs") -> Corpus:
    """Return a text to learn from, its lines ended by newlines alone.

    "docs" is the English in Python's own documentation, a paragraph a line; about a
    tenth of these are the test part, wherever they stand. Anything else is the path
    of a UTF-8 file, whose last tenth is the test part; of a very long one only the
    beginning is used. Lines say so, and that a text has no blank. Raises UserError for
    a file that is missing, unreadable, no text, too short, blank, or of too few or too
    many different characters. No lesson asks anything else of a text.
    """
    if name_or_path == "docs":
        texts = [paragraph.text for paragraph in docs()]
        train = "\n".join(text for text in texts if not held_out(text))
        test = "\n".join(text for text in texts if held_out(text))
        return checked(Corpus("docs", train, test))
    path = file_at(name_or_path)
    text = beginning(path)
    n_train = len(text) - len(text) // 10
    found = checked(Corpus(path.name, text[:n_train], text[n_train:]))
    if " " not in found.train:
        print(f"{path.name} has no blank: {INSTEAD}")
    return found


def checked(corpus: Corpus) -> Corpus:
    """Return a corpus with enough in it to learn from. Raises UserError otherwise."""
    n = len(corpus.train) + len(corpus.test)
    if n < SHORTEST:
        raise UserError(
            f"The text {corpus.name} is too short: {n:,} characters were found, "
            f"{SHORTEST:,} are needed."
        )
    symbols = set(corpus.train)
    if len(symbols) < 2:
        raise UserError(
            f"The text {corpus.name} repeats the single character "
            f"{corpus.train[0]!r}; at least 2 different ones are needed."
        )
    if len(symbols) > MOST_SYMBOLS:
        raise UserError(
            f"The text {corpus.name} has {len(symbols):,} different characters; "
            f"{MOST_SYMBOLS:,} are the most that can be learned here."
        )
    if not any(symbol.isprintable() and not symbol.isspace() for symbol in symbols):
        raise UserError(
            f"The text {corpus.name} is blank: {n:,} characters were found, none of "
            "them visible."
        )
    return corpus


# ---------------------------------------------------------------- files


def file_at(name: str | Path) -> Path:
    """Return the path of an ordinary file, "~" expanded. Raises UserError when there
    is none."""
    if not isinstance(name, str | os.PathLike) or not str(name):
        raise UserError(f"The text is {name!r}, which names no file; {NEEDED}.")
    try:
        path = Path(name).expanduser()
        # Not is_file(): it says no, and nothing more, to a file that is forbidden.
        path.stat()
    except FileNotFoundError:
        # Windows finds no file of an overlong name: see `unreadable`.
        raise UserError(f"There is no file {quoted(path)}; {NEEDED}.") from None
    except (OSError, RuntimeError, ValueError) as error:  # Runtime: "~nobody"
        raise unreadable(name, error) from error
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no ordinary file"
        raise UserError(f"{quoted(path)} is {kind}; {NEEDED}.")
    return path


def unreadable(name: str | Path, error: Exception) -> UserError:
    """Return the error to be raised for a file that the system will not read."""
    reason = getattr(error, "strerror", None) or error
    # Somebody may well have put the text itself where its path belongs.
    return UserError(f"{quoted(name)} cannot be read ({reason}); {NEEDED}.")


def beginning(path: Path) -> str:
    """Return the first LONGEST characters in a file, without byte order mark, and say
    so when there are more. Raises UserError for a file that is empty or no text."""
    n_bytes = LONGEST * BYTES_EACH + len(codecs.BOM_UTF8)
    try:
        with open(path, "rb") as file:
            data, rest = file.read(n_bytes), file.read(1)
    except OSError as error:
        raise unreadable(path, error) from error
    text = decoded(data, path, final=not rest)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text:
        raise UserError(
            f"{quoted(path)} is empty; at least {SHORTEST:,} characters are needed."
        )
    if rest or len(text) > LONGEST:
        text = text[:LONGEST]
        print(f"{path.name} is long: only its first {len(text):,} characters are used.")
    return text


def decoded(data: bytes, path: Path, final: bool) -> str:
    """Return what bytes of UTF-8 say; unless `final`, the last character may be cut.
    Raises UserError, which counts bytes from 1, when they are no text."""
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        text, _ = codecs.utf_8_decode(body, "strict", final)
        place = body.find(0)  # allowed in UTF-8, and a sure sign of something else
    except UnicodeDecodeError as error:
        place = error.start
    if place < 0:
        return text
    number = place + len(data) - len(body)
    raise UserError(
        f"{quoted(path)} is no UTF-8 text: its byte number {number + 1:,} is "
        f"0x{data[number]:02x}; save it as plain text in UTF-8."
    )


# ---------------------------------------------------------------- characters


class Characters:
    """The vocabulary of a text: its distinct characters, sorted, numbered from 1.

    Number 0 is UNKNOWN (U+FFFD), which stands for all others. Raises UserError for an
    empty text.
    """

    def __init__(self, text: str) -> None:
        if not text:
            raise UserError("The text is empty; a vocabulary needs characters.")
        self.known = frozenset(text)
        self.symbols = (UNKNOWN, *sorted(self.known - {UNKNOWN}))
        self.points = code_points("".join(self.symbols))
        # The id of every code point; the last entry is for all beyond the table.
        self.table = np.zeros(self.points.max() + 2, np.int64)
        self.table[self.points] = np.arange(len(self.points))

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, text: str, unknown_ok: bool = False) -> torch.Tensor:
        """Return the numbers of a text's characters, int64 (T,); with `unknown_ok`, 0
        for those not known. Raises UserError for an empty text and, without
        `unknown_ok`, for characters that are not known."""
        if not text:
            raise UserError("The text to encode is empty; it needs a character.")
        if not unknown_ok and (strange := set(text) - self.known):
            raise UserError(f"{self.complaint(sorted(strange))}.")
        points = np.minimum(code_points(text), len(self.table) - 1)
        return torch.from_numpy(self.table[points])

    def complaint(self, strange: list[str]) -> str:
        """Return which characters are strange and, unless there are many, which are
        not."""
        names = ", ".join(map(repr, strange[:LISTED]))
        more = f" and {len(strange) - LISTED} more" if strange[LISTED:] else ""
        found = f"The text that was learnt from never showed {names}{more}"
        if len(self) > SHOWN:
            return f"{found}; its own {len(self.known):,} characters are needed"
        return f"{found}; known are {''.join(sorted(self.known))!r}"

    def decode(self, ids) -> str:
        """Return the text of some numbers: a tensor (T,) or a list. Raises ValueError
        for any that is not a whole number from 0 to len(self) - 1."""
        ids = torch.as_tensor(ids).cpu()
        if ids.numel() == 0:
            return ""
        whole = ids.dtype == torch.int64 and ids.dim() <= 1
        if not whole or ids.min() < 0 or ids.max() >= len(self):
            raise ValueError(f"ids must be whole numbers from 0 to {len(self) - 1}")
        points = self.points[ids.numpy()]
        return points.tobytes().decode("utf-32-le", "surrogatepass")


def code_points(text: str) -> np.ndarray:
    """Return the code points of a text, uint32 (T,)."""
    # Half of a pair, as a broken clipboard leaves it, is a strange character too.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
