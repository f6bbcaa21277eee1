"""Text classification dataset: which library does a paragraph come from?

The paragraphs are those of `helpers.data.text.docstrings`, read from a sample of each
library's source files: all of them would take most of a minute. Whole files are either
to learn from or to test on, so that no author's habits of one page stand on both sides.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.core.errors import UserError
from helpers.core.run import progress_bar
from helpers.data.text.docstrings import (
    LIBRARIES,
    documentation,
    held_out,
    located,
    sources,
)
from helpers.data.text.prose import paragraphs, words

PER_FILE = 8  # paragraphs: the first of a file, so that no file fills a part alone
TEST_SHARE = 0.3  # of the files
PHRASE = 3  # words
SIDES = (False, True)  # to learn from, to test on
# What says outright where a paragraph is from; "i.e." and "e.g." are no paths.
GIVE_AWAY = re.compile(
    rf"""
      \w*(?:{"|".join(LIBRARIES)}|pylab|pyplot)\w*(?:\.\w+)*  # PyTorch, numpy.ndarray
    | \b(?:np|nx|plt|mpl)(?:_\w+)?\b(?:\.\w+)*                # np, np.sum, mpl_toolkits
    | \b[^\W\d]\w+(?:\.[^\W\d]\w*)+                           # a path: nn.Linear
    | (?<![\w.])\.[^\W\d]\w+(?:\.\w+)*                       # its end: .Axes.plot
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Texts:
    """N texts and their labels, int64 (N,)."""

    texts: list[str]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.texts)


# ---------------------------------------------------------------- the task


def library_task(
    n_pool: int = 192, n_test: int = 50, libraries: Sequence[str] = LIBRARIES
) -> tuple[Texts, Texts]:
    """Return (pool, test): of each library `n_pool` paragraphs to draw labels from and
    `n_test` to test on; a label is the library's place in `libraries`.

    The two parts share no source file and no two paragraphs are near-duplicates (see
    `Novelty`); names are masked. The same files give the same task. Nothing is
    imported; about 5 CPU seconds. Raises UserError for a library that is not
    installed or has too few such paragraphs.
    """
    novelty, wanted = Novelty(), {False: n_pool, True: n_test}
    found = [
        gathered(library, wanted, novelty)
        for library in progress_bar(libraries, label="reading docs")
    ]
    return tuple(labelled([parts[side] for parts in found]) for side in SIDES)


def labelled(classes: Sequence[list[str]]) -> Texts:
    """Return the texts of all classes, one class after the other, with its number."""
    labels = [label for label, texts in enumerate(classes) for _ in texts]
    return Texts([text for texts in classes for text in texts], torch.tensor(labels))


def gathered(library: str, wanted: dict[bool, int], novelty: "Novelty") -> dict:
    """Return a library's masked paragraphs, side -> as many texts as `wanted`. Raises
    UserError when there are fewer."""
    found = {side: [] for side in SIDES}
    for name, texts in readings(library):
        mine = found[side := held_out(name, TEST_SHARE)]
        for text in map(masked, texts):
            if len(mine) < wanted[side] and novelty.adds(text):
                mine.append(text)
        if all(len(found[side]) == wanted[side] for side in SIDES):
            return found
    raise UserError(
        f"The docs of {library} hold {len(found[False])} paragraphs to learn from and "
        f"{len(found[True])} to test on; {wanted[False]} and {wanted[True]} are needed."
    )


def readings(library: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (name, first paragraphs) of a library's source files, in a shuffled
    order that depends on their names alone. Raises UserError when it is absent."""
    root, _ = located(library)
    names = {f"{library}/{f.relative_to(root).as_posix()}": f for f in sources(root)}
    for name in sorted(names, key=mixing):
        yield name, first_paragraphs(documentation(names[name]))


def mixing(name: str) -> bytes:
    """Return the sort key of a name in that order: another hash than `held_out` uses,
    or all that is held out would come first."""
    return hashlib.md5(name.encode(), usedforsecurity=False).digest()


def first_paragraphs(docstrings: Iterable[str]) -> list[str]:
    """Return the first PER_FILE paragraphs of prose in docstrings."""
    texts = (text for docstring in docstrings for text in paragraphs(docstring))
    return [text for text, _ in zip(texts, range(PER_FILE), strict=False)]


# ---------------------------------------------------------------- honest labels


def masked(text: str) -> str:
    """Return a text in which the libraries' names, their usual short names and every
    dotted path are "it"."""
    return GIVE_AWAY.sub("it", text)


class Novelty:
    """A near-duplicate detector: it remembers texts and compares new ones with them.

    Two texts are that when they share at least half of the phrases of three words
    that the shorter one has (Broder 1997 calls this containment of shingles).
    """

    def __init__(self) -> None:
        self.sizes: list[int] = []  # phrases of each text remembered
        self.where: dict[str, list[int]] = defaultdict(list)  # phrase -> texts

    def adds(self, text: str) -> bool:
        """Remember a text and return True, unless a near-duplicate is remembered."""
        found = phrases(text)
        shared = Counter(i for phrase in found for i in self.where.get(phrase, ()))
        if any(2 * n >= min(len(found), self.sizes[i]) for i, n in shared.items()):
            return False
        for phrase in found:
            self.where[phrase].append(len(self.sizes))
        self.sizes.append(len(found))
        return True


def phrases(text: str) -> set[str]:
    """Return the phrases of PHRASE words in a text, of all words in a shorter one."""
    found = words(text).split()
    starts = range(max(1, len(found) - PHRASE + 1))
    return {" ".join(found[start : start + PHRASE]) for start in starts}


# ---------------------------------------------------------------- few labels


def draws(pool: Texts, k: int, n: int, seed: int) -> list[Texts]:
    """Return `n` draws of `k` labelled texts per class that share no text, classes in
    order. With the same n and seed, those of a smaller k are among those of a larger.

    Raises UserError when the pool has fewer than n * k texts of a class.
    """
    generator = torch.Generator().manual_seed(seed)
    blocks = []
    for label in pool.labels.unique():
        places = (pool.labels == label).nonzero()[:, 0]
        if k < 1 or n < 1 or n * k > len(places):
            raise UserError(
                f"{n} draws of {k} texts per class asked for; the pool has "
                f"{len(places)} of class {label}, and 1 is the least."
            )
        mixed = places[torch.randperm(len(places), generator=generator)]
        blocks.append(mixed.unfold(0, len(places) // n, len(places) // n)[:n, :k])
    return [chosen(pool, places) for places in torch.cat(blocks, dim=1)]


def chosen(texts: Texts, places: Tensor) -> Texts:
    """Return the texts at some places, with their labels."""
    return Texts([texts.texts[i] for i in places.tolist()], texts.labels[places])
