"""Working off tasks: on any executor, with one that is lost, and interrupted."""

from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from tools.execute import schedule
from tools.execute.schedule import Job, work_off


def work(n):
    """Task 3 is lost."""
    if n == 3:
        raise RuntimeError("lost")
    return f"task {n}"


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
def test_every_executor_gives_the_same_results_in_the_same_order(executor):
    ended = []

    def settle(n, future):
        ended.append(n)
        return "lost" if future.exception() else future.result()

    with executor() as pool:
        assert work_off([2, 3, 1], work, pool, settle) == ["task 2", "lost", "task 1"]
    assert sorted(ended) == [1, 2, 3]


def test_where_nothing_settles_it_an_error_is_raised():
    with pytest.raises(RuntimeError, match="lost"):
        work_off([2, 3, 1], work, AtOnce())


class Interrupted(Executor):
    """An executor that has done task 0, is at task 1, and has not begun the others
    when the user interrupts."""

    def __init__(self):
        self.futures = [Future() for _ in range(4)]

    def submit(self, fn, /, n):
        if n == 0:
            self.futures[0].set_result("task 0")
        if n == 1:
            self.futures[1].set_running_or_notify_cancel()
        return self.futures[n]

    def cancelled(self):
        return [future.cancelled() for future in self.futures]


@pytest.mark.parametrize("seen", [0, 1])
def test_an_interruption_keeps_what_ends_and_begins_nothing(monkeypatch, seen):
    pool, kept = Interrupted(), []
    wait = schedule.as_completed

    def interrupted(futures):
        monkeypatch.setattr(schedule, "as_completed", wait)
        yield from pool.futures[:seen]
        pool.futures[1].set_result("task 1")
        raise KeyboardInterrupt

    monkeypatch.setattr(schedule, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work_off(range(4), work, pool, lambda n, _: kept.append(n))
    assert sorted(kept) == [0, 1]
    assert pool.cancelled() == [False, False, True, True]


def test_a_disk_that_takes_no_more_stops_the_work():
    def full(n, ended):
        raise OSError("No space left on device")

    pool = Interrupted()
    with pytest.raises(OSError, match="No space"):
        work_off(range(4), work, pool, full)
    assert pool.cancelled() == [False, False, True, True]


def test_a_log_of_other_bytes_is_read(tmp_path, monkeypatch):
    def no_events(job, environment, log):
        log.buffer.write(b"caf\xe9\n")
        return iter(())

    monkeypatch.setattr(schedule, "events", no_events)
    result = schedule.follow(Job(tmp_path / "a", tmp_path / "b"), {})
    assert result.error == "the process ended early: caf\ufffd"
