"""Set up a run: random seeds, device, training budget and progress bars."""

import math
import os
import random
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from tqdm.auto import tqdm

from helpers.core.errors import UserError

SEEDS_PER_EXPERIMENT = 100
GRADING_BUDGET = 0.02  # no exercise needs a trained network
LARGEST_SEED = 4_000  # so that every seed derived from it fits NumPy's 32 bits


@dataclass(frozen=True)
class Run:
    """The settings of one run of a page: what `start` returns."""

    seed: int
    budget: float
    device: torch.device

    @property
    def as_printed(self) -> bool:
        """True when training is exactly as long as on the printed page."""
        return self.budget == 1.0

    def steps(self, n: int) -> int:
        """Return `n` training steps scaled by the budget, at least 1."""
        return max(1, round(n * self.budget))

    def seeds(self, experiment: str, n: int = 1) -> list[int]:
        """Return `n` seeds that no other experiment and no other SEED shares.

        `experiment` is an id such as "1.4" (lesson 1, experiment 4, both below 100).
        Raises ValueError for another form, and for n outside 1..100.
        """
        match = re.fullmatch(r"(\d{1,2})\.(\d{1,2})", experiment)
        if not match:
            raise ValueError(f"experiment {experiment!r} needs the form '1.4'")
        if not 1 <= n <= SEEDS_PER_EXPERIMENT:
            raise ValueError(f"{n} seeds asked for, 1 to {SEEDS_PER_EXPERIMENT} exist")
        lesson, item = int(match[1]), int(match[2])
        block = (self.seed * 100 + lesson) * 100 + item
        first = block * SEEDS_PER_EXPERIMENT
        return list(range(first, first + n))


def start(seed: int = 0, budget: float = 1.0, device: str = "auto") -> Run:
    """Seed every generator, pick the device, and return the run's settings.

    While nbgrader grades, the budget is GRADING_BUDGET at most: whole lessons of a
    whole class are executed for the exercises alone.

    Raises UserError for a seed below 0, a budget that is not a positive number,
    an unknown device, and for CUDA where there is none.
    """
    budget = checked_budget(budget)
    if being_graded():
        budget = min(budget, GRADING_BUDGET)
    run = Run(checked_seed(seed), budget, pick_device(device))
    random.seed(run.seed)
    np.random.seed(run.seed)
    torch.manual_seed(run.seed)
    # Below 1e-38 processors are slow: where gradients vanish, by a factor of ten.
    torch.set_flush_denormal(True)
    # Without this, cuBLAS and cuDNN may choose another algorithm on another day.
    torch.backends.cudnn.benchmark = False
    return run


def being_graded() -> bool:
    """True in a kernel of nbgrader's: for a teacher's grades, or a student's check."""
    return os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate")


def checked_seed(seed: int) -> int:
    """Return `seed` when it is a whole number from 0 to 4,000."""
    whole = isinstance(seed, int) and not isinstance(seed, bool)
    if not (whole and 0 <= seed <= LARGEST_SEED):
        raise UserError(
            f"SEED is {seed!r}; it must be a whole number from 0 to {LARGEST_SEED}."
        )
    return seed


def checked_budget(budget: float) -> float:
    """Return `budget` as a float when it is a finite number above 0."""
    number = isinstance(budget, int | float) and not isinstance(budget, bool)
    if not (number and math.isfinite(budget) and budget > 0):
        raise UserError(
            f"BUDGET is {budget!r}; it must be a number above 0 "
            "(1 is the page as printed, 0.1 a quick look, 10 a long run)."
        )
    return float(budget)


def pick_device(name: str = "auto") -> torch.device:
    """Return the device for "auto", "cpu", "cuda" or "cuda:N".

    "auto" is CUDA if present, else the CPU. It never picks MPS, which has no
    float64. Raises UserError for another name or a GPU that is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    match = re.fullmatch(r"cpu|cuda(?::([0-9]+))?", str(name))
    if not match:
        raise UserError(f"DEVICE is {name!r}; it must be 'auto', 'cpu' or 'cuda'.")
    # Not torch.device(name).index: PyTorch wraps "cuda:300" around to another GPU.
    if name != "cpu" and int(match[1] or 0) >= torch.cuda.device_count():
        raise UserError(
            f"DEVICE is {name!r}, but this machine offers "
            f"{torch.cuda.device_count()} CUDA GPUs to PyTorch; use 'auto' or 'cpu'."
        )
    return torch.device(name)


def progress_bar(
    items: Iterable, total: int | None = None, label: str = ""
) -> Iterator:
    """Return `items` behind a progress bar that appears after one second.

    The bar vanishes when done, so a stored page holds no half-drawn bars. With the
    environment variable PIXELS_QUIET set (as CI does) there is none at all.
    """
    quiet = bool(os.environ.get("PIXELS_QUIET"))
    return tqdm(
        items,
        total=total,
        desc=label,
        delay=1,
        mininterval=0.5,
        leave=False,
        disable=quiet,
    )


def cpu_seconds() -> float:
    """Return the CPU seconds that this process has used: unlike a clock on the
    wall, they hardly depend on what else the machine is doing."""
    return time.process_time()
