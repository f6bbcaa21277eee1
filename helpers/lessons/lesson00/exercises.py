"""Lesson 00, start here: references, hints and known wrong answers."""

import torch
from torch import Tensor

from helpers.page.exercises import Exercise, Wrong
from helpers.page.hidden_cases import Draw, by_seed


def share_right(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=1) == labels).float().mean()


def along_the_batch(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=0)[: len(labels)] == labels).float().mean()


def some_right(draw: Draw) -> tuple:
    """Return logits without a tie, and labels: the first right, the last wrong."""
    B, K = draw.choice((4, 5, 7)), draw.randint(3, 6)
    logits = torch.stack([draw.order(K) for _ in range(B)])
    labels = logits.argmax(dim=1)
    labels[1:-1] = torch.tensor(draw.choices(range(K), k=B - 2))
    labels[-1] = (labels[-1] + 1) % K
    return logits.float(), labels


SHARE_RIGHT = Exercise(
    share_right,
    cases=lambda: [
        (
            torch.tensor([[2.0, 0, 1], [0, 3, 1], [1, 5, 0]]),
            torch.tensor([0, 1, 2]),
        ),
        (torch.tensor([[0.0, 1, 2], [4, 1, 0]]), torch.tensor([2, 1])),
    ],
    hidden=by_seed(some_right),
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
    ),
)


def surprise(logits: Tensor, label: int) -> Tensor:
    return -logits.log_softmax(dim=0)[label]


def some_logits(draw: Draw) -> tuple:
    K = draw.randint(3, 6)
    return torch.tensor([draw.signed(1, 30) for _ in range(K)]), draw.randrange(K)


SURPRISE = Exercise(
    surprise,
    cases=lambda: [
        (torch.tensor([2.0, 0.0, -1.0]), 0),
        (torch.tensor([2.0, 0.0, -1.0]), 2),
        (torch.tensor([0.5, 3.0]), 0),
    ],
    hidden=by_seed(some_logits, times=3),
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
    ),
)


EXERCISES = {"0.1": SHARE_RIGHT, "0.2": SURPRISE}
