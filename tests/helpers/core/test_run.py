"""Settings of a run: seeds, budget, device; and the progress bar."""

import random

import numpy as np
import pytest
import torch

from helpers.core import run as runtime
from helpers.core.errors import UserError
from helpers.core.run import Run, pick_device, progress_bar, start


def draw():
    """Return one number from each of the three global generators."""
    return random.random(), np.random.rand(), torch.rand(()).item()


def test_start_seeds_every_generator():
    start(seed=5)
    first = draw()
    start(seed=5)
    assert draw() == first
    start(seed=6)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_start_forbids_cudnn_to_try_which_algorithm_is_fastest(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    start()
    assert torch.backends.cudnn.benchmark is False


def test_start_lets_numbers_below_1e_38_be_0():
    torch.set_flush_denormal(False)
    tiny = torch.tensor([1e-39])
    assert (tiny * 1).item() > 0
    start()
    assert (tiny * 1).item() == 0


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_while_nbgrader_grades_trainings_are_cut(monkeypatch, mode):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    run = start(seed=3)
    assert run == Run(3, 0.02, pick_device())
    assert not run.as_printed
    assert start(budget=0.01).budget == 0.01
    with pytest.raises(UserError, match="BUDGET is 0"):
        start(budget=0)


@pytest.mark.parametrize("mode", ["", "formgrade"])
def test_elsewhere_no_training_is_cut(monkeypatch, mode):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    assert start().budget == 1
    assert start(budget=10).budget == 10


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf"), "1", None, True])
def test_a_budget_that_is_no_positive_number_is_refused(budget):
    with pytest.raises(UserError, match=r"BUDGET is .* above 0"):
        start(budget=budget)


@pytest.mark.parametrize("seed", [-1, 4001, 1.0, "0", None, True])
def test_a_seed_that_is_no_whole_number_in_range_is_refused(seed):
    with pytest.raises(UserError, match=r"SEED is .* from 0 to 4000"):
        start(seed=seed)


@pytest.mark.parametrize("device", ["gpu", "mps", "", "CUDA", "cuda:", "cuda:-1", None])
def test_an_unknown_device_is_refused(device):
    with pytest.raises(UserError, match=r"DEVICE is .* must be"):
        start(device=device)


@pytest.mark.parametrize("device", ["cuda:64", "cuda:300", f"cuda:{10**12}"])
def test_a_gpu_that_is_not_there_is_refused(device):
    with pytest.raises(UserError, match="CUDA GPUs"):
        start(device=device)


@pytest.mark.parametrize(
    ("gpus", "name", "expected"),
    [
        (0, "auto", "cpu"),
        (0, "cpu", "cpu"),
        (2, "auto", "cuda"),
        (2, "cpu", "cpu"),
        (2, "cuda:1", "cuda:1"),
        (2, "cuda:2", None),
        (0, "cuda", None),
    ],
)
def test_the_device_depends_on_the_gpus_there_are(monkeypatch, gpus, name, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    if expected:
        assert pick_device(name) == torch.device(expected)
    else:
        with pytest.raises(UserError, match=f"{gpus} CUDA GPUs"):
            pick_device(name)


@pytest.mark.parametrize(
    ("budget", "n", "steps"), [(1, 300, 300), (0.1, 300, 30), (10, 7, 70), (0.01, 5, 1)]
)
def test_steps_scale_with_the_budget(budget, n, steps):
    run = start(budget=budget)
    assert run.steps(n) == steps
    assert run.as_printed == (budget == 1)


def test_seeds_are_disjoint_between_experiments_and_runs():
    blocks = [
        start(seed=seed).seeds(experiment, 100)
        for seed in (0, 1, 99, 100, 4000)
        for experiment in ("0.1", "1.1", "1.2", "1.10", "10.1", "1.99", "2.0", "99.99")
    ]
    assert len({seed for block in blocks for seed in block}) == 100 * len(blocks)


def test_the_largest_seed_fits_numpy():
    np.random.RandomState(start(seed=4000).seeds("99.99", 100)[-1])


@pytest.mark.parametrize(
    ("experiment", "n"),
    [("1", 1), ("1.100", 1), ("1.2.3", 1), ("1.4", 0), ("1.4", 101)],
)
def test_seeds_refuse_what_has_no_block_of_its_own(experiment, n):
    with pytest.raises(ValueError, match=r"needs the form|seeds asked for"):
        Run(0, 1.0, torch.device("cpu")).seeds(experiment, n)


@pytest.mark.parametrize("quiet", ["1", ""])
def test_the_bar_waits_a_second_vanishes_and_obeys_quiet(monkeypatch, capsys, quiet):
    monkeypatch.setenv("PIXELS_QUIET", quiet)
    bar = progress_bar(range(3), label="steps")
    assert bar.disable is bool(quiet)
    assert bar.leave is False
    assert list(bar) == [0, 1, 2]
    assert capsys.readouterr().err.strip() == ""  # done before the second is over


def test_a_user_error_is_a_value_error_with_one_sentence():
    with pytest.raises(ValueError) as caught:
        start(seed=-1)
    assert str(caught.value).count(". ") == 0
    assert "\n" not in str(caught.value)


def test_cpu_seconds_never_fall():
    assert 0 < runtime.cpu_seconds() <= runtime.cpu_seconds()
