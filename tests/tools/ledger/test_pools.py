"""Working off a grid: on threads, interrupted, and on a cluster."""

import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import SimpleNamespace

import distributed
import pytest
from support import ledger_lessons

from helpers.core.errors import UserError
from tools.ledger import grid, pools

TASKS = [SimpleNamespace(name=f"task {n}", n=n) for n in range(4)]


def record(n, error=""):
    """Return the record of a run."""
    claims = [{"id": f"{n}.1", "held": n != 2}]
    return {"n": n, "error": error, "claims": claims, "seconds": 1.0}


def work(task):
    """Task 1 breaks, the worker of task 3 is lost."""
    if task.n == 3:
        raise RuntimeError("ignored\nthe worker was lost")
    return record(task.n, "cell [2]: oh" if task.n == 1 else "")


class AtOnce(Executor):
    """An executor that works in the calling thread."""

    def submit(self, fn, /, *args):
        future = Future()
        try:
            future.set_result(fn(*args))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("executor", [AtOnce, lambda: ThreadPoolExecutor(2)])
def test_every_executor_gives_the_same_records_and_keeps_what_held(executor, capsys):
    kept = []
    with executor() as pool:
        found = pools.work_off(TASKS, work, pool, lambda t, r: kept.append(t.n))
    assert [found[i]["error"] for i in range(4)] == [
        "",
        "cell [2]: oh",
        "",
        "the worker was lost",
    ]
    assert sorted(kept) == [0, 2]
    printed = capsys.readouterr().err
    assert "task 0: 1 claims, none failed (1 s)" in printed
    assert "task 2: 1 claims, failed: 2.1 (1 s)" in printed


class Interrupted(Executor):
    """An executor that has done task 0, is at task 1, and has not begun the others
    when the user interrupts."""

    def __init__(self):
        self.futures = [Future() for _ in TASKS]

    def submit(self, fn, /, task):
        if task.n == 0:
            self.futures[0].set_result(record(0))
        if task.n == 1:
            self.futures[1].set_running_or_notify_cancel()
        return self.futures[task.n]


@pytest.mark.parametrize("seen", [0, 1])
def test_an_interruption_keeps_what_ends_and_begins_nothing(monkeypatch, seen):
    pool, kept = Interrupted(), []
    wait = pools.as_completed

    def interrupted(futures):
        monkeypatch.setattr(pools, "as_completed", wait)
        yield from pool.futures[:seen]
        pool.futures[1].set_result(record(1))
        raise KeyboardInterrupt

    monkeypatch.setattr(pools, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pools.work_off(TASKS, work, pool, lambda task, record: kept.append(task.n))
    assert sorted(kept) == [0, 1]
    assert [future.cancelled() for future in pool.futures] == [False, False, True, True]


def test_a_disk_that_takes_no_more_stops_the_grid():
    def full(task, record):
        raise OSError("No space left on device")

    pool = Interrupted()
    with pytest.raises(OSError, match="No space"):
        pools.work_off(TASKS, work, pool, full)
    assert [future.cancelled() for future in pool.futures] == [False, False, True, True]


def test_without_a_scheduler_this_machine_works():
    with pools.pool("", 2) as executor:
        assert isinstance(executor, ThreadPoolExecutor)


def test_a_cluster_without_dask_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UserError, match=r"A cluster needs dask: .*\[cluster\]"),
        pools.pool("tcp://127.0.0.1:1", 2),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", "host:port"])
def test_a_scheduler_that_does_not_answer_is_one_sentence(address, monkeypatch):
    monkeypatch.setattr(pools, "SECONDS_TO_ANSWER", 0.5)
    with (
        pytest.raises(UserError, match="No dask scheduler answers at"),
        pools.pool(address, 2),
    ):
        pass


@pytest.fixture
def scheduler():
    """Return the address of a local cluster with two workers."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    with distributed.LocalCluster(
        **options, protocol="tcp://", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_executes_the_same_grid(scheduler, tmp_path, write_lesson):
    lesson = write_lesson(tmp_path, "01_tiny", ledger_lessons.cells())
    tasks = grid.tasks([lesson], [0, 1], {"BUDGET": 1.0}, tmp_path / "out")
    with pools.pool(scheduler, 2) as executor:
        found = pools.work_off(tasks, grid.execute, executor, grid.keep)
    assert [found[i]["error"] for i in range(2)] == ["", ""]
    assert [grid.kept(task) for task in tasks] == [found[0], found[1]]
    assert [[c["held"] for c in found[i]["claims"]] for i in range(2)] == [
        [True, True],
        [False, True],
    ]
