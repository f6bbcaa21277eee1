"""Lesson 00, start here: references, hints and known wrong answers."""

from collections.abc import Callable

import torch
from torch import Tensor

from helpers.page.attempts import attempt
from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed


def share_right(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=1) == labels).float().mean()


def along_the_batch(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=0)[: len(labels)] == labels).float().mean()


def sizes_as_digits(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.amax(dim=1) == labels).float().mean()


def how_sure(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.softmax(dim=1)[torch.arange(len(labels)), labels].mean()


def some_right(draw: Draw) -> tuple:
    """Return logits without a tie, none of them a digit's number, and labels: the
    first right, the last wrong."""
    B = draw.choice((4, 5, 7))
    K = draw.choice([k for k in (3, 4, 5, 6) if k != B])
    logits = torch.stack([draw.order(K) for _ in range(B)])
    labels = logits.argmax(dim=1)
    labels[1:-1] = torch.tensor(draw.choices(range(K), k=B - 2))
    labels[-1] = (labels[-1] + 1) % K
    return logits + 0.5, labels


SHARE_RIGHT = Exercise(
    share_right,
    cases=lambda: [
        (
            torch.tensor([[2.0, 0, 1], [0, 3, 1], [1, 5, 0]]),
            torch.tensor([0, 1, 2]),
        ),
        (torch.tensor([[0.0, 1, 2], [4, 1, 0]]), torch.tensor([2, 1])),
        (
            torch.tensor([[0.5, 3, 1, 0], [2, 1.5, 0, 1]]),
            torch.tensor([1, 0]),
        ),
    ],
    hidden=by_seed(some_right, times=3),
    hints=(
        "Which digit has the largest logit? `argmax` tells, along one axis.",
        "A row is a picture, a column a digit: the digits lie along dim=1.",
        "Compare with the labels, turn booleans into floats, take the mean.",
    ),
    wrong=(
        Wrong(
            along_the_batch,
            "argmax ran along dim=0, over the pictures. Ask which question a row "
            "answers: one row is one picture, its digits lie along dim=1.",
        ),
        Wrong(
            lambda logits, labels: (logits.argmax(dim=1) == labels).float().sum(),
            "That is the number of right answers. A share is divided by how many "
            "there are.",
        ),
        Wrong(
            lambda logits, labels: (logits.argmin(dim=1) == labels).float().mean(),
            "You took the smallest logit of each picture: the digit that the model "
            "believes in least. Its answer is the digit with the largest one.",
        ),
        Wrong(
            lambda logits, labels: (logits.argmax(dim=1) != labels).float().mean(),
            "That is the share of mistakes. Asked is the share of pictures that were "
            "read rightly: 1 minus yours.",
        ),
        Wrong(
            lambda logits, labels: (logits.argmax() == labels).float().mean(),
            "Without a `dim`, argmax searches the whole table and gives one place for "
            "all pictures at once. Each picture has an answer of its own.",
        ),
        Wrong(
            lambda logits, labels: 100 * share_right(logits, labels),
            "That is per cent, 100 times the share. A share lies between 0 and 1.",
        ),
        Wrong(
            sizes_as_digits,
            "You compared the largest logit itself with the label. A logit is a score; "
            "which digit it belongs to is its *place* in the row.",
        ),
        Wrong(
            lambda logits, labels: (
                (logits.argmax(dim=1) == labels).sum() / logits.shape[1]
            ),
            "You divided by the number of digits. There is one answer per picture, so "
            "the share is taken of the pictures.",
        ),
        Wrong(
            how_sure,
            "That is how sure the model is of the right digit, on average. Asked is "
            "how often the right digit comes first, however narrowly.",
        ),
    ),
)


def surprise(logits: Tensor, label: int) -> Tensor:
    return -logits.log_softmax(dim=0)[label]


def a_tensor(
    answer: Callable, reference: Callable, case: tuple, tolerance: float
) -> str:
    """The answer is a tensor, also where a plain number would have the same value."""
    if isinstance(attempt(answer, case), Tensor):
        return ""
    return (
        "The value is right, but it is a plain number; a tensor of one number is asked "
        "for. A loss has to stay a tensor (`.item()` or `float()` takes that away), "
        "since no gradient flows back through a plain number."
    )


def some_logits(draw: Draw) -> tuple:
    """Return logits, and a label that is not the favourite."""
    logits = torch.tensor([draw.signed(1, 30) for _ in range(draw.randint(3, 6))])
    favourite = logits.argmax().item()
    return logits, draw.choice([k for k in range(len(logits)) if k != favourite])


SURPRISE = Exercise(
    surprise,
    cases=lambda: [
        (torch.tensor([2.0, 0.0, -1.0]), 0),
        (torch.tensor([2.0, 0.0, -1.0]), 2),
        (torch.tensor([0.5, 3.0]), 0),
    ],
    hidden=by_seed(some_logits, times=3),
    promises=(a_tensor,),
    hints=(
        "Softmax first: `logits_k.softmax(dim=0)` sums to 1.",
        "Pick the entry of the label, take the logarithm, change the sign.",
        "`-logits_k.log_softmax(dim=0)[label]` does it in one line.",
    ),
    wrong=(
        Wrong(
            lambda logits, label: logits.softmax(dim=0)[label],
            "That is the probability of the right digit. The surprise is minus its "
            "logarithm: 0 for a probability of 1.",
        ),
        Wrong(
            lambda logits, label: logits.log_softmax(dim=0)[label],
            "The sign is missing: the logarithm of a probability is never above 0, "
            "and a surprise is never below.",
            typed="return logits_k.log_softmax(dim=0)[label]",
        ),
        Wrong(
            lambda logits, label: -logits[label].log(),
            "You took the logarithm of the logit itself. Logits are scores of any "
            "size and sign; softmax makes probabilities of them first.",
        ),
        Wrong(
            lambda logits, label: -logits.softmax(dim=0)[label].log2(),
            "Right, in bits. The loss of this course is in nats: natural logarithms.",
        ),
        Wrong(
            lambda logits, label: -logits.softmax(dim=0)[label].log10(),
            "That logarithm has base 10. The loss of this course is in nats: natural "
            "logarithms.",
        ),
        Wrong(
            lambda logits, label: -logits[label],
            "That is minus the raw logit. A logit becomes a logarithm of a probability "
            "only after the softmax has compared it with the other digits'.",
        ),
        Wrong(
            lambda logits, label: 1 - logits.softmax(dim=0)[label],
            "That is the probability of every other digit together. A surprise is not "
            "1 minus a probability but minus its logarithm, and has no upper end.",
        ),
        Wrong(
            lambda logits, label: -logits.log_softmax(dim=0).max(),
            "You took the digit that the model favours. The surprise is about the "
            "digit that came: the label, which may be an unlikely one.",
        ),
        Wrong(
            lambda logits, label: -logits.log_softmax(dim=0).mean(),
            "You averaged over all digits. Only the one that came, the label, "
            "surprises.",
        ),
        Wrong(
            lambda logits, label: -logits.softmax(dim=0).log_softmax(dim=0)[label],
            "The softmax was taken twice: what comes out of the first is already a "
            "probability, and `log_softmax` and `cross_entropy` bring their own.",
        ),
        Wrong(
            lambda logits, label: -(logits / logits.sum()).log()[label],
            "You divided the logits by their sum. Logits may be negative, and so may "
            "that share; softmax takes the exponential of each first.",
        ),
        Wrong(
            lambda logits, label: -logits.sigmoid().log()[label],
            "A sigmoid looks at one logit alone. The digits compete: softmax divides "
            "by all of them, so that the probabilities sum to 1.",
        ),
        Wrong(
            lambda logits, label: (
                -(logits.softmax(dim=0) * logits.log_softmax(dim=0))[label]
            ),
            "You weighted the surprise with its own probability, as for an entropy. "
            "The label did come: its surprise counts in full.",
        ),
        Wrong(
            lambda logits, label: (
                -(logits.softmax(dim=0) * logits.log_softmax(dim=0)).sum()
            ),
            "That is the entropy: the surprise to be expected before the digit is "
            "known. The label says which digit came; only its surprise is asked for.",
        ),
    ),
)


EXERCISES = {"0.1": SHARE_RIGHT, "0.2": SURPRISE}
