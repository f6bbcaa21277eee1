"""Verdicts on known wrong answers, each made once for all tests that look at it."""

from functools import cache

from helpers.page.exercises import Exercise, Verdict, judge_answer


@cache
def verdict_on_wrong(exercise: Exercise, number: int) -> Verdict:
    """Return the verdict on one of the wrong answers of an exercise's bank."""
    return judge_answer(exercise, exercise.wrong[number].answer)
