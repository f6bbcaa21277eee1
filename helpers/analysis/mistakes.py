"""Confusion matrix and worst mistakes of a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from helpers.core.shown import printable


@dataclass(frozen=True)
class Mistake:
    """A picture (number `index`, of `file`) of class `truth` taken for `guess`; the
    guess was given this probability (0 to 1), the truth `chance`."""

    index: int
    file: str
    truth: str
    guess: str
    probability: float
    chance: float


def confusion(truth_n: Tensor, guess_n: Tensor, classes: int) -> Tensor:
    """Return how often class t was taken for class g: counts (K, K), one row per true
    class, so the diagonal holds what is right."""
    pair_n = truth_n * classes + guess_n
    return pair_n.bincount(minlength=classes**2).view(classes, classes)


def worst_mistakes(
    probability_nk: Tensor,
    truth_n: Tensor,
    classes: Sequence[str],
    files: Sequence[str],
    most: int = 8,
) -> list[Mistake]:
    """Return at most `most` pictures that were taken for another class, the least
    chance for the truth first; a picture that is right is never among them."""
    guess_n = probability_nk.argmax(dim=1)
    chance_n = probability_nk.gather(1, truth_n[:, None])[:, 0]
    order = chance_n.argsort(stable=True)
    wrong = order[guess_n[order] != truth_n[order]][:most].tolist()
    return [
        Mistake(
            index=i,
            file=files[i],
            truth=classes[truth_n[i]],
            guess=classes[guess_n[i]],
            probability=probability_nk[i, guess_n[i]].item(),
            chance=chance_n[i].item(),
        )
        for i in wrong
    ]


def in_words(mistakes: Sequence[Mistake], wrong: int, n: int) -> str:
    """Return one sentence for those who do not see the pictures: `wrong` of `n` test
    pictures are mistakes, `mistakes` the ones shown."""
    if not mistakes:
        return f"None of the {n} test pictures is taken for another class."
    shown = "; ".join(
        f"{printable(m.file)}, {m.truth} taken for {m.guess} with {m.probability:.0%}"
        for m in mistakes
    )
    return f"{wrong} of {n} test pictures are wrong; shown, worst first: {shown}."
