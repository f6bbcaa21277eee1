"""A grid on a cluster, and a cluster that is not there."""

import sys

import distributed
import pytest
from support import ledger_lessons

from helpers.core.errors import UserError
from tools.ledger import grid, pools


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
        found = list(executor.map(grid.execute, tasks))
    assert [run["error"] for run in found] == ["", ""]
    held = [[claim["held"] for claim in run["claims"]] for run in found]
    assert held == [[True, True], [False, True]]
