"""Where a grid of runs is worked off: processes of this machine, or a cluster."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field

from tqdm import tqdm

from helpers.core.errors import UserError

SECONDS_TO_ANSWER = 10


@contextmanager
def pool(scheduler: str | None, at_once: int) -> Iterator[Executor]:
    """Yield the executor: threads that each wait for a process of their own, or the
    cluster behind a dask scheduler, whose workers have this same checkout.

    Raises UserError without the extra `cluster`, and where no scheduler answers.
    """
    if not scheduler:
        with ThreadPoolExecutor(at_once) as threads:
            yield threads
        return
    with connected(scheduler) as client, client.get_executor(pure=False) as cluster:
        yield cluster


def connected(scheduler: str):
    """Return a client of the scheduler at an address such as tcp://host:8786."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise UserError(
            'A cluster needs dask: python -m pip install -e ".[cluster]".'
        ) from None
    try:
        return Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"No dask scheduler answers at {scheduler!r}.") from error


@dataclass
class Desk:
    """Where the runs of a grid come in: it keeps their records and shows progress."""

    tasks: Sequence
    keep: Callable[..., None]
    bar: tqdm
    futures: dict[Future, int]  # those that have not come in yet
    records: dict[int, dict] = field(default_factory=dict)

    def settle(self, ended: Iterable[Future]) -> None:
        """Take the runs as they end; keep each one that has no error, at once."""
        for future in ended:
            number = self.futures.pop(future)
            task, record = self.tasks[number], record_of(future)
            self.records[number] = record
            if not record["error"]:
                self.keep(task, record)
            self.bar.write(f"{task.name}: {sentence(record)}", file=sys.stderr)
            self.bar.update()


def work_off(
    tasks: Sequence,
    execute: Callable[..., dict],
    executor: Executor,
    keep: Callable[..., None],
) -> dict[int, dict]:
    """Execute tasks with progress; return their records by number, as they ended.

    `keep` is called with task and record of each run without an error. An interruption
    cancels what has not begun, and still keeps what comes to its end.
    """
    futures = {executor.submit(execute, task): i for i, task in enumerate(tasks)}
    with progress_bar(len(tasks)) as bar:
        desk = Desk(tasks, keep, bar, futures)
        try:
            desk.settle(as_completed(futures))
        except KeyboardInterrupt:
            desk.settle(as_completed(begun(futures)))
            raise
        finally:
            begun(futures)
    return desk.records


def begun(futures: Iterable[Future]) -> list[Future]:
    """Cancel the futures that have not begun; return the others."""
    return [future for future in futures if not future.cancel()]


def progress_bar(total: int) -> tqdm:
    """Return a bar over runs on stderr, invisible where that is no terminal."""
    hidden = not sys.stderr.isatty()
    return tqdm(total=total, unit="run", disable=hidden, leave=False)


def record_of(future: Future) -> dict:
    """Return a run's record; what kept it from one (a lost worker) is its error."""
    try:
        return future.result()
    except Exception as error:
        text = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": text[-1], "claims": []}


def sentence(record: dict) -> str:
    """Return what became of a run."""
    if record["error"]:
        return record["error"]
    failed = [claim["id"] for claim in record["claims"] if claim["held"] is False]
    verdict = f"failed: {', '.join(failed)}" if failed else "none failed"
    count = len(record["claims"])
    return f"{count} claims, {verdict} ({record['seconds']:.0f} s)"
