"""Open a lesson's page: seeds, device, memory, theme of figures, progress, claims."""

from collections.abc import Callable

from helpers.core.run import Run, start
from helpers.page import claims, progress
from helpers.page.open_kernels import tell_of_open_kernels
from helpers.plots import theme


def open_lesson(
    lesson: str, seed: int, budget: float, device: str, as_printed: bool = True
) -> tuple[Run, Callable[..., None]]:
    """Return (run, claim) for the page of `lesson`, such as "04".

    `as_printed`: whether the lesson's own parameters (data, text, pictures) are those
    of the printed page; at another budget, or where they are not, claims that rest on
    a training are shown and not judged. Raises UserError for a seed, budget or device
    that no page can start with.
    """
    run = start(seed, budget, device)
    tell_of_open_kernels()
    theme.use_theme()
    progress.follow(lesson)
    return run, claims.judge(run.as_printed and as_printed)
