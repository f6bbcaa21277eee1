"""Models of several sizes: how the loss falls with parameters and with text."""

import numpy as np
from matplotlib.figure import Figure

from helpers.language import bits
from helpers.plotting import BASELINE, GREEN, OURS, PURPLE, panels
from helpers.training import History

LOOKS = (BASELINE, ":"), (PURPLE, "-."), (GREEN, "--"), (OURS, "-")


def sizes_figure(
    parameters: list[int], losses: list[float], runs: dict[int, History], per_step: int
) -> Figure:
    """Return two panels: losses on the test text (bits) against parameters, with the
    fitted power of it; and the training losses of `runs`, by channels, against the
    symbols read, `per_step` in each step.

    Raises ValueError for more than four runs, and where sizes and losses do not go
    together.
    """
    if len(parameters) != len(losses):
        raise ValueError(f"{len(parameters)} sizes for {len(losses)} losses")
    if len(runs) > len(LOOKS):
        raise ValueError(
            f"{len(runs)} runs, but only {len(LOOKS)} lines look different"
        )
    figure, (left, right) = panels(1, 2, (9.0, 3.4))
    left.plot(parameters, losses, "o", color=OURS)
    left.plot(parameters, fitted(parameters, losses), ":", color=BASELINE)
    left.set(title="Larger", xlabel="parameters in the blocks", xscale="log")
    left.set(ylabel="bits per character, test text")
    for (channels, history), (colour, dash) in zip(runs.items(), LOOKS, strict=False):
        steps, nats = history.smoothed(12)
        read = [step * per_step / 1000 for step in steps]
        heights = [bits(loss) for loss in nats]
        right.plot(read, heights, dash, color=colour, label=f"{channels} channels")
    right.set(title="Longer", xlabel="thousand characters read")
    right.set(ylabel="bits per character, training")
    right.legend(frameon=False)
    return figure


def fitted(sizes: list[float], losses: list[float]) -> list[float]:
    """Return the losses on the power of the size that fits best: on a straight line
    through the logarithms of both, by least squares."""
    line = np.polyfit(np.log(sizes), np.log(losses), 1)
    return np.exp(np.polyval(line, np.log(sizes))).tolist()
