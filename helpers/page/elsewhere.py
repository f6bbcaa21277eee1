"""An answer that stays in another process, and what is asked of it there.

Who grades never runs a student's code. A `probe` is a function of an answer and a case
that finds out one thing: what comes back, which input was changed, what the gradients
are. It runs where the answer is. Everything else, the reference above all, runs where
the verdict is made.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple


class Described:
    """Stands for a thing that was left where it is.

    kind: what it is, in two or three words; text: how it would be shown.
    """

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text

    def __repr__(self) -> str:
        return self.text


class Failed(NamedTuple):
    """What comes back from a probe that stopped with an error."""

    text: str


class Question(NamedTuple):
    """A probe for one case, with what else it is given."""

    probe: Callable
    case: tuple
    more: tuple


class Elsewhere(Described):
    """An answer in another process. `send` takes questions there, and returns for each
    what was found, or Failed."""

    def __init__(
        self, kind: str, text: str, send: Callable[[list[Question]], list]
    ) -> None:
        super().__init__(kind, text)
        self.send = send
        self.together: list[tuple[Sequence[tuple], Sequence[tuple]]] = []
        self.found: dict[tuple, tuple[tuple, Any]] = {}

    def __call__(self, *case: Any) -> Any:
        raise RuntimeError("this answer is in another process: only probes reach it")

    def expect(self, cases: Sequence[tuple], *asked: tuple) -> None:
        """From now on, what is asked for one of these cases is asked for all of them at
        once, and with it what they are to be `asked`, each a probe and what else it is
        given: a way there and back takes longer than most answers."""
        self.together.append((cases, asked))

    def ask(self, probe: Callable, case: tuple, *more: Any) -> Any:
        """Return what a probe finds there, looked for once. Raises RuntimeError where
        it has failed."""
        if self.key(probe, case, more) not in self.found:
            self.find((probe, *more), case)
        _, reply = self.found[self.key(probe, case, more)]
        if isinstance(reply, Failed):
            raise RuntimeError(reply.text)
        return reply

    def find(self, wanted: tuple, case: tuple) -> None:
        """Let be found what is wanted for a case, and what is expected to be, next."""
        groups = (group for group in self.together if any(c is case for c in group[0]))
        cases, asked = next(groups, ([case], ()))
        questions = {
            self.key(probe, each, tuple(more)): Question(probe, each, tuple(more))
            for probe, *more in (wanted, *asked)
            for each in cases
        }
        questions = {key: q for key, q in questions.items() if key not in self.found}
        replies = self.send(list(questions.values()))
        for key, reply in zip(questions, replies, strict=True):
            # The case is kept: no later one may get its number.
            self.found[key] = questions[key].case, reply

    @staticmethod
    def key(probe: Callable, case: tuple, more: tuple) -> tuple:
        """Return what tells a question from all others."""
        return probe.__module__, probe.__qualname__, id(case), more


def probe(function: Callable) -> Callable:
    """Let a function (answer, case, …) run where the answer is.

    It has to be found in its module by name. What it returns is carried as plain
    values (`helpers.page.plain_values`).
    """

    @wraps(function)
    def asked(answer: Any, case: tuple, *more: Any) -> Any:
        if isinstance(answer, Elsewhere):
            return answer.ask(asked, case, *more)
        return function(answer, case, *more)

    return asked
